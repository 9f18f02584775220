#include "tare/evaluate/predictions/detection_predictions.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <optional>

#include "evaluate/predictions/kpi_lines_internal.h"
#include "evaluate/predictions/prediction_lines_internal.h"
#include "tare/scores/detection_scores.h"
#include "tare/stats/bootstrap.h"

namespace tare::evaluate {
namespace {

using Json = JsonReader::Json;

constexpr int64_t kMaxGroups = 200;
constexpr scores::IouRange kRanges[] = {scores::IouRange::kAll, scores::IouRange::k50};
constexpr const char* kNames[] = {"map", "map_50"};
constexpr size_t kNumRanges = 2;

// Numbers of classes by their text.
class Categories {
 public:
  int64_t Number(const std::string& text) {
    return numbers_.emplace(text, static_cast<int64_t>(numbers_.size())).first->second;
  }

 private:
  std::map<std::string, int64_t> numbers_;
};

// COCO's own name of a field where the line has that, else ours.
const char* NameIn(const JsonReader& fields, const char* ours, const char* of_coco) {
  return fields.Child(of_coco) != nullptr && fields.Child(ours) == nullptr ? of_coco : ours;
}

Result<scores::Box> ReadBox(const JsonReader& fields) {
  const char* key = NameIn(fields, "box", "bbox");
  TARE_TRY(const auto numbers, ReadNumbers(fields, key));
  if (numbers.size() != 4 || numbers[2] < 0 || numbers[3] < 0) {
    return fields.Wrong(key, "[x, y, width, height] with a size of at least 0");
  }
  return scores::Box{numbers[0], numbers[1], numbers[2], numbers[3]};
}

Result<int64_t> ReadCategory(const JsonReader& fields, Categories& categories) {
  const char* key = NameIn(fields, "class", "category_id");
  const Json* child = fields.Child(key);
  if (child == nullptr || !(child->is_string() || child->is_number_integer())) {
    return fields.Wrong(key, "a class index or name");
  }
  return categories.Number(child->is_string() ? child->get<std::string>() : child->dump());
}

// Absent, true or false, or 1 or 0.
Result<std::optional<bool>> ReadSwitch(const JsonReader& fields, const char* key) {
  const Json* child = fields.Child(key);
  if (child == nullptr) return std::optional<bool>();
  if (child->is_boolean()) return std::optional(child->get<bool>());
  const int64_t number = child->is_number_integer() ? child->get<int64_t>() : -1;
  if (number != 0 && number != 1) return fields.Wrong(key, "true or false, or 1 or 0");
  return std::optional(number == 1);
}

// A group of objects: `crowd`, or COCO's `iscrowd`. COCO's evaluation sets `ignore` to iscrowd
// whatever a file says: one that says otherwise means something else.
Result<bool> ReadCrowd(const JsonReader& fields) {
  TARE_TRY(const auto ours, ReadSwitch(fields, "crowd"));
  TARE_TRY(const auto of_coco, ReadSwitch(fields, "iscrowd"));
  TARE_TRY(const auto ignore, ReadSwitch(fields, "ignore"));
  if (ours && of_coco && *ours != *of_coco)
    return fields.Wrong("iscrowd", "the same as crowd: give one of the two");
  const bool crowd = ours.value_or(of_coco.value_or(false));
  if (ignore.value_or(crowd) != crowd) {
    return fields.Wrong("ignore",
                        "what iscrowd says: COCO's evaluation takes iscrowd in its place; write "
                        "iscrowd: 1 for boxes that must not count");
  }
  return crowd;
}

Result<std::vector<scores::TrueBox>> ReadTruths(const JsonReader& line, Categories& categories) {
  TARE_TRY(const Json* list, line.Array("label"));
  if (list == nullptr) return line.Wrong("label", "a list of boxes: it is missing");
  std::vector<scores::TrueBox> boxes;
  for (size_t i = 0; i < list->size(); ++i) {
    const JsonReader fields = line.At("label", i, (*list)[i]);
    scores::TrueBox truth;
    TARE_TRY(truth.box, ReadBox(fields));
    TARE_TRY(truth.category, ReadCategory(fields, categories));
    TARE_TRY(truth.area, fields.Number("area"));
    TARE_TRY(truth.crowd, ReadCrowd(fields));
    boxes.push_back(truth);
  }
  return boxes;
}

Result<std::vector<scores::DetectedBox>> ReadDetections(const JsonReader& line,
                                                        Categories& categories) {
  TARE_TRY(const Json* list, line.Array("prediction"));
  if (list == nullptr) return line.Wrong("prediction", "a list of boxes: it is missing");
  std::vector<scores::DetectedBox> boxes;
  for (size_t i = 0; i < list->size(); ++i) {
    const JsonReader fields = line.At("prediction", i, (*list)[i]);
    scores::DetectedBox detected;
    TARE_TRY(detected.box, ReadBox(fields));
    TARE_TRY(detected.category, ReadCategory(fields, categories));
    TARE_TRY(const auto score, fields.Number("score"));
    if (!score) return fields.Wrong("score", "a number: it is missing");
    detected.score = *score;
    boxes.push_back(detected);
  }
  return boxes;
}

// Boxes whose size is beyond their place in both directions, as all are that give corners.
struct CornerCount {
  int64_t num_boxes = 0, num_alike = 0;

  void Add(const scores::Box& box) {
    ++num_boxes;
    if (box.width > box.x && box.height > box.y) ++num_alike;
  }
  bool are_all() const {
    constexpr int64_t kTooManyByChance = 20;
    return num_boxes >= kTooManyByChance && num_alike == num_boxes;
  }
};

// Classes in the order of their scores: what an image shows, without where.
std::vector<int64_t> ClassesOf(std::vector<scores::DetectedBox> boxes) {
  std::ranges::stable_sort(boxes, std::greater<>{}, &scores::DetectedBox::score);
  std::vector<int64_t> classes;
  for (const scores::DetectedBox& box : boxes) classes.push_back(box.category);
  return classes;
}

// Both values and their difference for each range; `values` has 3 * kNumRanges places.
void Compare(const scores::DetectionScores& baseline, const scores::DetectionScores& candidate,
             std::span<const double> weights, std::span<double> values) {
  for (size_t r = 0; r < kNumRanges; ++r) {
    values[3 * r] = baseline.MeanAveragePrecision(weights, kRanges[r]);
    values[3 * r + 1] = candidate.MeanAveragePrecision(weights, kRanges[r]);
    values[3 * r + 2] = values[3 * r + 1] - values[3 * r];
  }
}

std::vector<double> Accelerations(const scores::DetectionScores& baseline,
                                  const scores::DetectionScores& candidate, int64_t n) {
  const int64_t groups = std::min(n, kMaxGroups);
  std::vector<std::vector<double>> left_out(3 * kNumRanges);
  for (int64_t g = 0; g < groups; ++g) {
    std::vector<double> weights(static_cast<size_t>(n), 1.0);
    for (int64_t i = g; i < n; i += groups) weights[static_cast<size_t>(i)] = 0;
    std::vector<double> values(3 * kNumRanges);
    Compare(baseline, candidate, weights, values);
    for (size_t k = 0; k < values.size(); ++k) {
      if (std::isfinite(values[k])) left_out[k].push_back(values[k]);
    }
  }
  std::vector<double> accelerations;
  for (const auto& values : left_out) accelerations.push_back(stats::Acceleration(values));
  return accelerations;
}

TestEvidence Summarise(const scores::DetectionScores& baseline,
                       const scores::DetectionScores& candidate, int64_t work,
                       verdict::FlipCounts flips, const TestOptions& options) {
  const int64_t n = flips.n;
  const auto statistic = [&](std::span<const uint32_t> indices, std::span<double> values) {
    std::vector<double> weights(static_cast<size_t>(n), 0.0);
    for (const uint32_t index : indices) weights[index] += 1;
    Compare(baseline, candidate, weights, values);
  };
  const auto drawn =
      stats::BootstrapIndices(n, Accelerations(baseline, candidate, n), statistic,
                              stats::WithinBudget(options.bootstrap, std::max(n, work)));
  TestEvidence out;
  out.n = n;
  out.paired.emplace().counts = flips;
  for (size_t r = 0; r < kNumRanges; ++r) {
    out.baseline.emplace_back(kNames[r],
                              verdict::BootstrapEstimate(drawn[3 * r], n, options.confidence));
    out.candidate.emplace_back(kNames[r],
                               verdict::BootstrapEstimate(drawn[3 * r + 1], n, options.confidence));
    out.paired->difference.emplace_back(
        kNames[r], verdict::BootstrapEstimate(drawn[3 * r + 2], n, options.confidence));
  }
  return out;
}

// Joins the lines, an image a pair, and scores both sides.
class DetectionEvaluation {
 public:
  DetectionEvaluation(const PredictionStreams& streams, const TestOptions& options)
      : readers_{{streams.baseline, streams.baseline_name},
                 {streams.candidate, streams.candidate_name}},
        options_(options) {}

  Result<TestEvidence> Run() {
    TARE_TRY(flips_.n,
             JoinById(readers_[0], readers_[1],
                      [&](const PredictionLine& baseline, const PredictionLine& candidate) {
                        return AddImage(baseline, candidate);
                      }));
    const scores::DetectionScores first = std::move(scorers_[0]).Finish();
    const scores::DetectionScores second = std::move(scorers_[1]).Finish();
    TestEvidence out = Summarise(first, second, work_, flips_, options_);
    if (kpis_) kpis_->AddTo(out);
    for (const auto& [what, corners] :
         {std::pair("label", corners_of_truth_), std::pair("prediction", corners_of_answers_)}) {
      if (!corners.are_all()) continue;
      out.warnings.push_back(
          {StrCat(
               "all ", corners.num_boxes, " boxes of '", what,
               "' are wider than their x and higher than their y: are they corners, [x1, y1, x2, "
               "y2]?"),
           "boxes are [x, y, width, height]: [x1, y1, x2 - x1, y2 - y1]"});
    }
    return out;
  }

 private:
  Result<void> AddImage(const PredictionLine& baseline, const PredictionLine& candidate) {
    const JsonReader first = readers_[0].Fields(baseline);
    const JsonReader second = readers_[1].Fields(candidate);
    TARE_TRY(const auto truths, ReadTruths(first, categories_));
    for (const scores::TrueBox& truth : truths) corners_of_truth_.Add(truth.box);
    const Json* theirs = second.Child("label");
    if (theirs != nullptr && *theirs != *first.Child("label")) {
      return readers_[1].Wrong(
          candidate.line,
          StrCat("'label' of id '", candidate.id, "' differs from that in ", readers_[0].name()),
          "give the same label in both files, or leave it out of the second");
    }
    TARE_TRY(const auto before, AddSide(0, first, baseline.line, truths));
    TARE_TRY(const auto after, AddSide(1, second, candidate.line, truths));
    if (ClassesOf(before) != ClassesOf(after)) ++flips_.flips;
    work_ += 20 * static_cast<int64_t>(before.size() + after.size());
    if (options_.kpis.empty()) return {};
    if (!kpis_) {
      const std::vector<std::string> measured = {"num_objects", "num_detections"};
      TARE_TRY(kpis_,
               KpiLines::Create(options_.kpis, {options_.confidence, options_.bootstrap, {}, {}},
                                measured, baseline, candidate));
    }
    const auto row = [&](size_t num_detections) {
      return std::vector<double>{static_cast<double>(truths.size()),
                                 static_cast<double>(num_detections)};
    };
    return kpis_->Add(first, second, row(before.size()), row(after.size()), 0);
  }

  Result<std::vector<scores::DetectedBox>> AddSide(size_t side, const JsonReader& fields,
                                                   int64_t line,
                                                   const std::vector<scores::TrueBox>& truths) {
    TARE_TRY(auto detected, ReadDetections(fields, categories_));
    for (const scores::DetectedBox& box : detected) corners_of_answers_.Add(box.box);
    TARE_TRY_VOID(scorers_[side]
                      .AddImage(truths, detected)
                      .While(StrCat("in ", readers_[side].name(), ":", line)));
    return detected;
  }

  PredictionReader readers_[2];
  const TestOptions& options_;
  Categories categories_;
  CornerCount corners_of_truth_, corners_of_answers_;
  scores::DetectionScorer scorers_[2];
  verdict::FlipCounts flips_;
  int64_t work_ = 0;
  std::optional<KpiLines> kpis_;
};

}  // namespace

Result<TestEvidence> EvaluateDetectionPredictions(const PredictionStreams& streams,
                                                  const TestOptions& options) {
  if (!options.slices.empty())
    return Unsupported("object detection is judged on the whole set, not by slice",
                       "leave out --slice");
  return DetectionEvaluation(streams, options).Run();
}

}  // namespace tare::evaluate
