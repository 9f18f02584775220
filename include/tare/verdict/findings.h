// What the numbers of a report say together and no number says alone.

#pragma once

#include <string>
#include <vector>

#include "tare/verdict/evidence.h"

namespace tare::verdict {

/// A sentence about a part of the test set: not an error, and not a verdict.
struct Finding {
  std::string scope;  ///< all, slice:shirts, distribution:noise
  std::string what;
};

/// Returns where accuracy and F1 change in opposite directions, in words with numbers.
///
///   accuracy           with f1_macro             classification
///   subset_accuracy    with f1_micro, f1_macro   multi-label
///   token_accuracy     with f1_micro             token classification
///   exact_match        with token_f1             question answering, generation
///
/// A finding names both differences with their intervals, says which of these exclude 0, and for
/// classification the classes whose recall fell most. On the whole set, each slice and each
/// distribution.
/// Edge     a difference that shows as 0 in the digits of a report has no direction.
std::vector<Finding> FindDisagreements(const Evidence& evidence);

}  // namespace tare::verdict
