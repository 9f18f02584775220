// SHA-256, the digest of every artifact and record.

#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "tare/core/result.h"

namespace tare {

/// Streaming SHA-256.
///
/// Threads  none.
/// Source   FIPS 180-4, through OpenSSL.
class Sha256 {
 public:
  Sha256();
  ~Sha256();
  Sha256(Sha256&&) noexcept;
  Sha256& operator=(Sha256&&) noexcept;

  Sha256& Update(std::span<const std::byte> bytes);
  Sha256& Update(std::string_view text);

  /// Returns the digest of everything so far as 64 lower-case hex digits; ends the stream: nothing
  /// may be called behind it.
  std::string HexDigest();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// Returns the SHA-256 of `text` as 64 lower-case hex digits.
std::string Sha256Hex(std::string_view text);

/// Returns the SHA-256 of a file's bytes, read in pieces.
/// Errors  kNotFound: the file cannot be opened; kDataLoss: it cannot be read.
Result<std::string> Sha256File(const std::string& path);

}  // namespace tare
