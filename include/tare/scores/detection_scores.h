// Scores of object detection: COCO's average precision and recall of boxes.
//
// Images stream in; each is matched at once, and of a detection only its score and whether it is
// right, wrong or ignored at each threshold stays: 32 bytes. A bootstrap over images then needs no
// boxes: it walks the sorted detections with the number of times that each image was drawn.

#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <vector>

#include "tare/core/result.h"

namespace tare::scores {

/// Corner, width and height, in pixels.
struct Box {
  double x = 0, y = 0, width = 0, height = 0;
};

struct TrueBox {
  Box box;
  int64_t category = 0;
  std::optional<double> area;  ///< COCO's: of the segment; width * height where not given
  bool crowd = false;          ///< a group: what matches it is ignored
};

struct DetectedBox {
  Box box;
  int64_t category = 0;
  double score = 0;
};

/// NaN where a category, or all of them, has no true box that counts.
struct CategoryDetectionScore {
  int64_t category = 0;
  int64_t num_truths = 0;  ///< without crowds
  double ap = 0;           ///< mean over IoU 0.50 to 0.95
  double ap50 = 0;
  double ar100 = 0;
};

/// COCO's twelve numbers, and those of each category. Edge: undefined ones are NaN (COCO prints
/// -1).
struct DetectionMetrics {
  double ap = 0, ap50 = 0, ap75 = 0;
  double ap_small = 0, ap_medium = 0, ap_large = 0;
  double ar1 = 0, ar10 = 0, ar100 = 0;
  double ar_small = 0, ar_medium = 0, ar_large = 0;
  std::vector<CategoryDetectionScore> by_category;  ///< by rising category
};

/// The IoU at which a detection is right.
enum class IouRange { kAll, k50, k75 };

/// What is kept of a test set: numbers for any resample of its images.
/// Threads  const calls may run together.
class DetectionScores {
 public:
  int64_t num_images() const { return num_images_; }

  /// Cost  O(detections * 100).
  DetectionMetrics Metrics() const;

  /// Returns the mean average precision of a set that holds each image as often as its weight says
  /// (all areas, 100 detections an image).
  ///
  /// Shape    one weight for each image, in the order they were added; none negative (TARE_CHECK).
  /// Edge     a category without true boxes in the resample is left out; NaN when all are.
  /// Bound    whole weights give COCOeval's value for the repeated images up to rounding, unless
  ///          detections of one image and category have equal scores: copies of those interleave
  ///          there and stay together here.
  /// Cost     O(detections * thresholds).
  double MeanAveragePrecision(std::span<const double> weights,
                              IouRange range = IouRange::kAll) const;

  static constexpr size_t kNumAreas = 4;  ///< all, small, medium, large

  // A detection, by threshold: bit t of `right[area]` is set where it is a true positive at the
  // t-th IoU, of `wrong[area]` where it is a false one; ignored where neither is.
  struct Detection {
    double score = 0;
    uint32_t image = 0;
    uint8_t rank = 0;  // among those of its image and category
    std::array<uint16_t, kNumAreas> right{}, wrong{};
  };
  // True boxes of one image that count, by area.
  struct Truths {
    uint32_t image = 0;
    std::array<uint32_t, kNumAreas> count{};
  };
  struct Category {
    std::vector<Detection> detections;  // by falling score; equal ones by image, then rank
    std::vector<Truths> truths;
  };

 private:
  friend class DetectionScorer;
  std::map<int64_t, Category> categories_;
  int64_t num_images_ = 0;
};

/// Matches the detections of images to their true boxes, as COCOeval does.
///
/// In each image and category the 100 best detections, by falling score, take the free true box
/// with the greatest IoU of at least the threshold: 0.50, 0.55, ..., 0.95. A detection that matches
/// a crowd or a box outside the area range, or matches nothing and is itself outside, is ignored.
/// Of a crowd, IoU is the share of the detection inside it. Precision is read at recalls 0, 0.01,
/// ..., 1 from its non-increasing hull. Areas: small up to 32^2, medium up to 96^2, large up to
/// 1e5^2, bounds in both. Detections with equal scores keep the order of images and of each image's
/// list: add images by rising id to agree with COCO to the last bit.
///
/// Threads  none.
/// Source   Lin et al., "Microsoft COCO", ECCV 2014, arXiv:1405.0312; pycocotools 2.0.11, COCOeval
///          with iouType "bbox" and its default parameters.
class DetectionScorer {
 public:
  /// Adds one image; without boxes too.
  /// Errors  kInvalidArgument: a number is NaN or infinite, a width, height or area is negative.
  ///         Nothing of the image is then added.
  Result<void> AddImage(std::span<const TrueBox> truths, std::span<const DetectedBox> detections);

  int64_t num_images() const { return scores_.num_images_; }

  /// Sorts what was added. Cost O(n log n).
  DetectionScores Finish() &&;

 private:
  DetectionScores scores_;
};

}  // namespace tare::scores
