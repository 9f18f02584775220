#include "tare/pipeline/project.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tare/core/file.h"

namespace tare::pipeline {
namespace {

using testing::HasSubstr;

constexpr std::string_view kLeast = R"(model: m.onnx
data:
  calibration: a.npz
  test: b.npz
)";

TEST(ProjectTest, FillsInDefaults) {
  const auto project = ParseProject(kLeast, "/srv/shop/tare.yaml");
  ASSERT_TRUE(project) << project.error().what;
  EXPECT_EQ(project->name, "shop");
  EXPECT_EQ(project->model_path, "/srv/shop/m.onnx");
  EXPECT_EQ(project->task, verdict::Task::kOutputs);
  EXPECT_EQ(project->search.path, "/srv/shop/a.npz");
  EXPECT_EQ(project->num_threads, 1);
  EXPECT_EQ(project->policy, verdict::DefaultPolicy(verdict::Task::kOutputs, 0.01));
}

TEST(ProjectTest, ReadsTheExample) {
  const auto project = ReadProject("examples/fashion");
  ASSERT_TRUE(project) << project.error().what;
  EXPECT_EQ(project->name, "fashion");
  EXPECT_EQ(project->task, verdict::Task::kClassification);
  EXPECT_EQ(project->classes.size(), 10U);
  EXPECT_EQ(project->calibration.num_samples, 300);
  EXPECT_EQ(project->calibration.arrays.size(), 2U);
  EXPECT_EQ(project->slices.size(), 4U);
  ASSERT_EQ(project->bindings.size(), 1U);
  EXPECT_DOUBLE_EQ(project->bindings[0].preprocessing.scale, 1.0 / 255);
  EXPECT_EQ(project->policy.quality.size(), 7U);
  EXPECT_EQ(project->formats,
            (search::Formats{quantize::Format::kInt8Static, quantize::Format::kInt8Dynamic}));
}

TEST(ProjectTest, ReadsFormatsAsASet) {
  using quantize::Format;
  const struct {
    const char* text;
    search::Formats formats;
  } cases[] = {
      {"", {}},
      {"search: {objective: size}\n", {}},
      {"search: {formats: auto}\n", {}},
      {"search: {formats: [auto, int8_weights]}\n", {}},
      {"search: {formats: int8_dynamic}\n", {Format::kInt8Dynamic}},
      {"search: {formats: [int8_weights, float32]}\n", {Format::kInt8Weights}},
      {"search: {formats: [int8_static, int8_weights]}\n",
       {Format::kInt8Static, Format::kInt8Weights}},
      {"search: {formats: [int8_weights, float32, int8_dynamic, int8_dynamic, int8_static]}\n",
       {Format::kInt8Static, Format::kInt8Dynamic, Format::kInt8Weights}},
  };
  for (const auto& [text, formats] : cases) {
    const auto project = ParseProject(std::string(kLeast) + text, "tare.yaml");
    ASSERT_TRUE(project) << text << project.error().what;
    EXPECT_EQ(project->formats, formats) << text;
  }
}

TEST(ProjectTest, KeepsAbsolutePaths) {
  const auto project = ParseProject(
      "model: /models/m.onnx\ndata: {calibration: /d/a.npz, test: b.npz}\n", "x/tare.yaml");
  ASSERT_TRUE(project) << project.error().what;
  EXPECT_EQ(project->model_path, "/models/m.onnx");
  EXPECT_EQ(project->calibration.path, "/d/a.npz");
  EXPECT_EQ(project->test.path, "x/b.npz");
}

struct WrongText {
  const char* text;
  const char* what;       ///< part of the message
  const char* next_step;  ///< part of the next step
};

class WrongProjectTest : public testing::TestWithParam<WrongText> {};

TEST(ProjectTest, ReadsCorruptions) {
  const auto project = ParseProject(
      "model: m\ndata:\n  calibration: a\n  test: b\n  distributions:\n    - {corrupt: snow, "
      "severity: 5, samples: 200}\n"
      "    - {name: worst, corrupt: all, severity: 4}\n    - {name: other, path: c.npz, samples: "
      "7}\n",
      "tare.yaml");
  ASSERT_TRUE(project) << project.error().what;
  ASSERT_EQ(project->distributions.size(), 17U);
  EXPECT_EQ(project->distributions[0].name, "snow");
  EXPECT_EQ(project->distributions[0].corruption,
            (data::CorruptionSpec{data::Corruption::kSnow, 5}));
  EXPECT_EQ(project->distributions[0].source.num_samples, 200);
  EXPECT_EQ(project->distributions[1].name, "worst-gaussian_noise");
  EXPECT_EQ(project->distributions[15].corruption,
            (data::CorruptionSpec{data::Corruption::kJpegCompression, 4}));
  EXPECT_FALSE(project->distributions[16].corruption);
  EXPECT_EQ(project->distributions[16].source.num_samples, 7);
}

TEST(ProjectTest, ReadsWhatToMeasureOfCost) {
  const auto project = ParseProject(
      "model: m\ndata: {calibration: a, test: b}\nruntime: {threads: 2, batches: [1, 8, 32, 8], "
      "thread_counts: 1, estimate_energy_watts: 65}\n",
      "tare.yaml");
  ASSERT_TRUE(project) << project.error().what;
  EXPECT_EQ(project->costs.batches, (std::vector<int64_t>{1, 8, 32}));
  EXPECT_EQ(project->costs.thread_counts, (std::vector<int64_t>{1}));
  EXPECT_EQ(project->costs.estimate_energy_watts, 65);
}

TEST_P(WrongProjectTest, NamesThePlaceAndTheNextStep) {
  const auto project = ParseProject(GetParam().text, "tare.yaml");
  ASSERT_FALSE(project);
  EXPECT_EQ(project.error().code, ErrorCode::kInvalidArgument);
  EXPECT_THAT(project.error().what, HasSubstr(GetParam().what));
  EXPECT_THAT(project.error().next_step, HasSubstr(GetParam().next_step));
}

INSTANTIATE_TEST_SUITE_P(
    Texts, WrongProjectTest,
    testing::Values(
        // A misspelt key is that, not the lack of the right one.
        WrongText{"modle: m.onnx\ndata: {calibration: a, test: b}\n",
                  "tare.yaml:1: unknown key 'modle'", "'model'"},
        WrongText{"model: m\ndata:\n  calibration: a\n  tets: b\n",
                  "tare.yaml:4: data: unknown key 'tets'", "'test'"},
        WrongText{"model: m\n", "'data' is missing", "tare init"},
        WrongText{"data: {calibration: a, test: b}\n", "'model' is missing", "add 'model"},
        WrongText{"model: m\ndata: {calibration: a}\n", "'test' is missing", "name a file"},
        WrongText{"model: m\ndata: {calibration: {samples: 3}, test: b}\n", "no file is named",
                  "path: FILE"},
        WrongText{"model: m\ndata: {calibration: {path: a, samples: 0}, test: b}\n",
                  "'samples' is 0", "at least 1"},
        WrongText{"model: m\ndata: {calibration: a, test: b}\ntask: classification\n",
                  "needs labels", "label: NAME"},
        WrongText{"model: m\ndata: {calibration: a, test: b}\ntask: guess\n",
                  "unknown task 'guess'", "classification"},
        WrongText{"model: m\ndata: {calibration: a, test: b}\nsearch: {formats: [int8_sttic]}\n",
                  "unknown format", "'int8_static'"},
        WrongText{"model: m\ndata: {calibration: a, test: b}\nsearch: {tolerance: 2}\n",
                  "tolerance is 2", "0.01"},
        WrongText{"model: m\ndata: {calibration: a, test: b}\nruntime: {threads: 0}\n",
                  "'threads' is 0", "1 to 1024"},
        WrongText{"model: m\ndata: {calibration: a, test: b}\nruntime: {batches: [1, 0]}\n",
                  "tare.yaml:3: runtime: 'batches' holds 0", "from 1 to 65536"},
        WrongText{"model: m\ndata: {calibration: a, test: b}\nruntime: {thread_counts: [1.5]}\n",
                  "'thread_counts' holds 1.5", "whole numbers"},
        WrongText{
            "model: m\ndata: {calibration: a, test: b}\nruntime: {estimate_energy_watts: -5}\n",
            "'estimate_energy_watts' is -5", "such as 65"},
        WrongText{
            "model: m\ndata: {calibration: a, test: b, slices: [{name: s, where: \"label ==\"}]}\n",
            "tare.yaml:2", ""},
        WrongText{"model: m\ndata: {calibration: a, test: b, inputs: {x: {scale: 0}}}\n",
                  "scale is 0", "1/255"},
        WrongText{"model: m\ndata: {calibration: a, test: b, inputs: {x: {std: [1, 0]}}}\n",
                  "std holds 0", "deviation"},
        WrongText{"name: a/b\nmodel: m\ndata: {calibration: a, test: b}\n", "tare.yaml:1", ""},
        WrongText{"model: m\ndata: {calibration: a, test: b, distributions: [{name: n, corrupt: c, "
                  "path: p}]}\n",
                  "both 'corrupt' and a file", "one of the two"},
        WrongText{"model: m\ndata:\n  calibration: a\n  test: b\n  distributions:\n    - {name: n, "
                  "corrupt: gausian_noise}\n",
                  "tare.yaml:6: data: distributions: unknown corruption 'gausian_noise'",
                  "did you mean 'gaussian_noise'?"},
        WrongText{"model: m\ndata: {calibration: a, test: b, distributions: [{name: n, corrupt: "
                  "fog, severity: 6}]}\n",
                  "severity is 6", "1 to 5"},
        WrongText{"model: m\ndata: {calibration: a, test: b, distributions: [{name: n, corrupt: "
                  "fog, samples: 0}]}\n",
                  "'samples' is 0", "at least 1"},
        WrongText{"model: m\ndata: {calibration: a, test: b, distributions: [{name: n, path: p, "
                  "severity: 2}]}\n",
                  "without 'corrupt'", "remove it"},
        WrongText{"model: m\ndata: {calibration: a, test: b, distributions: [{corrupt: fog}, "
                  "{corrupt: all}]}\n",
                  "the name 'fog' stands twice", "name of its own"},
        WrongText{"- a\n- b\n", "must be a mapping", ""}));

// The page that describes the file is read as one.
TEST(ProjectTest, ReadsTheExampleOfItsDocumentation) {
  const auto page = ReadFile("docs/formats/project.md", 1 << 20);
  ASSERT_TRUE(page);
  const size_t begin = page->find("```yaml\n") + 8;
  const auto project =
      ParseProject(page->substr(begin, page->find("```", begin) - begin), "docs/tare.yaml");
  ASSERT_TRUE(project) << project.error().what;
  EXPECT_EQ(project->policy.looks, 3);
  EXPECT_EQ(project->kpis.size(), 1U);
  EXPECT_EQ(project->output, "scores");
  EXPECT_EQ(project->distributions.size(), 2U);
}

}  // namespace
}  // namespace tare::pipeline
