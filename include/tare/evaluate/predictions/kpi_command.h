// KPIs that a command of the user's own computes from the lines of a model.
//
// The command reads JSON Lines on standard input and prints one number. It may be any function of
// the lines, so neither a mean nor a bootstrap of 10,000 runs is at hand: the interval comes from a
// delete-a-group jackknife, 21 runs a model.

#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "tare/core/progress.h"
#include "tare/core/result.h"
#include "tare/evaluate/predictions/prediction_streams.h"
#include "tare/evaluate/samples/test_evidence.h"

namespace tare::evaluate {

/// A named command, as in --kpi-command 'NAME=COMMAND'; `sh -c` runs it.
struct KpiCommand {
  std::string name;
  std::string command;
};

struct KpiCommandOptions {
  /// Of the two-sided intervals, in (0.5, 1).
  double confidence = 0.95;
  /// Assigns samples to groups.
  uint64_t seed = 1;
  /// Of one run, > 0.
  double time_limit_s = 60;
};

/// Runs each command on the lines of both models and appends kpi:NAME to the whole set of
/// `evidence`, which has been made of the same streams (evidence.n pairs; TARE_CHECK: it is of a
/// pair).
///
/// A line of the candidate gets the fields of the baseline's line that it lacks (label, price), but
/// not what the baseline said: prediction, scores, support, supported. Lines come in the order in
/// which their pairs are complete.
///
/// Groups: a random permutation of the samples cut into 20 groups whose sizes differ by at most
/// one, drawn without knowing more than how many are left for each. A hash of the ids would leave
/// groups of unequal size, empty ones where samples are few. Both models have the same groups: the
/// interval is that of the paired difference.
///
/// Memory   flat: the lines wait in two files of a temporary folder, each with its group, as long
///          as the input together. So the 42 runs neither hold them nor parse and join them again.
/// Errors   kFailedPrecondition: a command ends with another exit code than 0 (quotes the last it
///          said); kInvalidArgument: it prints no number, more than one, one that is not finite, or
///          over 64 KiB; a name (CheckKpiNames); kUnavailable: it takes too long; kDataLoss: the
///          streams are not those of `evidence`; kResourceExhausted: no room for the temporary
///          files; kCancelled.
/// Cost     42 runs a command (2 below 40 samples).
Result<void> AddKpiCommands(std::span<const KpiCommand> commands, const PredictionStreams& streams,
                            const KpiCommandOptions& options, Progress& progress,
                            TestEvidence& evidence);

}  // namespace tare::evaluate
