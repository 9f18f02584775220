// BMP: the forms without compression, which is what programs write.
// Source  Microsoft, BITMAPFILEHEADER and BITMAPINFOHEADER (wingdi.h),
//         https://learn.microsoft.com/windows/win32/gdi/bitmap-storage
//         Differs: the fourth byte of 32 bits is left out, as nobody agrees on what it is.

#include <algorithm>

#include "data/images/codecs_internal.h"
#include "tare/core/strcat.h"

namespace tare::data {
namespace {

constexpr size_t kFileHeadBytes = 14;
constexpr size_t kInfoHeadBytes = 40;
constexpr uint32_t kMasked = 3;  // BI_BITFIELDS

struct BmpHead {
  int64_t height = 0;  // of the image, whichever row comes first
  int64_t width = 0;
  bool is_top_down = false;
  uint32_t bits = 0;
  size_t palette = 0;      // where it begins
  size_t num_colours = 0;  // of the palette
  size_t pixels = 0;       // where they begin
  bool is_grey = false;    // all colours of the palette are
};

// Red in the third byte, as everywhere but in masks that nobody writes.
bool HasUsualMasks(std::string_view bytes) {
  return bytes.size() >= kFileHeadBytes + kInfoHeadBytes + 12 && Little32(bytes, 54) == 0xFF0000 &&
         Little32(bytes, 58) == 0xFF00 && Little32(bytes, 62) == 0xFF;
}

Result<BmpHead> Parse(std::string_view bytes, const std::string& name) {
  if (bytes.size() < kFileHeadBytes + kInfoHeadBytes)
    return BrokenImage(name, "BMP without a head");
  const size_t info_bytes = Little32(bytes, 14);
  if (info_bytes < kInfoHeadBytes)
    return UnreadImage(name, StrCat("is BMP with a head of ", info_bytes, " bytes, as OS/2 wrote"));
  BmpHead head;
  const auto height = static_cast<int32_t>(Little32(bytes, 22));
  head.width = static_cast<int32_t>(Little32(bytes, 18));
  head.height = height < 0 ? -int64_t{height} : height;
  head.is_top_down = height < 0;
  head.bits = Little16(bytes, 28);
  const uint32_t compression = Little32(bytes, 30);
  const bool is_plain = compression == 0 && (head.bits == 1 || head.bits == 4 || head.bits == 8 ||
                                             head.bits == 24 || head.bits == 32);
  const bool is_masked = compression == kMasked && head.bits == 32 && HasUsualMasks(bytes);
  if (!is_plain && !is_masked) {
    return UnreadImage(name,
                       StrCat("is BMP of ", head.bits, " bits with compression ", compression));
  }
  head.palette = kFileHeadBytes + info_bytes;
  const uint32_t declared = Little32(bytes, 46);
  if (head.bits <= 8) {
    head.num_colours = size_t{1} << head.bits;
    if (declared > 0) head.num_colours = std::min<size_t>(head.num_colours, declared);
  }
  head.pixels = Little32(bytes, 10);
  return head;
}

// Bytes of a row: whole groups of four.
int64_t RowBytes(const BmpHead& head) { return (head.width * head.bits + 31) / 32 * 4; }

size_t IndexAt(std::string_view row, int64_t x, uint32_t bits) {
  const auto first_bit = static_cast<size_t>(x) * bits;
  const uint32_t byte = Byte(row, first_bit / 8);
  return byte >> (8 - bits - first_bit % 8) & ((1U << bits) - 1);
}

}  // namespace

Result<ImageHead> ReadBmpHead(const ByteSource& file) {
  TARE_TRY(const std::string bytes, ReadPrefix(file, 70));
  TARE_TRY(const BmpHead head, Parse(bytes, file.name()));
  return ImageHead{.codec = ImageCodec::kBmp, .height = head.height, .width = head.width};
}

Result<Pixels> DecodeBmp(std::span<const std::byte> raw, const std::string& name) {
  const std::string_view bytes(reinterpret_cast<const char*>(raw.data()), raw.size());
  TARE_TRY(const BmpHead head, Parse(bytes, name));
  const auto row_bytes = static_cast<size_t>(RowBytes(head));
  const auto height = static_cast<size_t>(head.height);
  if (head.pixels > bytes.size() || row_bytes * height > bytes.size() - head.pixels ||
      head.palette > bytes.size() || 4 * head.num_colours > bytes.size() - head.palette) {
    return BrokenImage(name, "the file ends too early");
  }
  Pixels pixels{head.height, head.width, 3, {}};
  pixels.values.resize(static_cast<size_t>(head.height * head.width * 3));
  uint8_t* out = pixels.values.data();
  for (size_t y = 0; y < height; ++y) {
    const size_t line = head.is_top_down ? y : height - 1 - y;
    const std::string_view row = bytes.substr(head.pixels + line * row_bytes, row_bytes);
    for (int64_t x = 0; x < head.width; ++x, out += 3) {
      std::string_view colour =
          row.substr(std::min(row.size(), static_cast<size_t>(x) * head.bits / 8));
      if (head.bits <= 8) {
        const size_t index = IndexAt(row, x, head.bits);
        if (index >= head.num_colours) return BrokenImage(name, "a colour is not in its palette");
        colour = bytes.substr(head.palette + 4 * index);
      }
      for (size_t c = 0; c < 3; ++c) out[c] = static_cast<uint8_t>(Byte(colour, 2 - c));
    }
  }
  return pixels;
}

}  // namespace tare::data
