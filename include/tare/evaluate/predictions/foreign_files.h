// Predictions in the files of other tools, as the JSON Lines that tare compares.
//
//   COCO    annotations {"images", "annotations", "categories"} and results [{"image_id",
//           "category_id", "bbox", "score"}]: what pycocotools reads
//   SQuAD   data {"data": [{"paragraphs": [{"context", "qas"}]}]} and predictions {id: answer}: what
//           the official scripts read

#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "tare/core/result.h"
#include "tare/verdict/task.h"

namespace tare::evaluate {

/// A file and its text.
struct FileText {
  std::string name;
  std::string_view text;
};

/// The task whose truth a file holds: object_detection of COCO's annotations, question_answering of
/// SQuAD's data; nothing of another file.
/// Errors  kDataLoss: not JSON; kInvalidArgument: nested too deep.
Result<std::optional<verdict::Task>> TaskOfTruth(const FileText& truth);

/// Returns a line an image of the annotations, by rising id, in the form of EvaluateDetectionPredictions():
/// images without boxes too, as COCOeval has them; boxes in the order of their files.
/// Errors  kDataLoss: not JSON; kInvalidArgument: a field is missing or of another type, a box is
///         not four finite numbers, an image of the results (or of an annotation) is none of the
///         annotations' images, a class none of its categories. Names file and place
///         ("results.json: [17].bbox").
Result<std::string> LinesOfCoco(const FileText& annotations, const FileText& results);

/// Returns a line a question, in the order of the data, in the form of EvaluateTaskPredictions() for
/// question_answering: with the texts of its gold answers (none for one that cannot be answered),
/// its context and the prediction.
/// Errors  kDataLoss: not JSON; kInvalidArgument: a field is missing or of another type, an id
///         twice, a question without prediction, a prediction for no question.
Result<std::string> LinesOfSquad(const FileText& data, const FileText& predictions);

}  // namespace tare::evaluate
