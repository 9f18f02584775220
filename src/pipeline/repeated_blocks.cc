#include <algorithm>

#include "pipeline/repeated_blocks_internal.h"

namespace tare::pipeline {
namespace {

using Operators = std::span<const std::string>;

struct Repetition {
  size_t begin = 0, period = 0, times = 0;
  size_t covers() const { return period * times; }
};

bool IsOfOneKind(Operators block) {
  return std::ranges::all_of(block, [&](const std::string& op) { return op == block.front(); });
}

// A node repeats with period p while it equals the one p behind it: a run of r such nodes holds
// floor(r / p) + 1 blocks.
Repetition Largest(Operators ops) {
  Repetition best;
  for (size_t period = kMinBlockNodes; period <= std::min(ops.size() / 2, kMaxBlockNodes);
       ++period) {
    size_t run = 0;
    for (size_t i = 0; i + period < ops.size(); ++i) {
      run = ops[i] == ops[i + period] ? run + 1 : 0;
      const size_t times = run / period + 1;
      const Repetition found{i + 1 - run, period, times};
      if (times > 1 && found.covers() > best.covers() &&
          !IsOfOneKind(ops.subspan(found.begin, period))) {
        best = found;
      }
    }
  }
  return best;
}

void Append(Operators ops, std::vector<RepeatedBlock>& out) {
  if (ops.empty()) return;
  const Repetition best = Largest(ops);
  if (best.times < 2) {
    out.push_back({1, {ops.begin(), ops.end()}});
    return;
  }
  Append(ops.first(best.begin), out);
  const Operators block = ops.subspan(best.begin, best.period);
  out.push_back({static_cast<int64_t>(best.times), {block.begin(), block.end()}});
  Append(ops.subspan(best.begin + best.covers()), out);
}

}  // namespace

std::vector<RepeatedBlock> FindRepeatedBlocks(std::span<const std::string> operators) {
  std::vector<RepeatedBlock> out;
  Append(operators, out);
  return out;
}

}  // namespace tare::pipeline
