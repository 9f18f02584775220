// No rewrite changes a value: random graphs on inputs that hit exact multiples, ties, zeros of both
// signs, infinities and NaN, before and after each rewrite of graph/canonical.h, in the runtime.

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "graph/model_builder.h"
#include "runtime/run_for_test.h"
#include "tare/graph/canonical.h"

namespace tare::runtime {
namespace {

using graph::FloatOf;
using graph::IntOf;
using graph::IntsOf;
using graph::Model;
using graph::ModelBuilder;

using Limits = std::numeric_limits<float>;

// Whole multiples of `step`, halves of it, zeros, and numbers that fit nothing.
Tensor Lattice(const Shape& shape, uint64_t seed, float step) {
  Random random(seed);
  Tensor tensor = *Tensor::Zeros(DType::kFloat32, shape);
  for (float& value : tensor.mutable_data<float>()) {
    const double kind = random.Uniform();
    const auto whole = static_cast<float>(std::floor(random.Uniform() * 400) - 200);
    value = kind < 0.5    ? whole * step
            : kind < 0.75 ? (whole + 0.5F) * step
            : kind < 0.8  ? 0.0F
            : kind < 0.85 ? -0.0F
                          : static_cast<float>(random.Uniform() * 7 - 3);
  }
  return tensor;
}

// The same with some values that are no numbers.
Tensor WithNonFinite(Tensor tensor, uint64_t seed) {
  Random random(seed);
  for (float& value : tensor.mutable_data<float>()) {
    const double kind = random.Uniform();
    if (kind < 0.02) value = Limits::infinity();
    if (kind > 0.98) value = -Limits::infinity();
    if (std::abs(kind - 0.5) < 0.01) value = Limits::quiet_NaN();
  }
  return tensor;
}

// The first element in which two outputs differ, or -1: NaN equals NaN, 0 equals -0.
int64_t FirstChange(const Tensor& a, const Tensor& b) {
  if (a.shape() != b.shape() || a.dtype() != b.dtype()) return 0;
  if (a.dtype() != DType::kFloat32) return a == b ? -1 : 0;
  for (size_t i = 0; i < a.data<float>().size(); ++i) {
    const float x = a.data<float>()[i];
    const float y = b.data<float>()[i];
    if (!(x == y || (std::isnan(x) && std::isnan(y)))) return static_cast<int64_t>(i);
  }
  return -1;
}

void ExpectUnchanged(const Model& before, const Model& after, const Tensor& input) {
  const auto a = RunModel(before, {{"x", input}});
  const auto b = RunModel(after, {{"x", input}});
  ASSERT_TRUE(a.size() == b.size() && !a.empty());
  for (size_t i = 0; i < a.size(); ++i)
    ASSERT_EQ(FirstChange(a[i], b[i]), -1) << "output " << i << "\n" << GraphText(after.graph);
}

// Everything that a step of one unit in the last place may turn into a step of one.
struct Jump {
  std::string op;
  std::vector<std::string> inputs;  // behind the value
  graph::Attributes attributes;
  std::string second;  // a second operator behind it
};

std::vector<Jump> Jumps() {
  return {{"Floor", {}, {}, ""},
          {"Ceil", {}, {}, ""},
          {"Round", {}, {}, ""},
          {"Mod", {"one"}, {IntOf("fmod", 1)}, ""},
          {"Sign", {}, {}, ""},
          {"Cast", {}, {IntOf("to", 6)}, ""},
          {"Cast", {}, {IntOf("to", 9)}, ""},
          {"Greater", {"one"}, {}, ""},
          {"Less", {"one"}, {}, ""},
          {"Equal", {"one"}, {}, ""},
          {"GreaterOrEqual", {"one"}, {}, ""},
          {"ArgMax", {}, {IntOf("axis", 1)}, ""},
          {"ArgMin", {}, {IntOf("axis", 1)}, ""},
          {"Hardmax", {}, {IntOf("axis", 1)}, ""},
          {"ThresholdedRelu", {}, {FloatOf("alpha", 1)}, ""},
          {"Shrink", {}, {FloatOf("lambd", 1)}, ""},
          {"Relu", {}, {}, "Floor"},
          {"Transpose", {}, {IntsOf("perm", {0, 2, 3, 1})}, "Ceil"},
          {"Sub", {"one"}, {}, "Reciprocal"},
          {"Abs", {}, {}, "Log"}};
}

void AddJump(ModelBuilder& builder, const std::string& from, const Jump& jump) {
  std::vector<std::string> inputs = {from};
  inputs.insert(inputs.end(), jump.inputs.begin(), jump.inputs.end());
  builder.Floats("one", {1}, {1});
  builder.Op(jump.op, inputs, {jump.second.empty() ? "y" : "jump"}, jump.attributes);
  if (!jump.second.empty()) builder.Op(jump.second, {"jump"}, {"y"});
  builder.Output("y");
}

// 1x1 convolutions of whole numbers are exact, so that what stands behind them decides by the last digit.
TEST(RewritePropertyTest, FoldsNothingInFrontOfAJump) {
  for (const Jump& jump : Jumps()) {
    for (const std::string op : {"Mul", "Div", "Add", "Sub", "BatchNormalization"}) {
      ModelBuilder builder(17, 8);
      builder.Input("x", {1, 4, 5, 5})
          .Floats("w", {4, 4, 1, 1}, {1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1})
          .Floats("k", {4, 1, 1}, {61, 3, 0.1F, 7})
          .Floats("gain", {4}, {0.3F, 1, 2, 0.7F})
          .Floats("zero", {4}, {0, 0.5F, 0, 1})
          .Floats("variance", {4}, {3, 0.7F, 61, 1})
          .Op("Conv", {"x", "w"}, {"c"});
      if (op == "BatchNormalization") {
        builder.Op(op, {"c", "gain", "zero", "zero", "variance"}, {"m"});
      } else {
        builder.Op(op, {"c", "k"}, {"m"});
      }
      AddJump(builder, "m", jump);
      const Model model = builder.Build();
      Model folded = model;
      graph::FoldChannelConstants(folded.graph);
      EXPECT_EQ(folded.graph.nodes.size(), model.graph.nodes.size()) << op << " " << jump.op;
      for (const float step : {61.0F, 1.0F, 0.1F})
        ExpectUnchanged(model, folded, Lattice({1, 4, 5, 5}, 3, step));
    }
  }
}

TEST(RewritePropertyTest, MakesNoGemmInFrontOfAJump) {
  for (const Jump& jump : Jumps()) {
    if (jump.op == "Transpose") continue;  // of four axes
    ModelBuilder builder(17, 8);
    builder.Input("x", {6, 4})
        .Floats("w", {4, 4}, {1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1})
        .Floats("k", {4}, {61, 3, 0.1F, 7})
        .Op("MatMul", {"x", "w"}, {"c"})
        .Op("Add", {"c", "k"}, {"m"});
    AddJump(builder, "m", jump);
    Model model = builder.Build();
    EXPECT_EQ(graph::MakeGemms(model.graph, {"x"}), 0) << jump.op;
  }
}

// What runs in front of the sums of the next layer is folded, and stays what it was on every input, up to
// the rounding of its own sums; what is not finite stays not finite.
TEST(RewritePropertyTest, FoldsInFrontOfTheNextSumWithinRounding) {
  for (uint64_t seed = 0; seed < 20; ++seed) {
    const Model model =
        ModelBuilder(17, 8)
            .Input("x", {2, 4, 6, 6})
            .Uniform("w", {8, 4, 3, 3}, seed)
            .Uniform("gain", {8}, seed + 1, -2, 2)
            .Uniform("shift", {8}, seed + 2)
            .Uniform("mean", {8}, seed + 3)
            .Uniform("variance", {8}, seed + 4, 0.2, 2)
            .Uniform("w2", {3, 8, 1, 1}, seed + 5)
            .Op("Conv", {"x", "w"}, {"c"})
            .Op("BatchNormalization", {"c", "gain", "shift", "mean", "variance"}, {"b"})
            .Op("LeakyRelu", {"b"}, {"r"})
            .Op("Conv", {"r", "w2"}, {"y"})
            .Output("b")
            .Output("y")
            .Build();
    Model folded = model;
    graph::FoldChannelConstants(folded.graph);
    ASSERT_EQ(folded.graph.nodes.size(), 3U);
    const Tensor finite = Lattice({2, 4, 6, 6}, seed, 0.25F);
    const auto a = RunModel(model, {{"x", finite}});
    const auto b = RunModel(folded, {{"x", finite}});
    // Sums of 36 terms up to 3 * 50 * 4, each rounded to 6e-8 of it.
    for (size_t i = 0; i < a.size(); ++i) EXPECT_LE(MaxDifference(a[i], b[i]), 0.01);
    const Tensor wild = WithNonFinite(finite, seed);
    const auto c = RunModel(model, {{"x", wild}});
    const auto d = RunModel(folded, {{"x", wild}});
    for (size_t i = 0; i < c[0].data<float>().size(); ++i) {
      const float x = c[0].data<float>()[i];
      const float y = d[0].data<float>()[i];
      EXPECT_TRUE(std::isfinite(x) == std::isfinite(y) &&
                  (std::isnan(x) || std::isnan(y) || std::signbit(x) == std::signbit(y) ||
                   std::abs(x - y) < 0.01))
          << x << " " << y;
    }
  }
}

TEST(RewritePropertyTest, MovesNothingByIdentitiesConstantsAndOpset) {
  for (uint64_t seed = 0; seed < 10; ++seed) {
    const Model model = ModelBuilder(11)
                            .Input("x", {1, 4, 6, 6})
                            .Floats("k", {1}, {61})
                            .Op("Identity", {"x"}, {"i"})
                            .Op("Clip", {"i"}, {"c"}, {})
                            .Op("Dropout", {"c"}, {"d"}, {FloatOf("ratio", 0.5F)})
                            .Op("Div", {"d", "k"}, {"q"})
                            .Op("Floor", {"q"}, {"y"})
                            .Output("y")
                            .Output("q")
                            .Build();
    Model rewritten = model;
    ASSERT_TRUE(graph::RaiseOpset(rewritten));
    graph::LiftConstants(rewritten);
    EXPECT_EQ(graph::RemoveIdentities(rewritten.graph), 2);
    ASSERT_TRUE(FoldConstants(rewritten, {}));
    for (const float step : {61.0F, 0.5F}) {
      const Tensor input = Lattice({1, 4, 6, 6}, seed, step);
      ExpectUnchanged(model, rewritten, input);
      ExpectUnchanged(model, rewritten, WithNonFinite(input, seed));
    }
  }
}

TEST(RewritePropertyTest, SelectsTheSamePixelsByAConvolution) {
  for (uint64_t seed = 0; seed < 10; ++seed) {
    const Model model =
        ModelBuilder(13)
            .Input("x", {2, 3, 5, 8})
            .Floats("w", {3, 3, 1, 1}, {1, 0, 0, 0, 1, 0, 0, 0, 1})
            .Ints("start", {0, 0})
            .Ints("end", {std::numeric_limits<int64_t>::max(), std::numeric_limits<int64_t>::max()})
            .Ints("axes", {2, 3})
            .Ints("steps", {2, 3})
            .Ints("pads", {0, 2, 0, 0, 0, 1, 0, 0})
            .Op("Conv", {"x", "w"}, {"c"})
            .Op("Slice", {"c", "start", "end", "axes", "steps"}, {"s"})
            .Op("Pad", {"s", "pads"}, {"y"})
            .Output("y")
            .Build();
    Model rewritten = model;
    ASSERT_EQ(graph::ConvolveStridedSelections(rewritten.graph), 1);
    const Tensor finite = Lattice({2, 3, 5, 8}, seed, 61);
    ExpectUnchanged(model, rewritten, finite);
    // What is not finite spreads over the channels of its pixel, and no further.
    const Tensor wild = WithNonFinite(finite, seed);
    const auto a = RunModel(model, {{"x", wild}});
    const auto b = RunModel(rewritten, {{"x", wild}});
    const auto x = a[0].data<float>();
    const auto y = b[0].data<float>();
    ASSERT_EQ(a[0].shape(), (Shape{2, 6, 3, 3}));
    for (size_t n = 0; n < 2; ++n) {
      for (size_t pixel = 0; pixel < 9; ++pixel) {
        bool is_finite = true;
        for (size_t c = 0; c < 6; ++c) is_finite &= std::isfinite(x[(n * 6 + c) * 9 + pixel]);
        for (size_t c = 0; c < 6; ++c) {
          const size_t i = (n * 6 + c) * 9 + pixel;
          EXPECT_TRUE(is_finite ? x[i] == y[i] : !std::isfinite(y[i]));
        }
      }
    }
  }
}

TEST(RewritePropertyTest, SpellsOutTheAxesOfPadAndResize) {
  const struct {
    std::string op;
    std::vector<std::string> inputs;
    graph::Attributes attributes;
  } cases[] = {
      {"Pad", {"pads", "", "axes"}, {}},
      {"Pad", {"pads", "seven", "axes"}, {}},
      {"Pad", {"pads", "", "axes"}, {graph::TextOf("mode", "reflect")}},
      {"Resize", {"", "scales"}, {IntsOf("axes", {2, -1})}},
      {"Resize", {"", "scales"}, {IntsOf("axes", {3, 2}), graph::TextOf("mode", "linear")}},
      {"Resize", {"", "", "sizes"}, {IntsOf("axes", {2, 3})}},
      {"Resize",
       {"", "", "sizes"},
       {IntsOf("axes", {2, 3}), graph::TextOf("mode", "cubic"),
        graph::TextOf("coordinate_transformation_mode", "align_corners")}},
      {"Resize",
       {"", "", "sizes"},
       {IntsOf("axes", {2, 3}), graph::TextOf("keep_aspect_ratio_policy", "not_smaller")}},
  };
  for (const auto& [op, inputs, attributes] : cases) {
    std::vector<std::string> all = {"x"};
    all.insert(all.end(), inputs.begin(), inputs.end());
    const Model model = ModelBuilder(19, 9)
                            .Input("x", {2, 3, 5, 8})
                            .Ints("pads", {1, 2, 0, 3})
                            .Ints("axes", {3, -2})
                            .Ints("sizes", {10, 12})
                            .Floats("scales", {2}, {2, 1.5F})
                            .Floats("seven", {}, {7})
                            .Op(op, all, {"y"}, attributes)
                            .Output("y")
                            .Build();
    Model spelt = model;
    EXPECT_EQ(graph::SpellOutAxes(spelt.graph, {{"x", {-1, 3, 5, 8}}}), 1) << op;
    EXPECT_FALSE(graph::HasShortAxes(spelt.graph));
    const Tensor input = Lattice({2, 3, 5, 8}, 4, 61);
    ExpectUnchanged(model, spelt, input);
    ExpectUnchanged(model, spelt, WithNonFinite(input, 4));
  }
}

TEST(RewritePropertyTest, DecomposesDroppedOperators) {
  const struct {
    const char* op;
    graph::Attributes attributes;
  } cases[] = {
      {"ImageScaler", {FloatOf("scale", 0.3F), graph::FloatsOf("bias", {-103.9F, -116.8F, 0.7F})}},
      {"ImageScaler", {graph::FloatsOf("bias", {1, 2, 3})}},
      {"Affine", {FloatOf("alpha", 0.3F), FloatOf("beta", -1.7F)}},
      {"ScaledTanh", {FloatOf("alpha", 1.7159F), FloatOf("beta", 0.6667F)}},
      {"ParametricSoftplus", {FloatOf("alpha", 0.5F), FloatOf("beta", 1.5F)}},
      {"Crop", {IntsOf("border", {1, 2, 0, 1})}},
      {"Crop", {IntsOf("border", {1, 2, 0, 0}), IntsOf("scale", {2, 3})}},
  };
  for (const auto& [op, attributes] : cases) {
    const Model model = ModelBuilder(8)
                            .Input("x", {1, 3, 6, 7})
                            .Op(op, {"x"}, {"y"}, attributes)
                            .Output("y")
                            .Build();
    if (!MakeSession(model, {})) continue;  // of a runtime that dropped it too
    Model rewritten = model;
    EXPECT_EQ(graph::DecomposeDropped(rewritten.graph), 1) << op;
    ASSERT_TRUE(graph::RaiseOpset(rewritten)) << op;
    const Tensor input = Lattice({1, 3, 6, 7}, 5, 0.25F);
    // One rounding of values up to 200.
    ExpectSameOutputs(model, rewritten, {{"x", input}}, 3e-5);
  }
}

}  // namespace
}  // namespace tare::runtime
