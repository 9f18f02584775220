// The adapter to ONNX Runtime's C++ API: the one file that sees its headers.

#include "tare/runtime/session.h"

#include <onnxruntime_cxx_api.h>

#include <algorithm>
#include <filesystem>

#include "tare/runtime/host.h"

namespace tare::runtime {
namespace {

Ort::Env& Environment() {
  // Its log goes to our own error messages: every failure is returned as one.
  // Never deleted: it must outlive every session, also one that dies after main().
  static Ort::Env* env = [] {
    auto* made = new Ort::Env(ORT_LOGGING_LEVEL_FATAL, "tare");
    made->DisableTelemetryEvents();
    return made;
  }();
  return *env;
}

// The values of ONNXTensorElementDataType are those of TensorProto.DataType.
DType ToDType(ONNXTensorElementDataType type) {
  return static_cast<DType>(static_cast<int32_t>(type));
}

GraphOptimizationLevel ToLevel(Optimization optimization) {
  switch (optimization) {
    case Optimization::kNone:
      return ORT_DISABLE_ALL;
    case Optimization::kBasic:
      return ORT_ENABLE_BASIC;
    case Optimization::kExtended:
      return ORT_ENABLE_EXTENDED;
    case Optimization::kAll:
      return ORT_ENABLE_ALL;
  }
  return ORT_ENABLE_ALL;
}

// The runtime has no error code for it.
bool IsOutOfMemory(std::string_view message) {
  return message.find("Failed to allocate memory") != std::string_view::npos ||
         message.find("bad_alloc") != std::string_view::npos ||
         message.find("bad allocation") != std::string_view::npos;
}

// The optimised model is written to a temporary folder.
bool IsDiskFull(std::string_view message) {
  return message.find("Failed to write external initializers") != std::string_view::npos ||
         message.find("No space left") != std::string_view::npos;
}

Error RuntimeError(std::string_view action, const Ort::Exception& exception) {
  if (IsOutOfMemory(exception.what())) {
    return ResourceExhausted(StrCat("ONNX Runtime ", RuntimeVersion(), " found no memory to ",
                                    action, ": ", exception.what()),
                             "give it smaller inputs, or run it on a host with more memory");
  }
  const std::string what =
      StrCat("ONNX Runtime ", RuntimeVersion(), " cannot ", action, ": ", exception.what());
  if (IsDiskFull(what)) {
    return ResourceExhausted(what,
                             "free some disk space, or name another folder for temporary "
                             "files: TMPDIR=FOLDER");
  }
  return Unsupported(what,
                     "check that the model runs in ONNX Runtime by itself; custom operators need "
                     "--custom-ops FILE");
}

ValueInfo InfoOf(std::string name, const Ort::TypeInfo& type) {
  ValueInfo info{std::move(name), DType::kUndefined, {}};
  if (type.GetONNXType() != ONNX_TYPE_TENSOR) return info;
  const auto tensor = type.GetTensorTypeAndShapeInfo();
  info.dtype = ToDType(tensor.GetElementType());
  info.shape = tensor.GetShape();
  return info;
}

Ort::SessionOptions MakeOptions(const SessionOptions& options) {
  Ort::SessionOptions made;
  made.SetIntraOpNumThreads(std::max(1, options.num_threads));
  made.SetInterOpNumThreads(1);
  made.SetExecutionMode(ORT_SEQUENTIAL);
  made.SetGraphOptimizationLevel(ToLevel(options.optimization));
  made.SetLogSeverityLevel(ORT_LOGGING_LEVEL_FATAL);
  // Idle workers must not take a core from the other session of a paired measurement, and a worker
  // that waits for one that is not running must not hold it up: on a busy machine two spinning
  // threads of ResNet-20 at batch 8 took 3 times as long as one, and the ratio of two models meant
  // nothing.
  made.AddConfigEntry("session.intra_op.allow_spinning", "0");
  if (!options.prepack) made.AddConfigEntry("session.disable_prepacking", "1");
  if (!options.profile_prefix.empty()) made.EnableProfiling(options.profile_prefix.c_str());
  if (!options.optimized_model_path.empty()) {
    made.SetOptimizedModelFilePath(options.optimized_model_path.c_str());
    const auto data =
        std::filesystem::path(options.optimized_model_path).filename().string() + ".data";
    made.AddConfigEntry("session.optimized_model_external_initializers_file_name", data.c_str());
    made.AddConfigEntry("session.optimized_model_external_initializers_min_size_in_bytes", "1024");
  }
  if (!options.external_data_folder.empty()) {
    made.AddConfigEntry("session.model_external_initializers_file_folder_path",
                        options.external_data_folder.c_str());
  }
  for (const std::string& library : options.custom_op_libraries) {
    made.RegisterCustomOpsLibrary(library.c_str());
  }
  return made;
}

Result<void> CheckInput(const ValueInfo& expected, const Tensor& given) {
  bool fits = expected.shape.size() == given.shape().size() && expected.dtype == given.dtype();
  for (size_t i = 0; fits && i < expected.shape.size(); ++i) {
    fits = expected.shape[i] < 0 || expected.shape[i] == given.shape()[i];
  }
  if (fits) return {};
  return InvalidArgument(
      StrCat("input '", expected.name, "' is ", DTypeName(expected.dtype), " ",
             ShapeText(expected.shape), " in the model but ", DTypeName(given.dtype()), " ",
             ShapeText(given.shape()), " in the data"),
      "give data of the model's element type and shape");
}

// A value over the bytes of a tensor. The runtime only reads them; its API knows no const.
Ort::Value Borrow(const Tensor& tensor) {
  static const auto memory = Ort::MemoryInfo::CreateCpu(OrtArenaAllocator, OrtMemTypeDefault);
  return Ort::Value::CreateTensor(memory, const_cast<std::byte*>(tensor.bytes().data()),
                                  tensor.bytes().size(), tensor.shape().data(),
                                  tensor.shape().size(),
                                  static_cast<ONNXTensorElementDataType>(tensor.dtype()));
}

void Lend(const Weights& weights, Ort::SessionOptions& options) {
  if (weights.empty()) return;
  std::vector<std::string> names;
  std::vector<Ort::Value> values;
  for (const auto& [name, tensor] : weights) {
    names.push_back(name);
    values.push_back(Borrow(*tensor));
  }
  options.AddExternalInitializers(names, values);
}

TensorView ViewOf(const Ort::Value& value, std::vector<int64_t>& shape) {
  const auto info = value.GetTensorTypeAndShapeInfo();
  shape = info.GetShape();
  const DType dtype = ToDType(info.GetElementType());
  const size_t num_bytes = (info.GetElementCount() * static_cast<size_t>(BitWidth(dtype)) + 7) / 8;
  const auto* data =
      num_bytes == 0 ? nullptr : static_cast<const std::byte*>(value.GetTensorRawData());
  return {dtype, shape, {data, num_bytes}};
}

}  // namespace

std::string RuntimeVersion() { return OrtGetApiBase()->GetVersionString(); }

struct Session::State {
  Weights weights;  // the session reads them where they are: it goes first
  mutable Ort::Session session{nullptr};
  std::vector<ValueInfo> inputs;
  std::vector<ValueInfo> outputs;
  std::vector<const char*> output_names;

  // Reads names and types once; called when the session stands.
  void Describe() {
    const Ort::AllocatorWithDefaultOptions allocator;
    for (size_t i = 0; i < session.GetInputCount(); ++i) {
      inputs.push_back(
          InfoOf(session.GetInputNameAllocated(i, allocator).get(), session.GetInputTypeInfo(i)));
    }
    for (size_t i = 0; i < session.GetOutputCount(); ++i) {
      outputs.push_back(
          InfoOf(session.GetOutputNameAllocated(i, allocator).get(), session.GetOutputTypeInfo(i)));
    }
    for (const ValueInfo& output : outputs) output_names.push_back(output.name.c_str());
  }

  // The values borrow the bytes of `given`.
  Result<std::vector<Ort::Value>> Bind(std::span<const NamedTensor> given) const {
    std::vector<Ort::Value> values;
    for (const ValueInfo& expected : inputs) {
      const auto found = std::find_if(given.begin(), given.end(), [&](const NamedTensor& tensor) {
        return tensor.name == expected.name;
      });
      if (found == given.end()) {
        return InvalidArgument(StrCat("no data for the model's input '", expected.name, "'"),
                               "give an array of that name");
      }
      TARE_TRY_VOID(CheckInput(expected, found->value));
      const Tensor& tensor = found->value;
      values.push_back(Borrow(tensor));
    }
    return values;
  }
};

Session::Session(std::unique_ptr<State> state) : state_(std::move(state)) {}
Session::~Session() = default;
Session::Session(Session&&) noexcept = default;
Session& Session::operator=(Session&&) noexcept = default;

Result<Session> Session::FromFile(const std::string& path, const SessionOptions& options) {
  if (!std::filesystem::exists(path)) return NotFound(StrCat("no file ", path), "check the path");
  try {
    auto state = std::make_unique<State>();
    state->session = Ort::Session(Environment(), path.c_str(), MakeOptions(options));
    state->Describe();
    return Session(std::move(state));
  } catch (const Ort::Exception& exception) {
    return RuntimeError(StrCat("load ", path), exception);
  }
}

Result<Session> Session::FromBytes(std::string_view model, const SessionOptions& options,
                                   const Weights& weights) {
  try {
    auto state = std::make_unique<State>();
    state->weights = weights;
    Ort::SessionOptions made = MakeOptions(options);
    Lend(weights, made);
    state->session = Ort::Session(Environment(), model.data(), model.size(), made);
    state->Describe();
    return Session(std::move(state));
  } catch (const Ort::Exception& exception) {
    return RuntimeError("load the model", exception);
  }
}

std::span<const ValueInfo> Session::inputs() const { return state_->inputs; }
std::span<const ValueInfo> Session::outputs() const { return state_->outputs; }

Result<void> Session::RunViews(std::span<const NamedTensor> inputs, const UseOutputs& use) const {
  TARE_TRY(const auto values, state_->Bind(inputs));
  std::vector<const char*> names;
  for (const ValueInfo& input : state_->inputs) names.push_back(input.name.c_str());
  try {
    const auto outputs =
        state_->session.Run(Ort::RunOptions{nullptr}, names.data(), values.data(), values.size(),
                            state_->output_names.data(), state_->output_names.size());
    std::vector<std::vector<int64_t>> shapes(outputs.size());
    std::vector<TensorView> views;
    for (size_t i = 0; i < outputs.size(); ++i) {
      // A sequence, a map, strings or an optional without a value: nothing to compare.
      const bool numeric =
          outputs[i].HasValue() && outputs[i].IsTensor() &&
          BitWidth(ToDType(outputs[i].GetTensorTypeAndShapeInfo().GetElementType())) != 0;
      views.push_back(numeric ? ViewOf(outputs[i], shapes[i]) : TensorView{});
    }
    return use(views);
  } catch (const Ort::Exception& exception) {
    return RuntimeError("run the model", exception);
  }
}

Result<std::vector<Tensor>> Session::Run(std::span<const NamedTensor> inputs) const {
  const Runner run = [this](std::span<const NamedTensor> given, const UseOutputs& use) {
    return RunViews(given, use);
  };
  return RunOwned(run, inputs);
}

RunnableModel RunnableOf(const Session& session) {
  return {{session.outputs().begin(), session.outputs().end()},
          [&session](std::span<const NamedTensor> inputs, const UseOutputs& use) {
            return session.RunViews(inputs, use);
          }};
}

Result<std::vector<Tensor>> RunOwned(const Runner& run, std::span<const NamedTensor> inputs) {
  std::vector<Tensor> tensors;
  TARE_TRY_VOID(run(inputs, [&](std::span<const TensorView> views) -> Result<void> {
    for (const TensorView& view : views) {
      TARE_TRY(auto tensor, CopyOf(view));
      tensors.push_back(std::move(tensor));
    }
    return {};
  }));
  return tensors;
}

Result<std::string> Session::EndProfiling() {
  try {
    const Ort::AllocatorWithDefaultOptions allocator;
    return std::string(state_->session.EndProfilingAllocated(allocator).get());
  } catch (const Ort::Exception& exception) {
    return RuntimeError("profile the model", exception);
  }
}

}  // namespace tare::runtime
