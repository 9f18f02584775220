// Any text as YAML; any text quoted as YAML reads back as itself.

#include <cstdint>
#include <string>
#include <string_view>

#include "tare/core/yaml.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (const auto document = tare::ParseYaml(text, "fuzz.yaml"); !document) {
    TARE_CHECK(!document.error().next_step.empty());
  }
  constexpr size_t kMaxQuoted = 4096;
  if (size > kMaxQuoted) return 0;
  const auto quoted = tare::ParseYaml("{k: " + tare::YamlQuote(text) + "}", "fuzz.yaml");
  // Bytes that are no UTF-8 have no form in YAML: an error or a replacement, never a crash.
  if (!quoted) return 0;
  const tare::YamlNode* value = quoted->Find("k");
  TARE_CHECK(value != nullptr && value->kind == tare::YamlNode::Kind::kScalar);
  bool ascii = true;
  for (const char c : text) ascii = ascii && static_cast<unsigned char>(c) < 0x80;
  TARE_CHECK(!ascii || value->scalar == text);
  return 0;
}
