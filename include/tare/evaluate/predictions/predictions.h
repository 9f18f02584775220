// Predictions made elsewhere: two JSON Lines files, joined by id.
//
//   {"id": "a1", "label": 3, "prediction": 3}
//   {"id": "a2", "label": 1, "scores": [0.1, 0.8, 0.1]}
//
// `id` is text or a whole number. `label` and `prediction` are class indices, or class names (text)
// in all lines. A line has `prediction` or `scores`, and both files the same of the two.

#pragma once

#include <string>
#include <vector>

#include "tare/core/result.h"
#include "tare/evaluate/predictions/prediction_streams.h"
#include "tare/evaluate/samples/classification.h"

namespace tare::evaluate {

/// Joins two streams of predictions and evaluates them as a classification. Lines may come in any
/// order; memory holds the lines whose partner has not come yet, and the ids.
///
/// Class names are numbered in their alphabetical order, over labels and predictions of both files.
/// With names no `scores` are possible unless options.classes names the classes.
///
/// Bound    lines of at most 16 MiB; 64 levels; 100 million lines.
/// Errors   kInvalidArgument, with file and line: not an object, no id, an id twice, a field
///          missing or of another type, NaN or infinite scores, scores of differing lengths, a
///          label that differs between the files, a class out of range; an id without partner in
///          the other file (names the first and how many); kDataLoss: a line is not JSON; no line
///          at all.
///
/// `classes`, unless it is null, becomes the names of the classes.
Result<TestEvidence> EvaluatePredictions(const PredictionStreams& streams, const TestOptions& test,
                                         const ClassificationOptions& options,
                                         std::vector<std::string>* classes);

}  // namespace tare::evaluate
