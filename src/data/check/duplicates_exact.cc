// Hashes of content: equal hashes are exact duplicates.

#include <algorithm>

#include "data/check/near_internal.h"
#include "data/check/number_rows_internal.h"
#include "data/split_hasher_internal.h"

namespace tare::data::internal {
namespace {

Result<void> HashTexts(const Split& split, std::vector<Hash128>& hashes) {
  for (size_t begin = 0; begin < split.samples.size(); begin += kTextsAtATime) {
    const auto samples = std::span(split.samples).subspan(begin);
    TARE_TRY(const auto documents,
             ReadDocuments(split, samples.first(std::min<size_t>(kTextsAtATime, samples.size()))));
    for (const std::string& document : documents)
      hashes.push_back(HashBytes(std::as_bytes(std::span(document))));
  }
  return {};
}

Result<void> HashRows(const Split& split, std::vector<Hash128>& hashes) {
  TARE_TRY(const auto columns, RowColumns(*split.dataset, split.arrays));
  const auto step = static_cast<size_t>(RowsAtATime(std::ssize(columns)));
  for (size_t begin = 0; begin < split.samples.size(); begin += step) {
    const auto samples = std::span(split.samples).subspan(begin);
    const auto part = samples.first(std::min(step, samples.size()));
    TARE_TRY(auto rows, ReadRows(*split.dataset, split.arrays, part));
    for (double& value : rows) value += 0.0;  // -0 is 0
    for (size_t i = 0; i < part.size(); ++i) {
      hashes.push_back(
          HashBytes(std::as_bytes(std::span(rows).subspan(i * columns.size(), columns.size()))));
    }
  }
  return {};
}

}  // namespace

Result<std::vector<std::string>> ReadDocuments(const Split& split,
                                               std::span<const int64_t> samples) {
  TARE_TRY(auto documents, split.dataset->ReadTexts(split.arrays[0], samples));
  for (size_t a = 1; a < split.arrays.size(); ++a) {
    TARE_TRY(const auto texts, split.dataset->ReadTexts(split.arrays[a], samples));
    for (size_t i = 0; i < texts.size(); ++i) documents[i] += "\n" + texts[i];
  }
  return documents;
}

Result<std::vector<Hash128>> HashContent(const Pool& pool, NearMethod method) {
  std::vector<Hash128> hashes;
  hashes.reserve(static_cast<size_t>(pool.size()));
  std::vector<bool> as_numbers;
  if (method == NearMethod::kImage) {
    TARE_TRY(as_numbers, CompareAsNumbers(pool.splits()));
  }
  for (const Split& split : pool.splits()) {
    Result<void> result;
    if (method == NearMethod::kText) {
      result = HashTexts(split, hashes);
    } else if (method == NearMethod::kTable) {
      result = HashRows(split, hashes);
    } else {
      result = HashSamples(split, as_numbers,
                           [&](const Hash128& hash, int64_t) { hashes.push_back(hash); });
    }
    if (!result) return std::move(result).error().While(StrCat("reading the ", split.name, " set"));
  }
  return hashes;
}

}  // namespace tare::data::internal
