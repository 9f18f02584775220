// The start of a process: what happens between vfork and exec, and the descriptors around it.

#pragma once

#include <sys/types.h>
#include <unistd.h>

#include <cstdint>
#include <utility>

#include "tare/core/result.h"

namespace tare::internal {

/// A file descriptor that closes itself.
class Descriptor {
 public:
  Descriptor() = default;
  explicit Descriptor(int fd) : fd_(fd) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  Descriptor(Descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    if (this != &other) {
      Close();
      fd_ = std::exchange(other.fd_, -1);
    }
    return *this;
  }
  ~Descriptor() { Close(); }
  void Close() {
    if (fd_ >= 0) ::close(fd_);
    fd_ = -1;
  }
  int fd() const { return fd_; }
  bool is_open() const { return fd_ >= 0; }

 private:
  int fd_ = -1;
};

struct Pipe {
  Descriptor read, write;
};

/// A pipe that no program inherits and whose ends are none of the standard descriptors.
/// Errors  kResourceExhausted: there are too many open files.
Result<Pipe> MakePipe();

struct Spawn {
  const char* program = nullptr;
  char* const* arguments = nullptr;
  char* const* environment = nullptr;
  int in = -1, out = -1;
  int err = -1;                    ///< -1: the caller's
  bool own_group = false;          ///< it leads a process group of its own
  bool inherits = false;           ///< descriptors that are not marked close-on-exec
  int64_t memory_limit_bytes = 0;  ///< 0: none
};

/// Starts the program and returns its number once it runs. All its signals are let through and have
/// their default effect; it is killed when the calling thread ends.
///
/// Errors   kNotFound: there is no such program, or it cannot be run; kResourceExhausted: no
///          process can be made.
/// Threads  fully.
Result<pid_t> StartProgram(const Spawn& spawn);

}  // namespace tare::internal
