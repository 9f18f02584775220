#include <webp/decode.h>

#include "data/images/codecs_internal.h"
#include "tare/core/strcat.h"

namespace tare::data {
namespace {

constexpr int64_t kWebpHeadBytes = 64;
constexpr uint32_t kAnimated = 0x02;
constexpr uint32_t kAlpha = 0x10;

const uint8_t* BytesOf(const void* bytes) { return static_cast<const uint8_t*>(bytes); }

}  // namespace

// Source  RFC 9649, section 2.7: the chunk VP8X, where there is one, has the size of the canvas.
Result<ImageHead> ReadWebpHead(const ByteSource& file) {
  TARE_TRY(const std::string bytes, ReadPrefix(file, kWebpHeadBytes));
  ImageHead head{.codec = ImageCodec::kWebp};
  uint32_t flags = 0;
  if (bytes.size() >= 30 && std::string_view(bytes).substr(12, 4) == "VP8X") {
    flags = Byte(bytes, 20);
    head.width = 1 + (Little32(bytes, 24) & 0xFFFFFF);
    head.height = 1 + (Little32(bytes, 26) >> 8);
  } else {
    WebPBitstreamFeatures features;
    if (WebPGetFeatures(BytesOf(bytes.data()), bytes.size(), &features) != VP8_STATUS_OK)
      return BrokenImage(file.name(), "WebP without a head");
    head.width = features.width;
    head.height = features.height;
    if (features.has_alpha != 0) flags = kAlpha;
  }
  if ((flags & kAnimated) != 0) return UnreadImage(file.name(), "is an animated WebP");
  head.has_alpha = (flags & kAlpha) != 0;
  return head;
}

Result<Pixels> DecodeWebp(std::span<const std::byte> bytes, const std::string& name) {
  WebPBitstreamFeatures features;
  const uint8_t* const data = BytesOf(bytes.data());
  if (WebPGetFeatures(data, bytes.size(), &features) != VP8_STATUS_OK)
    return BrokenImage(name, "WebP without pixels");
  Pixels pixels{features.height, features.width, 3, {}};
  if (pixels.height < 1 || pixels.width < 1 || pixels.height > kMaxPixels / pixels.width)
    return BrokenImage(name, "its sizes contradict each other");
  pixels.values.resize(static_cast<size_t>(pixels.height * pixels.width * 3));
  const uint8_t* const done =
      WebPDecodeRGBInto(data, bytes.size(), pixels.values.data(), pixels.values.size(),
                        static_cast<int>(pixels.width * 3));
  if (done == nullptr) return BrokenImage(name, "WebP that cannot be decoded");
  return pixels;
}

}  // namespace tare::data
