// Session: one model, loaded and ready to run in ONNX Runtime.

#pragma once

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tare/core/result.h"
#include "tare/tensor/tensor.h"

namespace tare::runtime {

/// How much the runtime may rewrite the graph. kAll is what users get; the others are for
/// comparison and for reading what a pass did.
enum class Optimization { kNone, kBasic, kExtended, kAll };

struct SessionOptions {
  /// Intra-op threads, at least 1. Inter-op execution is sequential.
  int num_threads = 1;
  Optimization optimization = Optimization::kAll;
  /// Shared libraries with custom operators.
  std::vector<std::string> custom_op_libraries;
  /// When not empty, the graph as optimised is written there, its weights to `<path>.data`.
  std::string optimized_model_path;
  /// When not empty, kernels are timed into a file whose path begins with this; see EndProfiling().
  std::string profile_prefix;
  /// Folder that relative external-data paths of a model given as bytes refer to.
  std::string external_data_folder;
  /// Whether kernels lay constant weights out anew for speed, which costs about as much as reading
  /// them several times. Not worth it for a session that runs once or never.
  bool prepack = true;
};

/// Constants of a model that the caller holds, by initializer.
using Weights = std::vector<std::pair<std::string, std::shared_ptr<const Tensor>>>;

/// Looks at the outputs of a run, in order; the views end with the call.
using UseOutputs = std::function<Result<void>(std::span<const TensorView>)>;
/// Runs something on inputs and shows its outputs: Session::RunViews, or a stand-in.
using Runner = std::function<Result<void>(std::span<const NamedTensor>, const UseOutputs&)>;

/// A loaded model.
///
/// Threads  Run() calls may run together.
class Session {
 public:
  /// Loads a model from its file.
  /// Errors  kNotFound: no such file; kUnsupported: the runtime cannot load it, with its message;
  ///         kResourceExhausted: there is not enough memory for it.
  static Result<Session> FromFile(const std::string& path, const SessionOptions& options);

  /// Loads a serialised ModelProto. `weights` stand for initializers that it has as external data:
  /// they are read where they are, and held as long as the session lives.
  static Result<Session> FromBytes(std::string_view model, const SessionOptions& options,
                                   const Weights& weights = {});

  ~Session();
  Session(Session&&) noexcept;
  Session& operator=(Session&&) noexcept;

  /// Inputs that a caller must give, and outputs, in the model's order. Types are the runtime's
  /// own inference; an output that is not a tensor (sequence, map) has dtype kUndefined.
  std::span<const ValueInfo> inputs() const;
  std::span<const ValueInfo> outputs() const;

  /// Runs the model and returns its outputs in order.
  /// Errors  kInvalidArgument: an input is missing, unknown, or of the wrong dtype or shape;
  ///         kUnsupported: the runtime failed, with its message; kResourceExhausted: there is not
  ///         enough memory for it.
  /// Edge    an output that is not a numeric tensor comes back as an empty Tensor of kUndefined.
  Result<std::vector<Tensor>> Run(std::span<const NamedTensor> inputs) const;

  /// The same without copying the outputs: `use` sees them as views that end with the call.
  Result<void> RunViews(std::span<const NamedTensor> inputs, const UseOutputs& use) const;

  /// Ends profiling and returns the path of the JSON trace.
  Result<std::string> EndProfiling();

 private:
  struct State;
  explicit Session(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

/// A model as those see it who only run it: what it gives, and how.
struct RunnableModel {
  std::vector<ValueInfo> outputs;
  using Use = UseOutputs;
  Runner run;
};
/// The session must outlive the model.
RunnableModel RunnableOf(const Session& session);

/// Runs and returns copies of its outputs, in order.
Result<std::vector<Tensor>> RunOwned(const Runner& run, std::span<const NamedTensor> inputs);

}  // namespace tare::runtime
