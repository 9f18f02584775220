#include "tare/scores/detection_scores.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "scores/detection_internal.h"

namespace tare::scores {
namespace {

using Detection = DetectionScores::Detection;
using Category = DetectionScores::Category;

constexpr size_t kNumRecalls = 101;
constexpr uint16_t kWrongEverywhere = (1U << kNumThresholds) - 1;

// As numpy.linspace(0, 1, 101) rounds.
double RecallAt(size_t i) { return i + 1 == kNumRecalls ? 1.0 : static_cast<double>(i) * 0.01; }

// Mean that leaves out what is undefined; NaN of nothing.
class Mean {
 public:
  void Add(double value) {
    if (std::isnan(value)) return;
    sum_ += value;
    ++count_;
  }
  double value() const { return count_ == 0 ? NAN : sum_ / count_; }

 private:
  double sum_ = 0;
  int count_ = 0;
};

// Which detections and true boxes count.
struct Selection {
  size_t area = 0;
  size_t max_detections = kMaxDetections;
  std::span<const double> weights;  // by image; empty: all 1
};

// The detections of one category that count, ready for a walk at each threshold.
class Walk {
 public:
  void Select(const Category& category, const Selection& selection) {
    const auto weight = [&selection](uint32_t image) {
      return selection.weights.empty() ? 1.0 : selection.weights[image];
    };
    num_truths_ = 0;
    for (const auto& truths : category.truths) {
      num_truths_ += weight(truths.image) * truths.count[selection.area];
    }
    steps_.clear();
    if (num_truths_ == 0) return;
    double wrong_before = 0;
    for (const Detection& detection : category.detections) {
      if (detection.rank >= selection.max_detections) continue;
      const double w = weight(detection.image);
      const uint16_t right = detection.right[selection.area];
      const uint16_t wrong = detection.wrong[selection.area];
      // Most detections are wrong at every threshold: summed once for all ten.
      if (wrong == kWrongEverywhere) {
        wrong_before += w;
      } else if ((right | wrong) != 0 && w > 0) {
        steps_.push_back({wrong_before, w, right, wrong});
      }
    }
  }

  // NaN without true boxes.
  double AveragePrecision(size_t threshold) {
    if (num_truths_ == 0) return NAN;
    FindPoints(threshold);
    // From the right: the greatest precision so far stands at every recall of a point that lies
    // above the point before it. Recalls that are never reached have precision 0.
    double sum = 0, best = 0;
    size_t left = kNumRecalls;  // recalls below this index are open
    while (left > 0 && (points_.empty() || RecallAt(left - 1) > points_.back().recall)) --left;
    for (size_t p = points_.size(); p > 0; --p) {
      best = std::max(best, points_[p - 1].precision);
      const double before = p > 1 ? points_[p - 2].recall : -1.0;
      for (; left > 0 && RecallAt(left - 1) > before; --left) sum += best;
    }
    return sum / kNumRecalls;
  }

  double Recall(size_t threshold) {
    if (num_truths_ == 0) return NAN;
    FindPoints(threshold);
    return points_.empty() ? 0.0 : points_.back().recall;
  }

 private:
  struct Step {
    double wrong_before;  // weight of the detections above that are wrong at every threshold
    double weight;
    uint16_t right, wrong;  // bits by threshold
  };
  struct Point {
    double recall, precision;
  };

  // Precision and recall after each true positive: between two, precision only falls.
  void FindPoints(size_t threshold) {
    points_.clear();
    double right = 0, wrong = 0;
    for (const Step& step : steps_) {
      if ((step.wrong >> threshold & 1U) != 0) wrong += step.weight;
      if ((step.right >> threshold & 1U) == 0) continue;
      right += step.weight;
      constexpr double kSpacing = std::numeric_limits<double>::epsilon();  // as COCOeval adds
      const double all_wrong = wrong + step.wrong_before;
      points_.push_back({right / num_truths_, right / (all_wrong + right + kSpacing)});
    }
  }

  double num_truths_ = 0;
  std::vector<Step> steps_;
  std::vector<Point> points_;
};

struct Thresholds {
  size_t first = 0, end = kNumThresholds;
};
constexpr Thresholds kAt50 = {0, 1};
constexpr Thresholds kAt75 = {5, 6};

enum class Kind { kPrecision, kRecall };

void AddTo(Mean& mean, Walk& walk, Thresholds thresholds, Kind kind) {
  for (size_t t = thresholds.first; t < thresholds.end; ++t) {
    mean.Add(kind == Kind::kPrecision ? walk.AveragePrecision(t) : walk.Recall(t));
  }
}

double MeanOf(Walk& walk, Thresholds thresholds, Kind kind) {
  Mean mean;
  AddTo(mean, walk, thresholds, kind);
  return mean.value();
}

// Mean over categories and thresholds.
double Score(const std::map<int64_t, Category>& categories, const Selection& selection,
             Thresholds thresholds, Kind kind) {
  Mean mean;
  Walk walk;
  for (const auto& [id, category] : categories) {
    walk.Select(category, selection);
    AddTo(mean, walk, thresholds, kind);
  }
  return mean.value();
}

Result<void> CheckBox(const Box& box, std::string_view which, size_t index, int64_t image) {
  const bool finite = std::isfinite(box.x) && std::isfinite(box.y) && std::isfinite(box.width) &&
                      std::isfinite(box.height);
  if (finite && box.width >= 0 && box.height >= 0) return {};
  return InvalidArgument(StrCat(which, " box ", index, " of image ", image, " is [", box.x, ", ",
                                box.y, ", ", box.width, ", ", box.height, "]"),
                         "boxes are [x, y, width, height]: finite, width and height not negative");
}

Result<void> CheckTruth(const TrueBox& truth, size_t index, int64_t image) {
  const double area = truth.area.value_or(0);
  if (std::isfinite(area) && area >= 0) return CheckBox(truth.box, "true", index, image);
  return InvalidArgument(StrCat("true box ", index, " of image ", image, " has area ", area),
                         "areas are finite and not negative; leave it out for width * height");
}

Result<void> CheckDetection(const DetectedBox& found, size_t index, int64_t image) {
  if (std::isfinite(found.score)) return CheckBox(found.box, "detected", index, image);
  return InvalidArgument(
      StrCat("detected box ", index, " of image ", image, " has score ", found.score),
      "look for NaN in the model's outputs: each detection needs a finite score");
}

Result<void> CheckImage(std::span<const TrueBox> truths, std::span<const DetectedBox> detections,
                        int64_t image) {
  Result<void> checked;
  for (size_t i = 0; i < truths.size() && checked; ++i) checked = CheckTruth(truths[i], i, image);
  for (size_t i = 0; i < detections.size() && checked; ++i) {
    checked = CheckDetection(detections[i], i, image);
  }
  return checked;
}

}  // namespace

Result<void> DetectionScorer::AddImage(std::span<const TrueBox> truths,
                                       std::span<const DetectedBox> detections) {
  TARE_TRY_VOID(CheckImage(truths, detections, num_images()));
  TARE_CHECK(num_images() < std::numeric_limits<uint32_t>::max());
  struct Group {
    std::vector<const TrueBox*> truths;
    std::vector<const DetectedBox*> found;
  };
  std::map<int64_t, Group> groups;
  for (const TrueBox& truth : truths) groups[truth.category].truths.push_back(&truth);
  for (const DetectedBox& found : detections) groups[found.category].found.push_back(&found);
  const auto image = static_cast<uint32_t>(scores_.num_images_++);
  for (auto& [id, group] : groups) {
    MatchImage(image, group.truths, std::move(group.found), scores_.categories_[id]);
  }
  return {};
}

DetectionScores DetectionScorer::Finish() && {
  for (auto& [id, category] : scores_.categories_) {
    std::ranges::stable_sort(category.detections, std::greater{}, &Detection::score);
  }
  return std::move(scores_);
}

DetectionMetrics DetectionScores::Metrics() const {
  const auto score = [this](Kind kind, size_t area, size_t max_detections, Thresholds thresholds) {
    return Score(categories_, {area, max_detections, {}}, thresholds, kind);
  };
  const auto precision = [&](size_t area, Thresholds thresholds) {
    return score(Kind::kPrecision, area, kMaxDetections, thresholds);
  };
  const auto recall = [&](size_t area, size_t max_detections) {
    return score(Kind::kRecall, area, max_detections, {});
  };
  DetectionMetrics out{.ap = precision(0, {}),
                       .ap50 = precision(0, kAt50),
                       .ap75 = precision(0, kAt75),
                       .ap_small = precision(1, {}),
                       .ap_medium = precision(2, {}),
                       .ap_large = precision(3, {}),
                       .ar1 = recall(0, 1),
                       .ar10 = recall(0, 10),
                       .ar100 = recall(0, kMaxDetections),
                       .ar_small = recall(1, kMaxDetections),
                       .ar_medium = recall(2, kMaxDetections),
                       .ar_large = recall(3, kMaxDetections),
                       .by_category = {}};
  Walk walk;
  for (const auto& [id, category] : categories_) {
    walk.Select(category, {});
    CategoryDetectionScore one{.category = id,
                               .num_truths = 0,
                               .ap = MeanOf(walk, {}, Kind::kPrecision),
                               .ap50 = MeanOf(walk, kAt50, Kind::kPrecision),
                               .ar100 = MeanOf(walk, {}, Kind::kRecall)};
    for (const Truths& truths : category.truths) one.num_truths += truths.count[0];
    out.by_category.push_back(one);
  }
  return out;
}

double DetectionScores::MeanAveragePrecision(std::span<const double> weights,
                                             IouRange range) const {
  TARE_CHECK(static_cast<int64_t>(weights.size()) == num_images_);
  TARE_CHECK(std::ranges::all_of(weights, [](double w) { return w >= 0; }));
  if (weights.empty()) return NAN;
  const Thresholds thresholds = range == IouRange::k50   ? kAt50
                                : range == IouRange::k75 ? kAt75
                                                         : Thresholds{};
  return Score(categories_, {0, kMaxDetections, weights}, thresholds, Kind::kPrecision);
}

}  // namespace tare::scores
