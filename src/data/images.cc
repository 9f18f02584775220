#include "tare/data/images.h"

#include <charconv>

#include "tare/core/text.h"

namespace tare::data {
namespace {

constexpr int64_t kMaxSide = 16384;  // what a model takes; far below what a file may hold

bool ReadSide(std::string_view text, int64_t& side) {
  const auto read = std::from_chars(text.data(), text.data() + text.size(), side);
  return read.ec == std::errc() && read.ptr == text.data() + text.size() && side >= 1 &&
         side <= kMaxSide;
}

// "224" as one side, "320x240" as both; one side alone leaves the height 0.
Result<ImageSize> ReadSize(std::string_view key, const std::string& text) {
  ImageSize size;
  const size_t at = text.find('x');
  const bool is_read = at == std::string::npos
                           ? ReadSide(text, size.width)
                           : ReadSide(std::string_view(text).substr(0, at), size.width) &&
                                 ReadSide(std::string_view(text).substr(at + 1), size.height);
  if (is_read) return size;
  return InvalidArgument(
      StrCat(key, " is '", text, "'"),
      StrCat("write pixels from 1 to ", kMaxSide,
             key == "crop" ? ": 224, or WIDTHxHEIGHT: 320x240"
                           : ": 256 for the shorter side, or WIDTHxHEIGHT: 320x240"));
}

}  // namespace

std::string SizeText(const ImageSize& size) { return StrCat(size.width, "x", size.height); }

Result<void> SetImageOption(std::string_view key, const std::string& value, ImageOptions& options) {
  if (key == "resize") {
    TARE_TRY(const ImageSize size, ReadSize(key, value));
    options.shorter_side = size.height == 0 ? size.width : 0;
    options.resize = size.height == 0 ? ImageSize() : size;
    return {};
  }
  if (key == "crop") {
    TARE_TRY(options.crop, ReadSize(key, value));
    if (options.crop.height == 0) options.crop.height = options.crop.width;
    return {};
  }
  if (key == "layout" && (value == "nchw" || value == "nhwc")) {
    options.axes = value == "nchw" ? ImageAxes::kChannelsFirst : ImageAxes::kChannelsLast;
    return {};
  }
  if (key == "channels" && (value == "rgb" || value == "bgr")) {
    options.is_bgr = value == "bgr";
    return {};
  }
  return InvalidArgument(StrCat(key, " is '", value, "'"),
                         key == "layout" ? "write nchw or nhwc" : "write rgb or bgr");
}

std::vector<std::pair<std::string, std::string>> ImageOptionTexts(const ImageOptions& options) {
  std::vector<std::pair<std::string, std::string>> texts;
  if (options.shorter_side > 0) texts.emplace_back("resize", StrCat(options.shorter_side));
  if (options.resize.height > 0) texts.emplace_back("resize", SizeText(options.resize));
  if (options.crop.height > 0) {
    const bool is_square = options.crop.width == options.crop.height;
    texts.emplace_back("crop", is_square ? StrCat(options.crop.width) : SizeText(options.crop));
  }
  if (options.axes != ImageAxes::kAny) {
    texts.emplace_back("layout", options.axes == ImageAxes::kChannelsFirst ? "nchw" : "nhwc");
  }
  if (options.is_bgr) texts.emplace_back("channels", "bgr");
  return texts;
}

}  // namespace tare::data
