// .npy: files that numpy wrote, and headers that nobody should have.

#include "data/formats/npy.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "data/test_files_internal.h"

namespace tare::data {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

std::string Npy(std::string_view header, std::string_view elements = "") {
  std::string text("\x93NUMPY\x01\x00", 8);
  text.push_back(static_cast<char>(header.size() & 0xFF));
  text.push_back(static_cast<char>(header.size() >> 8));
  return StrCat(text, header, elements);
}

Error ErrorOf(std::string bytes) {
  const auto dataset = OpenBytes(Format::kNpy, std::move(bytes), "x.npy");
  EXPECT_FALSE(dataset);
  return dataset ? Internal("none") : dataset.error();
}

struct TypeCase {
  const char* name;
  DType dtype;
};

class NpyTypeTest : public testing::TestWithParam<TypeCase> {};

TEST_P(NpyTypeTest, ReadsTheNumbersThatNumpyWrote) {
  const auto dataset = OpenStored(StrCat(GetParam().name, ".npy"));
  ASSERT_NE(dataset, nullptr);
  EXPECT_EQ(dataset->num_samples(), 3);
  ASSERT_EQ(ArrayNames(*dataset), std::vector<std::string>{GetParam().name});
  EXPECT_EQ(dataset->arrays()[0].dtype, GetParam().dtype);
  const Tensor all = ReadAll(*dataset, GetParam().name);
  EXPECT_EQ(all.shape(), (Shape{3, 2}));
  const auto numbers = all.ToFloat32();
  ASSERT_TRUE(numbers);
  if (GetParam().dtype == DType::kBool) {
    EXPECT_THAT(numbers->data<float>(), ElementsAre(0, 1, 1, 1, 1, 1));
  } else {
    EXPECT_THAT(numbers->data<float>(), ElementsAre(0, 1, 2, 3, 4, 5));
  }
}

INSTANTIATE_TEST_SUITE_P(
    Types, NpyTypeTest,
    testing::Values(TypeCase{"bool", DType::kBool}, TypeCase{"int8", DType::kInt8},
                    TypeCase{"int16", DType::kInt16}, TypeCase{"int32", DType::kInt32},
                    TypeCase{"int64", DType::kInt64}, TypeCase{"uint8", DType::kUint8},
                    TypeCase{"uint16", DType::kUint16}, TypeCase{"uint32", DType::kUint32},
                    TypeCase{"uint64", DType::kUint64}, TypeCase{"float16", DType::kFloat16},
                    TypeCase{"float32", DType::kFloat32}, TypeCase{"float64", DType::kFloat64}),
    [](const auto& test) { return test.param.name; });

TEST(NpyTest, ReadsEveryVersionOfTheHeader) {
  for (const char* name : {"version1", "version2", "version3"}) {
    const auto dataset = OpenStored(StrCat(name, ".npy"));
    ASSERT_NE(dataset, nullptr);
    EXPECT_THAT(ReadAll(*dataset, name).data<float>(), ElementsAre(0, 1, 2, 3, 4, 5)) << name;
  }
}

TEST(NpyTest, TurnsBigEndianNumbersRound) {
  const auto dataset = OpenStored("big_endian.npy");
  EXPECT_THAT(ReadAll(*dataset, "big_endian").data<float>(), ElementsAre(0, 1, 2, 3, 4, 5));
}

TEST(NpyTest, ReadsFortranOrderAsCOrder) {  // element i of the logical array is i
  const auto dataset = OpenStored("fortran.npy");
  const Tensor all = ReadAll(*dataset, "fortran");
  EXPECT_EQ(all.shape(), (Shape{4, 3, 2}));
  std::vector<int32_t> expected(24);
  std::iota(expected.begin(), expected.end(), 0);
  EXPECT_THAT(all.data<int32_t>(), testing::ElementsAreArray(expected));
  const std::vector<int64_t> third{2};
  EXPECT_THAT(dataset->Read("fortran", third)->data<int32_t>(),
              ElementsAre(12, 13, 14, 15, 16, 17));
}

TEST(NpyTest, ReadsAScalarAsOneSample) {
  const auto dataset = OpenStored("scalar.npy");
  EXPECT_EQ(dataset->num_samples(), 1);
  EXPECT_THAT(ReadAll(*dataset, "scalar").data<float>(), ElementsAre(2.5F));
}

TEST(NpyTest, ReadsSamplesInTheOrderAskedFor) {
  const auto dataset = OpenStored("int64.npy");
  const std::vector<int64_t> samples{2, 0, 1, 2, 2};
  EXPECT_THAT(dataset->Read("int64", samples)->data<int64_t>(),
              ElementsAre(4, 5, 0, 1, 2, 3, 4, 5, 4, 5));
}

TEST(NpyTest, NamesTheSamplesThatThereAre) {
  const auto dataset = OpenStored("int64.npy");
  for (const int64_t sample : {int64_t{-1}, int64_t{3}, INT64_MAX}) {
    const auto result = dataset->Read("int64", {&sample, 1});
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().code, ErrorCode::kInvalidArgument);
    EXPECT_THAT(result.error().next_step, HasSubstr("0 to 2"));
  }
}

TEST(NpyTest, RefusesWhatIsNotANumberWithTheReason) {
  const auto error = [](const std::string& name) { return OpenDataset(StoredFile(name)).error(); };
  EXPECT_THAT(error("objects.npy").what, HasSubstr("Python objects, which tare never unpickles"));
  EXPECT_THAT(error("text.npy").what, HasSubstr("text"));
  EXPECT_THAT(error("record.npy").what, HasSubstr("record of fields"));
  EXPECT_THAT(error("complex.npy").what, HasSubstr("'<c8'"));
  for (const char* name : {"objects.npy", "text.npy", "record.npy", "complex.npy"}) {
    EXPECT_EQ(error(name).code, ErrorCode::kUnsupported) << name;
    EXPECT_THAT(error(name).next_step, HasSubstr("save the array with a type of")) << name;
  }
}

TEST(NpyTest, RefusesAnArrayWithoutSamples) {
  const auto error = OpenDataset(StoredFile("empty.npy")).error();
  EXPECT_EQ(error.code, ErrorCode::kInvalidArgument);
  EXPECT_THAT(error.next_step, HasSubstr("at least one"));
}

TEST(NpyTest, RefusesShapesThatTheFileCannotHold) {
  for (const char* shape : {"(4611686018427387904,)", "(9223372036854775807, 9223372036854775807)",
                            "(1000000, 1000000)", "(2, 3)", "(1,)"}) {
    const auto error = ErrorOf(Npy(
        StrCat("{'descr': '<f4', 'fortran_order': False, 'shape': ", shape, ", }"), "01234567"));
    EXPECT_TRUE(error.code == ErrorCode::kDataLoss || error.code == ErrorCode::kInvalidArgument)
        << shape;
    EXPECT_FALSE(error.next_step.empty());
  }
}

TEST(NpyTest, RefusesASampleCountWithoutAnyNumbers) {  // 2^47 samples of nothing
  const auto error =
      ErrorOf(Npy("{'descr': '<f4', 'fortran_order': False, 'shape': (140737488355328, 0), }"));
  EXPECT_EQ(error.code, ErrorCode::kInvalidArgument);
}

TEST(NpyTest, RefusesBrokenHeaders) {
  for (const char* header :
       {"", "{", "{}", "[]", "{'descr'}", "{'descr': '<f4'}", "{'descr': '<f4', 'descr': '<f4'}",
        "{'descr': '<f4', 'fortran_order': Maybe, 'shape': (1,)}",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (-1,)}",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (99999999999999999999,)}",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (1,}",
        "{'descr': '<f4', 'fortran_order': False, 'shape': 1}",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (1,), 'x': 1}",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (1,)} x",
        "{'descr: '<f4', 'fortran_order': False, 'shape': (1,)}"}) {
    const auto error = ErrorOf(Npy(header, "0123"));
    EXPECT_EQ(error.code, ErrorCode::kDataLoss) << header;
    EXPECT_THAT(error.what, HasSubstr("x.npy")) << header;
    EXPECT_THAT(error.next_step, HasSubstr("numpy.save")) << header;
  }
}

TEST(NpyTest, RefusesAHeaderLongerThanTheFile) {
  const std::string huge("\x93NUMPY\x02\x00\xFF\xFF\xFF\xFF{", 13);
  EXPECT_EQ(ErrorOf(huge).code, ErrorCode::kDataLoss);
  const std::string cut("\x93NUMPY\x01\x00\x76\x00{'descr'", 18);
  EXPECT_EQ(ErrorOf(cut).code, ErrorCode::kDataLoss);
  const std::string newer("\x93NUMPY\x09\x00\x02\x00{}", 12);
  EXPECT_EQ(ErrorOf(newer).code, ErrorCode::kUnsupported);
}

}  // namespace
}  // namespace tare::data
