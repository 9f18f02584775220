#include "evaluate/line_scorer_internal.h"
namespace tare::evaluate {
std::unique_ptr<LineScorer> MakeTokenScorer() { return nullptr; }
std::unique_ptr<LineScorer> MakeRankingScorer() { return nullptr; }
}
