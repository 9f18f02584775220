#include <algorithm>
#include <cmath>
#include <functional>
#include <unordered_map>

#include "evaluate/predictions/prediction_lines_internal.h"

namespace tare::evaluate {
namespace {

using Json = nlohmann::ordered_json;

constexpr int64_t kMaxLineBytes = int64_t{16} << 20;
constexpr int64_t kMaxLines = 100'000'000;
constexpr std::string_view kFormat =
    "write lines like {\"id\": \"a1\", \"label\": 3, \"prediction\": 3}";

bool IsBlank(const std::string& text) {
  return text.find_first_not_of(" \t\r") == std::string::npos;
}

}  // namespace

bool IdSet::Insert(const std::string& id, size_t side) {
  // At most three quarters full: the ways to a free slot stay short.
  if (4 * (count_ + 1) > 3 * slots_.size()) Grow();
  const uint64_t hash = std::hash<std::string>{}(id) & ~kSides;
  const uint64_t mark = uint64_t{1} << side;
  uint64_t& slot = slots_[PlaceOf(hash)];
  if ((slot & mark) != 0) return false;
  if (slot == 0) ++count_;
  slot |= hash | mark;
  return true;
}

// The slot of the hash, or the free one where it belongs. A slot that is taken has a mark, so it is
// not 0.
size_t IdSet::PlaceOf(uint64_t hash) const {
  size_t at = (hash >> 2) & (slots_.size() - 1);
  while (slots_[at] != 0 && (slots_[at] & ~kSides) != hash) at = (at + 1) & (slots_.size() - 1);
  return at;
}

void IdSet::Grow() {
  const std::vector<uint64_t> old = std::move(slots_);
  slots_.assign(std::max<size_t>(64, 2 * old.size()), 0);
  for (const uint64_t slot : old) {
    if (slot != 0) slots_[PlaceOf(slot & ~kSides)] = slot;
  }
}

Error PredictionReader::Wrong(int64_t line, std::string_view what, std::string next_step) const {
  return InvalidArgument(StrCat(name_, ":", line, ": ", what), std::move(next_step));
}

// False at the end of the stream.
Result<bool> PredictionReader::ReadText(std::string& text) {
  text.clear();
  std::streambuf* buffer = in_.rdbuf();
  for (int c = buffer->sbumpc(); c != std::char_traits<char>::eof(); c = buffer->sbumpc()) {
    if (c == '\n') return true;
    text.push_back(static_cast<char>(c));
    if (static_cast<int64_t>(text.size()) > kMaxLineBytes) {
      return Wrong(line_ + 1, "the line is longer than 16 MiB", std::string(kFormat));
    }
  }
  return !text.empty();
}

Result<std::optional<PredictionLine>> PredictionReader::Next() {
  std::string text;
  while (true) {
    TARE_TRY(const bool more, ReadText(text));
    if (!more) return std::optional<PredictionLine>();
    if (++line_ > kMaxLines) return Wrong(line_, "more than 100 million lines", "give fewer");
    if (!IsBlank(text)) break;
  }
  TARE_TRY(auto line, Parse(text));
  return std::optional<PredictionLine>(std::move(line));
}

Result<std::optional<PredictionLine>> PredictionReader::At(int64_t line) {
  std::string text;
  while (line_ < line) {
    TARE_TRY(const bool more, ReadText(text));
    if (!more) return std::optional<PredictionLine>();
    ++line_;
  }
  TARE_TRY(auto read, Parse(text));
  return std::optional<PredictionLine>(std::move(read));
}

Result<PredictionLine> PredictionReader::Parse(const std::string& text) {
  const std::string where = StrCat(name_, ":", line_);
  auto json = ParseJson(text, where, kMaxLineBytes);
  if (!json) {
    const bool not_a_number =
        text.find("NaN") != std::string::npos || text.find("Infinity") != std::string::npos;
    Error broken = std::move(json).error();
    broken.next_step = StrCat("correct the line, or make the file again; ", kFormat);
    if (!not_a_number) return broken;
    return Wrong(line_, "NaN and Infinity are neither JSON nor scores",
                 "find out why the model gives them, or leave the sample out of both files");
  }
  const JsonReader reader(*json, where, "");
  TARE_TRY_VOID(reader.ExpectObject());
  PredictionLine out;
  out.line = line_;
  if (const Json* id = reader.Child("id")) {
    if (id->is_string()) out.id = id->get<std::string>();
    if (id->is_number_integer()) out.id = id->dump();
    if (out.id.empty()) return reader.Wrong("id", "text or a whole number");
  }
  if (out.id.empty()) return Wrong(line_, "the line has no id", std::string(kFormat));
  out.json = *std::move(json);
  return out;
}

JsonReader PredictionReader::Fields(const PredictionLine& line) const {
  return {line.json, StrCat(name_, ":", line.line), ""};
}

Result<int64_t> JoinById(PredictionReader& baseline, PredictionReader& candidate,
                         const OnPair& on_pair) {
  PredictionReader* const readers[2] = {&baseline, &candidate};
  std::unordered_map<std::string, PredictionLine> pending[2];
  IdSet ids;
  bool more[2] = {true, true};
  int64_t num_pairs = 0;
  // In turn: of files in the same order one line waits, not all.
  while (more[0] || more[1]) {
    for (const int side : {0, 1}) {
      if (!more[side]) continue;
      TARE_TRY(auto line, readers[side]->Next());
      more[side] = line.has_value();
      if (!line) continue;
      if (!ids.Insert(line->id, static_cast<size_t>(side))) {
        return readers[side]->Wrong(line->line, StrCat("the id '", line->id, "' stands twice"),
                                    "give each id once in a file");
      }
      const auto partner = pending[1 - side].find(line->id);
      if (partner == pending[1 - side].end()) {
        std::string id = line->id;
        pending[side].emplace(std::move(id), *std::move(line));
        continue;
      }
      const PredictionLine other = std::move(partner->second);
      pending[1 - side].erase(partner);
      TARE_TRY_VOID(side == 0 ? on_pair(*line, other) : on_pair(other, *line));
      ++num_pairs;
    }
  }
  for (const int side : {0, 1}) {
    if (pending[side].empty()) continue;
    const auto first = std::ranges::min_element(
        pending[side], {}, [](const auto& entry) { return entry.second.line; });
    const std::string others = pending[side].size() > 1
                                   ? StrCat(" (and ", pending[side].size() - 1, " more)")
                                   : std::string();
    return readers[side]->Wrong(
        first->second.line,
        StrCat("the id '", first->first, "' has no partner in ", readers[1 - side]->name(), others),
        "give predictions of both models for the same samples");
  }
  if (num_pairs > 0) return num_pairs;
  return DataLoss(StrCat(baseline.name(), " and ", candidate.name(), " hold no predictions"),
                  "give files with one JSON object a line");
}

std::string TextOfField(const PredictionLine& line, const char* key) {
  constexpr size_t kMostBytes = 2000;
  const auto found = line.json.find(key);
  if (found == line.json.end()) return "";
  const auto text_of = [](const Json& value) {
    return value.is_string() ? value.get<std::string>() : value.dump();
  };
  std::string text;
  if (found->is_array()) {
    for (const Json& item : *found) {
      if (text.size() > kMostBytes) break;
      text += StrCat(text.empty() ? "" : ", ", text_of(item));
    }
    if (found->empty()) text = "none";
  } else {
    text = text_of(*found);
  }
  if (text.size() <= kMostBytes) return text;
  size_t end = kMostBytes;  // at the beginning of a character
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;
  return text.substr(0, end) + "...";
}

Result<std::vector<double>> ReadNumbers(const JsonReader& reader, const char* key) {
  std::vector<double> out;
  TARE_TRY(const Json* list, reader.Array(key));
  if (list == nullptr) return out;
  if (list->empty()) return reader.Wrong(key, "a list of numbers: it is empty");
  for (const auto& item : *list) {
    const double value = item.is_number() ? item.get<double>() : NAN;
    if (!std::isfinite(value)) return reader.Wrong(key, "a list of finite numbers");
    out.push_back(value);
  }
  return out;
}

}  // namespace tare::evaluate
