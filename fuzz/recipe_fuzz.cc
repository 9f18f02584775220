// Any text as a recipe: what is read comes back from its own text.

#include <cstdint>
#include <string_view>

#include "tare/quantize/recipe.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto recipe = tare::quantize::ParseRecipe(text, "fuzz.yaml");
  if (!recipe) {
    TARE_CHECK(!recipe.error().next_step.empty());
    return 0;
  }
  const auto again = tare::quantize::ParseRecipe(tare::quantize::RecipeText(*recipe), "fuzz.yaml");
  TARE_CHECK(again.has_value());
  TARE_CHECK(*again == *recipe);
  return 0;
}
