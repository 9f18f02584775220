// Class labels, and what is wrong with them.

#include "tare/data/labels.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "data/test_files_internal.h"

namespace tare::data {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

template <class T>
std::unique_ptr<Dataset> Labels(Shape shape, std::vector<T> values) {
  std::vector<NamedTensor> tensors;
  tensors.push_back({"y", Tensor::Of<T>(std::move(shape), values)});
  return MakeDataset("test.npz", std::move(tensors)).value();
}

Error LabelError(const Dataset& dataset, int64_t num_classes = 0) {
  const auto labels = ReadLabels(dataset, "y", AllSamples(dataset), num_classes);
  EXPECT_FALSE(labels);
  return labels ? Internal("none") : labels.error();
}

TEST(ReadLabelsTest, ReadsEveryKindOfNumber) {
  const std::vector<int64_t> samples{2, 0};
  EXPECT_THAT(*ReadLabels(*Labels<uint8_t>({3}, {0, 1, 9}), "y", samples, 10), ElementsAre(9, 0));
  EXPECT_THAT(*ReadLabels(*Labels<int64_t>({3, 1}, {0, 1, 2}), "y", samples), ElementsAre(2, 0));
  EXPECT_THAT(*ReadLabels(*Labels<float>({3}, {0, 1, 2}), "y", samples), ElementsAre(2, 0));
}

TEST(ReadLabelsTest, CountsNoMissingValueAsAClass) {
  const auto lines =
      OpenBytes(Format::kJsonLines, "{\"y\": \"cat\"}\n{\"y\": \"nan\"}\n", "l.jsonl");
  const Error error = LabelError(**lines);
  EXPECT_EQ(error.what,
            "label of sample 1 in array 'y' of l.jsonl is 'nan', which reads as missing");
  EXPECT_THAT(error.next_step, HasSubstr("--classes NAME,..."));
  EXPECT_TRUE(ReadLabels(**lines, "y", std::vector<int64_t>{0})) << "the sample is left out";
}

TEST(ReadLabelsTest, NamesTheSampleAndTheValue) {
  const Error range = LabelError(*Labels<int64_t>({3}, {0, 1, 10}), 10);
  EXPECT_EQ(range.code, ErrorCode::kInvalidArgument);
  EXPECT_EQ(range.what,
            "label of sample 2 in array 'y' of test.npz is 10, but the model has classes 0 to 9");
  EXPECT_THAT(range.next_step, HasSubstr("count from 0"));
  EXPECT_THAT(LabelError(*Labels<int64_t>({2}, {0, -1})).what, HasSubstr("sample 1"));
  EXPECT_THAT(LabelError(*Labels<float>({2}, {0, 0.5F})).what, HasSubstr("is 0.5, not a class"));
  EXPECT_THAT(LabelError(*Labels<float>({1}, {NAN})).what, HasSubstr("is NaN, not a class"));
  EXPECT_THAT(LabelError(*Labels<double>({1}, {1e30})).what, HasSubstr("not a class"));
  EXPECT_THAT(LabelError(*Labels<uint64_t>({1}, {UINT64_MAX})).what,
              HasSubstr("18446744073709551615"));
}

TEST(ReadLabelsTest, TellsWhatToDoWithOneHotRows) {
  const Error error = LabelError(*Labels<float>({1, 3}, {0, 1, 0}));
  EXPECT_THAT(error.next_step, HasSubstr("argmax"));
}

TEST(ReadLabelsTest, ReadsTextAsClasses) {
  const auto dataset = OpenStored("iris.csv");
  EXPECT_THAT(*ReadLabels(*dataset, "species", AllSamples(*dataset), 3), ElementsAre(0, 1, 0, 2));
}

TEST(LabelsTest, AreKnownByTheirUsualNames) {
  for (const char* name : {"y", "Y", "label", "labels", "true_label", "Target", "class_id"})
    EXPECT_TRUE(IsNamedLikeLabels(name)) << name;
  for (const char* name : {"", "x", "yaw", "input", "price"})
    EXPECT_FALSE(IsNamedLikeLabels(name)) << name;
}

TEST(ReadLabelsTest, ReadsTextsOfDigitsAsTheirNumbers) {  // as texts "10" stands before "2"
  const auto dataset =
      OpenBytes(Format::kJsonLines, "{\"y\": \"10\"}\n{\"y\": \"2\"}\n{\"y\": \"0\"}\n", "x.jsonl")
          .value();
  EXPECT_EQ(ReadLabels(*dataset, "y", AllSamples(*dataset)).value(),
            (std::vector<int64_t>{10, 2, 0}));
  EXPECT_FALSE(ReadLabels(*dataset, "y", AllSamples(*dataset), 10));
  ArrayInfo info;
  info.classes = {"1", "1a"};
  EXPECT_FALSE(NumbersOfClasses(info));
}

TEST(ReadTargetsTest, NamesTheSampleThatIsNoNumber) {
  const std::vector<int64_t> samples{1, 0};
  const auto read = [&](const char* text) {
    const auto dataset = OpenBytes(Format::kCsv, text, "t.csv").value();
    return ReadTargets(*dataset, "y", samples);
  };
  EXPECT_EQ(read("x,y\n1,1.25\n2,-3\n").value(), (std::vector<double>{-3, 1.25}));
  const auto nan = read("x,y\n1,1.25\n2,nan\n");
  ASSERT_FALSE(nan);
  EXPECT_EQ(nan.error().what,
            "label of sample 1 in array 'y' of t.csv is NaN, not a number to predict");
  const auto text = read("x,y\n1,\"1,250\"\n2,\"17,709\"\n");
  ASSERT_FALSE(text);
  EXPECT_EQ(
      text.error().what,
      "label of sample 1 in array 'y' of t.csv is the text '17,709', not a number to predict");
  EXPECT_FALSE(text.error().next_step.empty());
}

TEST(CheckLabelsExistTest, KnowsArraysAndColumnsOfText) {
  const auto check = [](const char* label) {
    return CheckLabelsExist(*OpenBytes(Format::kCsv, "x,y,z\n1,1,a\n2,NA,b\n", "t.csv").value(),
                            label);
  };
  EXPECT_TRUE(check(""));
  EXPECT_TRUE(check("x"));
  EXPECT_TRUE(check("z"));
  const auto missing = check("w");
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().code, ErrorCode::kNotFound);
  const auto gap = check("y");
  ASSERT_FALSE(gap);
  EXPECT_NE(gap.error().what.find("'NA'"), std::string::npos);
}

}  // namespace
}  // namespace tare::data
