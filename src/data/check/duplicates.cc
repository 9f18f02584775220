// Exact duplicates first; then one sample of each content is looked at by the method of its kind.

#include "tare/data/check/duplicates.h"

#include <algorithm>
#include <array>
#include <bit>

#include "data/check/near_internal.h"
#include "tare/core/text.h"

namespace tare::data {
namespace {

using internal::Pool;

constexpr size_t kMostSplits = 32;  // bits of a mask
constexpr size_t kMostExamples = 10;
constexpr int64_t kMostSamples = 0xFFFFFFFF;
constexpr int64_t kUnknownLabel = -1;

struct HashedItem {
  Hash128 hash;
  int64_t item = 0;
};

// Items of one content lie behind each other.
std::vector<HashedItem> SortedEntries(std::vector<Hash128> hashes) {
  std::vector<HashedItem> entries(hashes.size());
  for (size_t i = 0; i < hashes.size(); ++i) entries[i] = {hashes[i], static_cast<int64_t>(i)};
  std::ranges::sort(entries, [](const HashedItem& a, const HashedItem& b) {
    return a.hash != b.hash ? a.hash < b.hash : a.item < b.item;
  });
  return entries;
}

// A content: the items that have it, the earliest first.
struct Group {
  uint32_t begin = 0;
  uint32_t end = 0;
  uint32_t splits = 0;       // that have it
  uint32_t near_before = 0;  // splits of earlier contents that it is near to
  uint32_t near_after = 0;   // splits of later ones
  bool is_shared_later = false;
};

// Writes down what is found, each sample once for each split that it repeats.
class Record {
 public:
  Record(const Pool& pool, std::span<const std::vector<int64_t>> labels)
      : pool_(pool),
        labels_(labels),
        exact_(static_cast<size_t>(pool.size()), 0),
        near_(static_cast<size_t>(pool.size()), 0),
        is_conflict_(static_cast<size_t>(pool.size()), false) {
    const size_t count = pool.splits().size();
    tallies_.resize(count * count);
    scan_.num_samples = pool.size();
    scan_.repeated.resize(count);
    scan_.shared_later.resize(count);
  }

  // `later` repeats `earlier`.
  void Add(int64_t earlier, int64_t later, bool is_exact, double similarity) {
    const Pool::Place from = pool_.At(earlier);
    const Pool::Place to = pool_.At(later);
    const uint32_t bit = uint32_t{1} << from.split;
    auto& exact = exact_[static_cast<size_t>(later)];
    auto& near = near_[static_cast<size_t>(later)];
    AddConflict(earlier, later, is_exact, similarity);
    if (from.split != to.split) scan_.shared_later[from.split].push_back(from.sample);
    if (((exact | near) & bit) != 0) return;
    (is_exact ? exact : near) |= bit;
    if (from.split == to.split) scan_.repeated[to.split].push_back(to.sample);
    Tally& tally = tallies_[to.split * pool_.splits().size() + from.split];
    ++(is_exact ? tally.num_exact : tally.num_near);
    Keep({earlier, later, is_exact, similarity}, tally.examples);
  }

  DuplicateScan Finish(int64_t num_cut_short) {
    for (auto* lists : {&scan_.repeated, &scan_.shared_later}) {
      for (auto& samples : *lists) {
        std::ranges::sort(samples);
        samples.erase(std::unique(samples.begin(), samples.end()), samples.end());
      }
    }
    const size_t count = pool_.splits().size();
    for (size_t i = 0; i < tallies_.size(); ++i) {
      const Tally& tally = tallies_[i];
      if (tally.num_exact + tally.num_near == 0) continue;
      scan_.shared.push_back({pool_.splits()[i / count].name, pool_.splits()[i % count].name,
                              tally.num_exact, tally.num_near, Described(tally.examples)});
    }
    scan_.conflicts = Described(conflicts_);
    scan_.num_cut_short = num_cut_short;
    return std::move(scan_);
  }

 private:
  struct Found {
    int64_t earlier = 0;
    int64_t later = 0;
    bool is_exact = false;
    double similarity = 1;
  };
  struct Tally {
    int64_t num_exact = 0;
    int64_t num_near = 0;
    std::vector<Found> examples;
  };

  // The first ones, exact before near.
  static void Keep(const Found& found, std::vector<Found>& examples) {
    const auto before = [](const Found& a, const Found& b) {
      if (a.is_exact != b.is_exact) return a.is_exact;
      return a.later != b.later ? a.later < b.later : a.earlier < b.earlier;
    };
    examples.insert(std::ranges::upper_bound(examples, found, before), found);
    if (examples.size() > kMostExamples) examples.pop_back();
  }

  int64_t LabelOf(int64_t item) const {
    if (labels_.empty()) return kUnknownLabel;
    const Pool::Place place = pool_.At(item);
    const auto& samples = pool_.splits()[place.split].samples;
    const auto begin = item - pool_.Begin(place.split);
    const auto& labels = labels_[place.split];
    return labels.size() == samples.size() ? labels[static_cast<size_t>(begin)] : kUnknownLabel;
  }

  void AddConflict(int64_t earlier, int64_t later, bool is_exact, double similarity) {
    const int64_t a = LabelOf(earlier);
    const int64_t b = LabelOf(later);
    if (a == kUnknownLabel || b == kUnknownLabel || a == b) return;
    if (is_conflict_[static_cast<size_t>(later)]) return;
    is_conflict_[static_cast<size_t>(later)] = true;
    ++scan_.num_conflicts;
    Keep({earlier, later, is_exact, similarity}, conflicts_);
  }

  std::vector<SimilarPair> Described(const std::vector<Found>& found) const {
    std::vector<SimilarPair> pairs;
    for (const Found& pair : found) {
      const Pool::Place from = pool_.At(pair.earlier);
      const Pool::Place to = pool_.At(pair.later);
      pairs.push_back({pool_.splits()[to.split].name, to.sample, pool_.splits()[from.split].name,
                       from.sample, pair.is_exact, pair.similarity});
    }
    return pairs;
  }

  const Pool& pool_;
  std::span<const std::vector<int64_t>> labels_;
  DuplicateScan scan_;
  std::vector<uint32_t> exact_, near_;  // by item: splits that it repeats
  std::vector<bool> is_conflict_;
  std::vector<Tally> tallies_;  // [split, earlier split]
  std::vector<Found> conflicts_;
};

class Scanner {
 public:
  Scanner(const Pool& pool, std::vector<HashedItem> entries, Record& record)
      : pool_(pool), entries_(std::move(entries)), record_(record) {}

  void FindExact() {
    for (size_t begin = 0; begin < entries_.size();) {
      size_t end = begin + 1;
      while (end < entries_.size() && entries_[end].hash == entries_[begin].hash) ++end;
      groups_.push_back(MakeGroup(begin, end));
      begin = end;
    }
    std::ranges::sort(groups_, {}, [&](const Group& group) { return entries_[group.begin].item; });
  }

  std::vector<int64_t> Representatives() const {
    std::vector<int64_t> items;
    items.reserve(groups_.size());
    for (const Group& group : groups_) items.push_back(entries_[group.begin].item);
    return items;
  }

  // A comparison that could only repeat what is known is not made.
  bool IsWanted(size_t earlier, size_t later) const {
    const Group& a = groups_[earlier];
    const Group& b = groups_[later];
    if ((a.splits & ~b.near_before) != 0) return true;
    if (a.end - a.begin > 1 && (b.splits & ~a.near_after) != 0) return true;
    return !a.is_shared_later && LowestSplit(a) < HighestSplit(b);
  }

  void AddNear(size_t earlier, size_t later, double similarity) {
    Group& a = groups_[earlier];
    Group& b = groups_[later];
    b.near_before |= a.splits;
    a.near_after |= b.splits;
    a.is_shared_later |= LowestSplit(a) < HighestSplit(b);
    AddMembers(a, b, similarity);
    AddMembers(b, a, similarity);
  }

 private:
  using FirstInSplit = std::array<int64_t, kMostSplits>;

  static int LowestSplit(const Group& group) { return std::countr_zero(group.splits); }
  static int HighestSplit(const Group& group) { return 31 - std::countl_zero(group.splits); }

  // Every member against the first one of each split before it.
  Group MakeGroup(size_t begin, size_t end) {
    Group group{static_cast<uint32_t>(begin), static_cast<uint32_t>(end), 0, 0, 0, false};
    FirstInSplit first{};
    for (size_t i = begin; i < end; ++i) {
      const int64_t item = entries_[i].item;
      for (size_t s = 0; s < pool_.splits().size(); ++s) {
        if ((group.splits >> s & 1) != 0) record_.Add(first[s], item, true, 1);
      }
      const size_t split = pool_.At(item).split;
      if ((group.splits >> split & 1) == 0) first[split] = item;
      group.splits |= uint32_t{1} << split;
    }
    return group;
  }

  // Members of `of` repeat the first member of `other` in each split, where that comes before.
  void AddMembers(const Group& other, const Group& of, double similarity) {
    FirstInSplit first{};
    uint32_t seen = 0;
    for (size_t i = other.begin; i < other.end; ++i) {
      const size_t split = pool_.At(entries_[i].item).split;
      if ((seen >> split & 1) == 0) first[split] = entries_[i].item;
      seen |= uint32_t{1} << split;
    }
    for (size_t i = of.begin; i < of.end; ++i) {
      const int64_t item = entries_[i].item;
      for (size_t s = 0; s < pool_.splits().size(); ++s) {
        if ((seen >> s & 1) != 0 && first[s] < item) record_.Add(first[s], item, false, similarity);
      }
    }
  }

  const Pool& pool_;
  std::vector<HashedItem> entries_;
  Record& record_;
  std::vector<Group> groups_;
};

Result<void> CheckOption(bool is_valid, std::string_view name, double value,
                         std::string_view range) {
  if (is_valid) return {};
  return InvalidArgument(StrCat(name, " is ", value), StrCat("give a number in ", range));
}

Result<void> Check(std::span<const Split> splits, const DuplicateOptions& options) {
  const ShingleOptions& shingles = options.shingles;
  const bool are_words = shingles.unit == ShingleOptions::Unit::kWords;
  TARE_TRY_VOID(CheckOption(options.jaccard >= 0.3 && options.jaccard <= 1,
                            "the least Jaccard index", options.jaccard, "[0.3, 1]"));
  TARE_TRY_VOID(CheckOption(options.correlation >= 0.5 && options.correlation <= 1,
                            "the least correlation", options.correlation, "[0.5, 1]"));
  TARE_TRY_VOID(CheckOption(options.tolerance > 0 && options.tolerance <= 1, "the tolerance",
                            options.tolerance, "(0, 1]"));
  TARE_TRY_VOID(CheckOption(shingles.size >= 1 && shingles.size <= (are_words ? 64 : 8),
                            "the size of a shingle", static_cast<double>(shingles.size),
                            are_words ? "[1, 64]" : "[1, 8]"));
  if (splits.size() > kMostSplits) {
    return InvalidArgument(StrCat(splits.size(), " sets; at most ", kMostSplits, " are compared"),
                           "compare fewer");
  }
  int64_t num_samples = 0;
  for (const Split& split : splits) num_samples += std::ssize(split.samples);
  if (num_samples > kMostSamples) {
    return InvalidArgument(
        StrCat(WithThousands(num_samples), " samples; at most 4,294,967,295 are compared"),
        "compare parts of them");
  }
  for (const Split& split : splits) {
    if (split.arrays.size() == splits[0].arrays.size() && !split.arrays.empty()) continue;
    return InvalidArgument(
        StrCat("the ", split.name, " set has ", split.arrays.size(), " arrays to compare, the ",
               splits[0].name, " set ", splits[0].arrays.size()),
        "name the arrays that all sets have");
  }
  return {};
}

Result<std::unique_ptr<internal::Sketches>> Sketch(const Pool& pool, NearMethod method,
                                                   std::span<const int64_t> items,
                                                   const DuplicateOptions& options,
                                                   Progress& progress) {
  switch (method) {
    case NearMethod::kText:
      return internal::SketchTexts(pool, items, options, progress);
    case NearMethod::kImage:
      return internal::SketchImages(pool, items, options, progress);
    case NearMethod::kTable:
      return internal::SketchRows(pool, items, options, progress);
  }
  return Internal("unknown method");
}

}  // namespace

std::string_view NearMethodName(NearMethod method) {
  switch (method) {
    case NearMethod::kText:
      return "text";
    case NearMethod::kImage:
      return "image";
    case NearMethod::kTable:
      return "table";
  }
  return "unknown";
}

Result<DuplicateScan> ScanDuplicates(std::span<const Split> splits, NearMethod method,
                                     std::span<const std::vector<int64_t>> labels,
                                     const DuplicateOptions& options, Progress& progress) {
  TARE_TRY_VOID(Check(splits, options));
  const Pool pool(splits);
  Record record(pool, labels);
  TARE_TRY(auto hashes, internal::HashContent(pool, method));
  Scanner scanner(pool, SortedEntries(std::move(hashes)), record);
  scanner.FindExact();
  const std::vector<int64_t> items = scanner.Representatives();
  if (options.only_exact || items.size() < 2) return record.Finish(0);
  progress.Begin(StrCat("compare ", items.size(), " samples"), std::ssize(items));
  TARE_TRY(const auto sketches, Sketch(pool, method, items, options, progress));
  const internal::PairSink sink{
      [&](size_t earlier, size_t later) { return scanner.IsWanted(earlier, later); },
      [&](size_t earlier, size_t later, double similarity) {
        scanner.AddNear(earlier, later, similarity);
      }};
  TARE_TRY(const int64_t num_cut, internal::FindNear(*sketches, items.size(), sink, progress));
  progress.End("");
  return record.Finish(num_cut);
}

}  // namespace tare::data
