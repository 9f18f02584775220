// Predictions of every task but classification and object detection, made elsewhere: two JSON Lines
// files, joined by id. docs/formats/predictions.md has the fields of each task.
//
//   regression            {"id": 1, "label": 3.5, "prediction": 3.4}
//   multi_label           {"id": 1, "label": [0, 3], "scores": [0.9, 0.1, 0.2, 0.7]}
//   token_classification  {"id": 1, "label": ["O", "B-PER"], "prediction": ["O", "B-PER"]}
//   question_answering    {"id": 1, "answers": ["Paris"], "context": "...", "prediction": "Paris"}
//   generation            {"id": 1, "answers": ["..."], "context": "...", "prediction": "..."}
//   retrieval             {"id": 1, "relevant": ["d3"], "prediction": ["d7", "d3", "d1"]}

#pragma once

#include <span>

#include "tare/core/result.h"
#include "tare/evaluate/predictions/prediction_streams.h"
#include "tare/evaluate/predictions/support_judge.h"
#include "tare/evaluate/samples/test_evidence.h"
#include "tare/evaluate/samples/test_options.h"
#include "tare/verdict/task.h"

namespace tare::evaluate {

/// The tasks.
std::span<const verdict::Task> PredictionTasks();

/// Joins two streams of predictions and evaluates them as `task`. Lines may come in any order.
///
/// What is right (label, answers, relevant) is read from the first file; where the second has it
/// too, both must agree. Slices compare numeric fields of the first file's lines; KPIs read what
/// the task measures of a sample (docs/formats/predictions.md) and numeric fields, of the model's
/// own line, else of the first file's. `judge` says whether contexts support answers, where a line
/// has no `support` of its own; null: words decide. Each distinct context and answer is judged
/// once.
///
/// Memory   the ids (11 to 22 bytes each), lines whose partner has not come yet, and each kind of
///          result once; with a judge 16 pairs of lines and at most a million scores.
/// Bound    lines of at most 16 MiB; 64 levels; 100 million lines.
/// Errors   kUnsupported: no such task; kInvalidArgument, with file and line: a field is missing or
///          of another type, an id twice or without partner, references that differ, a slice that
///          compares a field which a line does not have; a KPI that reads such a field or is not
///          finite; a judge for a task without contexts, or an answer without one; what the judge
///          gives; kDataLoss: a line is not JSON; no line at all.
Result<TestEvidence> EvaluateTaskPredictions(verdict::Task task, const PredictionStreams& streams,
                                             const TestOptions& options,
                                             SupportJudge* judge = nullptr);

}  // namespace tare::evaluate
