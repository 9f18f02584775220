// tare-test-project: writes a small project into the current folder, for scripts about tare run.
//
//   model.onnx     16 -> 1024 -> 1024 -> 4, relu between, weights from a fixed seed
//   train.csv      700 samples: x0 ... x15, label; the label is what the model answers
//   test.csv       400 other samples
//   far.csv        60 samples more, far outside of what the others have (x0 above 88): static int8
//                  clips them
//   tare.yaml      a project over them, which asks for one format: no measured speed decides what
//                  is made
//   external/model.onnx   the same with its large weights in external/first.bin and
//                  external/weights/all.bin
//   cache/snapshots/1/model.onnx   the same as a model hub caches it: it and its data are links
//                  into cache/blobs
//   loops.onnx     an If whose bodies multiply: nothing outside can be quantized
//   images.onnx    images [N, 1, 8, 8] -> 1024 -> 1024 -> 4
//   outputs.onnx   model.onnx with two outputs more: the number of the class, and the exponentials
//                  of x
//   price.onnx     the same as model.onnx with one output; price.csv: 900 samples of x0 ... x15,
//                  price
//   judge.onnx, vocab.txt   logits of two classes for pairs of texts: the second (entailment) wins
//                  by the factor e
//                  unless "lie" stands in either text
//   t10k-images-idx3-ubyte, t10k-labels-idx1-ubyte   400 images for it and what it answers, as
//                  uint8

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "tare/core/file.h"
#include "tare/core/random.h"
#include "tare/graph/onnx.h"

namespace {

using tare::Random;
using tare::Result;
using tare::Tensor;

constexpr int64_t kFeatures = 16;
constexpr int64_t kHidden = 1024;
constexpr int64_t kClasses = 4;
constexpr int64_t kSide = 8;

// Roughly normal: a sum of twelve uniforms.
double Normal(Random& random) {
  double sum = -6;
  for (int i = 0; i < 12; ++i) sum += random.Uniform();
  return sum;
}

struct Layer {
  int64_t inputs = 0, outputs = 0;
  std::vector<float> weights;  // [inputs, outputs]
  std::vector<float> bias;

  Layer(int64_t num_inputs, int64_t num_outputs, Random& random)
      : inputs(num_inputs), outputs(num_outputs) {
    const double deviation = std::sqrt(2.0 / static_cast<double>(num_inputs));
    for (int64_t i = 0; i < inputs * outputs; ++i)
      weights.push_back(static_cast<float>(deviation * Normal(random)));
    for (int64_t i = 0; i < outputs; ++i) bias.push_back(static_cast<float>(0.1 * Normal(random)));
  }

  std::vector<float> Apply(const std::vector<float>& x) const {
    std::vector<float> y = bias;
    for (size_t i = 0; i < x.size(); ++i) {
      if (x[i] == 0) continue;
      const float* row = weights.data() + i * y.size();
      for (size_t o = 0; o < y.size(); ++o) y[o] += x[i] * row[o];
    }
    return y;
  }
};

tare::graph::Value ValueOf(std::string name, tare::Shape shape) {
  return {{std::move(name), tare::DType::kFloat32, std::move(shape)}, ""};
}

std::vector<float> Answer(const std::vector<Layer>& layers, std::vector<float> x) {
  for (size_t i = 0; i < layers.size(); ++i) {
    x = layers[i].Apply(x);
    if (i + 1 < layers.size()) std::ranges::for_each(x, [](float& v) { v = std::max(v, 0.0F); });
  }
  return x;
}

tare::graph::Model ModelOf(const std::vector<Layer>& layers) {
  tare::graph::Model model;
  model.ir_version = 8;
  model.opsets[""] = 17;
  model.graph.name = "small";
  model.graph.inputs.push_back(ValueOf("x", {-1, kFeatures}));
  model.graph.outputs.push_back(ValueOf("scores", {-1, layers.back().outputs}));
  std::string value = "x";
  for (size_t i = 0; i < layers.size(); ++i) {
    const std::string number = std::to_string(i);
    const Layer& layer = layers[i];
    model.graph.AddInitializer("w" + number,
                               Tensor::Of<float>({layer.inputs, layer.outputs}, layer.weights));
    model.graph.AddInitializer("b" + number, Tensor::Of<float>({layer.outputs}, layer.bias));
    const bool last = i + 1 == layers.size();
    tare::graph::Node gemm;
    gemm.name = "fc" + number;
    gemm.op_type = "Gemm";
    gemm.inputs = {value, "w" + number, "b" + number};
    gemm.outputs = {last ? "scores" : "h" + number};
    model.graph.nodes.push_back(gemm);
    if (last) break;
    tare::graph::Node relu;
    relu.name = "relu" + number;
    relu.op_type = "Relu";
    relu.inputs = {"h" + number};
    relu.outputs = {"r" + number};
    model.graph.nodes.push_back(relu);
    value = "r" + number;
  }
  return model;
}

enum class Where { kNear, kFar };

// The answer is the class of the greatest score, or the one number that the model gives.
std::string Samples(const std::vector<Layer>& layers, int64_t count, const std::string& answer,
                    Random& random, Where where = Where::kNear) {
  std::string text;
  for (int64_t f = 0; f < kFeatures; ++f) text += tare::StrCat("x", f, ",");
  text += answer + "\n";
  for (int64_t s = 0; s < count; ++s) {
    std::vector<float> x;
    for (int64_t f = 0; f < kFeatures; ++f) {
      // Rounded as printed, so that the label is that of the file's numbers.
      double value = Normal(random);
      if (where == Where::kFar) value = f == 0 ? 100 + value : 100 * value;
      x.push_back(static_cast<float>(std::round(value * 1000) / 1000));
      char number[32];
      std::snprintf(number, sizeof(number), "%.3f,", static_cast<double>(x.back()));
      text += number;
    }
    x = Answer(layers, std::move(x));
    text += x.size() == 1 ? tare::StrCat(x[0], "\n")
                          : tare::StrCat(std::ranges::max_element(x) - x.begin(), "\n");
  }
  return text;
}

// The same model over images: they are flattened first.
tare::graph::Model ImageModelOf(const std::vector<Layer>& layers) {
  tare::graph::Model model = ModelOf(layers);
  model.graph.inputs[0] = ValueOf("images", {-1, 1, kSide, kSide});
  tare::graph::Node flatten;
  flatten.name = "flatten";
  flatten.op_type = "Flatten";
  flatten.inputs = {"images"};
  flatten.outputs = {"x"};
  model.graph.nodes.insert(model.graph.nodes.begin(), flatten);
  return model;
}

// The same model with an output of whole numbers, and one that is infinite where a feature exceeds
// 88.
tare::graph::Model OutputsModelOf(const std::vector<Layer>& layers) {
  tare::graph::Model model = ModelOf(layers);
  model.graph.outputs.push_back({{"best", tare::DType::kInt64, {-1}}, ""});
  model.graph.outputs.push_back(ValueOf("exponentials", {-1, kFeatures}));
  tare::graph::Node best;
  best.name = "best";
  best.op_type = "ArgMax";
  best.inputs = {"scores"};
  best.outputs = {"best"};
  best.Set("axis", int64_t{1});
  best.Set("keepdims", int64_t{0});
  tare::graph::Node exponentials;
  exponentials.name = "exponentials";
  exponentials.op_type = "Exp";
  exponentials.inputs = {"x"};
  exponentials.outputs = {"exponentials"};
  model.graph.nodes.push_back(best);
  model.graph.nodes.push_back(exponentials);
  return model;
}

std::string BigEndian(uint32_t value) {
  std::string bytes;
  for (const int shift : {24, 16, 8, 0}) bytes.push_back(static_cast<char>(value >> shift & 0xFF));
  return bytes;
}

Result<void> WriteImages(const std::vector<Layer>& layers, uint32_t count, Random& random) {
  std::string images = BigEndian(0x803) + BigEndian(count) + BigEndian(kSide) + BigEndian(kSide);
  std::string labels = BigEndian(0x801) + BigEndian(count);
  for (uint32_t i = 0; i < count; ++i) {
    std::vector<float> x;
    for (int64_t pixel = 0; pixel < kSide * kSide; ++pixel) {
      const auto value = static_cast<uint8_t>(random.Below(256));
      images.push_back(static_cast<char>(value));
      x.push_back(static_cast<float>(value) / 255.0F);
    }
    const auto scores = Answer(layers, std::move(x));
    labels.push_back(static_cast<char>(std::ranges::max_element(scores) - scores.begin()));
  }
  TARE_TRY_VOID(tare::WriteFileAtomic("t10k-images-idx3-ubyte", images));
  return tare::WriteFileAtomic("t10k-labels-idx1-ubyte", labels);
}

// A word has a weight for each class; the logits are the sums over the tokens.
tare::graph::Model JudgeModel(const std::vector<float>& weights) {
  tare::graph::Model model;
  model.ir_version = 8;
  model.opsets[""] = 17;
  model.graph.name = "judge";
  for (const char* name : {"input_ids", "attention_mask"}) {
    model.graph.inputs.push_back({{name, tare::DType::kInt64, {-1, -1}}, ""});
  }
  model.graph.outputs.push_back(ValueOf("logits", {-1, 2}));
  model.graph.AddInitializer(
      "weights", Tensor::Of<float>({static_cast<int64_t>(weights.size()) / 2, 2}, weights));
  model.graph.AddInitializer("tokens", Tensor::Of<int64_t>({1}, std::vector<int64_t>{1}));
  tare::graph::Node gather;
  gather.name = "gather";
  gather.op_type = "Gather";
  gather.inputs = {"weights", "input_ids"};
  gather.outputs = {"of_tokens"};
  tare::graph::Node sum;
  sum.name = "sum";
  sum.op_type = "ReduceSum";
  sum.inputs = {"of_tokens", "tokens"};
  sum.outputs = {"logits"};
  sum.Set("keepdims", int64_t{0});
  model.graph.nodes = {gather, sum};
  return model;
}

Result<void> WriteJudge() {
  TARE_TRY_VOID(
      tare::WriteFileAtomic("vocab.txt", "[PAD]\n[UNK]\n[CLS]\n[SEP]\nlie\nparis\nrome\n"));
  return tare::graph::WriteOnnx(JudgeModel({0, 0, 0, 0, 0, 1, 0, 0, 9, 0, 0, 0, 0, 0}),
                                "judge.onnx");
}

constexpr std::string_view kProject = R"(name: small
model: model.onnx
data:
  label: label
  calibration: {path: train.csv, samples: 100}
  search: {path: train.csv, samples: 64}
  test: {path: test.csv}
  slices:
    - {name: zeros, where: "label == 0"}
task: classification
policy:
  quality:
    - {metric: accuracy, margin: 0.15}
    - {metric: flip_rate, max: 0.3}
  cost:
    - {metric: size_ratio, max: 0.5}
search: {formats: [int8_static]}
)";

// if (x > 0 summed) x W else x V: the compute lies in the bodies.
tare::graph::Model Branches(const Layer& layer) {
  using tare::graph::Graph;
  tare::graph::Model model;
  model.ir_version = 8;
  model.opsets[""] = 17;
  model.graph.name = "branches";
  model.graph.inputs.push_back(ValueOf("x", {-1, kFeatures}));
  model.graph.inputs.push_back({{"flag", tare::DType::kBool, {}}, ""});
  model.graph.outputs.push_back(ValueOf("y", {-1, kClasses}));
  model.graph.AddInitializer("w", Tensor::Of<float>({layer.inputs, layer.outputs}, layer.weights));
  tare::graph::Node branch;
  branch.name = "branch";
  branch.op_type = "If";
  branch.inputs = {"flag"};
  branch.outputs = {"y"};
  for (const char* name : {"then_branch", "else_branch"}) {
    auto body = std::make_shared<Graph>();
    body->name = name;
    tare::graph::Node product;
    product.name = std::string(name) + "/product";
    product.op_type = "MatMul";
    product.inputs = {"x", "w"};
    product.outputs = {std::string(name) + "_y"};
    body->nodes.push_back(product);
    body->outputs.push_back(ValueOf(std::string(name) + "_y", {-1, kClasses}));
    branch.Set(name, tare::graph::SharedGraph(body));
  }
  model.graph.nodes.push_back(branch);
  return model;
}

// model.onnx in `folder`, its weights of 1 KB and more in turns in the `data` files below it.
Result<void> WriteExternal(tare::graph::Model model, const std::string& folder,
                           const std::vector<std::string>& data) {
  namespace fs = std::filesystem;
  fs::create_directories(folder);
  const fs::path root = fs::canonical(folder);
  size_t turn = 0;
  for (auto& initializer : model.graph.initializers) {
    const Tensor& own = *initializer.value;
    if (own.bytes().size() < 1024) continue;
    const fs::path path = root / data[turn++ % data.size()];
    fs::create_directories(path.parent_path());
    std::ofstream out(path, std::ios::binary | std::ios::app);
    const auto offset = static_cast<int64_t>(out.tellp());
    out.write(reinterpret_cast<const char*>(own.bytes().data()), std::ssize(own.bytes()));
    out.close();
    TARE_TRY(auto file, tare::MappedFile::Open(path.string()));
    TARE_TRY(auto mapped, Tensor::FromFile(own.dtype(), own.shape(), std::move(file), offset));
    initializer.value = std::make_shared<const Tensor>(std::move(mapped));
  }
  TARE_TRY(const auto lean, tare::graph::SerializeLean(model));
  return tare::WriteFileAtomic(folder + "/model.onnx", lean.bytes);
}

// As a model hub caches it: files under the names of their content, and links to them.
Result<void> WriteCache(const tare::graph::Model& model) {
  namespace fs = std::filesystem;
  const fs::path snapshot = "cache/snapshots/1";
  TARE_TRY_VOID(WriteExternal(model, snapshot.string(), {"model.onnx_data"}));
  fs::create_directories("cache/blobs");
  for (const char* name : {"model.onnx", "model.onnx_data"}) {
    const std::string blob = std::string("blob-of-") + name;
    fs::rename(snapshot / name, fs::path("cache/blobs") / blob);
    fs::create_symlink(fs::path("../../blobs") / blob, snapshot / name);
  }
  return {};
}

Result<void> Write() {
  Random random(7);
  const std::vector<Layer> layers = {Layer(kFeatures, kHidden, random),
                                     Layer(kHidden, kHidden, random),
                                     Layer(kHidden, kClasses, random)};
  TARE_TRY_VOID(tare::graph::WriteOnnx(ModelOf(layers), "model.onnx"));
  TARE_TRY_VOID(WriteExternal(ModelOf(layers), "external", {"first.bin", "weights/all.bin"}));
  TARE_TRY_VOID(WriteCache(ModelOf(layers)));
  TARE_TRY_VOID(tare::graph::WriteOnnx(OutputsModelOf(layers), "outputs.onnx"));
  TARE_TRY_VOID(tare::WriteFileAtomic("train.csv", Samples(layers, 700, "label", random)));
  TARE_TRY_VOID(tare::WriteFileAtomic("test.csv", Samples(layers, 400, "label", random)));
  TARE_TRY_VOID(tare::graph::WriteOnnx(Branches(Layer(kFeatures, kClasses, random)), "loops.onnx"));
  const std::vector<Layer> image_layers = {Layer(kSide * kSide, kHidden, random),
                                           Layer(kHidden, kHidden, random),
                                           Layer(kHidden, kClasses, random)};
  TARE_TRY_VOID(tare::graph::WriteOnnx(ImageModelOf(image_layers), "images.onnx"));
  TARE_TRY_VOID(WriteImages(image_layers, 400, random));
  const std::vector<Layer> price_layers = {Layer(kFeatures, kHidden, random),
                                           Layer(kHidden, kHidden, random),
                                           Layer(kHidden, 1, random)};
  TARE_TRY_VOID(tare::graph::WriteOnnx(ModelOf(price_layers), "price.onnx"));
  TARE_TRY_VOID(tare::WriteFileAtomic("price.csv", Samples(price_layers, 900, "price", random)));
  TARE_TRY_VOID(
      tare::WriteFileAtomic("far.csv", Samples(layers, 60, "label", random, Where::kFar)));
  TARE_TRY_VOID(WriteJudge());
  return tare::WriteFileAtomic("tare.yaml", kProject);
}

}  // namespace

int main() {
  const auto written = Write();
  if (written) return 0;
  std::fprintf(stderr, "tare-test-project: %s\n", written.error().what.c_str());
  return 1;
}
