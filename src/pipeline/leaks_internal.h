// Content that the splits of a project have in common.

#pragma once

#include <span>
#include <string>

#include "tare/core/progress.h"
#include "tare/core/result.h"
#include "tare/data/splits.h"

namespace tare::pipeline {

/// What was found and does not stop the run.
struct Leaks {
  int64_t num_duplicates = 0;   ///< samples that an earlier split has too
  int64_t num_near = 0;         ///< samples that are nearly one of an earlier split
  std::string warning;          ///< "calibration and test share 3 samples ...", or empty
  bool looked_for_near = true;  ///< false: more data than time
};

/// Looks for samples that two splits share: exactly between all of them, nearly between `test` and
/// the others. Near duplicates are looked for among up to 200,000 samples of 1 GiB together. `test`
/// is the last split.
/// Errors  kFailedPrecondition: there are some and `allow_leak` is false, near ones in more than
///         one of 1,000 samples of the test; names both samples and
///         how to go on.
Result<Leaks> FindLeaks(std::span<const data::Split> splits, bool allow_leak, Progress& progress);

}  // namespace tare::pipeline
