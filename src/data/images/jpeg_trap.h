// How libjpeg reports errors: by a call that must not return.

#pragma once

// jpeglib.h takes size_t and FILE from the header above it.
// clang-format off
#include <cstdio>
#include <jpeglib.h>
// clang-format on

#include <jerror.h>

#include <csetjmp>

namespace tare::data {

/// The error manager of one codec. Whoever calls setjmp(trap.jump) may own nothing with a destructor:
/// longjmp passes over it.
struct JpegTrap {
  jpeg_error_mgr base{};  // first: libjpeg hands back a pointer to it
  std::jmp_buf jump{};
  char message[JMSG_LENGTH_MAX] = "";
  bool is_incomplete = false;  ///< pixels were made up for bytes that are missing or wrong
};

inline void LeaveJpeg(j_common_ptr codec) {
  auto* trap = reinterpret_cast<JpegTrap*>(codec->err);
  (*codec->err->format_message)(codec, trap->message);
  std::longjmp(trap->jump, 1);  // NOLINT: the way that libjpeg documents
}

/// Says nothing, and remembers the warnings behind which pixels are invented.
inline void NoteJpegMessage(j_common_ptr codec, int level) {
  if (level >= 0) return;  // a trace
  ++codec->err->num_warnings;
  switch (codec->err->msg_code) {
    case JWRN_JPEG_EOF:
    case JWRN_HIT_MARKER:
    case JWRN_HUFF_BAD_CODE:
    case JWRN_ARITH_BAD_CODE:
    case JWRN_MUST_RESYNC: {
      auto* trap = reinterpret_cast<JpegTrap*>(codec->err);
      if (!trap->is_incomplete) (*codec->err->format_message)(codec, trap->message);
      trap->is_incomplete = true;
      break;
    }
    default:
      break;  // superfluous bytes and the like: the pixels are there
  }
}

inline jpeg_error_mgr* SetTrap(JpegTrap& trap) {
  jpeg_error_mgr* const base = jpeg_std_error(&trap.base);
  base->error_exit = LeaveJpeg;
  base->emit_message = NoteJpegMessage;
  return base;
}

}  // namespace tare::data
