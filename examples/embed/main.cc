// Quantizes a model from inside another program.
//
//   embed MODEL.onnx DATA OUT.onnx [SCALE]      SCALE as 0.00392 for pixels of 0 to 255

#include <cstdlib>
#include <iostream>
#include <string>

#include "tare/core/child.h"
#include "tare/graph/onnx.h"
#include "tare/pipeline/quantize_model.h"
#include "tare/quantize/recipe.h"

namespace {

// Every failure says what is wrong and what to do next.
int Fail(const tare::Error& error) {
  std::cerr << "error: " << error.what << '\n';
  for (const std::string& line : error.context) std::cerr << "       while " << line << '\n';
  std::cerr << "next:  " << error.next_step << '\n';
  return static_cast<int>(error.code);
}

tare::Result<int> Run(const tare::pipeline::QuantizeRequest& request, const std::string& out) {
  TARE_TRY(const auto outcome, tare::pipeline::QuantizeModel(request, tare::NoProgress()));
  for (const std::string& line : outcome.feed_report) std::cout << "  " << line << '\n';
  for (const auto& candidate : outcome.choice.candidates) {
    std::cout << "  " << candidate.name << ": cosine " << candidate.closeness.cosine << ", "
              << candidate.speedup.value << "x"
              << (candidate.problem.empty() ? "" : "  (" + candidate.problem + ")") << '\n';
  }
  if (!outcome.choice.model) {
    std::cout << "left as it is: " << outcome.choice.reason << '\n';
    return 0;
  }
  TARE_TRY_VOID(tare::graph::WriteOnnx(*outcome.choice.model, out));
  const auto& fusion = outcome.choice.fusion;
  std::cout << "wrote " << out << ": " << fusion.fused << " of " << fusion.expected
            << " nodes run in integers\n";
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  // A strange model is tried in a child process first, which is this program once more.
  tare::RunChildTaskIfAsked(argc, argv);
  if (argc < 4) {
    std::cerr << "usage: embed MODEL.onnx DATA OUT.onnx [SCALE]\n";
    return 2;
  }
  tare::pipeline::QuantizeRequest request;
  request.model_path = argv[1];
  request.data_path = argv[2];
  // Asked for by name; without, tare measures and may decline.
  request.search.formats = {tare::quantize::Format::kInt8Static};
  if (argc > 4) {
    tare::data::InputBinding binding;
    binding.preprocessing.scale = std::strtod(argv[4], nullptr);
    request.bindings.push_back(binding);
  }
  const auto done = Run(request, argv[3]);
  return done ? *done : Fail(done.error());
}
