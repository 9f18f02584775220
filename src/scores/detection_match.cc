// Matching of one image's detections: COCOeval.evaluateImg.

#include <algorithm>

#include "scores/detection_internal.h"

namespace tare::scores {
namespace {

struct AreaRange {
  double low, high;
};
constexpr AreaRange kAreas[DetectionScores::kNumAreas] = {
    {0, 1e10}, {0, 32.0 * 32}, {32.0 * 32, 96.0 * 96}, {96.0 * 96, 1e10}};

bool IsOutside(double area, const AreaRange& range) {
  return area < range.low || area > range.high;
}

double AreaOf(const Box& box) { return box.width * box.height; }

double Overlap(const Box& found, const TrueBox& truth) {
  const Box& b = truth.box;
  const double width = std::min(found.width + found.x, b.width + b.x) - std::max(found.x, b.x);
  if (width <= 0) return 0;
  const double height = std::min(found.height + found.y, b.height + b.y) - std::max(found.y, b.y);
  if (height <= 0) return 0;
  const double shared = width * height;
  return shared / (truth.crowd ? AreaOf(found) : AreaOf(found) + AreaOf(b) - shared);
}

// A true box that overlaps enough for some threshold.
struct Candidate {
  size_t truth;
  double iou;
};

class Matcher {
 public:
  Matcher(std::span<const TrueBox* const> truths, std::span<const DetectedBox* const> found)
      : truths_(truths), found_(found), candidates_(found.size()) {
    for (size_t d = 0; d < found.size(); ++d) {
      for (size_t g = 0; g < truths.size(); ++g) {
        const double iou = Overlap(found[d]->box, *truths[g]);
        if (iou >= IouThreshold(0)) candidates_[d].push_back({g, iou});
      }
    }
  }

  // Fills area `a` of detections and of the counts.
  void Run(size_t a, std::span<DetectionScores::Detection> out, DetectionScores::Truths& counts) {
    ignored_.clear();
    for (const TrueBox* truth : truths_) {
      ignored_.push_back(truth->crowd ||
                         IsOutside(truth->area.value_or(AreaOf(truth->box)), kAreas[a]));
      if (!ignored_.back()) ++counts.count[a];
    }
    for (size_t t = 0; t < kNumThresholds; ++t) {
      taken_.assign(truths_.size(), false);
      const auto bit = static_cast<uint16_t>(1U << t);
      for (size_t d = 0; d < found_.size(); ++d) {
        const std::optional<size_t> match = Best(d, IouThreshold(t));
        if (match) taken_[*match] = true;
        const bool outside = IsOutside(AreaOf(found_[d]->box), kAreas[a]);
        if (match ? ignored_[*match] : outside) continue;
        auto& bits = match ? out[d].right[a] : out[d].wrong[a];
        bits = static_cast<uint16_t>(bits | bit);
      }
    }
  }

 private:
  // Boxes that count first; an ignored one is taken only where no other matches. Of equal IoU the
  // last. A crowd can be taken again and again.
  std::optional<size_t> Best(size_t d, double threshold) const {
    std::optional<size_t> best;
    for (const bool ignored : {false, true}) {
      double iou = std::min(threshold, 1 - 1e-10);
      for (const Candidate& candidate : candidates_[d]) {
        const size_t g = candidate.truth;
        if (ignored_[g] != ignored || (taken_[g] && !truths_[g]->crowd)) continue;
        if (candidate.iou < iou) continue;
        iou = candidate.iou;
        best = g;
      }
      if (best) break;
    }
    return best;
  }

  std::span<const TrueBox* const> truths_;
  std::span<const DetectedBox* const> found_;
  std::vector<std::vector<Candidate>> candidates_;  // by detection
  std::vector<bool> ignored_, taken_;
};

}  // namespace

double IouThreshold(size_t t) {
  // As numpy.linspace(0.5, 0.95, 10) rounds.
  constexpr double kStep = (0.95 - 0.5) / 9;
  return t + 1 == kNumThresholds ? 0.95 : static_cast<double>(t) * kStep + 0.5;
}

void MatchImage(uint32_t image, std::span<const TrueBox* const> truths,
                std::vector<const DetectedBox*> found, DetectionScores::Category& category) {
  std::ranges::stable_sort(found, std::greater{}, &DetectedBox::score);
  if (found.size() > kMaxDetections) found.resize(kMaxDetections);
  std::vector<DetectionScores::Detection> kept(found.size());
  for (size_t d = 0; d < found.size(); ++d) {
    kept[d].score = found[d]->score;
    kept[d].image = image;
    kept[d].rank = static_cast<uint8_t>(d);
  }
  DetectionScores::Truths counts{.image = image, .count = {}};
  Matcher matcher(truths, found);
  for (size_t a = 0; a < DetectionScores::kNumAreas; ++a) matcher.Run(a, kept, counts);
  category.detections.insert(category.detections.end(), kept.begin(), kept.end());
  if (!truths.empty()) category.truths.push_back(counts);
}

}  // namespace tare::scores
