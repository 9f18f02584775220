#include "tare/verdict/flips.h"

#include <algorithm>
#include <cmath>

#include "verdict/report_json_internal.h"

namespace tare::verdict {
namespace {

constexpr std::string_view kKindNames[] = {"harmful", "both_wrong", "changed", "helpful"};

void PutFinite(const char* key, const std::optional<double>& value, Json& out) {
  if (value && std::isfinite(*value)) out[key] = *value;
}

Json JsonOf(const Flip& flip) {
  Json out = {{"place", flip.place}};
  if (flip.sample) out["sample"] = *flip.sample;
  if (!flip.id.empty()) out["id"] = flip.id;
  if (flip.line) out["line"] = *flip.line;
  out["kind"] = FlipKindName(flip.kind);
  out["label"] = flip.label;
  out["baseline"] = flip.baseline;
  out["candidate"] = flip.candidate;
  PutFinite("baseline_confidence", flip.baseline_confidence, out);
  PutFinite("candidate_confidence", flip.candidate_confidence, out);
  PutFinite("margin", flip.margin, out);
  return out;
}

std::string Text(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::optional<Flip> FlipOf(const Json& json) {
  if (!json.is_object() || !json.contains("kind") || !json["kind"].is_string()) return std::nullopt;
  const auto name = json["kind"].get<std::string>();
  const auto* kind = std::ranges::find(kKindNames, name);
  if (kind == std::end(kKindNames)) return std::nullopt;
  Flip flip;
  flip.kind = static_cast<FlipKind>(kind - std::begin(kKindNames));
  const auto integer = [&](const char* key) -> std::optional<int64_t> {
    if (!json.contains(key) || !json[key].is_number_integer()) return std::nullopt;
    return json[key].get<int64_t>();
  };
  const auto number = [&](const char* key) -> std::optional<double> {
    if (!json.contains(key) || !json[key].is_number()) return std::nullopt;
    return json[key].get<double>();
  };
  const auto text = [&](const char* key) {
    return json.contains(key) && json[key].is_string() ? json[key].get<std::string>()
                                                       : std::string();
  };
  flip.place = integer("place").value_or(0);
  flip.sample = integer("sample");
  flip.line = integer("line");
  flip.id = text("id");
  flip.label = text("label");
  flip.baseline = text("baseline");
  flip.candidate = text("candidate");
  flip.baseline_confidence = number("baseline_confidence");
  flip.candidate_confidence = number("candidate_confidence");
  flip.margin = number("margin");
  return flip;
}

}  // namespace

std::string_view FlipKindName(FlipKind kind) { return kKindNames[static_cast<size_t>(kind)]; }

FlipKind FlipKindOf(bool baseline_right, bool candidate_right) {
  if (baseline_right == candidate_right) return FlipKind::kBothWrong;
  return baseline_right ? FlipKind::kHarmful : FlipKind::kHelpful;
}

bool IsLookedAtFirst(const Flip& a, const Flip& b) {
  if (a.kind != b.kind) return a.kind < b.kind;
  const double first = a.margin.value_or(-1);
  const double second = b.margin.value_or(-1);
  return first != second ? first > second : a.place < b.place;
}

void FlipList::Add(Flip flip) {
  ++total_;
  flips_.push_back(std::move(flip));
  if (flips_.size() >= 2 * most_ + 1) Cut();
}

void FlipList::Cut() {
  if (flips_.size() <= most_) return;
  std::ranges::nth_element(flips_, flips_.begin() + static_cast<ptrdiff_t>(most_), IsLookedAtFirst);
  flips_.resize(most_);
}

std::vector<Flip> FlipList::Take() {
  Cut();
  std::ranges::sort(flips_, IsLookedAtFirst);
  return std::exchange(flips_, {});
}

std::string WriteFlipLines(std::span<const Flip> flips) {
  std::string out;
  for (const Flip& flip : flips) {
    out += Text(JsonOf(flip));
    out += '\n';
  }
  return out;
}

std::vector<Flip> ReadFlipLines(std::string_view text) {
  std::vector<Flip> flips;
  while (!text.empty()) {
    const size_t end = std::min(text.find('\n'), text.size());
    const Json json = Json::parse(text.substr(0, end), nullptr, false);
    if (auto flip = FlipOf(json)) flips.push_back(*std::move(flip));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return flips;
}

std::string WriteShownFlips(const ShownFlips& shown) {
  Json flips = Json::array();
  for (const Flip& flip : shown.flips) {
    Json row = JsonOf(flip);
    if (!flip.image.empty()) row["image"] = flip.image;
    Json fields = Json::array();
    for (const auto& [name, value] : flip.fields) fields.push_back({name, value});
    if (!fields.empty()) row["fields"] = std::move(fields);
    flips.push_back(std::move(row));
  }
  Json out;
  out["total"] = shown.total;
  out["in_file"] = shown.in_file;
  out["file"] = shown.file;
  out["flips"] = std::move(flips);
  return Text(out);
}

}  // namespace tare::verdict
