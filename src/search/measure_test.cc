// Closeness against a slow reference, and what measuring makes of times that are given.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>

#include "graph/model_builder.h"
#include "search/measure_internal.h"
#include "search/search_test_internal.h"
#include "tare/data/dataset.h"
#include "tare/runtime/analysis.h"

namespace tare::search {
namespace {

using graph::Model;
using graph::ModelBuilder;
using quantize::Format;
using testing::HasSubstr;

Model ProductModel(const Tensor& weight) {
  return ModelBuilder(13)
      .Input("x", {-1, 4})
      .Constant("w", weight)
      .Op("MatMul", {"x", "w"}, {"y"})
      .Output("y")
      .Build();
}

// A model, its samples (more than one batch of 8) and a bench with scripted times.
class BenchTest : public testing::Test {
 protected:
  static constexpr int64_t kSamples = 11;

  void Use(const Model& model, const std::map<std::string, double>& speedups = {}) {
    model_ = model;
    data_ = graph::RandomTensor({kSamples, 4}, 5);
    auto dataset = data::MakeDataset("test", {{"x", data_}});
    ASSERT_TRUE(dataset) << dataset.error().what;
    dataset_ = *std::move(dataset);
    const std::vector<ValueInfo> inputs{{"x", DType::kFloat32, {-1, 4}}};
    auto feed = data::Feed::Bind(*dataset_, inputs);
    ASSERT_TRUE(feed) << feed.error().what;
    feed_ = std::make_unique<data::Feed>(*std::move(feed));
    samples_.feed = feed_.get();
    for (int64_t i = 0; i < kSamples; ++i) samples_.check.push_back(i);
    samples_.calibration = samples_.check;
    auto prepared = quantize::Prepare(model, {}, {});
    ASSERT_TRUE(prepared) << prepared.error().what;
    prepared_ = *std::move(prepared);
    instruments_ = Scripted(speedups);
    auto observed = ObservePlans(prepared_, samples_, options_, NoProgress());
    ASSERT_TRUE(observed) << observed.error().what;
    observed_ = *std::move(observed);
    bench_ = std::make_unique<Bench>(prepared_, observed_, MakeReference(), options_, instruments_);
  }

  Reference MakeReference() {
    auto reference = RunReference(model_, samples_, options_, instruments_);
    EXPECT_TRUE(reference) << reference.error().what;
    return *std::move(reference);
  }

  Closeness Compare(const Model& other, size_t num_runs = 100) {
    const auto session = runtime::MakeSession(other, {});
    EXPECT_TRUE(session) << session.error().what;
    const auto closeness = CompareRuns(*session, MakeReference(), num_runs, options_.tolerance);
    EXPECT_TRUE(closeness) << closeness.error().what;
    return closeness ? *closeness : Closeness{};
  }

  static Candidate Named(const std::string& name, Format format) {
    Candidate candidate;
    candidate.name = name;
    candidate.nodes = {{"y", "MatMul", format, ""}};
    return candidate;
  }

  Model model_;
  Tensor data_;
  std::unique_ptr<data::Dataset> dataset_;
  std::unique_ptr<data::Feed> feed_;
  Samples samples_;
  quantize::Prepared prepared_;
  AutoOptions options_;
  Instruments instruments_;
  Observed observed_;
  std::unique_ptr<Bench> bench_;
};

TEST_F(BenchTest, ComparesAsTheDefinitionSays) {
  const Tensor weight = graph::RandomTensor({4, 6}, 1);
  Use(ProductModel(weight));
  for (const uint64_t seed : {2, 3, 4}) {
    const Tensor other = graph::RandomTensor({4, 6}, seed);
    const Matrix x = MatrixOf(data_);
    const Matrix a = Product(x, MatrixOf(weight));
    const Matrix b = Product(x, MatrixOf(other));
    const Closeness closeness = Compare(ProductModel(other));
    // The models run in float32: 4 terms of about 1 each.
    EXPECT_NEAR(closeness.cosine, SlowCosine(a, b), 1e-6);
    double least = 1;
    for (size_t i = 0; i < a.size(); ++i) least = std::min(least, SlowCosine({a[i]}, {b[i]}));
    EXPECT_NEAR(closeness.least_cosine, least, 1e-6);
    EXPECT_EQ(closeness.judged.output, "y");
    // The first run is the first 8 samples.
    EXPECT_NEAR(Compare(ProductModel(other), 1).cosine,
                SlowCosine({a.begin(), a.begin() + 8}, {b.begin(), b.begin() + 8}), 1e-6);
  }
}

// Samples along the second axis: 6 rows of the output would be taken for samples otherwise.
TEST_F(BenchTest, FindsSamplesOnAnotherAxisThanTheFirst) {
  const auto model = [](const Tensor& weight) {
    return ModelBuilder(13)
        .Input("x", {-1, 4})
        .Constant("w", weight)
        .Op("MatMul", {"x", "w"}, {"p"})
        .Op("Transpose", {"p"}, {"y"}, {graph::IntsOf("perm", {1, 0})})
        .Output("y")
        .Build();
  };
  const Tensor weight = graph::RandomTensor({4, 20}, 1);
  const Tensor other = graph::RandomTensor({4, 20}, 2);
  Use(model(weight));
  const Matrix a = Product(MatrixOf(data_), MatrixOf(weight));
  const Matrix b = Product(MatrixOf(data_), MatrixOf(other));
  const Closeness closeness = Compare(model(other));
  double least = 1;
  for (size_t i = 0; i < a.size(); ++i) least = std::min(least, SlowCosine({a[i]}, {b[i]}));
  EXPECT_NEAR(closeness.least_cosine, least, 1e-6);
  EXPECT_NEAR(closeness.cosine, SlowCosine(a, b), 1e-6);
}

TEST_F(BenchTest, NamesTheOutputThatMovesMost) {
  const auto model = [](double scale_of_z) {
    return ModelBuilder(13)
        .Input("x", {-1, 4})
        .Floats("one", {}, {1})
        .Floats("shift", {4}, {0, 0, 0, static_cast<float>(scale_of_z)})
        .Op("Mul", {"x", "one"}, {"y"})
        .Op("Add", {"x", "shift"}, {"z"})
        .Output("y")
        .Output("z")
        .Build();
  };
  Use(model(0));
  const Closeness closeness = Compare(model(3));
  EXPECT_EQ(closeness.judged.output, "z");
  Matrix moved = MatrixOf(data_);
  for (auto& row : moved) row[3] += 3;
  EXPECT_NEAR(closeness.cosine, SlowCosine(MatrixOf(data_), moved), 1e-6);
  EXPECT_DOUBLE_EQ(Compare(model(0)).cosine, 1);
}

TEST_F(BenchTest, MeasuresACandidate) {
  Use(ProductModel(graph::RandomTensor({4, 6}, 1)), {{"fast", 3}, {"slow", 0.5}});
  Candidate fast = Named("fast", Format::kInt8Dynamic);
  bench_->Measure(fast);
  EXPECT_EQ(fast.problem, "");
  EXPECT_DOUBLE_EQ(fast.speedup.value, 3);
  EXPECT_EQ(fast.batch_speedup.value, 0) << "a finalist's";
  EXPECT_GT(fast.model_bytes, 0);
  Candidate slow = Named("slow", Format::kInt8Dynamic);
  bench_->Measure(slow);
  EXPECT_EQ(slow.problem, "not faster: 0.50x [0.50, 0.50]");
}

// What is said of a candidate is what its model does, read back from its bytes and run again.
TEST_F(BenchTest, SaysOfAModelWhatRunningItAgainShows) {
  const Tensor weight = graph::RandomTensor({4, 6}, 1);
  Use(ProductModel(weight));
  for (const Format format : {Format::kInt8Static, Format::kInt8Dynamic, Format::kInt8Weights}) {
    Candidate candidate = Named("a", format);
    std::vector<Candidate> one = {candidate};
    ASSERT_TRUE(bench_->Confirm(one, std::array{size_t{0}}));
    candidate = one[0];
    const auto built = bench_->Build(candidate.nodes);
    ASSERT_TRUE(built) << built.error().what;
    const auto session = runtime::MakeSession(built->model, {});
    ASSERT_TRUE(session) << session.error().what;
    const std::vector<NamedTensor> inputs{{"x", data_}};
    const auto outputs = session->Run(inputs);
    ASSERT_TRUE(outputs) << outputs.error().what;
    const double cosine =
        SlowCosine(Product(MatrixOf(data_), MatrixOf(weight)), MatrixOf((*outputs)[0]));
    EXPECT_LT(cosine, 1 - 1e-7) << "8 bits are not exact";
    // int8_dynamic ranges its input run by run: runs of 8 and 3 samples there, one of 11 here.
    EXPECT_NEAR(candidate.closeness.cosine, cosine, 1e-4);
  }
}

TEST_F(BenchTest, KeepsTheFailureOfACandidateAsItsProblem) {
  Use(ProductModel(graph::RandomTensor({4, 6}, 1)));
  observed_.observations.tensors.clear();
  Candidate candidate = Named("static", Format::kInt8Static);
  bench_->Measure(candidate);
  EXPECT_THAT(candidate.problem, HasSubstr("no calibration range for activation"));
  EXPECT_EQ(candidate.speedup.value, 0);
}

TEST_F(BenchTest, TimesFinalistsAgainAndDropsTheSlow) {
  Use(ProductModel(graph::RandomTensor({4, 6}, 1)), {{"a", 2}, {"b", 1.01}, {"c", 9}});
  std::vector<Candidate> candidates = {Named("a", Format::kInt8Dynamic),
                                       Named("b", Format::kInt8Weights),
                                       Named("c", Format::kInt8Static)};
  const std::vector<size_t> which = {1, 0};
  const auto timed = bench_->Confirm(candidates, which);
  ASSERT_TRUE(timed) << timed.error().what;
  EXPECT_DOUBLE_EQ(candidates[0].speedup.value, 2);
  EXPECT_DOUBLE_EQ(candidates[0].batch_speedup.value, 2);
  EXPECT_EQ(candidates[0].problem, "");
  EXPECT_EQ(candidates[1].problem, "not surely 1.05x when timed again: 1.01x [1.01, 1.01]");
  EXPECT_EQ(candidates[2].speedup.value, 0) << "was not among them";
}

}  // namespace
}  // namespace tare::search
