// The matching half of detection scores.

#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "tare/scores/detection_scores.h"

namespace tare::scores {

inline constexpr size_t kNumThresholds = 10;
inline constexpr size_t kMaxDetections = 100;  // of an image and category

/// Returns 0.50, 0.55, ..., 0.95, as COCO rounds them.
double IouThreshold(size_t t);

/// Matches the detections of one image and category and adds what is kept.
void MatchImage(uint32_t image, std::span<const TrueBox* const> truths,
                std::vector<const DetectedBox*> found, DetectionScores::Category& category);

}  // namespace tare::scores
