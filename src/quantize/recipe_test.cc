#include "tare/quantize/recipe.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cfloat>

#include "tare/core/strcat.h"

namespace tare::quantize {
namespace {

using testing::HasSubstr;

Recipe Full() {
  Recipe recipe;
  recipe.tare_version = "0.1.0";
  recipe.model_digest = "0123456789abcdef";
  recipe.data_digest = "1e5";  // would read as a number without quotes
  recipe.samples = DataUse{7, 300, 100};
  recipe.left_out = {"opset", "arithmetic"};
  recipe.nodes = {{"conv", "Conv", Format::kInt8Static, "runs in integers"},
                  {"/layer.0/MatMul", "MatMul", Format::kInt8Dynamic, ""},
                  {"table", "Gather", Format::kInt8Weights, "a table"},
                  {"softmax", "Softmax", Format::kFloat32, "breaks the outputs"}};
  recipe.tensors = {{"x", {-1.1F, 0.1F}, "mse"}, {"y", {0, 1.0F / 3}, ""}};
  return recipe;
}

TEST(RecipeTest, ReadsBackWhatItWrote) {
  const auto read = ParseRecipe(RecipeText(Full()), "recipe.yaml");
  ASSERT_TRUE(read) << read.error().what;
  EXPECT_EQ(*read, Full());
  EXPECT_EQ(RecipeText(*read), RecipeText(Full()));
  const auto empty = ParseRecipe(RecipeText({}), "recipe.yaml");
  ASSERT_TRUE(empty) << empty.error().what;
  EXPECT_EQ(*empty, Recipe());
}

TEST(RecipeTest, ReadsBackEveryFloat) {
  Recipe recipe;
  int number = 0;
  for (const float end : {0.1F, 1e-45F, FLT_MIN, FLT_MAX, 3.4e38F, 16777217.0F, 1.0F / 3}) {
    recipe.tensors.push_back({StrCat("t", number++), {-end, end}, "minmax"});
  }
  const auto read = ParseRecipe(RecipeText(recipe), "recipe.yaml");
  ASSERT_TRUE(read) << read.error().what;
  EXPECT_EQ(read->tensors, recipe.tensors);
}

TEST(RecipeTest, ReadsBackHostileNames) {
  const std::vector<std::string> names = {
      "",
      "a: b",
      "- item",
      "#comment",
      "{brace}",
      "\"quoted\" \\ 'single'",
      "tab\tline\nreturn\r",
      std::string("bell\x07 delete\x7F"),
      "null",
      "true",
      "1e5",
      "~",
      "&anchor *alias !tag |block >fold %x @y `z`",
      "  spaces  ",
      "...",
      "---",
      "\xE6\x97\xA5\xE6\x9C\xAC",         // Japanese
      "next\xC2\x85line\xE2\x80\xA8sep",  // line ends of Unicode
      "\xEF\xBB\xBFmark",
      std::string(300, '['),
      std::string(300, '{'),
      std::string(2000, '-'),
      std::string(5000, 'x')};
  Recipe recipe;
  for (const std::string& name : names) {
    recipe.nodes.push_back({name, "Conv", Format::kInt8Static, name});
    recipe.tensors.push_back({name, {-1, 1}, name});
  }
  const auto read = ParseRecipe(RecipeText(recipe), "recipe.yaml");
  ASSERT_TRUE(read) << read.error().what;
  ASSERT_EQ(read->nodes.size(), names.size());
  for (size_t i = 0; i < names.size(); ++i) EXPECT_EQ(read->nodes[i], recipe.nodes[i]);
  EXPECT_EQ(*read, recipe);
}

TEST(RecipeTest, ReadsARecipeOfALargeModel) {
  Recipe recipe;
  for (int i = 0; i < 6000; ++i) {
    recipe.nodes.push_back({StrCat("/encoder/layers.", i, "/attention/self/query/MatMul"), "MatMul",
                            Format::kInt8Static, "runs in integers"});
    recipe.tensors.push_back(
        {StrCat("/encoder/layers.", i, "/attention/self/query/MatMul_output_0"),
         {-1.2345678F, 2.3456789F},
         "mse"});
  }
  const auto read = ParseRecipe(RecipeText(recipe), "recipe.yaml");
  ASSERT_TRUE(read) << read.error().what;
  EXPECT_EQ(*read, recipe);
}

TEST(RecipeTest, NamesWhatIsWrongWithPlaceAndNextStep) {
  const std::pair<std::string, std::string> wrong[] = {
      {"nodes:\n  - {node: a, format: int9}\n", "int9"},
      {"nodes:\n  - {format: int8_static}\n", "'node' is missing"},
      {"nodes:\n  - {node: a, formt: int8_static}\n", "'format' is missing"},
      {"tensors:\n  - {tensor: a, range: [1, 0]}\n", "'a'"},
      {"tensors:\n  - {tensor: a, range: [1]}\n", "'a'"},
      {"tensors:\n  - {tensor: a, range: [.nan, 1]}\n", "recipe.yaml:2"},
      {"tensors:\n  - {tensor: a, range: [0, 1e39]}\n", "recipe.yaml:2"},
      {"nodes: 5\n", "recipe.yaml:1"},
      {"tensors: {a: 1}\n", "recipe.yaml:1"},
      {"nodse: []\n", "nodse"},
      {"nodes:\n  - {node: a, format: int8_static}\n  - {node: a, format: float32}\n", "'a'"},
      {"just text", "mapping"},
      {"[", "recipe.yaml"},
  };
  for (const auto& [text, words] : wrong) {
    const auto read = ParseRecipe(text, "recipe.yaml");
    ASSERT_FALSE(read) << text;
    EXPECT_EQ(read.error().code, ErrorCode::kInvalidArgument);
    EXPECT_THAT(read.error().what, HasSubstr(words));
    EXPECT_FALSE(read.error().next_step.empty()) << text;
  }
  EXPECT_THAT(ParseRecipe("left_out: [width]\n", "recipe.yaml").error().next_step,
              HasSubstr("arithmetic"));
  EXPECT_THAT(ParseRecipe("nodse: []\n", "recipe.yaml").error().next_step, HasSubstr("'nodes'"));
  EXPECT_THAT(ParseFormat("int9").error().next_step, HasSubstr("int8_static"));
}

}  // namespace
}  // namespace tare::quantize
