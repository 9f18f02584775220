// Which row of one list is which row of another.

#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace tare::runtime {

/// The rows of one output in one sample, of the reference (a) and of the other (b), as doubles.
struct RowValues {
  std::string name;
  bool is_integers = false;
  size_t width = 1;       ///< values a row, > 0
  std::vector<double> a;  ///< rows of a, one after the other
  std::vector<double> b;
};

/// A row of each side that belong together; -1: it has no partner.
struct RowPair {
  int64_t a = -1;
  int64_t b = -1;
  double weight = 1;
};

/// Scores of the rows so far, over samples: what tells the threshold of a list from chance.
struct ScoresSeen {
  double least = 0;
  int64_t count = 0;
};

/// At most this many rows are matched, those of greatest weight: real detections are fewer.
inline constexpr size_t kMaxMatchedRows = 256;

/// Matches the rows of one list, whose `members` all have the same numbers of rows; see
/// OutputsComparison.
///
///   weight   score - the lowest score there was room for: the greater of the two lists' lowest where
///            the list `is_cut`; else the lowest ever seen, once 50 rows were (before that 0)
///
/// Edge     no score, or no weight above 0: all weigh 1.
std::vector<RowPair> MatchRows(std::span<const RowValues> members, bool is_cut, ScoresSeen& seen);

}  // namespace tare::runtime
