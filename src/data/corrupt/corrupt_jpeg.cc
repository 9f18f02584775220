#include <cstdlib>

#include "data/corrupt/corrupt_internal.h"
#include "data/images/jpeg_trap.h"

namespace tare::data {
namespace {

struct Bytes {
  unsigned char* data = nullptr;  // malloc'd by libjpeg
  unsigned long size = 0;         // NOLINT: libjpeg's type
  Bytes() = default;
  Bytes(const Bytes&) = delete;
  Bytes& operator=(const Bytes&) = delete;
  ~Bytes() { std::free(data); }  // NOLINT
};

// Neither function may own anything with a destructor: longjmp passes over it.
bool Write(int quality, Image& image, Bytes& out, JpegTrap& trap) {
  jpeg_compress_struct codec{};
  codec.err = SetTrap(trap);
  if (setjmp(trap.jump) != 0) {  // NOLINT
    jpeg_destroy_compress(&codec);
    return false;
  }
  jpeg_create_compress(&codec);
  jpeg_mem_dest(&codec, &out.data, &out.size);
  codec.image_width = static_cast<JDIMENSION>(image.width);
  codec.image_height = static_cast<JDIMENSION>(image.height);
  codec.input_components = image.channels;
  codec.in_color_space = image.channels == 1 ? JCS_GRAYSCALE : JCS_RGB;
  jpeg_set_defaults(&codec);
  jpeg_set_quality(&codec, quality, TRUE);
  jpeg_start_compress(&codec, TRUE);
  while (codec.next_scanline < codec.image_height) {
    JSAMPROW row = &image.values[image.At(static_cast<int>(codec.next_scanline), 0)];
    jpeg_write_scanlines(&codec, &row, 1);
  }
  jpeg_finish_compress(&codec);
  jpeg_destroy_compress(&codec);
  return true;
}

bool Read(const Bytes& in, Image& image, JpegTrap& trap) {
  jpeg_decompress_struct codec{};
  codec.err = SetTrap(trap);
  if (setjmp(trap.jump) != 0) {  // NOLINT
    jpeg_destroy_decompress(&codec);
    return false;
  }
  jpeg_create_decompress(&codec);
  jpeg_mem_src(&codec, in.data, in.size);
  jpeg_read_header(&codec, TRUE);
  jpeg_start_decompress(&codec);
  while (codec.output_scanline < codec.output_height) {
    JSAMPROW row = &image.values[image.At(static_cast<int>(codec.output_scanline), 0)];
    jpeg_read_scanlines(&codec, &row, 1);
  }
  jpeg_finish_decompress(&codec);
  jpeg_destroy_decompress(&codec);
  return true;
}

}  // namespace

Result<void> JpegRoundTrip(int quality, Image& image) {
  Bytes bytes;
  JpegTrap trap;
  if (!Write(quality, image, bytes, trap) || !Read(bytes, image, trap)) {
    return Internal(StrCat("libjpeg failed on an image of ", image.height, " x ", image.width, ": ",
                           trap.message));
  }
  return {};
}

}  // namespace tare::data
