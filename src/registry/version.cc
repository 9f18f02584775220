#include "tare/registry/version.h"

#include <algorithm>
#include <charconv>

namespace tare::registry {
namespace {

constexpr size_t kMaxNameBytes = 100;

bool IsAlphanumeric(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

}  // namespace

const Artifact* Version::Find(std::string_view role) const {
  for (const Artifact& artifact : artifacts) {
    if (artifact.role == role) return &artifact;
  }
  return nullptr;
}

int64_t Version::ModelBytes() const {
  int64_t bytes = 0;
  for (const std::string_view role : {kModel, kModelData}) {
    const Artifact* artifact = Find(role);
    bytes += artifact == nullptr ? 0 : artifact->num_bytes;
  }
  return bytes;
}

std::string Version::Ref() const { return StrCat(name, "@", number); }

Result<void> CheckName(std::string_view name, std::string_view kind) {
  const auto allowed = [](char c) { return IsAlphanumeric(c) || c == '.' || c == '_' || c == '-'; };
  if (!name.empty() && name.size() <= kMaxNameBytes && IsAlphanumeric(name.front()) &&
      std::all_of(name.begin(), name.end(), allowed)) {
    return {};
  }
  return InvalidArgument(StrCat("'", name, "' is not a valid ", kind),
                         StrCat("use 1 to ", kMaxNameBytes,
                                " letters, digits, '.', '_' and '-', a letter or digit first"));
}

Result<VersionRef> ParseVersionRef(std::string_view text) {
  const size_t at = std::min(text.find('@'), text.size());
  VersionRef ref{std::string(text.substr(0, at)), 0};
  TARE_TRY_VOID(CheckName(ref.name, "name of a version"));
  if (at == text.size()) return ref;
  const std::string_view digits = text.substr(at + 1);
  const auto [end, error] =
      std::from_chars(digits.data(), digits.data() + digits.size(), ref.number);
  if (error != std::errc() || end != digits.data() + digits.size() || ref.number < 1) {
    return InvalidArgument(StrCat("'", digits, "' in '", text, "' is not a version number"),
                           StrCat("write ", ref.name, "@1, or ", ref.name, " for the latest"));
  }
  return ref;
}

}  // namespace tare::registry
