// The two files of predictions that are joined.

#pragma once

#include <iosfwd>
#include <string>

namespace tare::evaluate {

/// Two streams of predictions, from their beginning, and what errors call them.
struct PredictionStreams {
  std::istream& baseline;
  std::string baseline_name;
  std::istream& candidate;
  std::string candidate_name;
};

}  // namespace tare::evaluate
