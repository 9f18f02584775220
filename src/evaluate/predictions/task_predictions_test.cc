#include "tare/evaluate/predictions/task_predictions.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <sstream>

#include "evaluate/samples/test_metrics_internal.h"
#include "tare/core/strcat.h"
#include "tare/evaluate/predictions/detection_predictions.h"

namespace tare::evaluate {
namespace {

using testing::HasSubstr;
using verdict::Task;

Result<TestEvidence> Judge(Task task, const std::string& baseline, const std::string& candidate,
                           std::vector<SliceSpec> slices = {}) {
  std::istringstream first(baseline);
  std::istringstream second(candidate);
  TestOptions options;
  options.bootstrap.replicates = 500;
  options.slices = std::move(slices);
  const PredictionStreams streams{first, "float.jsonl", second, "int8.jsonl"};
  if (task == Task::kObjectDetection) {
    return EvaluateDetectionPredictions(streams, options);
  }
  return EvaluateTaskPredictions(task, streams, options);
}

TEST(TaskPredictionsTest, JudgesRegressionWhateverTheOrderOfTheLines) {
  const auto found = Judge(Task::kRegression,
                           "{\"id\": 1, \"label\": 1, \"prediction\": 1.5}\n"
                           "{\"id\": 2, \"label\": 2, \"prediction\": 2}\n"
                           "{\"id\": 3, \"label\": 6, \"prediction\": 5}\n",
                           "{\"id\": 3, \"prediction\": 6}\n"
                           "{\"id\": 2, \"prediction\": 2}\n"
                           "{\"id\": 1, \"prediction\": -1}\n");
  ASSERT_TRUE(found) << found.error().what;
  EXPECT_EQ(found->n, 3);
  EXPECT_EQ(found->paired->counts.flips, 2);
  EXPECT_DOUBLE_EQ(Value(found->baseline, "mae"), 0.5);
  EXPECT_DOUBLE_EQ(Value(found->baseline, "rmse"), std::sqrt(1.25 / 3));
  EXPECT_DOUBLE_EQ(Value(found->baseline, "r2"),
                   1 - 1.25 / 14);  // labels 1, 2, 6 have mean 3: 4 + 1 + 9
  EXPECT_DOUBLE_EQ(Value(found->candidate, "mae"), 2.0 / 3);
  EXPECT_DOUBLE_EQ(Value(found->paired->difference, "mae"), 2.0 / 3 - 0.5);
}

TEST(TaskPredictionsTest, RefusesProbabilitiesAgainstLogitsOfLabelSets) {
  std::string first, second;
  for (int i = 0; i < 5; ++i) {
    first += StrCat("{\"id\": ", i, ", \"label\": [0], \"scores\": [2.5, -1, -3]}\n");
    second += StrCat("{\"id\": ", i, ", \"scores\": [0.9, 0.2, 0.1]}\n");
  }
  const auto found = Judge(Task::kMultiLabel, first, second);
  ASSERT_FALSE(found);
  EXPECT_THAT(found.error().what, HasSubstr("int8.jsonl:4: scores is not a list of logits"));
}

TEST(TaskPredictionsTest, RefusesWhatMayBeARowOfTwoClasses) {
  const auto found = Judge(Task::kMultiLabel,
                           "{\"id\": 1, \"label\": [0, 1], \"prediction\": [0, 1]}\n"
                           "{\"id\": 2, \"label\": [1, 0], \"prediction\": [0, 1]}\n",
                           "{\"id\": 1, \"prediction\": [0, 1]}\n"
                           "{\"id\": 2, \"prediction\": [0, 1]}\n");
  ASSERT_FALSE(found);
  EXPECT_THAT(found.error().what, HasSubstr("[1, 0] may be two class indices or a row"));
}

TEST(TaskPredictionsTest, WarnsOfBoxesThatLookLikeCorners) {
  const auto lines = [](int width) {
    std::string text;
    for (int i = 0; i < 20; ++i) {
      const std::string box = StrCat("\"box\": [", 10 + i, ", 5, ", width, ", 40], \"class\": 1");
      text += StrCat("{\"id\": ", i, ", \"label\": [{", box, "}], \"prediction\": [{", box,
                     ", \"score\": 0.5}]}\n");
    }
    return text;
  };
  const auto corners = Judge(Task::kObjectDetection, lines(60), lines(60));
  ASSERT_TRUE(corners) << corners.error().what;
  ASSERT_EQ(corners->warnings.size(), 2);
  EXPECT_THAT(corners->warnings[0].what, HasSubstr("all 20 boxes of 'label'"));
  EXPECT_TRUE(Judge(Task::kObjectDetection, lines(20), lines(20))->warnings.empty());
}

TEST(TaskPredictionsTest, SaysWhereR2IsUndefined) {
  const auto found = Judge(Task::kRegression, R"({"id": 1, "label": 2, "prediction": 1})",
                           R"({"id": 1, "prediction": 2})");
  ASSERT_TRUE(found);
  EXPECT_TRUE(std::isnan(Value(found->baseline, "r2")));
}

TEST(TaskPredictionsTest, JudgesLabelSets) {
  const auto found =
      Judge(Task::kMultiLabel,
            "{\"id\": 1, \"label\": [0, 2], \"scores\": [0.9, 0.6, 0.1]}\n"
            "{\"id\": 2, \"label\": [], \"scores\": [0.1, 0.2, 0.3]}\n",
            "{\"id\": 1, \"scores\": [0.9, 0.1, 0.8]}\n{\"id\": 2, \"scores\": [0.5, 0.2, 0.3]}\n");
  ASSERT_TRUE(found) << found.error().what;
  // Float: {0, 1} for {0, 2}, {} for {}: tp 1 of 2 predicted and 2 gold. Int8: {0, 2}, {0}.
  EXPECT_DOUBLE_EQ(Value(found->baseline, "f1_micro"), 2.0 / 4);
  EXPECT_DOUBLE_EQ(Value(found->candidate, "f1_micro"), 4.0 / 5);
  EXPECT_DOUBLE_EQ(Value(found->baseline, "subset_accuracy"), 0.5);
  EXPECT_DOUBLE_EQ(Value(found->baseline, "hamming_loss"), 2.0 / 6);
  // Classes 0, 1, 2: F1 of 1, 0 (predicted, never gold), 0 (gold, never predicted).
  EXPECT_DOUBLE_EQ(Value(found->baseline, "f1_macro"), 1.0 / 3);
  EXPECT_EQ(found->paired->counts.harmful, 1);
  EXPECT_EQ(found->paired->counts.helpful, 1);
}

constexpr const char* kQuestions =
    "{\"id\": \"a\", \"answers\": [\"the Eiffel Tower\", \"Eiffel\"], \"context\": \"They saw the "
    "Eiffel Tower.\", \"prediction\": \"Eiffel tower!\"}\n"
    "{\"id\": \"b\", \"answers\": [], \"context\": \"Nothing of use.\", \"prediction\": \"\"}\n"
    "{\"id\": \"c\", \"answers\": [\"42\"], \"context\": \"It is 42.\", \"prediction\": \"42\"}\n";

TEST(TaskPredictionsTest, JudgesAnswersAndWhatSupportsThem) {
  const auto found = Judge(Task::kQuestionAnswering, kQuestions,
                           "{\"id\": \"a\", \"prediction\": \"Big Ben\"}\n"
                           "{\"id\": \"b\", \"prediction\": \"use\"}\n"
                           "{\"id\": \"c\", \"prediction\": \"42\"}\n");
  ASSERT_TRUE(found) << found.error().what;
  EXPECT_DOUBLE_EQ(Value(found->baseline, "exact_match"), 1);
  EXPECT_DOUBLE_EQ(Value(found->candidate, "exact_match"), 1.0 / 3);
  EXPECT_DOUBLE_EQ(Value(found->baseline, "answer_rate"), 2.0 / 3);
  EXPECT_DOUBLE_EQ(Value(found->candidate, "answer_rate"), 1);
  EXPECT_DOUBLE_EQ(Value(found->baseline, "hallucination_rate"), 0);
  EXPECT_DOUBLE_EQ(Value(found->candidate, "hallucination_rate"), 1.0 / 3)
      << "Big Ben is not in the context";
  ASSERT_EQ(found->baseline_slices.size(), 2U);
  EXPECT_EQ(found->baseline_slices[0].name, "has_answer");
  EXPECT_EQ(found->baseline_slices[0].n, 2);
  EXPECT_EQ(found->baseline_slices[1].n, 1);
  EXPECT_EQ(found->paired->counts.harmful, 2);
}

TEST(TaskPredictionsTest, JudgesSupportWhereThereIsAContextAndSaysTheShare) {
  const std::string with = R"({"id": 0, "answers": ["x"], "prediction": "zz", "context": "aa"})"
                           "\n";
  const std::string without = R"({"id": 1, "answers": ["x"], "prediction": "zz"})"
                              "\n"
                              R"({"id": 2, "answers": ["x"], "prediction": "zz", "context": null})"
                              "\n";
  for (const std::string& lines : {with + without, without + with}) {  // whichever comes first
    const auto found = Judge(Task::kQuestionAnswering, lines, lines);
    ASSERT_TRUE(found) << found.error().what;
    EXPECT_EQ(Value(found->baseline, "hallucination_rate"), 1);
    ASSERT_EQ(found->warnings.size(), 1U);
    EXPECT_THAT(found->warnings[0].what, HasSubstr("is of 1 of 3 lines: the other 2"));
  }
  const auto none = Judge(Task::kQuestionAnswering, without, without);
  EXPECT_EQ(verdict::FindMetric(none->baseline, "hallucination_rate"), nullptr);
  EXPECT_TRUE(none->warnings.empty());
}

TEST(TaskPredictionsTest, CountsTheEmptyAnswerRightWhereThereIsNone) {
  const std::string lines = R"({"id": 0, "answers": [], "prediction": ""})"
                            "\n"
                            R"({"id": 1, "answers": ["a b c"], "prediction": "a b c"})"
                            "\n";
  const auto found = Judge(Task::kGeneration, lines,
                           R"({"id": 0, "prediction": "made up"})"
                           "\n"
                           R"({"id": 1, "prediction": "a b c"})");
  ASSERT_TRUE(found) << found.error().what;
  EXPECT_EQ(Value(found->baseline, "rouge_l"), 1);
  EXPECT_EQ(Value(found->candidate, "rouge_l"), 0.5);
}

TEST(TaskPredictionsTest, ReadsLabelsAsARowOfZerosAndOnes) {
  // Gold {1, 2} and {}, taken at 0.5: {1, 2}, {0}.
  const std::string scores[] = {R"("scores": [0.1, 0.9, 0.8]})", R"("scores": [0.7, 0.1, 0.2]})"};
  for (const char* row : {"[0, 1, 1]", "[false, true, true]"}) {
    const std::string lines = StrCat(R"({"id": 1, "label": )", row, ", ", scores[0], "\n",
                                     R"({"id": 2, "label": [0, 0, 0], )", scores[1], "\n");
    const auto found = Judge(Task::kMultiLabel, lines, lines);
    ASSERT_TRUE(found) << found.error().what;
    EXPECT_DOUBLE_EQ(Value(found->baseline, "f1_micro"), 2 * 2.0 / (2 * 2 + 1));
    EXPECT_DOUBLE_EQ(Value(found->baseline, "subset_accuracy"), 0.5);
    EXPECT_DOUBLE_EQ(Value(found->baseline, "hamming_loss"), 1.0 / 6);
  }
}

TEST(TaskPredictionsTest, RefusesLabelsThatMayBeRowsOrIndices) {
  const auto error = [](const std::string& first, const std::string& second) {
    const std::string lines =
        StrCat(R"({"id": 1, "label": )", first, R"(, "scores": [0.1, 0.9]})", "\n",
               R"({"id": 2, "label": )", second, R"(, "scores": [0.1, 0.9]})", "\n");
    const auto found = Judge(Task::kMultiLabel, lines, lines);
    return found ? std::string() : found.error().what;
  };
  EXPECT_THAT(error("[0, 1]", "[1]"), HasSubstr("float.jsonl:1: label is not clear"));
  EXPECT_EQ(error("[1]", "[0, 1]"), "") << "the first line says indices";
  EXPECT_EQ(error("[0, 0]", "[0, 1]"), "") << "a row: no set repeats a class";
  EXPECT_THAT(error("[0, 0]", "[1]"), HasSubstr("float.jsonl:2: label is not a row"));
  EXPECT_THAT(error("[1]", "[1, 1]"), HasSubstr("float.jsonl:2: label is not a list of class"));
  const std::string hard = R"({"id": 1, "label": [0, 1, 0], "prediction": [1]})";
  EXPECT_THAT(Judge(Task::kMultiLabel, hard, hard).error().what, HasSubstr("0 stands twice"));
}

TEST(DetectionPredictionsTest, ReadsTheFieldsOfCoco) {
  // pycocotools: the detection inside the crowd is ignored, so all is right. Without it, the false
  // one ranks first and precision is 1/2 throughout; the crowd would be a box that was missed.
  const auto lines = [](const char* crowd) {
    return StrCat(
        R"({"id": 1, "label": [{"bbox": [0, 0, 50, 50], "category_id": 3, "iscrowd": 0},)",
        R"({"bbox": [100, 100, 80, 80], "category_id": 3)", crowd, R"(}], "prediction": [)",
        R"({"bbox": [0, 0, 50, 50], "category_id": 3, "score": 0.9},)",
        R"({"bbox": [105, 105, 20, 20], "category_id": 3, "score": 0.95}]})");
  };
  for (const char* crowd :
       {", \"iscrowd\": 1", ", \"iscrowd\": true, \"ignore\": 1", ", \"crowd\": true"}) {
    const auto found = Judge(Task::kObjectDetection, lines(crowd), lines(crowd));
    ASSERT_TRUE(found) << found.error().what;
    EXPECT_DOUBLE_EQ(Value(found->baseline, "map"), 1) << crowd;
  }
  const auto plain = Judge(Task::kObjectDetection, lines(""), lines(""));
  EXPECT_NEAR(Value(plain->baseline, "map"), 51.0 / 101 / 2, 1e-12);
  for (const char* wrong : {", \"iscrowd\": 2", ", \"iscrowd\": \"yes\"", ", \"ignore\": 1",
                            ", \"iscrowd\": 1, \"crowd\": false"}) {
    const auto found = Judge(Task::kObjectDetection, lines(wrong), lines(wrong));
    ASSERT_FALSE(found) << wrong;
    EXPECT_THAT(found.error().what, HasSubstr("float.jsonl:1: label[1].i")) << wrong;
  }
}

TEST(TaskPredictionsTest, LeavesOutItsOwnSlicesThatHoldNothing) {
  const auto found =
      Judge(Task::kQuestionAnswering, R"({"id": 1, "answers": ["a"], "prediction": "a"})",
            R"({"id": 1, "prediction": "a"})");
  ASSERT_TRUE(found);
  ASSERT_EQ(found->baseline_slices.size(), 1U);
  EXPECT_EQ(found->baseline_slices[0].name, "has_answer");
  EXPECT_TRUE(found->warnings.empty());
}

TEST(TaskPredictionsTest, TakesTheJudgeOfTheUserAndCorrectsItsErrors) {
  // 100 answers, of which the judge flags 30; labelled: of 20 that are unsupported it flags 16, of
  // 30 that are supported 3. Rogan and Gladen: (0.3 + 0.9 - 1) / (0.8 + 0.9 - 1) = 2 / 7.
  std::string lines;
  for (int i = 0; i < 100; ++i) {
    const bool flagged = i < 30;
    std::string label;
    if (i < 16 || (i >= 30 && i < 34)) label = ", \"supported\": false";
    if ((i >= 16 && i < 19) || (i >= 34 && i < 61)) label = ", \"supported\": true";
    lines += StrCat("{\"id\": ", i, ", \"answers\": [\"x\"], \"prediction\": \"x\", \"support\": ",
                    flagged ? "0.2" : "0.9", label, "}\n");
  }
  const auto found = Judge(Task::kGeneration, lines, lines);
  ASSERT_TRUE(found) << found.error().what;
  EXPECT_DOUBLE_EQ(Value(found->baseline, "hallucination_rate"), 0.3);
  EXPECT_NEAR(Value(found->baseline, "hallucination_rate_corrected"), 2.0 / 7, 1e-12);
}

TEST(TaskPredictionsTest, JudgesSlicesOfNumericFields) {
  const std::string lines =
      "{\"id\": 1, \"label\": 1, \"prediction\": 1, \"length\": 3}\n{\"id\": 2, \"label\": 1, "
      "\"prediction\": 3, \"length\": 30}\n";
  const auto found = Judge(Task::kRegression, lines, lines, {{"long", "length > 10"}});
  ASSERT_TRUE(found) << found.error().what;
  EXPECT_EQ(found->baseline_slices[0].n, 1);
  EXPECT_DOUBLE_EQ(Value(found->baseline_slices[0].metrics, "mae"), 2);
  EXPECT_THAT(Judge(Task::kRegression, lines, lines, {{"odd", "age > 1"}}).error().what,
              HasSubstr("age"));
}

TEST(TaskPredictionsTest, JudgesEntities) {
  const auto found = Judge(Task::kTokenClassification,
                           "{\"id\": 1, \"label\": [\"B-PER\", \"I-PER\", \"O\", \"B-LOC\"], "
                           "\"prediction\": [\"B-PER\", \"I-PER\", \"O\", \"B-LOC\"]}\n",
                           "{\"id\": 1, \"prediction\": [\"B-PER\", \"O\", \"O\", \"B-LOC\"]}\n");
  ASSERT_TRUE(found) << found.error().what;
  EXPECT_DOUBLE_EQ(Value(found->baseline, "f1_micro"), 1);
  EXPECT_DOUBLE_EQ(Value(found->candidate, "f1_micro"), 0.5)
      << "one of two entities, two predicted";
  EXPECT_DOUBLE_EQ(Value(found->candidate, "token_accuracy"), 0.75);
  EXPECT_EQ(found->paired->counts.harmful, 1);
}

TEST(TaskPredictionsTest, JudgesRankedLists) {
  const auto found =
      Judge(Task::kRetrieval, R"({"id": 1, "relevant": ["d3", 5], "prediction": ["d3", "d7", 5]})",
            R"({"id": 1, "prediction": ["d7", 5, "d1"]})");
  ASSERT_TRUE(found) << found.error().what;
  EXPECT_DOUBLE_EQ(Value(found->baseline, "mrr"), 1);
  EXPECT_DOUBLE_EQ(Value(found->candidate, "mrr"), 0.5);
  EXPECT_DOUBLE_EQ(Value(found->baseline, "recall_at_1"), 0.5);
  EXPECT_DOUBLE_EQ(Value(found->candidate, "recall_at_10"), 0.5);
  EXPECT_DOUBLE_EQ(Value(found->candidate, "ndcg_at_10"),
                   (1 / std::log2(3)) / (1 + 1 / std::log2(3)));
}

TEST(DetectionPredictionsTest, JudgesBoxes) {
  // One box of two is found exactly; the precision is 1 up to recall 0.5: 51 of 101 points.
  const std::string truth =
      R"("label": [{"box": [0, 0, 10, 10], "class": "dog"}, {"box": [50, 50, 10, 10], "class": "dog"}])";
  const std::string one =
      StrCat("{\"id\": 1, ", truth,
             R"(, "prediction": [{"box": [0, 0, 10, 10], "class": "dog", "score": 0.9}]})");
  const std::string none =
      R"({"id": 1, "prediction": [{"box": [0, 0, 10, 10], "class": "cat", "score": 0.9}]})";
  const auto found = Judge(Task::kObjectDetection, one, none);
  ASSERT_TRUE(found) << found.error().what;
  EXPECT_NEAR(Value(found->baseline, "map"), 51.0 / 101, 1e-12);
  EXPECT_NEAR(Value(found->baseline, "map_50"), 51.0 / 101, 1e-12);
  EXPECT_EQ(Value(found->candidate, "map"), 0);
  EXPECT_EQ(found->paired->counts.flips, 1);
}

struct BadLines {
  Task task;
  std::string baseline, candidate;
  std::string_view what;
  friend void PrintTo(const BadLines& lines, std::ostream* out) {
    *out << TaskName(lines.task) << ": " << lines.what;
  }
};
class BadTaskLinesTest : public testing::TestWithParam<BadLines> {};

TEST_P(BadTaskLinesTest, EndWithFileLineAndNextStep) {
  const auto found = Judge(GetParam().task, GetParam().baseline, GetParam().candidate);
  ASSERT_FALSE(found);
  EXPECT_THAT(found.error().what, HasSubstr(GetParam().what));
  EXPECT_FALSE(found.error().next_step.empty());
}

INSTANTIATE_TEST_SUITE_P(
    All, BadTaskLinesTest,
    testing::Values(
        BadLines{Task::kEmbedding, R"({"id": 1})", R"({"id": 1})", "'embedding'"},
        BadLines{Task::kRegression, R"({"id": 1, "prediction": 1})",
                 R"({"id": 1, "prediction": 1})", "label"},
        BadLines{Task::kRegression, R"({"id": 1, "label": 1, "prediction": 1})",
                 R"({"id": 2, "prediction": 1})", "no partner"},
        BadLines{Task::kRegression, R"({"id": 1, "label": 1, "prediction": 1})",
                 R"({"id": 1, "label": 2, "prediction": 1})",
                 "int8.jsonl:1: 'label' of id '1' differs"},
        BadLines{Task::kRegression, R"({"id": 1, "label": 1, "prediction": "x"})",
                 R"({"id": 1, "prediction": 1})", "float.jsonl:1: prediction is not a number"},
        BadLines{Task::kRegression, R"({"id": 1, "label": 1, "prediction": 1e200})",
                 R"({"id": 1, "prediction": 1})", "finite"},
        BadLines{Task::kMultiLabel, R"({"id": 1, "label": [3], "scores": [0.1, 0.2]})",
                 R"({"id": 1, "scores": [0.1, 0.2]})", "class indices below 2"},
        BadLines{Task::kMultiLabel, R"({"id": 1, "label": [1], "scores": [0.1, 0.2]})",
                 R"({"id": 1, "scores": [0.1]})",
                 "int8.jsonl:1: scores is not a list of 2 numbers"},
        BadLines{Task::kMultiLabel, R"({"id": 1, "label": [1], "scores": [0.1, 0.2]})",
                 R"({"id": 1, "scores": [0.1, 3]})",
                 "int8.jsonl:1: scores is not between 0 and 1 as in the first line"},
        BadLines{Task::kQuestionAnswering, R"({"id": 1, "prediction": "x"})",
                 R"({"id": 1, "prediction": "x"})", "answers"},
        BadLines{Task::kQuestionAnswering, R"({"id": 1, "answers": ["x"]})",
                 R"({"id": 1, "prediction": "x"})", "float.jsonl:1: prediction is not a text"},
        BadLines{Task::kGeneration,
                 R"({"id": 1, "answers": ["x"], "prediction": "x", "support": 2})",
                 R"({"id": 1, "prediction": "x"})", "support is not between 0 and 1"},
        BadLines{Task::kObjectDetection,
                 R"({"id": 1, "label": [{"box": [0, 0, -1, 1], "class": 1}], "prediction": []})",
                 R"({"id": 1, "prediction": []})", "float.jsonl:1"},
        BadLines{Task::kObjectDetection,
                 R"({"id": 1, "label": [], "prediction": [{"box": [0, 0, 1, 1], "class": 1}]})",
                 R"({"id": 1, "prediction": []})", "score"},
        BadLines{Task::kTokenClassification,
                 R"({"id": 1, "label": ["O"], "prediction": ["O", "O"]})",
                 R"({"id": 1, "prediction": ["O"]})",
                 "float.jsonl:1: prediction is not a list of as many tags"},
        BadLines{Task::kRetrieval, R"({"id": 1, "relevant": [], "prediction": ["x"]})",
                 R"({"id": 1, "prediction": ["x"]})",
                 "float.jsonl:1: relevant is not a list with at least one id"},
        BadLines{Task::kObjectDetection, "", "", "no predictions"}));

}  // namespace
}  // namespace tare::evaluate
