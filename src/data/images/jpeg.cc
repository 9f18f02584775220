#include <algorithm>

#include "data/images/codecs_internal.h"
#include "data/images/jpeg_trap.h"
#include "tare/core/strcat.h"

namespace tare::data {
namespace {

constexpr int kMostSegments = 4096;
// Each scan of a progressive file goes over all blocks; ten are usual, and libjpeg's documentation
// advises a limit against files of a million.
constexpr int kMostScans = 500;

// Orientation (tag 0x0112) of the first directory of a TIFF structure; 1 where there is none.
uint32_t OrientationOf(std::string_view tiff) {
  if (tiff.size() < 8 || (!tiff.starts_with("II*") && !tiff.starts_with("MM"))) return 1;
  const bool is_little = tiff[0] == 'I';
  const auto two = [&](size_t at) { return is_little ? Little16(tiff, at) : Big16(tiff, at); };
  const size_t directory = is_little ? Little32(tiff, 4) : Big32(tiff, 4);
  if (directory > tiff.size() || tiff.size() - directory < 2) return 1;
  const size_t count = std::min<size_t>(two(directory), (tiff.size() - directory - 2) / 12);
  for (size_t i = 0; i < count; ++i) {
    const size_t entry = directory + 2 + 12 * i;
    if (two(entry) == 0x0112) return two(entry + 8);
  }
  return 1;
}

Result<std::string> BytesAt(const ByteSource& file, int64_t offset, int64_t count) {
  std::string bytes(static_cast<size_t>(count), '\0');
  TARE_TRY_VOID(file.ReadAt(offset, std::as_writable_bytes(std::span(bytes))));
  return bytes;
}

bool IsFrame(uint32_t marker) {
  return marker >= 0xC0 && marker <= 0xCF && marker != 0xC4 && marker != 0xC8 && marker != 0xCC;
}
bool StandsAlone(uint32_t marker) { return marker == 1 || (marker >= 0xD0 && marker <= 0xD8); }

// As jpeg_read_scanlines() needs it: counts scans, and ends where there are too many.
void CountScans(j_common_ptr codec) {
  if (reinterpret_cast<j_decompress_ptr>(codec)->input_scan_number > kMostScans) {
    codec->err->msg_code = JERR_BAD_PROGRESSION;
    LeaveJpeg(codec);
  }
}

struct Decoded {
  Pixels pixels;
  bool is_cmyk = false;
  bool is_wide = false;  // 12 bits
};

// Owns nothing with a destructor: see JpegTrap.
bool DecodeJpegInto(std::span<const std::byte> bytes, Decoded& out, JpegTrap& trap) {
  jpeg_decompress_struct codec{};
  jpeg_progress_mgr scans{};
  codec.err = SetTrap(trap);
  if (setjmp(trap.jump) != 0) {  // NOLINT
    jpeg_destroy_decompress(&codec);
    return false;
  }
  jpeg_create_decompress(&codec);
  scans.progress_monitor = CountScans;
  codec.progress = &scans;
  jpeg_mem_src(&codec, reinterpret_cast<const unsigned char*>(bytes.data()),
               static_cast<unsigned long>(bytes.size()));  // NOLINT: libjpeg's type
  jpeg_read_header(&codec, TRUE);
  const bool is_grey = codec.jpeg_color_space == JCS_GRAYSCALE;
  out.is_cmyk = codec.jpeg_color_space == JCS_CMYK || codec.jpeg_color_space == JCS_YCCK;
  codec.out_color_space = is_grey ? JCS_GRAYSCALE : out.is_cmyk ? JCS_CMYK : JCS_RGB;
  if (int64_t{codec.image_height} > kMaxPixels / std::max<int64_t>(1, codec.image_width)) {
    codec.err->msg_code = JERR_IMAGE_TOO_BIG;
    LeaveJpeg(reinterpret_cast<j_common_ptr>(&codec));
  }
  jpeg_start_decompress(&codec);
  out.pixels.height = codec.output_height;
  out.pixels.width = codec.output_width;
  out.pixels.channels = codec.output_components;
  const size_t row_bytes =
      size_t{codec.output_width} * static_cast<size_t>(codec.output_components);
  out.pixels.values.resize(row_bytes * codec.output_height);
  while (codec.output_scanline < codec.output_height) {
    JSAMPROW row = out.pixels.values.data() + row_bytes * codec.output_scanline;
    jpeg_read_scanlines(&codec, &row, 1);
  }
  // Not jpeg_finish_decompress(): with all rows there, a missing end of file harms nobody.
  jpeg_destroy_decompress(&codec);
  return !trap.is_incomplete;
}

// Inks to light, as Pillow: files hold CMYK inverted, as Adobe writes it.
void MakeRgbOfCmyk(Pixels& pixels) {
  const auto scaled = [](uint32_t a, uint32_t b) {  // a * b / 255, rounded
    const uint32_t product = a * b + 128;
    return ((product >> 8) + product) >> 8;
  };
  std::vector<uint8_t> rgb(pixels.values.size() / 4 * 3);
  for (size_t i = 0; i < rgb.size() / 3; ++i) {
    const uint8_t* inks = &pixels.values[4 * i];
    const uint32_t light = inks[3];
    for (size_t c = 0; c < 3; ++c) {
      const uint32_t ink = 255U - inks[c];
      rgb[3 * i + c] = static_cast<uint8_t>(light - scaled(ink, light));
    }
  }
  pixels.values = std::move(rgb);
  pixels.channels = 3;
}

}  // namespace

// Walks over the segments up to the frame's, which has the size.
Result<ImageHead> ReadJpegHead(const ByteSource& file) {
  ImageHead head{.codec = ImageCodec::kJpeg};
  int64_t offset = 2;
  for (int i = 0; i < kMostSegments; ++i) {
    if (file.size() - offset < 4) break;
    TARE_TRY(const std::string start, BytesAt(file, offset, 4));
    const uint32_t marker = Byte(start, 1);
    if (Byte(start, 0) != 0xFF) break;
    if (marker == 0xFF || StandsAlone(marker)) {  // fill bytes, or no length
      offset += marker == 0xFF ? 1 : 2;
      continue;
    }
    if (marker == 0xD9 || marker == 0xDA) break;  // the end, or pixels without a frame
    const int64_t length = Big16(start, 2);
    if (length < 2 || file.size() - offset - 2 < length) break;
    TARE_TRY(const std::string segment, BytesAt(file, offset + 4, length - 2));
    offset += 2 + length;
    constexpr std::string_view kExif("Exif\0\0", 6);
    if (marker == 0xE1 && segment.starts_with(kExif)) {
      head.is_turned = OrientationOf(std::string_view(segment).substr(kExif.size())) > 1;
    }
    if (!IsFrame(marker)) continue;
    if (segment.size() < 6) break;
    if (Byte(segment, 0) != 8)
      return UnreadImage(file.name(), StrCat("is JPEG of ", Byte(segment, 0), " bits a channel"));
    head.height = Big16(segment, 1);
    head.width = Big16(segment, 3);
    return head;
  }
  return BrokenImage(file.name(), "JPEG without a frame");
}

Result<Pixels> DecodeJpeg(std::span<const std::byte> bytes, const std::string& name) {
  Decoded decoded;
  JpegTrap trap;
  if (!DecodeJpegInto(bytes, decoded, trap)) return BrokenImage(name, trap.message);
  if (decoded.is_cmyk) MakeRgbOfCmyk(decoded.pixels);
  return std::move(decoded.pixels);
}

}  // namespace tare::data
