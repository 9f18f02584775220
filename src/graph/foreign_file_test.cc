#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "graph/foreign_file_internal.h"
#include "graph/model_builder.h"
#include "tare/graph/onnx.h"

namespace tare::graph::internal {
namespace {

using namespace std::string_literals;
using testing::HasSubstr;

// The first bytes of files that the programs named wrote.
std::string Zip(const std::string& member) {
  // Local header: signature, version 2.0, flags, method, time, date, CRC, two sizes, two lengths.
  std::string header = "PK\x03\x04\x14\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"s;
  header += static_cast<char>(member.size());
  return header + "\0\0\0"s + member + "content";
}

std::string Safetensors(const std::string& header) {
  std::string bytes(8, '\0');
  bytes[0] = static_cast<char>(header.size());
  return bytes + header + "0123";
}

TEST(RecognizeForeignTest, NamesWhatPeopleHaveInPlaceOfOnnx) {
  const struct {
    std::string bytes, kind, next;
  } rows[] = {
      {Zip("archive/data.pkl"), "PyTorch", "torch.onnx.export"},
      {"\x80\x02\x8a\x0al\xfc"s, "pickle", "torch.onnx.export"},
      {"\x1c\0\0\0TFL3\x14\0"s, "TensorFlow Lite", "tf2onnx"},
      {"\x1c\0\0\0ORTM\x14\0"s, "ORT format", ".onnx file"},
      {Safetensors(R"({"w":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}})"), "safetensors",
       "optimum-cli"},
      {"GGUF\x03\0\0\0"s, "GGUF", "optimum-cli"},
      {"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n", "git-lfs",
       "git lfs pull"},
      {"\x1f\x8b\x08\x08"s, "gzip", "gunzip"},
      {"\x89HDF\r\n\x1a\n\0"s, "HDF5", "keras"},
      {Zip("model.weights.h5"), "Keras", "keras"},
      {Zip("x.npy"), "NumPy archive", "--data"},
      {Zip("readme.txt"), "zip archive", "unzip"},
      {"\x93NUMPY\x01\0"s, "NumPy array", "--data"},
      {"<!DOCTYPE html><html>", "web page", "raw file"},
  };
  for (const auto& [bytes, kind, next] : rows) {
    const auto found = RecognizeForeign(bytes);
    ASSERT_TRUE(found) << kind;
    EXPECT_THAT(std::string(found->kind), HasSubstr(kind));
    EXPECT_THAT(std::string(found->next_step), HasSubstr(next));
  }
}

TEST(RecognizeForeignTest, LeavesOnnxAndRubbishAlone) {
  const auto model = ModelBuilder().Input("x", {2}).Op("Relu", {"x"}, {"y"}).Output("y").Build();
  EXPECT_FALSE(RecognizeForeign(SerializeOnnx(model).value()));
  EXPECT_FALSE(RecognizeForeign(""));
  EXPECT_FALSE(RecognizeForeign("\x80"));
  EXPECT_FALSE(RecognizeForeign("PK"));
  EXPECT_FALSE(RecognizeForeign(Safetensors("{}").substr(0, 9)));
}

TEST(RecognizeForeignTest, IsWhatReadingSays) {
  const auto read = ParseOnnx("\x1c\0\0\0TFL3\x14\0"s, "m.tflite", "");
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().code, ErrorCode::kUnsupported);
  EXPECT_EQ(read.error().what, "m.tflite is no ONNX model: it is a TensorFlow Lite model");
  EXPECT_THAT(read.error().next_step, HasSubstr("tf2onnx"));
}

}  // namespace
}  // namespace tare::graph::internal
