// Adapter of zlib.

#include "data/formats/gzip.h"

#include <zlib.h>

#include <algorithm>
#include <vector>

namespace tare::data {
namespace {

constexpr int kGzipWindow = 15 + 16;  // zlib: the largest window, with a gzip header

class Inflater {
 public:
  Inflater() { TARE_CHECK(inflateInit2(&stream_, kGzipWindow) == Z_OK); }
  ~Inflater() { inflateEnd(&stream_); }
  Inflater(const Inflater&) = delete;
  Inflater& operator=(const Inflater&) = delete;

  z_stream& stream() { return stream_; }
  void Restart() { TARE_CHECK(inflateReset(&stream_) == Z_OK); }

 private:
  z_stream stream_{};
};

Error Corrupt(const ByteSource& source, std::string_view what) {
  return DataLoss(StrCat("the gzip file ", source.name(), " ", what),
                  "make or download the file again");
}

}  // namespace

bool LooksLikeGzip(std::string_view prefix) { return prefix.starts_with("\x1f\x8b"); }

Result<ByteSourcePtr> DecodeGzip(const ByteSource& source) {
  Inflater inflater;
  z_stream& stream = inflater.stream();
  std::vector<std::byte> in(1 << 16);
  std::vector<std::byte> out(1 << 18);
  Spool spool(source.name());
  bool is_member_open = false;
  for (int64_t offset = 0; offset < source.size() || stream.avail_in > 0;) {
    if (stream.avail_in == 0) {
      const auto count = std::min<int64_t>(std::ssize(in), source.size() - offset);
      TARE_TRY_VOID(source.ReadAt(offset, std::span(in).first(static_cast<size_t>(count))));
      offset += count;
      stream.next_in = reinterpret_cast<Bytef*>(in.data());
      stream.avail_in = static_cast<uInt>(count);
    }
    // A gzip file is one member after the other: tools that compress in parallel or append write
    // many.
    if (!is_member_open) inflater.Restart();
    is_member_open = true;
    do {  // until the output has room left: then the input is used up, or the member has ended
      stream.next_out = reinterpret_cast<Bytef*>(out.data());
      stream.avail_out = static_cast<uInt>(out.size());
      const int status = inflate(&stream, Z_NO_FLUSH);
      // Z_BUF_ERROR is no error: nothing is left to do before more input comes.
      if (status != Z_OK && status != Z_STREAM_END && status != Z_BUF_ERROR) {
        return Corrupt(
            source, StrCat("is corrupt near byte ", offset - static_cast<int64_t>(stream.avail_in),
                           " (", stream.msg != nullptr ? stream.msg : "no detail", ")"));
      }
      TARE_TRY_VOID(spool.Append(std::span(out).first(out.size() - stream.avail_out)));
      TARE_TRY_VOID(CheckExpansion(source.name(), source.size(), spool.size()));
      if (status == Z_STREAM_END) is_member_open = false;
    } while (is_member_open && stream.avail_out == 0);
  }
  if (is_member_open) return Corrupt(source, "is cut off");
  return spool.Finish();
}

}  // namespace tare::data
