#include <functional>
#include <unordered_set>

#include "evaluate/predictions/judge_cache_internal.h"

namespace tare::evaluate {
namespace {

constexpr size_t kMaxScores = 1'000'000;

// The length keeps ("ab", "c") and ("a", "bc") apart.
uint64_t KeyOf(std::string_view premise, std::string_view hypothesis) {
  return std::hash<std::string>{}(StrCat(premise.size(), ":", premise, hypothesis));
}

}  // namespace

Result<void> JudgeCache::Prepare(std::vector<SupportPair> pairs) {
  if (scores_.size() > kMaxScores) scores_.clear();
  std::vector<SupportPair> unknown;
  std::vector<uint64_t> keys;
  std::unordered_set<uint64_t> asked;
  for (SupportPair& pair : pairs) {
    const uint64_t key = KeyOf(pair.premise, pair.hypothesis);
    if (scores_.contains(key) || !asked.insert(key).second) continue;
    keys.push_back(key);
    unknown.push_back(std::move(pair));
  }
  TARE_TRY(const auto scores, judge_.Score(unknown));
  TARE_CHECK(scores.size() == keys.size());
  for (size_t i = 0; i < keys.size(); ++i) scores_.emplace(keys[i], scores[i]);
  return {};
}

double JudgeCache::ScoreOf(std::string_view premise, std::string_view hypothesis) const {
  const auto found = scores_.find(KeyOf(premise, hypothesis));
  TARE_CHECK(found != scores_.end());
  return found->second;
}

}  // namespace tare::evaluate
