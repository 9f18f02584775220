#include <png.h>

#include <algorithm>
#include <csetjmp>
#include <cstring>

#include "data/images/codecs_internal.h"
#include "tare/core/strcat.h"

namespace tare::data {
namespace {

constexpr int64_t kPngHeadBytes = 33;  // the signature and IHDR

struct PngInput {
  std::span<const std::byte> left;
  char message[128] = "";
};

void Take(png_structp png, png_bytep out, size_t count) {
  auto* input = static_cast<PngInput*>(png_get_io_ptr(png));
  if (count > input->left.size()) png_error(png, "the file ends too early");
  std::memcpy(out, input->left.data(), count);
  input->left = input->left.subspan(count);
}

[[noreturn]] void LeavePng(png_structp png, png_const_charp message) {
  auto* input = static_cast<PngInput*>(png_get_error_ptr(png));
  std::strncpy(input->message, message, sizeof(input->message) - 1);
  png_longjmp(png, 1);
}
void IgnoreWarning(png_structp, png_const_charp) {}

// Owns nothing with a destructor: png_longjmp() passes over it.
bool DecodePngInto(PngInput& input, Pixels& out, std::vector<png_bytep>& rows) {
  png_structp png = png_create_read_struct(PNG_LIBPNG_VER_STRING, &input, LeavePng, IgnoreWarning);
  if (png == nullptr) return false;
  png_infop info = png_create_info_struct(png);
  if (info == nullptr || setjmp(png_jmpbuf(png)) != 0) {  // NOLINT
    png_destroy_read_struct(&png, &info, nullptr);
    return false;
  }
  png_set_user_limits(png, 65535, 65535);
  png_set_read_fn(png, &input, Take);
  png_read_info(png, info);
  const auto width = int64_t{png_get_image_width(png, info)};
  const auto height = int64_t{png_get_image_height(png, info)};
  if (height > kMaxPixels / std::max<int64_t>(1, width)) png_error(png, "too many pixels");
  png_set_expand(png);       // palettes to RGB, fewer bits to 8
  png_set_strip_16(png);     // the upper 8 bits
  png_set_strip_alpha(png);  // behind the expansion, which makes one of a transparent colour
  png_set_interlace_handling(png);
  png_read_update_info(png, info);
  out.height = height;
  out.width = width;
  out.channels = png_get_channels(png, info);
  const size_t row_bytes = png_get_rowbytes(png, info);
  if (row_bytes != static_cast<size_t>(width * out.channels) ||
      (out.channels != 1 && out.channels != 3)) {
    png_error(png, "unexpected channels");
  }
  out.values.resize(row_bytes * static_cast<size_t>(height));
  rows.resize(static_cast<size_t>(height));
  for (size_t i = 0; i < rows.size(); ++i) rows[i] = out.values.data() + i * row_bytes;
  png_read_image(png, rows.data());
  png_destroy_read_struct(&png, &info, nullptr);
  return true;
}

}  // namespace

Result<ImageHead> ReadPngHead(const ByteSource& file) {
  TARE_TRY(const std::string bytes, ReadPrefix(file, kPngHeadBytes));
  if (std::ssize(bytes) < kPngHeadBytes || std::string_view(bytes).substr(12, 4) != "IHDR")
    return BrokenImage(file.name(), "PNG without a head");
  const uint32_t bits = Byte(bytes, 24);
  const uint32_t type = Byte(bytes, 25);
  const bool is_colour = (type & 2) != 0;
  if (bits == 16 && !is_colour) {
    return UnreadImage(file.name(), "is grey of 16 bits, which the usual conversions cut off");
  }
  return ImageHead{.codec = ImageCodec::kPng,
                   .height = Big32(bytes, 20),
                   .width = Big32(bytes, 16),
                   .has_alpha = (type & 4) != 0};
}

Result<Pixels> DecodePng(std::span<const std::byte> bytes, const std::string& name) {
  PngInput input{.left = bytes};
  Pixels pixels;
  std::vector<png_bytep> rows;
  if (!DecodePngInto(input, pixels, rows)) return BrokenImage(name, input.message);
  return pixels;
}

}  // namespace tare::data
