#include "tare/data/preview.h"

#include <png.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <iterator>
#include <optional>

#include "tare/core/strcat.h"

namespace tare::data {
namespace {

constexpr int64_t kLeastPixels = 8;
constexpr int64_t kMostSingle = 64;
constexpr int64_t kMostOfMany = 12;

// Where the pixels of an array lie.
struct Layout {
  int64_t height = 0, width = 0, channels = 1;
  bool channels_first = false;

  size_t At(int64_t y, int64_t x, int64_t c) const {
    return static_cast<size_t>(channels_first ? (c * height + y) * width + x
                                              : (y * width + x) * channels + c);
  }
};

std::optional<Layout> LayoutOf(Shape shape) {
  while (shape.size() > 3 && shape.front() == 1) shape.erase(shape.begin());
  const auto is_depth = [](int64_t extent) { return extent == 1 || extent == 3 || extent == 4; };
  std::optional<Layout> layout;
  if (shape.size() == 2) layout = Layout{shape[0], shape[1], 1, false};
  if (shape.size() == 3 && is_depth(shape[0])) layout = Layout{shape[1], shape[2], shape[0], true};
  if (shape.size() == 3 && !layout && is_depth(shape[2]))
    layout = Layout{shape[0], shape[1], shape[2], false};
  if (layout && std::min(layout->height, layout->width) >= kLeastPixels) return layout;
  return std::nullopt;
}

// 8 bits a channel, grey or RGB.
std::string WritePng(int64_t width, int64_t height, int64_t channels, const std::string& rows) {
  png_image image{};
  image.version = PNG_IMAGE_VERSION;
  image.width = static_cast<png_uint_32>(width);
  image.height = static_cast<png_uint_32>(height);
  image.format = channels == 1 ? PNG_FORMAT_GRAY : PNG_FORMAT_RGB;
  std::string out(PNG_IMAGE_PNG_SIZE_MAX(image), '\0');
  png_alloc_size_t size = out.size();
  const int is_written =
      png_image_write_to_memory(&image, out.data(), &size, 0, rows.data(), 0, nullptr);
  TARE_CHECK(is_written != 0);  // there is room for the largest, and memory is all that it asks for
  out.resize(size);
  return out;
}

// 255 * (value - low) / (high - low)
struct Range {
  double low = 0, high = 1;
};

Range RangeOf(std::span<const float> values, DType dtype) {
  if (dtype == DType::kUint8) return {0, 255};
  double low = INFINITY;
  double high = -INFINITY;
  for (const float value : values) {
    if (!std::isfinite(value)) continue;
    low = std::min(low, double{value});
    high = std::max(high, double{value});
  }
  if (low >= 0 && high <= 1) return {0, 1};
  if (low >= 0 && high <= 255) return {0, 255};
  return low < high ? Range{low, high} : Range{low - 1, low + 1};
}

// The mean of channel `c` over the square of `side` pixels in column `x` and row `y` of squares.
double MeanOfSquare(std::span<const float> values, const Layout& layout, double missing,
                    int64_t side, std::array<int64_t, 3> yxc) {
  const auto [y, x, c] = yxc;
  double sum = 0;
  int64_t count = 0;
  for (int64_t i = y * side; i < std::min((y + 1) * side, layout.height); ++i) {
    for (int64_t j = x * side; j < std::min((x + 1) * side, layout.width); ++j) {
      const float value = values[layout.At(i, j, c)];
      sum += std::isfinite(value) ? value : missing;
      ++count;
    }
  }
  return sum / static_cast<double>(count);
}

std::string Picture(std::span<const float> values, DType dtype, const Layout& layout) {
  const Range range = RangeOf(values, dtype);
  const int64_t side =
      (std::max(layout.height, layout.width) + kPreviewPixels - 1) / kPreviewPixels;
  const int64_t height = (layout.height + side - 1) / side;
  const int64_t width = (layout.width + side - 1) / side;
  const int64_t channels = layout.channels == 1 ? 1 : 3;
  std::string rows;
  for (int64_t y = 0; y < height; ++y) {
    for (int64_t x = 0; x < width; ++x) {
      for (int64_t c = 0; c < channels; ++c) {
        const double mean = MeanOfSquare(values, layout, range.low, side, {y, x, c});
        const double share = (mean - range.low) / (range.high - range.low);
        rows += static_cast<char>(std::lround(255 * std::clamp(share, 0.0, 1.0)));
      }
    }
  }
  return WritePng(width, height, channels, rows);
}

template <class T>
std::string Shortest(T value) {
  char buffer[40];
  return {buffer, std::to_chars(buffer, std::end(buffer), value).ptr};
}

std::string TextAt(const Tensor& tensor, const Tensor& floats, size_t i) {
  if (tensor.dtype() == DType::kInt64) return Shortest(tensor.data<int64_t>()[i]);
  if (tensor.dtype() == DType::kFloat64) return Shortest(tensor.data<double>()[i]);
  return Shortest(floats.data<float>()[i]);
}

void AddNumbers(const std::string& name, const Tensor& tensor, const Tensor& floats,
                SamplePreview& out) {
  const int64_t n = tensor.num_elements();
  if (n == 1) {
    out.values.emplace_back(name, TextAt(tensor, floats, 0));
  } else if (n <= kMostSingle) {
    for (int64_t i = 0; i < n; ++i) {
      out.values.emplace_back(StrCat(name, "[", i, "]"),
                              TextAt(tensor, floats, static_cast<size_t>(i)));
    }
  } else {
    std::string text;
    for (int64_t i = 0; i < kMostOfMany; ++i)
      text += StrCat(i == 0 ? "" : ", ", TextAt(tensor, floats, static_cast<size_t>(i)));
    out.values.emplace_back(name, StrCat(text, ", ... (", n, " numbers)"));
  }
}

}  // namespace

Result<SamplePreview> Preview(const Dataset& dataset, std::span<const std::string> arrays,
                              int64_t sample) {
  SamplePreview out;
  const std::array chosen{sample};
  for (const std::string& name : arrays) {
    if (std::ssize(out.values) >= kMostSingle) break;
    TARE_TRY(const ArrayInfo info, dataset.Find(name));
    TARE_TRY(const Tensor tensor, dataset.Read(name, chosen));
    if (!info.classes.empty()) {
      const auto index = static_cast<size_t>(tensor.data<int64_t>()[0]);
      out.values.emplace_back(name, index < info.classes.size() ? info.classes[index] : "");
      continue;
    }
    TARE_TRY(const Tensor floats, tensor.ToFloat32());
    const auto layout = LayoutOf(info.sample_shape);
    if (layout && out.png.empty()) {
      out.png = Picture(floats.data<float>(), tensor.dtype(), *layout);
    } else {
      AddNumbers(name, tensor, floats, out);
    }
  }
  if (std::ssize(out.values) > kMostSingle) out.values.resize(kMostSingle);
  return out;
}

std::string PngUri(std::string_view png) {
  constexpr std::string_view kDigits =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out = "data:image/png;base64,";
  for (size_t i = 0; i < png.size(); i += 3) {
    uint32_t bits = 0;
    for (size_t k = 0; k < 3; ++k)
      bits = bits << 8 | (i + k < png.size() ? static_cast<uint8_t>(png[i + k]) : 0U);
    for (size_t k = 0; k < 4; ++k)
      out += i + k <= png.size() ? kDigits[bits >> (18 - 6 * k) & 63] : '=';
  }
  return out;
}

}  // namespace tare::data
