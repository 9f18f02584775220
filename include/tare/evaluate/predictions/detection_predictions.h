// Object detections made elsewhere: two JSON Lines files, one image a line, joined by id.
//
//   {"id": 7, "label": [{"box": [x, y, width, height], "class": "dog"}],
//             "prediction": [{"box": [...], "class": "dog", "score": 0.9}]}
//
// A box of `label` may carry `crowd` (true or false) and `area`, as COCO has them.

#pragma once

#include "tare/core/result.h"
#include "tare/evaluate/predictions/prediction_streams.h"
#include "tare/evaluate/samples/test_evidence.h"
#include "tare/evaluate/samples/test_options.h"

namespace tare::evaluate {

/// Joins two streams of detections and compares COCO's mean average precision, over IoU 0.50 to
/// 0.95 (`map`) and at 0.50 (`map_50`).
///
/// Intervals: paired BCa bootstrap over images; the acceleration from up to 200 groups of images
/// left out in turn. KPIs read num_objects (boxes of `label`), num_detections and numeric fields, a
/// value an image. A flip is an image whose list of detected classes changed; none is harmful or
/// helpful by itself.
/// Errors   kUnsupported: slices; kInvalidArgument, with file and line: a field is missing or of
///          another type, a box that is not four finite numbers with width and height of at least
///          0, an id twice or without partner, boxes of `label` that differ between the files;
///          kDataLoss: a line is not JSON; no line at all.
Result<TestEvidence> EvaluateDetectionPredictions(const PredictionStreams& streams,
                                                  const TestOptions& options);

}  // namespace tare::evaluate
