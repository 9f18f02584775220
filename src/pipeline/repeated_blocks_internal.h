// Runs of nodes that a graph repeats: the layers of a transformer, the stages of a residual network.

#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "tare/pipeline/inspect.h"

namespace tare::pipeline {

/// Splits the operators of a graph, in order, into blocks that repeat and what lies between them.
///
/// The repetition that covers most nodes comes first (of two the shorter block), then the same in what
/// is left before and behind it; blocks of fewer than kMinBlockNodes nodes, or all of one operator, are
/// none. Parts that do not repeat have times = 1.
/// Edge     nothing repeats: one part of all nodes; no nodes: none.
/// Cost     O(n * kMaxBlockNodes) time for n nodes.
std::vector<RepeatedBlock> FindRepeatedBlocks(std::span<const std::string> operators);

inline constexpr size_t kMinBlockNodes = 3;
inline constexpr size_t kMaxBlockNodes = 2000;

}  // namespace tare::pipeline
