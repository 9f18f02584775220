// Which array feeds which input, in what shape and type.

#include "tare/data/feed.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "data/test_files_internal.h"

namespace tare::data {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

template <class T>
Tensor Counting(Shape shape) {
  const int64_t count = NumElements(shape).value();
  std::vector<T> values(static_cast<size_t>(count));
  for (int64_t i = 0; i < count; ++i) values[static_cast<size_t>(i)] = static_cast<T>(i);
  return Tensor::Of<T>(std::move(shape), values);
}

std::unique_ptr<Dataset> Of(std::vector<NamedTensor> arrays) {
  return MakeDataset("data.npz", std::move(arrays)).value();
}

template <class... Arrays>
std::unique_ptr<Dataset> WithArrays(Arrays... arrays) {
  std::vector<NamedTensor> all;
  (all.push_back(std::move(arrays)), ...);
  return Of(std::move(all));
}

ValueInfo Float(std::string name, Shape shape) {
  return {std::move(name), DType::kFloat32, std::move(shape)};
}

Feed Bound(const Dataset& dataset, std::vector<ValueInfo> inputs,
           std::vector<InputBinding> overrides = {}, std::string_view labels = {}) {
  auto feed = Feed::Bind(dataset, inputs, overrides, labels);
  EXPECT_TRUE(feed) << feed.error().what << "; " << feed.error().next_step;
  return *std::move(feed);
}

FeedBatch FeedRun(const Feed& feed, std::vector<int64_t> samples) {
  auto batch = feed.Read(samples);
  EXPECT_TRUE(batch) << batch.error().what;
  return batch ? *std::move(batch) : FeedBatch();
}

Error BindError(const Dataset& dataset, std::vector<ValueInfo> inputs,
                std::vector<InputBinding> overrides = {}, std::string_view labels = {}) {
  auto feed = Feed::Bind(dataset, inputs, overrides, labels);
  EXPECT_FALSE(feed);
  return feed ? Internal("bound") : feed.error();
}

std::unique_ptr<Dataset> Table(std::string text) {
  return OpenBytes(Format::kCsv, std::move(text), "t.csv").value();
}

std::unique_ptr<Dataset> Lines(std::string text) {
  return OpenBytes(Format::kJsonLines, std::move(text), "t.jsonl").value();
}

TEST(FeedTest, TakesTheArrayOfTheInputsNameInBatchesOfAnySize) {
  const auto dataset = WithArrays(NamedTensor{"y", Counting<float>({4, 2})},
                                  NamedTensor{"x", Counting<float>({4, 2})});
  const Feed feed = Bound(*dataset, {Float("x", {-1, 2})});
  EXPECT_EQ(feed.natural_batch(), 0);
  EXPECT_EQ(feed.BatchOf(3), 3);
  EXPECT_THAT(feed.arrays(), ElementsAre("x"));
  const FeedBatch batch = FeedRun(feed, {3, 1});
  EXPECT_EQ(batch.num_valid, 2);
  EXPECT_EQ(batch.inputs[0].name, "x");
  EXPECT_EQ(batch.inputs[0].value.shape(), (Shape{2, 2}));
  EXPECT_THAT(batch.inputs[0].value.data<float>(), ElementsAre(6, 7, 2, 3));
}

TEST(FeedTest, PadsTheLastRunOfAFixedBatchWithItsLastRow) {
  const auto dataset = WithArrays(NamedTensor{"x", Counting<float>({5, 2})});
  const Feed feed = Bound(*dataset, {Float("x", {3, 2})});
  EXPECT_EQ(feed.natural_batch(), 3);
  EXPECT_EQ(feed.BatchOf(8), 3);
  const FeedBatch batch = FeedRun(feed, {3, 4});
  EXPECT_EQ(batch.num_valid, 2);
  EXPECT_EQ(batch.inputs[0].value.shape(), (Shape{3, 2}));
  EXPECT_THAT(batch.inputs[0].value.data<float>(), ElementsAre(6, 7, 8, 9, 8, 9));
  const std::vector<int64_t> four{0, 1, 2, 3};
  EXPECT_THAT(feed.Read(four).error().next_step, HasSubstr("use batch 3"));
}

TEST(FeedTest, ObeysALimitThatIsFoundLater) {
  const auto dataset = WithArrays(NamedTensor{"x", Counting<float>({4, 2})});
  Feed feed = Bound(*dataset, {Float("x", {-1, 2})});
  const auto limit = std::make_shared<RowLimit>();
  feed.Obey(limit);
  EXPECT_EQ(feed.natural_batch(), 0);
  EXPECT_EQ(feed.BatchOf(8), 8);
  limit->rows = 1;
  EXPECT_EQ(feed.natural_batch(), 1);
  EXPECT_EQ(feed.BatchOf(8), 1);
  const std::vector<int64_t> two = {0, 1};
  EXPECT_FALSE(feed.Read(two));
  EXPECT_EQ(FeedRun(feed, {3}).inputs[0].value.shape(), (Shape{1, 2}));
}

TEST(FeedTest, RefusesABatchOfZero) {
  const auto dataset = WithArrays(NamedTensor{"x", Counting<float>({5, 2})});
  const auto batch = Bound(*dataset, {Float("x", {-1, 2})}).Read({});
  ASSERT_FALSE(batch);
  EXPECT_EQ(batch.error().code, ErrorCode::kInvalidArgument);
  EXPECT_THAT(batch.error().what, HasSubstr("batch of zero"));
}

TEST(FeedTest, FeedsCompleteInputsItemByItem) {  // logreg_iris: model [3, 2], array [N, 3, 2]
  const auto dataset = WithArrays(NamedTensor{"float_input", Counting<float>({4, 3, 2})});
  const Feed feed = Bound(*dataset, {Float("float_input", {3, 2})});
  EXPECT_EQ(feed.natural_batch(), 1);
  const FeedBatch batch = FeedRun(feed, {1});
  EXPECT_EQ(batch.inputs[0].value.shape(), (Shape{3, 2}));
  EXPECT_THAT(batch.inputs[0].value.data<float>(), ElementsAre(6, 7, 8, 9, 10, 11));
}

TEST(FeedTest, MixesStateScalarAndRowsItemByItem) {  // silero: state without a leading batch axis
  const auto dataset = WithArrays(NamedTensor{"input", Counting<float>({4, 3})},
                                  NamedTensor{"state", Counting<float>({4, 2, 1, 2})},
                                  NamedTensor{"sr", Counting<int64_t>({4})});
  const Feed feed = Bound(
      *dataset, {Float("input", {-1, -1}), Float("state", {2, -1, 2}), {"sr", DType::kInt64, {}}});
  EXPECT_EQ(feed.natural_batch(), 1);
  const FeedBatch batch = FeedRun(feed, {2});
  EXPECT_EQ(batch.inputs[0].value.shape(), (Shape{1, 3}));
  EXPECT_THAT(batch.inputs[0].value.data<float>(), ElementsAre(6, 7, 8));
  EXPECT_EQ(batch.inputs[1].value.shape(), (Shape{2, 1, 2}));
  EXPECT_THAT(batch.inputs[1].value.data<float>(), ElementsAre(8, 9, 10, 11));
  EXPECT_EQ(batch.inputs[2].value.shape(), Shape{});
  EXPECT_THAT(batch.inputs[2].value.data<int64_t>(), ElementsAre(2));
  const std::vector<int64_t> two{0, 1};
  EXPECT_THAT(feed.Read(two).error().next_step, HasSubstr("use batch 1"));
}

TEST(FeedTest, AcceptsAnEmptyCache) {  // an extent of zero on a dynamic axis
  const auto dataset = WithArrays(NamedTensor{"ids", Counting<int64_t>({4, 3})},
                                  NamedTensor{"cache", Counting<float>({4, 2, 0, 8})});
  const Feed feed =
      Bound(*dataset, {{"ids", DType::kInt64, {-1, -1}}, Float("cache", {-1, 2, -1, 8})});
  EXPECT_EQ(FeedRun(feed, {0, 1}).inputs[1].value.shape(), (Shape{2, 2, 0, 8}));
}

TEST(FeedTest, RefusesFixedBatchesThatDisagree) {
  const auto dataset = WithArrays(NamedTensor{"a", Counting<float>({4, 2})},
                                  NamedTensor{"b", Counting<float>({4, 2})},
                                  NamedTensor{"c", Counting<float>({4, 5, 5})});
  const Error error = BindError(*dataset, {Float("a", {2, 2}), Float("b", {4, 2})});
  EXPECT_EQ(error.code, ErrorCode::kInvalidArgument);
  EXPECT_THAT(error.what, HasSubstr("input 'a' takes 2 rows a run, input 'b' 4"));
  EXPECT_THAT(BindError(*dataset, {Float("a", {2, 2}), Float("c", {5, 5})}).what,
              HasSubstr("'c' is fed item by item"));
}

TEST(FeedTest, AddsTheChannelAxisOfGreyImages) {
  const auto dataset = WithArrays(NamedTensor{"images", Counting<uint8_t>({3, 2, 4})});
  const Feed first = Bound(*dataset, {Float("x", {-1, 1, 2, 4})});
  EXPECT_EQ(FeedRun(first, {0, 2}).inputs[0].value.shape(), (Shape{2, 1, 2, 4}));
  EXPECT_THAT(first.report()[0], HasSubstr("axis 1 added"));
  EXPECT_THAT(first.report()[0], HasSubstr("give scale, mean and std"));
  const Feed last = Bound(*dataset, {Float("x", {-1, 2, 4, 1})});
  EXPECT_EQ(FeedRun(last, {0}).inputs[0].value.shape(), (Shape{1, 2, 4, 1}));
}

TEST(FeedTest, MovesChannelsWhereTheModelWantsThem) {
  // One image of 1 x 2 pixels, 3 channels: pixels (0, 1, 2) and (3, 4, 5).
  const auto dataset = WithArrays(NamedTensor{"x", Counting<uint8_t>({1, 1, 2, 3})});
  const Feed feed = Bound(*dataset, {Float("x", {-1, 3, 1, 2})});
  EXPECT_THAT(feed.report()[0], HasSubstr("channels moved from last to first"));
  const FeedBatch batch = FeedRun(feed, {0});
  EXPECT_EQ(batch.inputs[0].value.shape(), (Shape{1, 3, 1, 2}));
  EXPECT_THAT(batch.inputs[0].value.data<float>(), ElementsAre(0, 3, 1, 4, 2, 5));
  const auto planar = WithArrays(NamedTensor{"x", Counting<uint8_t>({1, 3, 1, 2})});
  const Feed back = Bound(*planar, {Float("x", {-1, 1, 2, 3})});
  EXPECT_THAT(FeedRun(back, {0}).inputs[0].value.data<float>(), ElementsAre(0, 2, 4, 1, 3, 5));
}

TEST(FeedTest, NormalisesEachChannelOfImages) {
  // 2 channels of 2 pixels: 0 1 | 2 3. (x * 2 - mean) / std with mean 1, 3 and std 2, 4.
  const auto dataset = WithArrays(NamedTensor{"x", Counting<uint8_t>({1, 2, 1, 2})});
  const std::vector<InputBinding> how{{"x", "", {2, {1, 3}, {2, 4}}}};
  const Feed feed = Bound(*dataset, {Float("x", {-1, 2, 1, 2})}, how);
  EXPECT_THAT(FeedRun(feed, {0}).inputs[0].value.data<float>(),
              ElementsAre(-0.5F, 0.5F, 0.25F, 0.75F));
  // Channels last: pixels (0, 1) and (2, 3).
  const auto last = WithArrays(NamedTensor{"x", Counting<uint8_t>({1, 1, 2, 2})});
  const Feed feed_last = Bound(*last, {Float("x", {-1, 1, 2, 2})}, how);
  EXPECT_THAT(FeedRun(feed_last, {0}).inputs[0].value.data<float>(),
              ElementsAre(-0.5F, -0.25F, 1.5F, 0.75F));
}

TEST(FeedTest, AppliesOneMeanToAllChannelsAndRepeatsChannelsForEachRow) {
  const auto dataset = WithArrays(NamedTensor{"x", Counting<uint8_t>({2, 2, 1, 1})});
  const Feed one = Bound(*dataset, {Float("x", {-1, 2, 1, 1})}, {{"", "", {0.5, {1}, {}}}});
  EXPECT_THAT(FeedRun(one, {0, 1}).inputs[0].value.data<float>(), ElementsAre(-1, -0.5F, 0, 0.5F));
  const Feed two = Bound(*dataset, {Float("x", {-1, 2, 1, 1})}, {{"x", "", {1, {0, 10}, {}}}});
  EXPECT_THAT(FeedRun(two, {0, 1}).inputs[0].value.data<float>(), ElementsAre(0, -9, 2, -7));
}

TEST(FeedTest, RefusesPreprocessingThatCannotBeMeant) {
  const auto dataset = WithArrays(NamedTensor{"x", Counting<uint8_t>({2, 3, 2, 2})});
  const std::vector<ValueInfo> inputs{Float("x", {-1, 3, 2, 2})};
  const auto error = [&](Preprocessing how) {
    return BindError(*dataset, inputs, {{"x", "", how}});
  };
  EXPECT_THAT(error({0, {}, {}}).what, HasSubstr("scale 0"));
  EXPECT_THAT(error({1, {}, {1, 0, 1}}).what, HasSubstr("std 0"));
  EXPECT_THAT(error({1, {1, 2, 3, 4, 5}, {}}).what, HasSubstr("no such channel axis"));
  EXPECT_THAT(error({1, {1, 2, 3}, {1, 2}}).what, HasSubstr("std 2"));
  EXPECT_THAT(
      BindError(*dataset, {{"x", DType::kInt32, {-1, 3, 2, 2}}}, {{"x", "", {2, {}, {}}}}).what,
      HasSubstr("need a float input"));
}

TEST(FeedTest, MatchesByRelatedNamesBeforeOrder) {  // sts-train.npz: input_ids_a for input_ids
  const auto dataset = WithArrays(NamedTensor{"score", Counting<float>({4})},
                                  NamedTensor{"mask_a", Counting<int64_t>({4, 3})},
                                  NamedTensor{"ids_a", Counting<int64_t>({4, 3})},
                                  NamedTensor{"ids_b", Counting<int64_t>({4, 3})});
  const Feed feed =
      Bound(*dataset, {{"ids", DType::kInt64, {-1, -1}}, {"mask", DType::kInt64, {-1, -1}}});
  EXPECT_THAT(feed.arrays(), ElementsAre("ids_a", "mask_a"));
}

TEST(FeedTest, MatchesByOrderAmongArraysThatFitAndNeverTakesTheLabels) {
  const auto dataset = WithArrays(NamedTensor{"answer", Counting<float>({4, 2})},
                                  NamedTensor{"one", Counting<int64_t>({4})},
                                  NamedTensor{"two", Counting<float>({4, 2})});
  const Feed feed = Bound(*dataset, {Float("x", {-1, 2})}, {}, "answer");
  EXPECT_THAT(feed.arrays(), ElementsAre("two"));
  EXPECT_THAT(BindError(*dataset, {Float("answer", {-1, 2})}, {}, "answer").what,
              HasSubstr("both the labels and input 'answer'"));
}

TEST(FeedTest, PutsColumnsTogetherForATableModel) {
  const auto dataset = OpenStored("iris.csv");  // sepal, petal, wide; species is text
  const Feed feed = Bound(*dataset, {Float("X", {-1, 3})}, {}, "species");
  EXPECT_THAT(feed.arrays(), ElementsAre("sepal", "petal", "wide"));
  const FeedBatch batch = FeedRun(feed, {3, 0});
  EXPECT_EQ(batch.inputs[0].value.shape(), (Shape{2, 3}));
  EXPECT_THAT(batch.inputs[0].value.data<float>(), ElementsAre(7.25F, 4, 1, 5.1F, 1, 1));
  EXPECT_THAT(feed.report()[0], HasSubstr("3 columns: sepal, petal, wide"));
  const Error error = BindError(*dataset, {Float("X", {-1, 2})}, {}, "species");
  EXPECT_EQ(error.code, ErrorCode::kInvalidArgument);
  EXPECT_THAT(error.what,
              HasSubstr("takes float32 [?, 2]; tests/formats/data/iris.csv has 3 columns "
                        "of numbers (sepal, petal, wide)"));
  EXPECT_THAT(error.next_step, HasSubstr("--columns NAME,NAME,..."));
}

// What a model [N, 3] would be fed instead of a, b, c in each of these: a spare column.
TEST(FeedTest, NeverFeedsASpareColumnForOneThatCannotBeUsed) {
  struct Case {
    const char* text;
    const char* why;
  };
  const Case cases[] = {
      {"id,a,b,c,label\n0,1,2,3,0\n1,4,NA,6,1\n",
       "column 'b' of t.csv holds text, 'NA', where a number stood before, in sample 1 (line 3)"},
      {"id,a,b,c,label\n0,1,2,3,0\n1,4,,6,1\n",
       "column 'b' of t.csv is empty, in sample 1 (line 3)"},
      {"id,a,b,c,label\n0,1,NA,3,0\n1,4,5,6,1\n",
       "column 'b' of t.csv holds text, 'NA', in sample 0, and a number, '5', in sample 1 (line "
       "3)"},
      {"id,a,b,c,label\n0,1,lo,3,0\n1,4,hi,6,1\n",
       "column 'b' of t.csv is text ('lo' in sample 0)"},
      {"id;a;b;c;label\n0;1.5;2,5;3;0\n1;4;5,5;6;1\n",  // points and commas
       "column 'b' of t.csv is text ('2,5' in sample 0)"},
      {"spare,a,b,c,label\n0,1,2,3,0\n1,4,\"1,234\",6,1\n", "'1,234'"},
      {"a,b,c,spare,label\n1,2,3,0,0\n4,true,6,1,1\n",
       "holds a boolean, 'true', where a number stood before"},
  };
  for (const Case& bad : cases) {
    const Error error = BindError(*Table(bad.text), {Float("x", {-1, 3})}, {}, "label");
    EXPECT_EQ(error.code, ErrorCode::kInvalidArgument) << bad.text;
    EXPECT_THAT(error.what, HasSubstr(bad.why));
    EXPECT_THAT(error.next_step, HasSubstr("--columns ")) << bad.text;
  }
}

TEST(FeedTest, FeedsDecimalCommasBetweenSemicolons) {
  const auto dataset = Table("a;b;label\n1,5;-2,25;0\n3;4,125;1\n");
  const auto feed = Feed::Bind(*dataset, std::vector{Float("x", {-1, 2})}, {}, "label");
  ASSERT_TRUE(feed) << feed.error().what;
  const auto batch = feed->Read(std::vector<int64_t>{0, 1});
  EXPECT_THAT(batch->inputs[0].value.data<float>(), ElementsAre(1.5F, -2.25F, 3, 4.125F));
  EXPECT_THAT(feed->report().back(), HasSubstr("decimal commas"));
}

TEST(FeedTest, TakesTheInputsNameInOtherCapitalsFirst) {
  const auto dataset = Lines("{\"x_old\": [9, 9], \"X\": [1, 2]}\n");
  EXPECT_THAT(Bound(*dataset, {Float("x", {-1, 2})}).arrays(), ElementsAre("X"));
}

TEST(FeedTest, AsksWhichOfSeveralRelatedArraysIsMeant) {
  const auto split = Lines("{\"x_train\": [1, 2], \"x_test\": [3, 4]}\n");
  const Error error = BindError(*split, {Float("x", {-1, 2})});
  EXPECT_THAT(error.what, HasSubstr("not clear which of x_train, x_test input 'x' takes"));
  const auto series = Lines("{\"x_1\": [1, 2], \"x_2\": [3, 4]}\n");
  EXPECT_THAT(Bound(*series, {Float("x", {-1, 2})}).arrays(), ElementsAre("x_1"));
}

TEST(FeedTest, CountsTheColumnsOfATable) {
  const Error more =
      BindError(*Table("id,a,b,label\n7,1,2,0\n9,3,4,1\n"), {Float("x", {-1, 2})}, {}, "label");
  EXPECT_THAT(more.what, HasSubstr("3 columns of numbers (id, a, b)"));
  EXPECT_THAT(more.next_step, HasSubstr("--columns a,b "));
  // As many as it takes, but one is an id.
  const Error id =
      BindError(*Table("id,a,label\n7,1,0\n9,3,1\n"), {Float("x", {-1, 2})}, {}, "label");
  EXPECT_THAT(id.what, HasSubstr("'id' is called like the number of a row"));
  EXPECT_FALSE(
      Feed::Bind(*Table("id,a,label\n7,1,0\n"), std::vector{Float("x", {-1, -1})}, {}, "label"));
  EXPECT_FALSE(
      Feed::Bind(*Table("a,b,label\n7,1,0\n"), std::vector{Float("x", {-1, 1})}, {}, "label"));
}

TEST(FeedTest, LeavesTheIndexOfPandasOutAndSaysSo) {
  const auto dataset = Table(",a,b,label\n0,1,2,0\n1,3,4,1\n");
  const Feed feed = Bound(*dataset, {Float("x", {-1, 2})}, {}, "label");
  EXPECT_THAT(feed.arrays(), ElementsAre("a", "b"));
  EXPECT_THAT(feed.report()[0], HasSubstr("left out: 'Unnamed: 0' (an index), 'label' (labels)"));
  EXPECT_FALSE(Feed::Bind(*dataset, std::vector{Float("x", {-1, 3})}, {}, "label"));
  const auto saved = Table("Unnamed: 0,a,b\n0,1,2\n");
  EXPECT_THAT(Bound(*saved, {Float("x", {-1, 2})}).arrays(), ElementsAre("a", "b"));
}

TEST(FeedTest, TakesTheColumnsThatTheUserNamesInTheirOrder) {
  const auto dataset = Table("id,a,b,c,label\n0,1,2,x,0\n1,4,5,y,1\n");
  const std::vector<ValueInfo> inputs{Float("x", {-1, 2})};
  const Feed feed = Bound(*dataset, inputs, {{.columns = {"b", "a"}}}, "label");
  EXPECT_THAT(FeedRun(feed, {1}).inputs[0].value.data<float>(), ElementsAre(5, 4));
  const auto error = [&](std::vector<std::string> columns) {
    return BindError(*dataset, inputs, {{.input = "x", .columns = std::move(columns)}}, "label");
  };
  EXPECT_THAT(error({"a", "d"}).what, HasSubstr("no array 'd'"));
  EXPECT_THAT(error({"a", "c"}).what, HasSubstr("column 'c' of t.csv is text ('x' in sample 0)"));
  EXPECT_THAT(error({"a", "label"}).what, HasSubstr("both the labels and input 'x'"));
  EXPECT_THAT(error({"a", "a"}).what, HasSubstr("'a' is named twice"));
  EXPECT_THAT(error({"a", "b", "id"}).what, HasSubstr("and 3 columns are named"));
  const std::vector<ValueInfo> two{Float("p", {-1, 1}), Float("q", {-1, 1})};
  EXPECT_THAT(BindError(*dataset, two, {{.columns = {"b", "a"}}}).next_step,
              HasSubstr("--columns p="));
  EXPECT_THAT(Bound(*dataset, two, {{.input = "q", .columns = {"a"}}, {.input = "p", .array = "b"}})
                  .arrays(),
              ElementsAre("b", "a"));
}

TEST(FeedTest, BindsByNameWhereverNamesMeet) {
  // One input a column, as of scikit-learn: the third is missing, and another column would fit.
  const auto table = Table("a,b,id,label\n1,2,0,0\n4,5,1,1\n");
  const std::vector<ValueInfo> columns{Float("a", {-1, 1}), Float("b", {-1, 1}),
                                       Float("c", {-1, 1})};
  const Error missing = BindError(*table, columns, {}, "label");
  EXPECT_EQ(missing.code, ErrorCode::kNotFound);
  EXPECT_THAT(missing.what,
              HasSubstr("t.csv has no array 'c', and input 'a' was found by its name"));
  EXPECT_THAT(missing.next_step, HasSubstr("--columns c=NAME"));
  const auto arrays = WithArrays(NamedTensor{"ids", Counting<int64_t>({4, 3})},
                                 NamedTensor{"spare", Counting<int64_t>({4, 3})});
  EXPECT_THAT(
      BindError(*arrays, {{"ids", DType::kInt64, {-1, 3}}, {"mask", DType::kInt64, {-1, 3}}}).what,
      HasSubstr("no array 'mask'"));
}

TEST(FeedTest, GuessesNoOrderOfColumnsWhereLinesDisagree) {
  const auto mixed = Lines("{\"a\": 1, \"b\": 2}\n{\"a\": 3, \"b\": 4}\n{\"b\": 6, \"a\": 5}\n");
  const Error error = BindError(*mixed, {Float("x", {-1, 2})});
  EXPECT_EQ(error.code, ErrorCode::kInvalidArgument);
  EXPECT_THAT(error.what, HasSubstr("in another order from line 3 on"));
  const Feed feed = Bound(*mixed, {Float("x", {-1, 2})}, {{.input = "x", .columns = {"b", "a"}}});
  EXPECT_THAT(feed.arrays(), ElementsAre("b", "a"));
  // A key that is missing is no other order; names decide without one.
  const auto gaps = Lines("{\"id\": \"u\", \"a\": 1, \"b\": 2}\n{\"a\": 3, \"b\": 4}\n");
  EXPECT_THAT(Bound(*gaps, {Float("x", {-1, 2})}).arrays(), ElementsAre("a", "b"));
  EXPECT_THAT(Bound(*mixed, {Float("a", {-1, 1}), Float("b", {-1, 1})}).arrays(),
              ElementsAre("a", "b"));
}

TEST(FeedTest, NeverFeedsAnArrayForOneThatCannotBeUsed) {
  // x lacks a value once, and x_old has its shape.
  const auto gap =
      Lines("{\"x\": [1, 2], \"x_old\": [2, 1]}\n{\"x\": [1, null], \"x_old\": [4, 3]}\n");
  const Error error = BindError(*gap, {Float("x", {-1, 2})});
  EXPECT_EQ(error.code, ErrorCode::kInvalidArgument);
  EXPECT_THAT(error.what,
              HasSubstr("column 'x' of t.jsonl holds null in a list, in sample 1 (line 2)"));
  // The same under another name than the input's.
  const Error other = BindError(*gap, {Float("input", {-1, 2})});
  EXPECT_THAT(other.what, HasSubstr("'x_old' is not fed in its place"));
  EXPECT_THAT(other.next_step, HasSubstr("--columns input=x_old"));
  EXPECT_THAT(
      Bound(*gap, {Float("input", {-1, 2})}, {{.input = "input", .columns = {"x_old"}}}).arrays(),
      ElementsAre("x_old"));
  const auto missing = Lines("{\"x_old\": [2, 1]}\n{\"x\": [1, 1], \"x_old\": [4, 3]}\n");
  EXPECT_THAT(BindError(*missing, {Float("x", {-1, 2})}).what, HasSubstr("is missing in sample 0"));
  // Texts beside are no candidates.
  const auto words = Lines("{\"v\": [2, 1], \"words\": [\"a\"], \"meta\": {\"k\": null}}\n");
  EXPECT_THAT(Bound(*words, {Float("x", {-1, 2})}).arrays(), ElementsAre("v"));
}

TEST(FeedTest, AsksWhichOfSeveralArraysIsMeant) {
  const auto dataset = WithArrays(NamedTensor{"left", Counting<float>({4, 2})},
                                  NamedTensor{"right", Counting<float>({4, 2})});
  const Error one = BindError(*dataset, {Float("x", {-1, 2})});
  EXPECT_EQ(one.code, ErrorCode::kInvalidArgument);
  EXPECT_THAT(one.what, HasSubstr("which of left, right input 'x' takes"));
  EXPECT_THAT(one.next_step, HasSubstr("--columns x=left"));
  EXPECT_FALSE(Feed::Bind(*dataset, std::vector{Float("p", {-1, 2}), Float("q", {-1, 2})}));
  // Two inputs that want the one array.
  const auto single = WithArrays(NamedTensor{"left", Counting<float>({4, 2})});
  EXPECT_THAT(BindError(*single, {Float("p", {-1, 2}), Float("q", {-1, 2})}).what,
              HasSubstr("not clear"));
  // np.savez(p, q) names by order.
  const auto ordered = WithArrays(NamedTensor{"arr_0", Counting<float>({4, 2})},
                                  NamedTensor{"arr_1", Counting<float>({4, 2})});
  EXPECT_THAT(Bound(*ordered, {Float("p", {-1, 2}), Float("q", {-1, 2})}).arrays(),
              ElementsAre("arr_0", "arr_1"));
}

TEST(FeedTest, LeavesTheLabelColumnOut) {
  const auto dataset = OpenStored("plain.csv");
  EXPECT_THAT(Bound(*dataset, {Float("X", {-1, 2})}, {}, "2").arrays(), ElementsAre("0", "1"));
}

TEST(FeedTest, TakesTheArrayThatTheUserNames) {
  const auto dataset = WithArrays(NamedTensor{"a", Counting<float>({4, 2})},
                                  NamedTensor{"b", Counting<float>({4, 2})});
  EXPECT_THAT(Bound(*dataset, {Float("x", {-1, 2})}, {{"x", "b", {}}}).arrays(), ElementsAre("b"));
  const Error array = BindError(*dataset, {Float("x", {-1, 2})}, {{"x", "c", {}}});
  EXPECT_EQ(array.code, ErrorCode::kNotFound);
  EXPECT_THAT(array.what, HasSubstr("has no array 'c'; it has a, b"));
  const Error input = BindError(*dataset, {Float("image", {-1, 2})}, {{"imege", "b", {}}});
  EXPECT_EQ(input.next_step, "did you mean 'image'?");
}

TEST(FeedTest, SaysWhatTheInputTakesAndWhatIsOnOffer) {
  const auto dataset = WithArrays(NamedTensor{"x", Counting<float>({4, 5})},
                                  NamedTensor{"z", Counting<float>({4, 2})});
  const Error shape = BindError(*dataset, {Float("x", {-1, 2})});
  EXPECT_EQ(shape.code, ErrorCode::kInvalidArgument);
  EXPECT_THAT(shape.what, HasSubstr("input 'x' takes float32 [?, 2]; array 'x' of data.npz is "
                                    "float32 [N, 5], of another shape"));
  EXPECT_THAT(shape.next_step, HasSubstr("'z' float32 [N, 2]"));
  const Error type = BindError(*dataset, {{"x", DType::kInt64, {-1, 5}}});
  EXPECT_THAT(type.what, HasSubstr("of another type"));
  EXPECT_THAT(type.next_step, HasSubstr("save the array as int64"));
  const Error missing = BindError(*dataset, {Float("y", {-1, 7, 7})});
  EXPECT_EQ(missing.code, ErrorCode::kNotFound);
  EXPECT_THAT(missing.what, HasSubstr("'x' float32 [N, 5], 'z' float32 [N, 2]"));
}

TEST(FeedTest, NamesTheSampleWhoseValueDoesNotFit) {
  const auto dataset = WithArrays(NamedTensor{
      "x", Tensor::Of<int64_t>({3, 2}, std::vector<int64_t>{0, 1, 2, 3, 4, int64_t{1} << 40})});
  const Feed feed = Bound(*dataset, {{"x", DType::kInt32, {-1, 2}}});
  EXPECT_THAT(FeedRun(feed, {1, 0}).inputs[0].value.data<int32_t>(), ElementsAre(2, 3, 0, 1));
  const std::vector<int64_t> samples{0, 2};
  const auto batch = feed.Read(samples);
  ASSERT_FALSE(batch);
  EXPECT_EQ(batch.error().code, ErrorCode::kInvalidArgument);
  EXPECT_THAT(batch.error().what, HasSubstr("sample 2 in array 'x' of data.npz is 1099511627776"));
}

TEST(FeedTest, NamesTheSampleAndTheArrayOfANumberThatIsNone) {
  const auto dataset =
      WithArrays(NamedTensor{"ids", Counting<int64_t>({2, 2})},
                 NamedTensor{"x", Tensor::Of<float>({2, 2}, std::vector<float>{1, 2, 3, 4})});
  const Feed feed = Bound(*dataset, {{"ids", DType::kInt64, {-1, 2}}, Float("x", {4, 2})});
  const int64_t samples[] = {7, 3};
  const auto check = [&](const std::vector<float>& values) {
    const FeedBatch batch{{{"ids", Tensor::Of<int64_t>({2}, std::vector<int64_t>{1, 2})},
                           {"x", Tensor::Of<float>({4, 2}, values)}},
                          2};
    return feed.CheckFinite(batch, samples);
  };
  EXPECT_TRUE(check({1, 2, 3, 4, 3, 4, 3, 4}));
  const auto second = check({1, 2, 3, NAN, 3, NAN, 3, NAN});
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, ErrorCode::kFailedPrecondition);
  EXPECT_EQ(second.error().what, "input 'x' holds nan in sample 3, from array 'x' of data.npz");
  EXPECT_FALSE(second.error().next_step.empty());
  const auto padding = check({1, 2, 3, 4, 3, 4, 3, INFINITY});
  ASSERT_FALSE(padding);
  EXPECT_THAT(padding.error().what, HasSubstr("sample 3")) << "padding repeats the last sample";
}

TEST(FeedTest, NamesTheColumnOfANumberThatIsNone) {
  const auto dataset = Table("a,b,label\n1,2,0\n3,nan,1\n");
  const Feed feed = Bound(*dataset, {Float("x", {-1, 2})}, {}, "label");
  const std::vector<int64_t> samples{0, 1};
  const auto checked = feed.CheckFinite(FeedRun(feed, samples), samples);
  ASSERT_FALSE(checked);
  EXPECT_EQ(checked.error().what, "input 'x' holds nan in sample 1, from column 'b' of t.csv");
}

TEST(FeedReaderTest, ReadsAllSamplesInOrder) {
  const auto dataset = WithArrays(NamedTensor{"x", Counting<float>({5, 1})});
  const Feed feed = Bound(*dataset, {Float("x", {-1, 1})});
  const int64_t samples[] = {4, 0, 3};
  FeedReader reader(feed, samples, 2);
  std::vector<float> seen;
  std::vector<int64_t> parts;
  while (const auto batch = reader.Next().value()) {
    parts.insert(parts.end(), reader.part().begin(), reader.part().end());
    const auto values = batch->inputs[0].value.data<float>();
    seen.insert(seen.end(), values.begin(), values.end());
  }
  EXPECT_THAT(seen, ElementsAre(4, 0, 3));
  EXPECT_THAT(parts, ElementsAre(4, 0, 3));
  EXPECT_FALSE(FeedReader(feed, {}, 2).Next().value());
}

}  // namespace
}  // namespace tare::data
