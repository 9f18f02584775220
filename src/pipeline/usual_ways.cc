#include <algorithm>

#include "pipeline/usual_ways_internal.h"
#include "tare/core/text.h"

namespace tare::pipeline {
namespace {

std::string CommaList(const std::vector<double>& values) {
  std::vector<std::string> parts;
  for (const double value : values) parts.push_back(StrCat(value));
  return Join(parts, ",");
}

}  // namespace

std::string Way::Flags() const {
  std::vector<std::string> parts;
  if (!scale.empty()) parts.push_back(StrCat("--scale ", scale));
  if (!mean.empty()) parts.push_back(StrCat("--mean ", CommaList(mean)));
  if (!std.empty()) parts.push_back(StrCat("--std ", CommaList(std)));
  return Join(parts, " ");
}

std::vector<Way> UsualWays(int64_t channels) {
  std::vector<Way> ways = {{"1/255", 1.0 / 255, {}, {}, "pixels from 0 to 1"},
                           {"1/127.5", 1.0 / 127.5, {1}, {1}, "pixels from -1 to 1"},
                           {"", 1, {}, {}, "pixels from 0 to 255"}};
  if (channels == 3) {
    ways.push_back({"1/255",
                    1.0 / 255,
                    {0.485, 0.456, 0.406},
                    {0.229, 0.224, 0.225},
                    "mean and deviation of ImageNet"});
    ways.push_back({"1/255",
                    1.0 / 255,
                    {0.4914, 0.4822, 0.4465},
                    {0.2470, 0.2435, 0.2616},
                    "mean and deviation of CIFAR-10"});
  } else {
    ways.push_back({"1/255", 1.0 / 255, {0.1307}, {0.3081}, "mean and deviation of MNIST"});
    ways.push_back({"1/255", 1.0 / 255, {0.2860}, {0.3530}, "mean and deviation of Fashion-MNIST"});
  }
  return ways;
}

std::vector<data::ImageOptions> UsualSizes(const data::ImageForm& form) {
  constexpr int64_t kUsualSide = 224;
  data::ImageSize size = form.size;
  if (size.width == 0) size.width = size.height > 0 ? size.height : kUsualSide;
  if (size.height == 0) size.height = size.width;
  const int64_t longer = std::max(size.width, size.height);
  return {{.shorter_side = longer * 8 / 7, .resize = {}, .crop = size},
          {.shorter_side = longer, .resize = {}, .crop = size},
          {.shorter_side = 0, .resize = size, .crop = {}}};
}

std::optional<ImageInput> FindImageInput(const data::Dataset& dataset,
                                         std::span<const ValueInfo> inputs,
                                         std::span<const std::string> arrays) {
  if (arrays.size() != inputs.size()) return std::nullopt;
  for (size_t i = 0; i < inputs.size(); ++i) {
    const auto info = dataset.Find(arrays[i]);
    const Shape& shape = inputs[i].shape;
    if (info && info->dtype == DType::kUint8 && IsFloat(inputs[i].dtype) && shape.size() == 4)
      return ImageInput{i, shape[1] == 3 || shape[3] == 3 ? 3 : 1};
  }
  return std::nullopt;
}

Result<double> ShareRight(const runtime::Session& session, const data::Feed& feed,
                          std::span<const int64_t> samples, std::span<const int64_t> labels) {
  int64_t right = 0;
  const auto step = static_cast<size_t>(feed.BatchOf(32));
  for (size_t at = 0; at < samples.size(); at += step) {
    const auto part = samples.subspan(at, std::min(step, samples.size() - at));
    TARE_TRY(const auto batch, feed.Read(part));
    TARE_TRY(const auto outputs, session.Run(batch.inputs));
    TARE_TRY(const Tensor scores, outputs[0].ToFloat32());
    if (scores.rank() < 2 || scores.shape()[0] < std::ssize(part))
      return Unsupported("no class scores", "choose the task outputs");
    const auto columns = static_cast<size_t>(scores.num_elements() / scores.shape()[0]);
    for (size_t row = 0; row < part.size(); ++row) {
      const auto values = scores.data<float>().subspan(row * columns, columns);
      const auto best = std::max_element(values.begin(), values.end()) - values.begin();
      right += best == labels[at + row] ? 1 : 0;
    }
  }
  return static_cast<double>(right) / static_cast<double>(samples.size());
}

}  // namespace tare::pipeline
