#include "data/images/decode.h"

#include <algorithm>

#include "data/images/codecs_internal.h"
#include "tare/core/strcat.h"
#include "tare/core/text.h"

namespace tare::data {
namespace {

constexpr int64_t kMagicBytes = 32;

struct Magic {
  std::string_view begins;
  std::string_view name;
};
// What else lies in folders of images.
constexpr Magic kOthers[] = {{"GIF8", "GIF"},
                             {std::string_view("II*\0", 4), "TIFF"},
                             {std::string_view("MM\0*", 4), "TIFF"},
                             {std::string_view("\0\0\1\0", 4), "ICO"},
                             {"8BPS", "Photoshop"},
                             {"\xFF\x0A", "JPEG XL"},
                             {"P5", "PGM"},
                             {"P6", "PPM"},
                             {"<svg", "SVG"},
                             {"%PDF", "PDF"},
                             {"PK", "ZIP"},
                             {"version https://git-lfs", "a git-lfs pointer"}};

Error NoImage(const std::string& name, std::string_view prefix) {
  std::string kind;
  for (const Magic& magic : kOthers) {
    if (prefix.starts_with(magic.begins)) kind = magic.name;
  }
  const bool is_heif = prefix.size() > 12 && prefix.substr(4, 4) == "ftyp";
  if (is_heif) kind = prefix.substr(8, 4) == "avif" ? "AVIF" : "HEIC";
  return Unsupported(
      StrCat(name, " is no image that tare reads", kind.empty() ? "" : StrCat(" (", kind, ")")),
      "convert it to JPEG, PNG, WebP or BMP, or remove it");
}

Result<void> CheckHead(const ImageHead& head, const std::string& name) {
  if (head.height < 1 || head.width < 1) {
    return BrokenImage(name, StrCat("it has ", head.width, " x ", head.height, " pixels"));
  }
  if (head.height > kMaxPixels / head.width) {
    return ResourceExhausted(StrCat(name, " says that it has ", head.width, " x ", head.height,
                                    " pixels, over ", WithThousands(kMaxPixels)),
                             "make it smaller, or remove it");
  }
  return {};
}

Result<ImageHead> ReadAnyHead(const ByteSource& file) {
  TARE_TRY(const std::string prefix, ReadPrefix(file, kMagicBytes));
  if (prefix.starts_with("\xFF\xD8\xFF")) return ReadJpegHead(file);
  if (prefix.starts_with("\x89PNG\r\n\x1A\n")) return ReadPngHead(file);
  const bool is_riff = prefix.starts_with("RIFF") && prefix.size() > 8;
  if (is_riff && std::string_view(prefix).substr(8).starts_with("WEBP")) return ReadWebpHead(file);
  if (prefix.starts_with("BM")) return ReadBmpHead(file);
  return NoImage(file.name(), prefix);
}

Result<Pixels> DecodeAs(ImageCodec codec, std::span<const std::byte> bytes,
                        const std::string& name) {
  switch (codec) {
    case ImageCodec::kJpeg:
      return DecodeJpeg(bytes, name);
    case ImageCodec::kPng:
      return DecodePng(bytes, name);
    case ImageCodec::kWebp:
      return DecodeWebp(bytes, name);
    case ImageCodec::kBmp:
      return DecodeBmp(bytes, name);
  }
  return Internal("an image of no codec");
}

// Luma of ITU-R 601-2 in 16-bit fixed point, as Pillow's "L".
void MakeGrey(Pixels& pixels) {
  std::vector<uint8_t> grey(pixels.values.size() / 3);
  for (size_t i = 0; i < grey.size(); ++i) {
    const uint8_t* rgb = &pixels.values[3 * i];
    grey[i] = static_cast<uint8_t>(
        (uint32_t{rgb[0]} * 19595 + uint32_t{rgb[1]} * 38470 + uint32_t{rgb[2]} * 7471 + 0x8000) >>
        16);
  }
  pixels.values = std::move(grey);
  pixels.channels = 1;
}

void MakeColour(Pixels& pixels) {
  std::vector<uint8_t> rgb(pixels.values.size() * 3);
  for (size_t i = 0; i < rgb.size(); ++i) rgb[i] = pixels.values[i / 3];
  pixels.values = std::move(rgb);
  pixels.channels = 3;
}

}  // namespace

std::string_view ImageCodecName(ImageCodec codec) {
  switch (codec) {
    case ImageCodec::kJpeg:
      return "JPEG";
    case ImageCodec::kPng:
      return "PNG";
    case ImageCodec::kWebp:
      return "WebP";
    case ImageCodec::kBmp:
      return "BMP";
  }
  return "";
}

Result<ImageHead> ReadImageHead(const ByteSource& file) {
  if (file.size() > kMaxImageBytes) {
    return ResourceExhausted(
        StrCat(file.name(), " has ", HumanBytes(file.size()), ", more than any image should"),
        "remove the file");
  }
  TARE_TRY(const ImageHead head, ReadAnyHead(file));
  TARE_TRY_VOID(CheckHead(head, file.name()));
  return head;
}

Result<Pixels> DecodeImage(const ByteSource& file, int64_t channels) {
  TARE_TRY(const ImageHead head, ReadImageHead(file));
  std::vector<std::byte> bytes(static_cast<size_t>(file.size()));
  TARE_TRY_VOID(file.ReadAt(0, bytes));
  TARE_TRY(Pixels pixels, DecodeAs(head.codec, bytes, file.name()));
  // The decoders look for themselves: a second head deeper in the file must not win.
  if (pixels.height != head.height || pixels.width != head.width)
    return BrokenImage(file.name(), "its sizes contradict each other");
  if (channels == 1 && pixels.channels == 3) MakeGrey(pixels);
  if (channels == 3 && pixels.channels == 1) MakeColour(pixels);
  return pixels;
}

}  // namespace tare::data
