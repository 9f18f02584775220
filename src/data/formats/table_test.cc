// CSV, JSON Lines and Parquet: rows that become arrays.

#include "data/formats/table.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "data/formats/csv_record.h"
#include "data/shown_value.h"
#include "data/test_files_internal.h"

namespace tare::data {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

std::unique_ptr<Dataset> JsonLines(std::string text) {
  auto dataset = OpenBytes(Format::kJsonLines, std::move(text), "x.jsonl");
  EXPECT_TRUE(dataset) << dataset.error().what;
  return dataset ? *std::move(dataset) : nullptr;
}

TEST(CsvHeadTest, FindsDelimiterAndHeader) {
  EXPECT_EQ(ReadCsvHead("a;b;c,d\n1;2;3\n").delimiter, ';');
  EXPECT_EQ(ReadCsvHead("a\tb\n").delimiter, '\t');
  EXPECT_EQ(ReadCsvHead("alone\n1\n").delimiter, ',');
  EXPECT_THAT(ReadCsvHead("\"a,1\",\"say \"\"b\"\"\", c \r\nx").names,
              ElementsAre("a,1", "say \"b\"", "c"));
  EXPECT_THAT(ReadCsvHead(",x\n").names, ElementsAre("Unnamed: 0", "x"));
  EXPECT_TRUE(ReadCsvHead("1,b\n").has_header);
  EXPECT_FALSE(ReadCsvHead("1,-2.5e3, nan \n").has_header);
}

TEST(CsvHeadTest, TakesACountOfTheColumnsForNames) {
  const auto is_header = [](const char* text) { return ReadCsvHead(text).has_header; };
  EXPECT_TRUE(is_header("0,1,2,3\n71,-38,-24,5\n"));
  EXPECT_TRUE(ReadCsvHead("0,1,2\n7,8,5\n").names_are_numbers);
  EXPECT_TRUE(is_header("0,1,2\n1.5,x,\n"));
  EXPECT_THAT(ReadCsvHead("0,1,2\n7,8,5\n").names, ElementsAre("0", "1", "2"));
  EXPECT_FALSE(is_header("0,1,2\n1,2,3\n")) << "windows of a count";
  EXPECT_FALSE(is_header("0,1,2\n")) << "one sample";
  EXPECT_FALSE(is_header("0,1,3\n7,8,5\n"));
  EXPECT_FALSE(is_header("1,2,3\n7,8,5\n"));
  EXPECT_FALSE(is_header("0\n7\n"));
}

TEST(CsvHeadTest, CutsTheRecordsAlike) {
  const auto delimiter = [](const char* text) { return ReadCsvHead(text).delimiter; };
  EXPECT_EQ(delimiter("a|b\n1|2\n"), '|');
  EXPECT_EQ(delimiter("a, b; c, d\n1; 2\n"), ';') << "commas in names";
  EXPECT_EQ(delimiter("1,5;2,5\n3,5;4,5\n"), ';') << "decimal commas";
  EXPECT_EQ(ReadCsvHead("a, m\tb, kg, l\n1\t2\n", '\t').delimiter, '\t');
  EXPECT_EQ(ReadCsvHead("a,b\n1,2\n", '\t').delimiter, ',') << "no tab at all";
}

TEST(CsvHeadTest, LeavesOpenWhatMayBeNamesOrASample) {
  const auto is_unclear = [](const char* text) { return ReadCsvHead(text).is_unclear; };
  EXPECT_TRUE(is_unclear("5.1,3.5,setosa\n4.9,3.0,setosa\n")) << "UCI's iris.data";
  EXPECT_TRUE(is_unclear("M,0.4,15\nF,0.3,7\n"));
  EXPECT_TRUE(is_unclear("5,1,NA\n3,4,1\n")) << "a value is missing in the first sample";
  EXPECT_TRUE(is_unclear("5,1,True\n3,4,False\n"));
  EXPECT_TRUE(is_unclear("1,2,0,\n3,4,1,\n")) << "a delimiter at the end";
  EXPECT_TRUE(is_unclear("2019,2020,2021\n1.5,2.5,3.1\n")) << "years";
  EXPECT_TRUE(is_unclear("1,2,3,4,5\n0,7,0,255,3\n")) << "pixels from 1";

  EXPECT_FALSE(is_unclear("a,b,setosa\n4.9,3.0,setosa\n"));
  EXPECT_FALSE(is_unclear("1x1,1x2,label\n0,0,7\n"));
  EXPECT_FALSE(is_unclear("label,0,1,2\n7,255,0,0\n")) << "a text above a number";
  EXPECT_FALSE(is_unclear(",0,1\nr,0.5,1.5\n")) << "pandas, an index of texts";
  EXPECT_FALSE(is_unclear("label,1,2,3,4,5\ncat,0,7,0,255,3\n"));
  EXPECT_TRUE(is_unclear("1,2,3\n7,8,5\n")) << "a count from 1";
  EXPECT_TRUE(is_unclear("1,2\ncat,5\n"));
  EXPECT_FALSE(is_unclear("1,2,3\n2,3,4\n")) << "windows of a count";
  EXPECT_FALSE(is_unclear("10,20,30\n5,1,7\n")) << "a sample";
  EXPECT_FALSE(is_unclear("5,7\n5.5,8\n")) << "two numbers rise by chance";
}

TEST(CsvHeadTest, TakesNamesInQuotesAboveNumbersThatAreNot) {
  const CsvHead head = ReadCsvHead("\"1\",\"2\"\n1.5,2\n");
  EXPECT_TRUE(head.has_header);
  EXPECT_FALSE(head.names_are_numbers);
  EXPECT_THAT(head.names, ElementsAre("1", "2"));
  EXPECT_FALSE(ReadCsvHead("\"1\",\"2\"\n\"1.5\",\"2\"\n").has_header) << "all in quotes";
}

TEST(CsvHeadTest, TakesACountAboveDecimalsForNames) {  // whole-valued floats count by chance
  EXPECT_TRUE(ReadCsvHead("0,1,2\n0.0,1.0,2.0\n").names_are_numbers);
}

TEST(CsvHeadTest, DropsTheMarkOfSavetxt) {
  EXPECT_THAT(ReadCsvHead("# x, y\n1,2\n").names, ElementsAre("x", "y"));
}

TEST(CsvTokenizerTest, SplitsRecordsAsRfc4180Says) {
  CsvTokenizer tokenizer(',');
  EXPECT_EQ(tokenizer.Parse("a,,c\r\nd", false), 6U);
  EXPECT_THAT(tokenizer.cells(), ElementsAre("a", "", "c"));
  EXPECT_EQ(tokenizer.Parse("\"x\ny\"\"z\",\"\"\n", false), 12U);
  EXPECT_THAT(tokenizer.cells(), ElementsAre("x\ny\"z", ""));
  EXPECT_EQ(tokenizer.Parse("5\" pipe,\"a\"b", true), 12U);
  EXPECT_THAT(tokenizer.cells(), ElementsAre("5\" pipe", "ab"));
  EXPECT_FALSE(tokenizer.is_quote_open());
}

TEST(CsvTokenizerTest, EndsLinesAtALoneReturn) {
  CsvTokenizer tokenizer(',');
  EXPECT_EQ(tokenizer.Parse("a,b\rc", false), 4U);
  EXPECT_THAT(tokenizer.cells(), ElementsAre("a", "b"));
  EXPECT_EQ(tokenizer.Parse("a,\"b\"\r\nc", false), 7U);
  EXPECT_EQ(tokenizer.Parse("a,b\r", false), 0U) << "a line feed may follow";
  EXPECT_EQ(tokenizer.Parse("a,b\r", true), 4U);
}

TEST(CsvTokenizerTest, ReadsQuotesBehindBlanks) {
  CsvTokenizer tokenizer(',');
  tokenizer.Parse("1, \"y, z\" , w\n", true);
  EXPECT_THAT(tokenizer.cells(), ElementsAre("1", "y, z", " w"));
  EXPECT_TRUE(tokenizer.IsQuoted(1));
  EXPECT_FALSE(tokenizer.IsQuoted(2));
}

TEST(CsvTokenizerTest, AsksForMoreWhereTheRecordDoesNotEnd) {
  CsvTokenizer tokenizer(',');
  for (const char* text : {"", "a", "a,", "a,\"b\n", "\"", "\"a\""}) {
    EXPECT_EQ(tokenizer.Parse(text, false), 0U) << text;
  }
  EXPECT_EQ(tokenizer.Parse("a,\"b\n", true), 5U);
  EXPECT_TRUE(tokenizer.is_quote_open());
}

TEST(IsUtf8Test, FollowsTheTableOfWellFormedBytes) {
  for (const char* text :
       {"", "abc", "\xC2\x80", "\xE0\xA0\x80", "\xED\x9F\xBF", "\xF4\x8F\xBF\xBF"}) {
    EXPECT_TRUE(IsUtf8(text));
  }
  for (const char* text : {"\x80", "\xC1\xBF", "\xC2", "\xE0\x9F\x80", "\xED\xA0\x80",
                           "\xF0\x8F\x80\x80", "\xF4\x90\x80\x80", "\xFF\xFE"}) {
    EXPECT_FALSE(IsUtf8(text));
  }
}

TEST(CsvHeadTest, TellsWhatACellHolds) {
  using Kind = CsvCell::Kind;
  EXPECT_EQ(ReadCsvCell(" 42 ").integer, 42);
  EXPECT_EQ(ReadCsvCell("+7").integer, 7);
  EXPECT_EQ(ReadCsvCell("-1.5e-2").real, -0.015);
  EXPECT_EQ(ReadCsvCell("9223372036854775808").kind, Kind::kReal);  // 2^63
  EXPECT_EQ(ReadCsvCell("True").kind, Kind::kBool);
  EXPECT_EQ(ReadCsvCell("  ").kind, Kind::kEmpty);
  for (const char* text : {"1x", "0x10", "+-1", "1,5", "-", "1e"}) {
    EXPECT_EQ(ReadCsvCell(text).kind, Kind::kText) << text;
  }
}

TEST(CsvTest, MakesAnArrayOfEachColumn) {
  const auto dataset = OpenStored("iris.csv");
  EXPECT_EQ(dataset->num_samples(), 4);
  EXPECT_THAT(ArrayNames(*dataset), ElementsAre("sepal", "petal", "wide", "species"));
  EXPECT_THAT(ReadAll(*dataset, "sepal").data<double>(), ElementsAre(5.1, 4.9, 6, 7.25));
  // Integers before the first real number are converted.
  EXPECT_THAT(ReadAll(*dataset, "petal").data<double>(), ElementsAre(1, 2, 3.5, 4));
  EXPECT_THAT(ReadAll(*dataset, "wide").data<uint8_t>(), ElementsAre(1, 0, 1, 1));
  EXPECT_THAT(ReadAll(*dataset, "species").data<int64_t>(), ElementsAre(0, 1, 0, 2));
  EXPECT_THAT(dataset->Find("species")->classes, ElementsAre("setosa", "versicolor", "virginica"));
}

TEST(CsvTest, ReadsNumbersWithoutAHeader) {
  const auto dataset = OpenStored("plain.csv");
  EXPECT_THAT(ArrayNames(*dataset), ElementsAre("0", "1", "2"));
  EXPECT_THAT(ReadAll(*dataset, "0").data<int64_t>(), ElementsAre(0, 3));
  EXPECT_THAT(ReadAll(*dataset, "1").data<double>(), ElementsAre(1.5, 4.5));
}

TEST(CsvTest, PutsColumnsSideBySide) {
  const auto dataset = OpenStored("iris.csv");
  const std::vector<std::string> columns{"petal", "sepal"};
  const std::vector<int64_t> samples{2, 0};
  const auto table = dataset->ReadColumns(columns, samples);
  ASSERT_TRUE(table) << table.error().what;
  EXPECT_EQ(table->shape(), (Shape{2, 2}));
  EXPECT_THAT(table->data<double>(), ElementsAre(3.5, 6, 1, 5.1));
  const auto integers =
      OpenStored("plain.csv")
          ->ReadColumns(std::vector<std::string>{"0", "2"}, std::vector<int64_t>{0, 1});
  EXPECT_THAT(integers->data<int64_t>(), ElementsAre(0, 2, 3, 5));
}

TEST(CsvTest, ReadsOtherDelimiters) {
  EXPECT_THAT(ReadAll(*OpenStored("semicolon.tsv"), "b").data<int64_t>(), ElementsAre(2, 4));
}

TEST(CsvTest, NamesTheSampleWithoutAValue) {
  const auto dataset = OpenStored("gaps.csv");
  EXPECT_THAT(ArrayNames(*dataset), ElementsAre("a"));  // column c: x, y, then the number 7
  EXPECT_THAT(dataset->Find("c").error().what,
              HasSubstr("holds text, 'x', in sample 0, and a number, '7', in sample 2"));
  EXPECT_THAT(dataset->text_columns(), ElementsAre("c"));
  const auto error = dataset->Find("b").error();
  EXPECT_THAT(error.what, HasSubstr("column 'b'"));
  EXPECT_THAT(error.what, HasSubstr("is empty, in sample 1 (line 3)"));
}

TEST(CsvTest, NamesTheSampleWithTextAmongNumbers) {
  const auto error = OpenCsv("a,b\n1,1\n2,two\n")->Find("b").error();
  EXPECT_THAT(error.what,
              HasSubstr("holds text, 'two', where a number stood before, in sample 1 (line 3)"));
}

TEST(CsvTest, SaysWhatToDoAboutATextAmongNumbers) {
  const auto next = [](const char* text) { return OpenCsv(text)->Find("b").error().next_step; };
  EXPECT_THAT(next("a,b\n1,NA\n2,3\n"), HasSubstr("a missing value is not guessed"));
  EXPECT_THAT(next("a,b\n1,3\n2,\n"), HasSubstr("a missing value is not guessed"));
  EXPECT_THAT(next("a;b\n1.5;3\n2;-4,5\n"), HasSubstr("with a decimal point"));
  EXPECT_THAT(next("a,b\n1,3\n2,\"1,234\"\n"), HasSubstr("without separators of thousands"));
  EXPECT_THAT(next("a,b\n1,0.3\n2,20%\n"), HasSubstr("0.1 or 10 for 10%"));
}

TEST(CsvTest, RefusesAFirstLineThatMayBeASample) {
  const auto iris = OpenBytes(Format::kCsv, "5.1,3.5,setosa\n4.9,3.0,setosa\n", "iris.data");
  ASSERT_FALSE(iris);
  EXPECT_THAT(iris.error().what, HasSubstr("the first line of iris.data, '5.1,3.5,setosa', may be "
                                           "the names of the columns or a sample"));
  EXPECT_THAT(iris.error().next_step, HasSubstr("sed -i '1i x0,x1,label' FILE"));
}

TEST(CsvTest, ReadsDecimalCommasWhereNoCommaDelimits) {
  const auto dataset = OpenCsv("a;b\n1,5;1,234\n-2,25;7\n");
  EXPECT_THAT(ReadAll(*dataset, "a").data<double>(), ElementsAre(1.5, -2.25));
  EXPECT_THAT(ReadAll(*dataset, "b").data<double>(), ElementsAre(1.234, 7));
  EXPECT_THAT(dataset->notes(), ElementsAre(HasSubstr("decimal commas")));
  // Thousands or decimals: nothing tells. A point elsewhere says that commas are no decimals.
  EXPECT_FALSE(OpenCsv("a;b\n1,234;0\n5,678;1\n")->Find("a")->classes.empty());
  EXPECT_FALSE(OpenCsv("a;b\n1,5;0.5\n2,5;1\n")->Find("a")->classes.empty());
  EXPECT_FALSE(OpenCsv("a;b\n1.234,5;2,5\n3,5;4,5\n")->Find("a")) << "both in one number";
}

TEST(CsvTest, DropsBlanksAroundTextsWithoutQuotes) {
  EXPECT_THAT(OpenCsv("c\n cat\ncat\n\" cat\"\n")->Find("c")->classes, ElementsAre(" cat", "cat"));
}

TEST(CsvTest, CountsLinesThatEndInAReturnAlone) {
  const auto dataset = OpenCsv("a,b\r1,2\r\r3,4\r5,x\r");
  EXPECT_THAT(ReadAll(*dataset, "a").data<int64_t>(), ElementsAre(1, 3, 5));
  EXPECT_THAT(dataset->Find("b").error().what, HasSubstr("in sample 2 (line 5)"));
}

TEST(CsvTest, NamesWhatIsNoCsv) {
  const auto what = [](const std::string& text) {
    const auto dataset = OpenBytes(Format::kCsv, text, "x.csv");
    return dataset ? "" : dataset.error().what;
  };
  EXPECT_THAT(what(std::string("\xFF\xFE"
                               "a\0,\0",
                               6)),
              HasSubstr("UTF-16"));
  EXPECT_THAT(what(std::string("a\0,\0b\0", 6)), HasSubstr("UTF-16"));
  EXPECT_THAT(what("[{\"a\": 1, \"b\": 2}]\n"), HasSubstr("begins as JSON does"));
  EXPECT_THAT(what("<html>, </html>\n"), HasSubstr("begins as HTML does"));
}

TEST(JsonLinesTest, KeepsTheSignOfZero) {
  const auto dataset = JsonLines("{\"x\": -0.0}\n{\"x\": 0.5}\n");
  EXPECT_TRUE(std::signbit(ReadAll(*dataset, "x").data<double>()[0]));
}

TEST(CsvTest, KeepsTheTextsOfAColumnWithNumbers) {
  const auto dataset = OpenCsv("t,x\nNA,1\n5,2\nnan,3\n7,4\n");
  EXPECT_FALSE(dataset->Find("t"));
  EXPECT_THAT(dataset->ReadTexts("t", AllSamples(*dataset)).value(),
              ElementsAre("NA", "5", "nan", "7"));
  EXPECT_TRUE(OpenCsv("t\nAda\nNan\n")->Find("t")) << "a name";
}

TEST(CsvTest, SaysThatItTookACountForNames) {
  const auto dataset = OpenCsv("0,1,2\n7,8,5\n4,4,4\n");
  EXPECT_EQ(dataset->num_samples(), 2);
  EXPECT_THAT(dataset->notes(), ElementsAre(HasSubstr("0 to 2, counts the columns")));
  const auto two = OpenBytes(Format::kCsv, "0,1\n7,3\n", "x.csv");
  ASSERT_FALSE(two);
  EXPECT_EQ(two.error().code, ErrorCode::kInvalidArgument);
  EXPECT_THAT(two.error().what, HasSubstr("may be the names of the columns"));
}

TEST(CsvTest, IsKnownByItsExtensionInEitherCaseAndByItsDelimiters) {
  const std::string text = "a,b\n1,2\n";
  for (const char* name : {"X.CSV", "x.Csv", "x.txt", "x.data", "X.TXT"}) {
    const FileWith file(name, text);
    const auto dataset = OpenDataset(file.path());
    ASSERT_TRUE(dataset) << name << dataset.error().what;
    EXPECT_THAT(ArrayNames(**dataset), ElementsAre("a", "b"));
  }
  const FileWith lines("x.JSONL", "{\"a\": 1}\n");
  EXPECT_TRUE(OpenDataset(lines.path()));
  const FileWith blanks("x.txt", "1.0e+00 2.0\n3 4\n");
  const auto refused = OpenDataset(blanks.path());
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kUnsupported);
  EXPECT_THAT(refused.error().what, HasSubstr("blanks between them"));
  const FileWith binary("x.txt", std::string_view("a,b\0\1", 5));
  EXPECT_FALSE(OpenDataset(binary.path()));
}

TEST(CsvTest, AllowsLineEndsInQuotes) {
  const auto dataset = OpenCsv("name,x\n\"two\nlines\",1\nb,2\n");
  EXPECT_EQ(dataset->num_samples(), 2);
  EXPECT_THAT(dataset->Find("name")->classes, ElementsAre("b", "two\nlines"));
}

TEST(CsvTest, RefusesARowOfOtherLength) {
  const auto dataset = OpenBytes(Format::kCsv, "a,b\n1,2\n3\n", "x.csv");
  ASSERT_FALSE(dataset);
  EXPECT_EQ(dataset.error().code, ErrorCode::kDataLoss);
  EXPECT_THAT(dataset.error().what, HasSubstr("line 3 of x.csv has 1 cells, the first line 2"));
  EXPECT_THAT(dataset.error().next_step, HasSubstr("the same number of cells"));
}

TEST(CsvTest, RefusesAQuoteWithoutEnd) {
  const auto dataset = OpenBytes(Format::kCsv, "a,b\n1,2\n\n3,\"x\n", "x.csv");
  ASSERT_FALSE(dataset);
  EXPECT_EQ(dataset.error().code, ErrorCode::kDataLoss);
  EXPECT_THAT(dataset.error().what, HasSubstr("the quote in line 4 of x.csv has no end"));
}

TEST(CsvTest, DropsAByteOrderMarkAndEmptyLines) {
  const auto dataset = OpenCsv("\xEF\xBB\xBF\r\na,b\r\n\r\n1,2\r\n\r\n");
  EXPECT_THAT(ArrayNames(*dataset), ElementsAre("a", "b"));
  EXPECT_EQ(dataset->num_samples(), 1);
}

TEST(CsvTest, RefusesTextThatIsNotUtf8) {
  const auto header = OpenBytes(Format::kCsv, "\xFF\xFE,b\n1,2\n", "x.csv");
  ASSERT_FALSE(header);
  EXPECT_THAT(header.error().next_step, HasSubstr("UTF-8"));
  EXPECT_THAT(OpenCsv("a,b\n1,caf\xE9\n")->Find("b").error().what, HasSubstr("not UTF-8"));
}

TEST(CsvTest, ReadsRecordsLongerThanItsBuffer) {
  std::string text = "x0";
  std::string row = "0";
  for (int c = 1; c < 60'000; ++c) {
    text += StrCat(",x", c);
    row += StrCat(",", c, ".25");
  }
  const auto dataset = OpenCsv(StrCat(text, "\n", row, "\n", row));
  EXPECT_EQ(dataset->num_samples(), 2);
  EXPECT_THAT(ReadAll(*dataset, "x59999").data<double>(), ElementsAre(59999.25, 59999.25));
}

TEST(CsvTest, RefusesTwoColumnsOfOneName) {
  const auto dataset = OpenBytes(Format::kCsv, "a,a\n1,2\n", "x.csv");
  ASSERT_FALSE(dataset);
  EXPECT_THAT(dataset.error().what, HasSubstr("two columns named 'a'"));
}

TEST(CsvTest, RefusesAHeaderWithoutRows) {
  const auto dataset = OpenBytes(Format::kCsv, "a,b\n", "x.csv");
  ASSERT_FALSE(dataset);
  EXPECT_EQ(dataset.error().code, ErrorCode::kInvalidArgument);
}

TEST(CsvTest, StreamsManyRows) {  // more than a block of the parser, and than the spool's memory
  std::string text = "i,half\n";
  constexpr int64_t kRows = 200'000;
  for (int64_t i = 0; i < kRows; ++i) text += StrCat(i, ",", i, i % 2 == 0 ? "\n" : ".5\n");
  const auto dataset = OpenCsv(std::move(text));
  ASSERT_EQ(dataset->num_samples(), kRows);
  const std::vector<int64_t> samples{0, 1, 100'000, 199'999};
  EXPECT_THAT(dataset->Read("i", samples)->data<int64_t>(), ElementsAre(0, 1, 100'000, 199'999));
  EXPECT_THAT(dataset->Read("half", samples)->data<double>(),
              ElementsAre(0, 1.5, 100'000, 199'999.5));
}

TEST(JsonLinesTest, ReadsNumbersTextAndNestedLists) {
  const auto dataset = OpenStored("rows.jsonl");
  EXPECT_EQ(dataset->num_samples(), 3);
  EXPECT_THAT(ArrayNames(*dataset), ElementsAre("x", "label", "score", "ok"));
  const Tensor x = ReadAll(*dataset, "x");
  EXPECT_EQ(x.shape(), (Shape{3, 2, 2}));
  EXPECT_THAT(x.data<double>(), ElementsAre(1, 2, 3, 4, 5, 6, 7, 8.5, 9, 10, 11, 12));
  EXPECT_THAT(ReadAll(*dataset, "label").data<int64_t>(), ElementsAre(1, 0, 1));
  EXPECT_THAT(ReadAll(*dataset, "score").data<double>(), ElementsAre(1, 2.5, -3));
  EXPECT_THAT(ReadAll(*dataset, "ok").data<uint8_t>(), ElementsAre(1, 0, 1));
  EXPECT_THAT(dataset->Find("late").error().what, HasSubstr("is missing in sample 0"));
}

TEST(JsonLinesTest, SkipsKeysThatAreNoArraysWithTheReason) {
  const auto dataset = JsonLines(
      R"({"a": 1, "object": {"b": [1]}, "ragged": [[1], [1, 2]], "none": null, "deep": [1, [2]],)"
      R"( "words": ["x"], "mixed": [true, 2], "grows": [1]})"
      "\n"
      R"({"a": 2, "object": {}, "ragged": [], "none": 1, "deep": [], "words": [], "mixed": [],)"
      R"( "grows": [1, 2]})");
  EXPECT_THAT(ArrayNames(*dataset), ElementsAre("a"));
  const auto why = [&](const char* key) { return dataset->Find(key).error().what; };
  EXPECT_THAT(why("object"), HasSubstr("holds an object, in sample 0"));
  EXPECT_THAT(why("ragged"), HasSubstr("lists of 1 and 2 elements, in sample 0"));
  EXPECT_THAT(why("none"), HasSubstr("is null, in sample 0"));
  EXPECT_THAT(why("deep"), HasSubstr("lists beside numbers"));
  EXPECT_THAT(why("words"), HasSubstr("holds the text 'x' in a list"));
  EXPECT_THAT(why("mixed"), HasSubstr("booleans beside numbers"));
  EXPECT_THAT(why("grows"), HasSubstr("has shape [2] after [1], in sample 1"));
}

TEST(JsonLinesTest, NamesTheLineThatIsNotAnObject) {
  for (const char* line :
       {"[1, 2]", "7", "{\"a\": 1", "{\"a\": 1} x", "{\"a\": 1, \"a\": 2}", "nul"}) {
    const auto dataset =
        OpenBytes(Format::kJsonLines, StrCat("{\"a\": 1}\n", line, "\n"), "x.jsonl");
    ASSERT_FALSE(dataset) << line;
    EXPECT_EQ(dataset.error().code, ErrorCode::kDataLoss);
    EXPECT_THAT(dataset.error().what, HasSubstr("line 2 of x.jsonl")) << line;
    EXPECT_THAT(dataset.error().next_step, HasSubstr("one JSON object a line")) << line;
  }
}

// As pandas writes orient="records", in one line and indented.
TEST(JsonLinesTest, ReadsAListOfObjects) {
  for (const char* text : {R"([{"x":[1.5,2],"t":"a}\"]"},{"x":[3,4],"t":"b"}])",
                           "\n [\n  {\n    \"x\": [1.5, 2],\n    \"t\": \"a}\\\"]\"\n  },\n  "
                           "{\"x\": [3, 4], \"t\": \"b\"}\n]\n"}) {
    const auto dataset = JsonLines(text);
    ASSERT_NE(dataset, nullptr) << text;
    EXPECT_EQ(dataset->num_samples(), 2);
    const auto x = dataset->Read("x", std::array<int64_t, 2>{0, 1});
    ASSERT_TRUE(x) << text;
    EXPECT_THAT(x->data<double>(), ElementsAre(1.5, 2, 3, 4));
    const auto texts = dataset->ReadTexts("t", std::array<int64_t, 1>{0});
    ASSERT_TRUE(texts) << text;
    EXPECT_THAT(*texts, ElementsAre("a}\"]"));
  }
}

TEST(JsonLinesTest, NamesTheLineWhereAListIsBroken) {
  const std::pair<const char*, const char*> cases[] = {
      {"[{\"x\": 1},\n", "line 2 of x.jsonl ends inside of its list"},
      {"[{\"x\": 1},\n{\"x\": ", "line 2 of x.jsonl ends inside of its list"},
      {"[{\"x\": 1}\n\n{\"x\": 2}]", "line 3 of x.jsonl lacks a comma between two objects"},
      {"[{\"x\": 1}, 2]", "line 1 of x.jsonl has something else than an object in its list"},
      {"[{\"x\": 1}]\n[{\"x\": 2}]", "line 2 of x.jsonl goes on behind its list"},
      {"[{\"x\": 1},\n{\"x\": y}]", "line 2 of x.jsonl is not JSON"}};
  for (const auto& [text, what] : cases) {
    const auto dataset = OpenBytes(Format::kJsonLines, text, "x.jsonl");
    ASSERT_FALSE(dataset) << text;
    EXPECT_THAT(dataset.error().what, HasSubstr(what)) << text;
  }
}

TEST(JsonLinesTest, SaysWhatIsNoJson) {
  const std::pair<const char*, const char*> cases[] = {
      {"NaN", "invalid literal; last read: '\"b\": N' (JSON has no NaN and no Infinity)"},
      {"Infinity", "invalid literal; last read: '\"b\": I' (JSON has no NaN and no Infinity)"},
      {"-Infinity", "'-I' (JSON has no NaN and no Infinity)"},
      {"nope", "invalid literal; last read: '\"b\": no'"}};
  for (const auto& [value, what] : cases) {
    const auto dataset =
        OpenBytes(Format::kJsonLines, StrCat("{\"a\": 1, \"b\": ", value, "}\n"), "x.jsonl");
    ASSERT_FALSE(dataset) << value;
    EXPECT_THAT(dataset.error().what, testing::EndsWith(what));
  }
}

TEST(JsonLinesTest, RefusesDeepNesting) {
  const std::string deep = StrCat("{\"a\": ", std::string(1 << 20, '['), "1");
  const auto dataset = OpenBytes(Format::kJsonLines, deep, "x.jsonl");
  ASSERT_FALSE(dataset);
  EXPECT_THAT(dataset.error().what, HasSubstr("nested more than 8 deep"));
}

class ParquetTest : public testing::TestWithParam<const char*> {};

TEST_P(ParquetTest, MakesAnArrayOfEachColumn) {
  const auto dataset = OpenStored(GetParam());
  ASSERT_NE(dataset, nullptr);
  EXPECT_EQ(dataset->num_samples(), 5);
  EXPECT_THAT(ArrayNames(*dataset),
              ElementsAre("a", "b", "flag", "name", "list", "fixed", "nested", "kind"));
  EXPECT_THAT(ReadAll(*dataset, "a").data<int32_t>(), ElementsAre(0, 1, 2, 3, 4));
  EXPECT_THAT(ReadAll(*dataset, "b").data<float>(), ElementsAre(0, 0.5F, 1, 1.5F, 2));
  EXPECT_THAT(ReadAll(*dataset, "flag").data<uint8_t>(), ElementsAre(1, 0, 1, 0, 1));
  EXPECT_THAT(dataset->Find("name")->classes, ElementsAre("ant", "cat", "dog"));
  EXPECT_THAT(ReadAll(*dataset, "name").data<int64_t>(), ElementsAre(2, 1, 0, 2, 1));
  EXPECT_THAT(ReadAll(*dataset, "kind").data<int64_t>(), ElementsAre(1, 0, 1, 0, 1));
  const std::vector<int64_t> samples{4, 1};
  EXPECT_THAT(dataset->Read("list", samples)->data<int64_t>(), ElementsAre(4, 5, 6, 1, 2, 3));
  EXPECT_THAT(dataset->Read("fixed", samples)->data<float>(), ElementsAre(4, -4, 1, -1));
  const auto nested = dataset->Read("nested", samples);
  EXPECT_EQ(nested->shape(), (Shape{2, 2, 2}));
  EXPECT_THAT(nested->data<uint8_t>(), ElementsAre(4, 1, 2, 3, 1, 1, 2, 3));
}

TEST_P(ParquetTest, SaysWhyAColumnIsNoArray) {
  const auto dataset = OpenStored(GetParam());
  EXPECT_THAT(dataset->Find("ragged").error().what,
              HasSubstr("has lists of 1 and 2 elements, in sample 1"));
  EXPECT_THAT(dataset->Find("holes").error().what, HasSubstr("has a null, in sample 1"));
  EXPECT_THAT(dataset->Find("when").error().what, HasSubstr("timestamp"));
}

INSTANTIATE_TEST_SUITE_P(
    Files, ParquetTest, testing::Values("table.parquet", "zstd.parquet"), [](const auto& test) {
      return std::string(test.param).substr(0, std::string(test.param).find('.'));
    });

TEST(ParquetTypesTest, ReadsNumbersAndTextsInOtherTypes) {  // make_data.py: types()
  const auto dataset = OpenStored("types.parquet");
  ASSERT_NE(dataset, nullptr);
  EXPECT_THAT(ArrayNames(*dataset),
              ElementsAre("price", "wide", "level", "count", "view", "bytes", "large"));
  EXPECT_THAT(ReadAll(*dataset, "price").data<double>(), ElementsAre(0, 10.01, 20.02, 30.03));
  EXPECT_THAT(ReadAll(*dataset, "wide").data<double>(), ElementsAre(0, 10.01, 20.02, 30.03));
  EXPECT_THAT(ReadAll(*dataset, "level").data<double>(), ElementsAre(2.5, -1.25, 2.5, -1.25));
  EXPECT_THAT(ReadAll(*dataset, "count").data<int32_t>(), ElementsAre(70000, 3, 70000, 3));
  EXPECT_THAT(dataset->Find("view")->classes, ElementsAre("a longer text than twelve bytes", "b"));
  EXPECT_THAT(ReadAll(*dataset, "bytes").data<int64_t>(), ElementsAre(1, 0, 1, 0));
  EXPECT_THAT(dataset->Find("large")->classes, ElementsAre("u", "v"));
  EXPECT_THAT(dataset->Find("raw").error().what, HasSubstr("text that is not UTF-8"));
}

TEST(ParquetErrorTest, RefusesWhatIsNotParquet) {
  for (const std::string& bytes : {std::string("PAR1"), std::string("PAR1PAR1"),
                                   StrCat("PAR1", std::string(50, 'x'), "\xFF\xFF\xFF\x7FPAR1")}) {
    const auto dataset = OpenBytes(Format::kParquet, bytes, "x.parquet");
    ASSERT_FALSE(dataset);
    EXPECT_EQ(dataset.error().code, ErrorCode::kDataLoss);
    EXPECT_THAT(dataset.error().what, HasSubstr("x.parquet"));
  }
}

TEST(TableBuilderTest, GivesUpTextThatIsNotClasses) {
  std::string text = "id,x\n";
  for (int i = 0; i <= 65536; ++i) text += StrCat("t", i, ",1\n");
  const auto error = OpenCsv(std::move(text))->Find("id").error();
  EXPECT_THAT(error.what, HasSubstr("65,536 different texts"));
}

TEST(TableBuilderTest, KeepsTheTextsOfMoreThanClasses) {
  std::string text = "id,x\n";
  for (int i = 0; i <= 70000; ++i) text += StrCat("t", i % 69999, ",1\n");
  const auto dataset = OpenCsv(std::move(text));
  EXPECT_THAT(dataset->text_columns(), testing::ElementsAre("id"));
  const std::vector<int64_t> samples{0, 65535, 65536, 70000, 69998, 0};
  EXPECT_THAT(dataset->ReadTexts("id", samples).value(),
              testing::ElementsAre("t0", "t65535", "t65536", "t1", "t69998", "t0"));
  EXPECT_EQ(dataset->ReadTexts("x", samples).error().code, ErrorCode::kNotFound);
}

TEST(TableBuilderTest, KeepsLongTextsWithNul) {
  const std::string nul("a\0b", 3);
  const std::string lines = StrCat("{\"t\": \"a\\u0000b\"}\n{\"t\": \"", std::string(2000, 'x'),
                                   "\"}\n{\"t\": \"a\\u0000b\"}\n{\"t\": \"\"}\n");
  const auto dataset = OpenBytes(Format::kJsonLines, lines, "x.jsonl").value();
  EXPECT_THAT(dataset->arrays(), testing::IsEmpty());
  EXPECT_THAT(dataset->Find("t").error().what, HasSubstr("more than 1,024 bytes"));
  const std::vector<int64_t> samples{2, 1, 0, 3};
  EXPECT_THAT(dataset->ReadTexts("t", samples).value(),
              testing::ElementsAre(nul, std::string(2000, 'x'), nul, ""));
}

TEST(TableBuilderTest, ReadsTheTextsOfClasses) {
  const auto dataset = OpenCsv("name,x\nb,1\na,2\nb,3\n");
  const std::vector<int64_t> samples{1, 2};
  EXPECT_THAT(dataset->ReadTexts("name", samples).value(), testing::ElementsAre("a", "b"));
}

TEST(TableBuilderTest, WritesNothingForColumnsThatAreGivenUp) {  // else: 8 MB a row out of 3 bytes
  std::string line = "{\"a\": [0";
  for (int i = 0; i < 1'000'000; ++i) line += ",0";
  line += "]}\n";
  for (int i = 0; i < 100'000; ++i) line += "{}\n";
  const auto dataset = OpenBytes(Format::kJsonLines, line, "x.jsonl");
  ASSERT_FALSE(dataset);
  EXPECT_THAT(dataset.error().what, HasSubstr("is missing, in sample 1"));
}

}  // namespace
}  // namespace tare::data
