// COCO's and SQuAD's own files, to the scores that pycocotools and the official script give.

#include "tare/evaluate/predictions/foreign_files.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>

#include "tare/evaluate/predictions/detection_predictions.h"
#include "tare/evaluate/predictions/task_predictions.h"

namespace tare::evaluate {
namespace {

using testing::HasSubstr;

constexpr const char* kAnnotations = R"({
  "info": {"year": 2017},
  "images": [{"id": 9, "file_name": "b.jpg"}, {"id": 2}, {"id": 30}],
  "categories": [{"id": 1, "name": "person"}, {"id": 18, "name": "dog"}],
  "annotations": [
    {"id": 1, "image_id": 9, "category_id": 18, "bbox": [0, 0, 50, 50], "area": 2400, "iscrowd": 0,
     "segmentation": [[0, 0, 50, 0, 50, 50]]},
    {"id": 2, "image_id": 9, "category_id": 18, "bbox": [100, 100, 80, 80], "area": 6400, "iscrowd": 1,
     "segmentation": {"counts": [3, 4], "size": [5, 6]}},
    {"id": 3, "image_id": 2, "category_id": 1, "bbox": [10.5, 10, 20, 20], "area": 400, "iscrowd": 0}]})";
constexpr const char* kResults = R"([
  {"image_id": 9, "category_id": 18, "bbox": [0, 0, 50, 50], "score": 0.9},
  {"image_id": 9, "category_id": 18, "bbox": [105, 105, 20, 20], "score": 0.95},
  {"image_id": 30, "category_id": 1, "bbox": [10, 10, 20, 20], "score": 0.8},
  {"image_id": 2, "category_id": 1, "bbox": [10.5, 10, 20, 20], "score": 0.7}])";

double Metric(const verdict::Metrics& metrics, std::string_view name) {
  const auto* estimate = verdict::FindMetric(metrics, name);
  return estimate == nullptr ? -1 : estimate->value;
}

TEST(ForeignFilesTest, JudgesCocoAsPycocotoolsDoes) {
  const auto lines = LinesOfCoco({"gt.json", kAnnotations}, {"dt.json", kResults});
  ASSERT_TRUE(lines) << lines.error().what;
  std::istringstream first(*lines), second(*lines);
  const auto found = EvaluateDetectionPredictions({first, "a", second, "b"}, {});
  ASSERT_TRUE(found) << found.error().what;
  EXPECT_EQ(found->n, 3) << "images without boxes too";
  // Dogs: 1, the crowd takes the other detection. Persons: the false one in image 30 ranks first,
  // so precision is 1/2 at every recall. COCOeval: stats[0] = (1 + 0.5) / 2.
  EXPECT_NEAR(Metric(found->baseline, "map"), 0.75, 1e-12);
}

TEST(ForeignFilesTest, RefusesBoxesThatAreNoneOfTheImage) {
  const auto what = [](const char* box) {
    std::string results;
    for (int i = 0; i < 12; ++i)
      results += StrCat(i == 0 ? "[" : ", ", R"({"image_id": 1, "category_id": 1, "score": 0.5, )",
                        R"("bbox": )", box, "}");
    const auto lines =
        LinesOfCoco({"gt.json", R"({"images": [{"id": 1, "width": 640, "height": 480}],
                        "categories": [{"id": 1}], "annotations": []})"},
                    {"dt.json", results + "]"});
    return lines ? std::string("none") : lines.error().what;
  };
  EXPECT_EQ(what("[300, 200, 340, 280]"), "none") << "up to the corner";
  EXPECT_THAT(what("[300, 200, 640, 480]"), HasSubstr("12 of 12 boxes of dt.json end beyond"));
  EXPECT_THAT(what("[0.5, 0.4, 0.5, 0.6]"), HasSubstr("look like shares of the image"));
}

TEST(ForeignFilesTest, NamesThePlaceInCocosFiles) {
  const auto error = [](const std::string& truth, const std::string& results) {
    const auto lines = LinesOfCoco({"gt.json", truth}, {"dt.json", results});
    return lines ? std::string("none") : lines.error().what;
  };
  const auto result = [](const char* fields) { return StrCat("[{", fields, "}]"); };
  EXPECT_THAT(error(kAnnotations,
                    result(R"("image_id": 4, "category_id": 1, "bbox": [0, 0, 1, 1], "score": 1)")),
              HasSubstr("dt.json: [0].image_id is not one of the images: 4"));
  EXPECT_THAT(error(kAnnotations,
                    result(R"("image_id": 9, "category_id": 2, "bbox": [0, 0, 1, 1], "score": 1)")),
              HasSubstr("category_id is not one of the categories: 2"));
  EXPECT_THAT(error(kAnnotations,
                    result(R"("image_id": 9, "category_id": 1, "bbox": [0, 0, 1], "score": 1)")),
              HasSubstr("[0].bbox is not [x, y, width, height]"));
  EXPECT_THAT(
      error(kAnnotations, result(R"("image_id": 9, "category_id": 1, "bbox": [0, 0, 1, 1])")),
      HasSubstr("score"));
  EXPECT_THAT(error(kAnnotations, R"({"annotations": []})"),
              HasSubstr("not a list of COCO results"));
  EXPECT_THAT(error(kAnnotations, "[{"), HasSubstr("dt.json is not JSON"));
  EXPECT_THAT(
      error(R"({"images": [{"id": 1}, {"id": 1}], "categories": [], "annotations": []})", "[]"),
      HasSubstr("images[1].id is not an id of its own"));
  EXPECT_THAT(error(R"({"categories": [], "annotations": []})", "[]"), HasSubstr("images"));
}

constexpr const char* kSquad = R"({"version": "v2.0", "data": [{"title": "t", "paragraphs": [
  {"context": "Paris is the capital of France.", "qas": [
    {"id": "q1", "question": "capital?", "answers": [{"text": "Paris", "answer_start": 0}, {"text": "the Paris", "answer_start": 0}], "is_impossible": false},
    {"id": "q2", "question": "mayor?", "answers": [], "is_impossible": true,
     "plausible_answers": [{"text": "France", "answer_start": 24}]},
    {"id": "q3", "question": "country?", "answers": [{"text": "capital of France", "answer_start": 13}]}]}]}]})";

TEST(ForeignFilesTest, JudgesSquadAsTheOfficialScriptDoes) {
  const std::string answers = R"({"q3": "France", "q1": "paris.", "q2": ""})";
  const auto lines = LinesOfSquad({"dev.json", kSquad}, {"a.json", answers});
  ASSERT_TRUE(lines) << lines.error().what;
  std::istringstream first(*lines), second(*lines);
  const auto found =
      EvaluateTaskPredictions(verdict::Task::kQuestionAnswering, {first, "a", second, "b"}, {});
  ASSERT_TRUE(found) << found.error().what;
  // evaluate-v2.0.py: exact 66.67 (q1, q2), f1 of q3 is 2 (1)(1/3) / (1 + 1/3) = 1/2.
  EXPECT_NEAR(Metric(found->baseline, "exact_match"), 2.0 / 3, 1e-12);
  EXPECT_NEAR(Metric(found->baseline, "token_f1"), 2.5 / 3, 1e-12);
}

TEST(ForeignFilesTest, RefusesAnswersThatDoNotMatchTheQuestions) {
  const auto error = [](const char* answers) {
    const auto lines = LinesOfSquad({"dev.json", kSquad}, {"a.json", answers});
    return lines ? std::string("none") : lines.error().what;
  };
  EXPECT_THAT(error(R"({"q1": "x", "q2": ""})"), HasSubstr("no answer to the question 'q3'"));
  EXPECT_THAT(error(R"({"q1": "x", "q2": "", "q3": "", "q4": ""})"),
              HasSubstr("'q4' is the id of no question"));
  EXPECT_THAT(error(R"({"q1": "x", "q1": ""})"), HasSubstr("'q1' stands twice"));
  EXPECT_THAT(error(R"({"q1": {"text": "x"}})"), HasSubstr("the answer of 'q1' is no text"));
  EXPECT_THAT(error(R"(["x"])"), HasSubstr("no object of ids and answers"));
  EXPECT_THAT(error(R"({"q1": "x)"), HasSubstr("not JSON"));
}

TEST(ForeignFilesTest, TellsTheTaskFromTheTruth) {
  EXPECT_EQ(TaskOfTruth({"a", kAnnotations}).value(), verdict::Task::kObjectDetection);
  EXPECT_EQ(TaskOfTruth({"a", kSquad}).value(), verdict::Task::kQuestionAnswering);
  EXPECT_EQ(TaskOfTruth({"a", "[1]"}).value(), std::nullopt);
  const auto broken = TaskOfTruth({"dev.json", "{"});
  ASSERT_FALSE(broken);
  EXPECT_THAT(broken.error().next_step, testing::Not(HasSubstr("report")));
}

}  // namespace
}  // namespace tare::evaluate
