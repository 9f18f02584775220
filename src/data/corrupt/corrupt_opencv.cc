#include <algorithm>
#include <opencv2/imgproc.hpp>

#include "data/corrupt/corrupt_internal.h"

namespace tare::data {
namespace {

// Images are the unit of work for threads: OpenCV's own would only add to them.
void UseOneThread() {
  static const bool once = [] {
    cv::setNumThreads(1);
    return true;
  }();
  static_cast<void>(once);
}

template <class Work>
Result<void> Guarded(const Work& work) {
  try {
    UseOneThread();
    work();
  } catch (const cv::Exception& error) {
    return Internal(StrCat("a filter of OpenCV failed: ", error.what()));
  }
  return {};
}

cv::Mat MatOf(Reals& image) {
  return {image.height, image.width, CV_64FC(image.channels), image.values.data()};
}
cv::Mat MatOf(Plane<float>& image) {
  return {image.height, image.width, CV_32FC(image.channels), image.values.data()};
}

// Weights of scipy.ndimage: radius rounded half up, normalised.
cv::Mat GaussianWeights(double sigma, double truncate) {
  if (sigma <= 0) return cv::Mat::ones(1, 1, CV_64F);
  const int radius = static_cast<int>(truncate * sigma + 0.5);
  cv::Mat weights(1, 2 * radius + 1, CV_64F);
  double sum = 0;
  for (int i = -radius; i <= radius; ++i)
    sum += weights.at<double>(i + radius) = std::exp(-0.5 / (sigma * sigma) * i * i);
  weights /= sum;
  return weights;
}

// A disk on a square of 17 pixels, or just around it; then the square cut to what is not zero,
// which saves most of the work for small radii.
cv::Mat DiskWeights(double radius, double edge_sigma) {
  const int half = radius <= 8 ? 8 : static_cast<int>(radius);
  cv::Mat inside(2 * half + 1, 2 * half + 1, CV_8U);
  for (int y = -half; y <= half; ++y) {
    for (int x = -half; x <= half; ++x)
      inside.at<uint8_t>(y + half, x + half) = x * x + y * y <= radius * radius ? 1 : 0;
  }
  cv::Mat disk(inside.size(), CV_32F, cv::Scalar(0));
  disk.setTo(1.0F / static_cast<float>(cv::countNonZero(inside)), inside);
  const int edge = radius <= 8 ? 3 : 5;
  cv::GaussianBlur(disk, disk, {edge, edge}, edge_sigma);
  const int reach = std::min(half, static_cast<int>(radius) + edge / 2);
  return disk(cv::Range(half - reach, half + reach + 1), cv::Range(half - reach, half + reach + 1))
      .clone();
}

}  // namespace

Result<void> GaussianFilter(const Gaussian& gaussian, Reals& image) {
  return Guarded([&] {
    cv::Mat mat = MatOf(image);
    const int border =
        gaussian.border == Border::kRepeat ? cv::BORDER_REPLICATE : cv::BORDER_REFLECT;
    cv::sepFilter2D(mat, mat, -1, GaussianWeights(gaussian.sigma_x, gaussian.truncate),
                    GaussianWeights(gaussian.sigma_y, gaussian.truncate), {-1, -1}, 0, border);
  });
}

Result<void> DiskFilter(double radius, double edge_sigma, Reals& image) {
  return Guarded([&] {
    cv::Mat mat = MatOf(image);
    cv::Mat filtered;
    cv::filter2D(mat, filtered, -1, DiskWeights(radius, edge_sigma));
    filtered.copyTo(mat);
  });
}

Result<void> AffineWarp(const AffineMove& move, Plane<float>& image) {
  return Guarded([&] {
    cv::Point2f from[3];
    cv::Point2f to[3];
    for (int i = 0; i < 3; ++i) {
      from[i] = {move.from[i][0], move.from[i][1]};
      to[i] = {move.to[i][0], move.to[i][1]};
    }
    cv::Mat mat = MatOf(image);
    cv::Mat moved;
    cv::warpAffine(mat, moved, cv::getAffineTransform(from, to), mat.size(), cv::INTER_LINEAR,
                   cv::BORDER_REFLECT_101);
    moved.copyTo(mat);
  });
}

}  // namespace tare::data
