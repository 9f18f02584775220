// Tensors as ONNX stores them: raw, in typed fields, in files beside the model.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <onnx/onnx_pb.h>

#include <filesystem>
#include <functional>

#include "graph/model_builder.h"
#include "tare/core/file.h"
#include "tare/graph/onnx.h"

namespace tare::graph {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

// A model whose one initializer `fill` describes.
std::string ModelWith(const std::function<void(onnx::TensorProto&)>& fill) {
  onnx::ModelProto proto;
  proto.set_ir_version(7);
  proto.add_opset_import()->set_version(13);
  auto* node = proto.mutable_graph()->add_node();
  node->set_op_type("Identity");
  node->add_input("w");
  node->add_output("y");
  proto.mutable_graph()->add_output()->set_name("y");
  auto* tensor = proto.mutable_graph()->add_initializer();
  tensor->set_name("w");
  fill(*tensor);
  return proto.SerializeAsString();
}

Result<Tensor> Read(const std::function<void(onnx::TensorProto&)>& fill,
                    const std::string& folder = "") {
  TARE_TRY(const Model model, ParseOnnx(ModelWith(fill), "test.onnx", folder));
  if (model.graph.initializers[0].value == nullptr) return Unsupported("kept raw", "-");
  return *model.graph.initializers[0].value;
}

auto Typed(int dtype, int64_t count) {
  return [=](onnx::TensorProto& t) {
    t.set_data_type(dtype);
    t.add_dims(count);
  };
}

TEST(TensorProtoTest, ReadsEveryTypedField) {
  using T = onnx::TensorProto;
  const auto floats = Read([](T& t) {
    Typed(1, 2)(t);
    t.add_float_data(1.5F);
    t.add_float_data(-2);
  });
  ASSERT_TRUE(floats) << floats.error().what;
  EXPECT_THAT(floats->data<float>(), ElementsAre(1.5F, -2));
  const auto doubles = Read([](T& t) {
    Typed(11, 1)(t);
    t.add_double_data(0.1);
  });
  EXPECT_THAT(doubles->data<double>(), ElementsAre(0.1));
  const auto int64s = Read([](T& t) {
    Typed(7, 1)(t);
    t.add_int64_data(int64_t{-1} << 40);
  });
  EXPECT_THAT(int64s->data<int64_t>(), ElementsAre(int64_t{-1} << 40));
  const auto uint32s = Read([](T& t) {
    Typed(12, 1)(t);
    t.add_uint64_data(4000000000U);
  });
  EXPECT_THAT(uint32s->data<uint32_t>(), ElementsAre(4000000000U));
  const auto int8s = Read([](T& t) {
    Typed(3, 2)(t);
    t.add_int32_data(-128);
    t.add_int32_data(127);
  });
  EXPECT_THAT(int8s->data<int8_t>(), ElementsAre(-128, 127));
  const auto int16s = Read([](T& t) {
    Typed(5, 1)(t);
    t.add_int32_data(-32768);
  });
  EXPECT_THAT(int16s->data<int16_t>(), ElementsAre(-32768));
  const auto bools = Read([](T& t) {
    Typed(9, 2)(t);
    t.add_int32_data(1);
    t.add_int32_data(0);
  });
  EXPECT_THAT(bools->data<uint8_t>(), ElementsAre(1, 0));
  // float16 1.5 is 0x3E00; the typed field holds its bits.
  const auto halves = Read([](T& t) {
    Typed(10, 1)(t);
    t.add_int32_data(0x3E00);
  });
  ASSERT_TRUE(halves);
  EXPECT_THAT(halves->ToFloat32()->data<float>(), ElementsAre(1.5F));
}

TEST(TensorProtoTest, ReadsFourBitCodesOfNewerReleases) {
  for (const int code : {21, 22}) {
    const auto raw = Read([&](onnx::TensorProto& t) {
      Typed(code, 3)(t);
      t.set_raw_data("\x21\x03", 2);
    });
    ASSERT_TRUE(raw) << raw.error().what;
    EXPECT_EQ(static_cast<int>(raw->dtype()), code);
    const auto typed = Read([&](onnx::TensorProto& t) {
      Typed(code, 3)(t);
      t.add_int32_data(0x21);
      t.add_int32_data(3);
    });
    ASSERT_TRUE(typed) << typed.error().what;
    EXPECT_EQ(*typed, *raw) << "two elements an int32, as in raw_data";
  }
}

TEST(TensorProtoTest, KeepsStringsAndUnknownTypesAsTheyAre) {
  const auto bytes = ModelWith([](onnx::TensorProto& t) {
    Typed(8, 2)(t);
    t.add_string_data("a");
    t.add_string_data("b");
  });
  const auto model = ParseOnnx(bytes, "test.onnx", "");
  ASSERT_TRUE(model) << model.error().what;
  EXPECT_EQ(model->graph.initializers[0].value, nullptr);
  onnx::ModelProto back;
  ASSERT_TRUE(back.ParseFromString(*SerializeOnnx(*model)));
  EXPECT_THAT(back.graph().initializer(0).string_data(), ElementsAre("a", "b"));
  const auto eight_bit_float = ParseOnnx(ModelWith([](onnx::TensorProto& t) {
                                           Typed(17, 2)(t);
                                           t.set_raw_data("\x01\x02");
                                         }),
                                         "test.onnx", "");
  ASSERT_TRUE(eight_bit_float);
  ASSERT_TRUE(back.ParseFromString(*SerializeOnnx(*eight_bit_float)));
  EXPECT_EQ(back.graph().initializer(0).data_type(), 17);
  EXPECT_EQ(back.graph().initializer(0).raw_data(), "\x01\x02");
}

TEST(TensorProtoTest, RefusesBytesThatDoNotMatchTheShape) {
  const std::vector<std::function<void(onnx::TensorProto&)>> wrong = {
      [](onnx::TensorProto& t) {
        Typed(1, 2)(t);
        t.set_raw_data("1234567");
      },
      [](onnx::TensorProto& t) {
        Typed(1, 2)(t);
        t.add_float_data(1);
      },
      [](onnx::TensorProto& t) { Typed(1, 2)(t); },
      [](onnx::TensorProto& t) { Typed(1, -2)(t); },
      [](onnx::TensorProto& t) {
        Typed(1, int64_t{1} << 40)(t);
        t.add_dims(int64_t{1} << 40);
      },
  };
  for (const auto& fill : wrong) {
    const auto read = Read(fill);
    ASSERT_FALSE(read);
    EXPECT_EQ(read.error().code, ErrorCode::kDataLoss);
    EXPECT_THAT(read.error().what, HasSubstr("'w'"));
    EXPECT_FALSE(read.error().next_step.empty());
  }
}

class ExternalDataTest : public testing::Test {
 protected:
  void SetUp() override {
    auto made = TemporaryFolder::Create();
    ASSERT_TRUE(made);
    folder_.emplace(*std::move(made));
    std::filesystem::create_directory(folder_->path() + "/model");
    std::filesystem::create_directory(folder_->path() + "/model/sub");
    for (const char* name : {"/secret", "/model/data", "/model/sub/data"}) {
      ASSERT_TRUE(WriteFileAtomic(folder_->path() + name,
                                  std::string("\0\0\0\0\0\0\x80\x3F\0\0\0\x40", 12)));
    }
  }
  Result<Tensor> At(const std::string& location, const std::string& offset,
                    const std::string& length) const {
    return Read(
        [&](onnx::TensorProto& t) {
          Typed(1, 2)(t);
          t.set_data_location(onnx::TensorProto::EXTERNAL);
          const std::pair<const char*, std::string> entries[] = {
              {"location", location}, {"offset", offset}, {"length", length}};
          for (const auto& [key, value] : entries) {
            if (value.empty()) continue;
            auto* entry = t.add_external_data();
            entry->set_key(key);
            entry->set_value(value);
          }
        },
        folder_->path() + "/model");
  }
  std::optional<TemporaryFolder> folder_;
};

TEST_F(ExternalDataTest, ReadsASliceOfAFile) {
  const auto read = At("data", "4", "8");
  ASSERT_TRUE(read) << read.error().what;
  EXPECT_THAT(read->data<float>(), ElementsAre(1, 2));
  EXPECT_TRUE(At("sub/data", "4", "8"));
}

TEST_F(ExternalDataTest, RefusesToLeaveTheFolder) {
  for (const std::string& location : {std::string("../secret"), std::string("sub/../../secret"),
                                      folder_->path() + "/secret", std::string("")}) {
    const auto read = At(location, "4", "8");
    ASSERT_FALSE(read) << location;
    EXPECT_EQ(read.error().code, ErrorCode::kInvalidArgument);
    EXPECT_FALSE(read.error().next_step.empty());
  }
}

TEST_F(ExternalDataTest, FollowsLinksWithinTheFolderOnly) {
  namespace fs = std::filesystem;
  const fs::path model = folder_->path() + "/model";
  fs::create_symlink("sub/data", model / "within");
  fs::create_directory_symlink("sub", model / "folder");
  EXPECT_TRUE(At("within", "4", "8"));
  EXPECT_TRUE(At("folder/data", "4", "8"));
  fs::create_symlink("../secret", model / "out");
  fs::create_symlink("out", model / "further");
  fs::create_directory_symlink("..", model / "up");
  for (const char* location : {"out", "further", "up/secret"}) {
    const auto read = At(location, "4", "8");
    ASSERT_FALSE(read) << location;
    EXPECT_EQ(read.error().code, ErrorCode::kInvalidArgument) << read.error().what;
  }
}

TEST_F(ExternalDataTest, TakesTheElementsOfTheShapeWhereNoLengthIsGiven) {
  // The file has three floats; the tensor takes two of them, at both places.
  for (const auto& [offset, first] : {std::pair("0", 0.0F), {"4", 1.0F}, {"", 0.0F}}) {
    const auto read = At("data", offset, "");
    ASSERT_TRUE(read) << offset << ": " << read.error().what;
    EXPECT_THAT(read->data<float>(), ElementsAre(first, first + 1));
  }
  EXPECT_FALSE(At("data", "8", "")) << "one float is left";
}

TEST_F(ExternalDataTest, ReadsBytesThatLieOnNoElement) {
  ASSERT_TRUE(
      WriteFileAtomic(folder_->path() + "/model/odd", std::string("?\0\0\x80\x3F\0\0\0\x40", 9)));
  const auto read = At("odd", "1", "8");
  ASSERT_TRUE(read) << read.error().what;
  EXPECT_THAT(read->data<float>(), ElementsAre(1, 2));
  EXPECT_EQ(read->file(), nullptr) << "a copy";
  EXPECT_NE(At("data", "4", "8")->file(), nullptr) << "not one";
}

TEST_F(ExternalDataTest, NamesWhatIsMissingOrTooShort) {
  const auto missing = At("nowhere", "0", "8");
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().code, ErrorCode::kNotFound);
  for (const auto& [offset, length] : {std::pair("8", "8"),
                                       {"0", "13"},
                                       {"-4", "8"},
                                       {"0", "4"},
                                       {"nan", "8"},
                                       {"1e300", "8"},
                                       {"18446744073709551612", "8"}}) {
    const auto read = At("data", offset, length);
    ASSERT_FALSE(read) << offset << " " << length;
    EXPECT_EQ(read.error().code, ErrorCode::kDataLoss) << read.error().what;
  }
  EXPECT_FALSE(At("sub", "0", "8")) << "a folder";
}

}  // namespace
}  // namespace tare::graph
