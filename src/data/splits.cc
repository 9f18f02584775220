#include "tare/data/splits.h"

#include <algorithm>
#include <map>
#include <numeric>
#include <tuple>

#include "data/split_hasher_internal.h"
#include "tare/core/random.h"
#include "tare/core/text.h"

namespace tare::data {
namespace {

// The samples of one dataset that no split has yet, ascending.
struct SamplePool {
  std::vector<int64_t> free;
  bool is_started = false;
};

// Moves `count` samples of the pool out, chosen by seed.
std::vector<int64_t> TakeFrom(SamplePool& pool, int64_t count, uint64_t seed) {
  const auto places = ChooseSamples(std::ssize(pool.free), count, seed);
  std::vector<int64_t> taken;
  std::vector<int64_t> left;
  size_t next = 0;
  for (size_t i = 0; i < pool.free.size(); ++i) {
    const bool is_chosen = next < places.size() && places[next] == static_cast<int64_t>(i);
    if (is_chosen) ++next;
    (is_chosen ? taken : left).push_back(pool.free[i]);
  }
  pool.free = std::move(left);
  return taken;
}

Error TooFew(const SplitRequest& request, int64_t left) {
  const std::string wanted =
      request.count > 0 ? StrCat(request.count, " samples") : std::string("at least one sample");
  return FailedPrecondition(
      StrCat("the ", request.name, " split asks for ", wanted, " of ", request.source,
             ", which has ", request.num_samples, " and ", left, " left after the other splits"),
      "lower the splits' samples, or give the split a file of its own");
}

// Hash and place of a sample of an earlier split.
struct TakenSample {
  Hash128 hash;
  uint64_t split : 16;
  uint64_t sample : 48;
  auto Order() const { return std::tuple(hash, uint64_t{split}, uint64_t{sample}); }
};

}  // namespace

std::vector<int64_t> ChooseSamples(int64_t num_samples, int64_t count, uint64_t seed) {
  count = std::clamp<int64_t>(count, 0, std::max<int64_t>(0, num_samples));
  std::vector<int64_t> chosen;
  chosen.reserve(static_cast<size_t>(count));
  Random random(seed);
  for (int64_t i = 0; i < num_samples && std::ssize(chosen) < count; ++i) {
    const auto left = static_cast<uint64_t>(num_samples - i);
    if (random.Below(left) < static_cast<uint64_t>(count - std::ssize(chosen))) chosen.push_back(i);
  }
  return chosen;
}

Result<std::vector<std::vector<int64_t>>> ChooseDisjoint(std::span<const SplitRequest> requests,
                                                         uint64_t seed) {
  std::map<std::string, SamplePool> pools;
  std::vector<std::vector<int64_t>> splits(requests.size());
  // Counted splits first: who asks for all takes what they leave.
  for (const bool counted : {true, false}) {
    for (size_t i = 0; i < requests.size(); ++i) {
      const SplitRequest& request = requests[i];
      if (request.count < 0) {
        return InvalidArgument(
            StrCat("the ", request.name, " split asks for ", request.count, " samples"),
            "ask for 1 or more, or 0 for all");
      }
      if ((request.count > 0) != counted) continue;
      SamplePool& pool = pools[request.data];
      if (!std::exchange(pool.is_started, true)) {
        pool.free.resize(static_cast<size_t>(std::max<int64_t>(0, request.num_samples)));
        std::iota(pool.free.begin(), pool.free.end(), int64_t{0});
      }
      const int64_t left = std::ssize(pool.free);
      if (left < std::max<int64_t>(1, request.count)) return TooFew(request, left);
      // Each split has a seed of its own: equal counts of different files differ in their samples.
      splits[i] = TakeFrom(pool, counted ? request.count : left, seed + i);
    }
  }
  return splits;
}

Result<DisjointReport> FindDuplicates(std::span<const Split> splits) {
  DisjointReport report;
  if (splits.empty()) return report;
  TARE_TRY(const std::vector<bool> as_numbers, CompareAsNumbers(splits));
  std::vector<TakenSample> entries;
  size_t num_kept = 0;
  for (const Split& split : splits.first(splits.size() - 1)) num_kept += split.samples.size();
  entries.reserve(num_kept);
  for (size_t s = 0; s < splits.size(); ++s) {
    const Split& split = splits[s];
    const bool is_last = s + 1 == splits.size();
    const size_t num_earlier = entries.size();  // those are sorted; this split's come behind
    const auto look_up = [&](const Hash128& hash, int64_t sample) {
      ++report.num_compared;
      const auto earlier = std::span(entries).first(num_earlier);
      const auto found = std::ranges::lower_bound(earlier, hash, {}, &TakenSample::hash);
      if (found != earlier.end() && found->hash == hash) {
        ++report.num_duplicates;
        if (report.examples.size() < 10) {
          report.examples.push_back(
              {split.name, sample, splits[found->split].name, static_cast<int64_t>(found->sample)});
        }
      }
      if (!is_last) {
        entries.push_back({hash, s & 0xFFFF, static_cast<uint64_t>(sample) & 0xFFFFFFFFFFFF});
      }
    };
    auto result = HashSamples(split, as_numbers, look_up);
    if (!result) {
      return std::move(result).error().While(StrCat("comparing the ", split.name, " split"));
    }
    if (!is_last) std::ranges::sort(entries, {}, &TakenSample::Order);
  }
  return report;
}

Result<DisjointReport> CheckDisjoint(std::span<const Split> splits, OnDuplicate on_duplicate) {
  TARE_TRY(DisjointReport report, FindDuplicates(splits));
  if (report.num_duplicates == 0 || on_duplicate == OnDuplicate::kReport) return report;
  const Duplicate& first = report.examples[0];
  const auto source = [&](const std::string& name) -> const std::string& {
    return std::ranges::find(splits, name, &Split::name)->dataset->source();
  };
  return FailedPrecondition(
      StrCat("the splits overlap: ", first.split, " sample ", first.sample, " (",
             source(first.split), ") is the same as ", first.earlier_split, " sample ",
             first.earlier_sample, " (", source(first.earlier_split), "); ", report.num_duplicates,
             " such ", report.num_duplicates == 1 ? "sample" : "samples", " in all"),
      StrCat("remove the repeated samples from the ", first.earlier_split,
             " data, or give the splits files without common samples"));
}

}  // namespace tare::data
