// Which plans are tried, on models of which every plan can be written down by hand.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "graph/model_builder.h"
#include "search/candidates_internal.h"
#include "tare/core/text.h"

namespace tare::search {
namespace {

using graph::ModelBuilder;
using quantize::Format;
using quantize::NodeChoice;
using testing::ElementsAre;
using testing::IsEmpty;

constexpr Format kStatic = Format::kInt8Static;
constexpr Format kDynamic = Format::kInt8Dynamic;
constexpr Format kWeights = Format::kInt8Weights;

quantize::Prepared PreparedOf(const graph::Model& model) {
  auto prepared = quantize::Prepare(model, {}, {});
  EXPECT_TRUE(prepared) << prepared.error().what;
  return *std::move(prepared);
}

// One convolution with a residual, a gate, a reshape and two products: each scope takes one step
// more.
quantize::Prepared ImageModel() {
  return PreparedOf(ModelBuilder(13)
                        .Input("x", {-1, 4, 8, 8})
                        .Uniform("w1", {4, 4, 3, 3}, 1)
                        .Uniform("w2", {4, 4, 3, 3}, 2)
                        .Uniform("fc", {256, 128}, 3)  // 32768 weights: large
                        .Uniform("head", {128, 10}, 4)
                        .Ints("flat", {0, -1})
                        .Op("Conv", {"x", "w1"}, {"c1"}, {graph::IntsOf("pads", {1, 1, 1, 1})})
                        .Op("Conv", {"c1", "w2"}, {"c2"}, {graph::IntsOf("pads", {1, 1, 1, 1})})
                        .Op("Add", {"c1", "c2"}, {"sum"})
                        .Op("Sigmoid", {"sum"}, {"gate"})
                        .Op("Mul", {"sum", "gate"}, {"silu"})
                        .Op("Reshape", {"silu", "flat"}, {"rows"})
                        .Op("MatMul", {"rows", "fc"}, {"hidden"})
                        .Op("Softmax", {"hidden"}, {"soft"}, {graph::IntOf("axis", -1)})
                        .Op("MatMul", {"soft", "head"}, {"y"})
                        .Output("y")
                        .Build());
}

quantize::Prepared PreparedPerceptron() {
  return PreparedOf(ModelBuilder(13)
                        .Input("x", {-1, 32})
                        .Uniform("w", {32, 64}, 1)
                        .Uniform("v", {64, 8}, 2)  // 512 weights: PlanWeights leaves it
                        .Op("MatMul", {"x", "w"}, {"h"})
                        .Op("Relu", {"h"}, {"r"})
                        .Op("MatMul", {"r", "v"}, {"y"})
                        .Output("y")
                        .Build());
}

Observed Calibrated(std::vector<std::string> unranged = {}) {
  Observed observed;
  observed.observations.tensors.resize(1);
  observed.unranged = std::move(unranged);
  return observed;
}

// "c1 c2 sum": static nodes; "~h" dynamic, "=h" weights.
std::string NodesText(const std::vector<NodeChoice>& nodes) {
  std::vector<std::string> texts;
  for (const NodeChoice& choice : nodes) {
    const char* mark = choice.format == kDynamic ? "~" : choice.format == kWeights ? "=" : "";
    texts.push_back(mark + choice.node);
  }
  return Join(texts, " ");
}

std::vector<std::string> Texts(const std::vector<Candidate>& candidates) {
  std::vector<std::string> texts;
  for (const Candidate& candidate : candidates)
    texts.push_back(candidate.name + ": " + NodesText(candidate.nodes));
  return texts;
}

TEST(FirstCandidatesTest, FollowsFormatsAndGoal) {
  // By hand from the rules of Scope: chain adds what joins without a scale to lose, gates the
  // product with a Sigmoid, all the Softmax. A mover needs quantized neighbours on both sides.
  const std::vector<std::string> by_scope = {
      "static, chain: c1 c2 sum hidden y",
      "static, compute: c1 c2 hidden y",
      "static, gates: c1 c2 sum gate silu rows hidden y",
      "static, all: c1 c2 sum gate silu rows hidden soft y",
  };
  const std::vector<std::string> dynamic = {"dynamic: ~hidden ~y",
                                            "dynamic, large weights: ~hidden"};
  const std::string mixed = "static Conv, dynamic MatMul: c1 c2 sum ~hidden ~y";
  const std::string weights = "int8 weights: =hidden =y";
  const struct {
    Formats formats;
    Goal goal;
    bool has_static, has_dynamic, has_weights;
  } cases[] = {
      {{}, Goal::kSpeed, true, true, false},
      {{}, Goal::kSize, true, true, true},
      {{kStatic}, Goal::kSpeed, true, false, false},
      {{kStatic}, Goal::kSize, true, false, false},
      {{kDynamic}, Goal::kSpeed, false, true, false},
      {{kDynamic}, Goal::kSize, false, true, false},
      {{kWeights}, Goal::kSpeed, false, false, true},
      {{kStatic, kDynamic}, Goal::kSpeed, true, true, false},
      {{kStatic, kDynamic}, Goal::kSize, true, true, false},
      {{kStatic, kWeights}, Goal::kSpeed, true, false, true},
      {{kDynamic, kWeights}, Goal::kSize, false, true, true},
      {{kStatic, kDynamic, kWeights}, Goal::kSpeed, true, true, true},
  };
  const auto prepared = ImageModel();
  for (const auto& [formats, goal, has_static, has_dynamic, has_weights] : cases) {
    std::vector<std::string> expected;
    if (has_static) expected = by_scope;
    if (has_dynamic) expected.insert(expected.end(), dynamic.begin(), dynamic.end());
    if (has_static && has_dynamic) expected.push_back(mixed);
    if (has_weights) expected.push_back(weights);
    AutoOptions options;
    options.formats = formats;
    options.goal = goal;
    EXPECT_EQ(Texts(FirstCandidates(prepared, options, Calibrated())), expected);
  }
}

TEST(FirstCandidatesTest, TriesEqualPlansOnce) {
  // All scopes agree; without its small weights the dynamic plan is empty; there is no Conv to mix.
  EXPECT_THAT(Texts(FirstCandidates(PreparedPerceptron(), {}, Calibrated())),
              ElementsAre("static, chain: h y", "dynamic: ~h ~y"));
}

TEST(FirstCandidatesTest, LeavesOutNodesWithoutRange) {
  AutoOptions options;
  options.formats = {kStatic};
  EXPECT_THAT(Texts(FirstCandidates(ImageModel(), options, Calibrated({"c2"}))),
              ElementsAre("static, chain: c1 hidden y", "static, all: c1 hidden soft y"));
  EXPECT_THAT(Texts(FirstCandidates(ImageModel(), options, Calibrated({"soft", "gate"}))),
              ElementsAre("static, chain: c1 c2 sum hidden y", "static, compute: c1 c2 hidden y"));
}

TEST(FirstCandidatesTest, NeedsSomethingObservedForStaticPlans) {
  AutoOptions options;
  options.formats = {kStatic, kWeights};
  EXPECT_THAT(Texts(FirstCandidates(PreparedPerceptron(), options, Observed())),
              ElementsAre("int8 weights: =h"));
}

TEST(FirstCandidatesTest, HasNoneWhereNothingCanBeQuantized) {
  const auto prepared =
      PreparedOf(ModelBuilder(13).Input("x", {-1, 4}).Op("Tanh", {"x"}, {"y"}).Output("y").Build());
  AutoOptions options;
  options.goal = Goal::kSize;
  EXPECT_THAT(FirstCandidates(prepared, options, Calibrated()), IsEmpty());
}

TEST(AddCandidateTest, TakesNoPlanTwiceAndNoneOfMoversAlone) {
  const NodeChoice product{"m", "MatMul", kStatic, ""};
  const NodeChoice mover{"r", "Reshape", kStatic, ""};
  std::vector<Candidate> candidates;
  AddCandidate(candidates, "movers", {mover});
  AddCandidate(candidates, "nothing", {});
  EXPECT_THAT(candidates, IsEmpty());
  AddCandidate(candidates, "a", {mover, product});
  AddCandidate(candidates, "again", {mover, product});
  AddCandidate(candidates, "less", {product});
  EXPECT_THAT(Texts(candidates), ElementsAre("a: r m", "less: m"));
}

TEST(PlanWithoutTest, DropsWhatLosesItsNeighbours) {
  const auto prepared = ImageModel();
  const auto plan =
      quantize::PlanStatic(prepared.model, prepared.abilities, quantize::Scope::kGates, {});
  // Without c2 the sum has an input in float, and all that rests on it falls.
  EXPECT_EQ(NodesText(PlanWithout(prepared, plan, {"c2"})), "c1 hidden y");
  EXPECT_EQ(NodesText(PlanWithout(prepared, plan, {"y"})), "c1 c2 sum gate silu rows hidden");
  EXPECT_EQ(NodesText(PlanWithout(prepared, plan, {})), NodesText(plan));
}

TEST(PlanWithoutTest, TakesDynamicNodesOneByOne) {
  const auto prepared = ImageModel();
  const auto plan = quantize::PlanDynamic(prepared.abilities, {});
  EXPECT_EQ(NodesText(PlanWithout(prepared, plan, {"hidden"})), "~y");
}

TEST(PlanWithinTest, AddsNothingToThePlan) {
  const auto prepared = ImageModel();
  const auto plan =
      quantize::PlanStatic(prepared.model, prepared.abilities, quantize::Scope::kCompute, {});
  EXPECT_EQ(NodesText(PlanWithin(prepared, plan, {"hidden"})), "c1 c2 y");
}

}  // namespace
}  // namespace tare::search
