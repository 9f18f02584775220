#include <algorithm>

#include "data/check/near_internal.h"

namespace tare::data::internal {
namespace {

struct KeyedItem {
  uint32_t key = 0;
  uint32_t position = 0;
};

// The items under one key after the other, in order of position.
std::vector<KeyedItem> SortedByKey(const Sketches& sketches, int key, size_t num_items) {
  std::vector<KeyedItem> entries;
  entries.reserve(num_items);
  for (size_t i = 0; i < num_items; ++i) {
    if (sketches.HasKeys(i)) entries.push_back({sketches.Key(key, i), static_cast<uint32_t>(i)});
  }
  std::ranges::sort(entries, {},
                    [](const KeyedItem& e) { return (uint64_t{e.key} << 32) | e.position; });
  return entries;
}

class Finder {
 public:
  Finder(Sketches& sketches, size_t num_items, const PairSink& sink)
      : sketches_(sketches), sink_(sink), num_different_(num_items, 0), is_cut_(num_items, false) {}

  // Items under one key: the later against those before, the first of them and the nearest.
  Result<void> Look(std::span<const KeyedItem> same) {
    constexpr size_t kHalf = kMostUnderAKey / 2;
    for (size_t j = 1; j < same.size(); ++j) {
      for (size_t i = 0; i < j; ++i) {
        if (i == kHalf && j > static_cast<size_t>(kMostUnderAKey)) {
          i = j - kHalf;
          is_cut_[same[j].position] = true;
        }
        TARE_TRY_VOID(LookAt(same[i].position, same[j].position));
      }
    }
    return {};
  }

  int64_t num_cut() const { return std::ranges::count(is_cut_, true); }

 private:
  Result<void> LookAt(size_t earlier, size_t later) {
    if (!sketches_.MayBeNear(earlier, later) || !sink_.is_wanted(earlier, later)) return {};
    if (num_different_[later] >= kMostDifferent) {
      is_cut_[later] = true;
      return {};
    }
    TARE_TRY(const auto similarity, sketches_.Compare(earlier, later));
    if (similarity) {
      sink_.found(earlier, later, *similarity);
    } else {
      ++num_different_[later];
    }
    return {};
  }

  Sketches& sketches_;
  const PairSink& sink_;
  std::vector<uint8_t> num_different_;
  std::vector<bool> is_cut_;
};

}  // namespace

Pool::Pool(std::span<const Split> splits) : splits_(splits), begins_{0} {
  for (const Split& split : splits) begins_.push_back(begins_.back() + std::ssize(split.samples));
}

Pool::Place Pool::At(int64_t item) const {
  const auto split =
      static_cast<size_t>(std::ranges::upper_bound(begins_, item) - begins_.begin()) - 1;
  return {split, splits_[split].samples[static_cast<size_t>(item - begins_[split])]};
}

Result<void> Pool::ForEachBlock(
    std::span<const int64_t> items, int64_t most,
    const std::function<Result<void>(const Split&, std::span<const int64_t>, size_t)>& use) const {
  std::vector<int64_t> samples;
  for (size_t first = 0; first < items.size();) {
    const size_t split = At(items[first]).split;
    samples.clear();
    for (size_t i = first; i < items.size() && std::ssize(samples) < most; ++i) {
      if (items[i] >= begins_[split + 1]) break;
      samples.push_back(splits_[split].samples[static_cast<size_t>(items[i] - begins_[split])]);
    }
    auto result = use(splits_[split], samples, first);
    if (!result) {
      return std::move(result).error().While(
          StrCat("comparing the ", splits_[split].name, " split"));
    }
    first += samples.size();
  }
  return {};
}

Result<int64_t> FindNear(Sketches& sketches, size_t num_items, const PairSink& sink,
                         Progress& progress) {
  Finder finder(sketches, num_items, sink);
  for (int key = 0; key < sketches.num_keys(); ++key) {
    if (progress.cancelled()) return Cancelled();
    const auto entries = SortedByKey(sketches, key, num_items);
    for (size_t begin = 0; begin < entries.size();) {
      size_t end = begin + 1;
      while (end < entries.size() && entries[end].key == entries[begin].key) ++end;
      TARE_TRY_VOID(finder.Look(std::span(entries).subspan(begin, end - begin)));
      begin = end;
    }
  }
  return finder.num_cut();
}

}  // namespace tare::data::internal
