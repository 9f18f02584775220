#include <signal.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <vector>

#include "evaluate/cost/peak_memory_internal.h"
#include "tare/runtime/host.h"

namespace tare::evaluate {
namespace {

bool WriteAll(int fd, const void* data, size_t size) {
  const char* at = static_cast<const char*>(data);
  while (size > 0) {
    const ssize_t count = ::send(fd, at, size, MSG_NOSIGNAL);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return false;
    at += count;
    size -= static_cast<size_t>(count);
  }
  return true;
}

bool ReadAll(int fd, void* data, size_t size) {
  char* at = static_cast<char*>(data);
  while (size > 0) {
    const ssize_t count = ::recv(fd, at, size, 0);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return false;
    at += count;
    size -= static_cast<size_t>(count);
  }
  return true;
}

// Both ends are this very program: numbers travel as they are in memory.
class Writer {
 public:
  void Number(int64_t value) {
    bytes_.append(reinterpret_cast<const char*>(&value), sizeof(value));
  }
  void Bytes(const void* data, size_t size) {
    Number(static_cast<int64_t>(size));
    bytes_.append(static_cast<const char*>(data), size);
  }
  void Text(const std::string& text) { Bytes(text.data(), text.size()); }
  bool Send(int fd) const {
    const auto size = static_cast<int64_t>(bytes_.size());
    return WriteAll(fd, &size, sizeof(size)) && WriteAll(fd, bytes_.data(), bytes_.size());
  }

 private:
  std::string bytes_;
};

class Reader {
 public:
  explicit Reader(std::string bytes) : bytes_(std::move(bytes)) {}
  int64_t Number() {
    int64_t value = 0;
    std::memcpy(&value, bytes_.data() + at_, sizeof(value));
    at_ += sizeof(value);
    return value;
  }
  std::string Text() {
    const auto size = static_cast<size_t>(Number());
    at_ += size;
    return bytes_.substr(at_ - size, size);
  }

 private:
  std::string bytes_;
  size_t at_ = 0;
};

Result<ResidentMemory> RunAndMeasure(std::string request) {
  constexpr int kRuns = 3;
  Reader reader(std::move(request));
  const std::string path = reader.Text();
  runtime::SessionOptions options;
  options.num_threads = static_cast<int>(reader.Number());
  for (int64_t i = reader.Number(); i > 0; --i)
    options.custom_op_libraries.push_back(reader.Text());
  std::vector<NamedTensor> inputs;
  for (int64_t i = reader.Number(); i > 0; --i) {
    NamedTensor input;
    input.name = reader.Text();
    const auto dtype = static_cast<DType>(reader.Number());
    Shape shape(static_cast<size_t>(reader.Number()));
    for (int64_t& extent : shape) extent = reader.Number();
    const std::string text = reader.Text();
    const auto* bytes = reinterpret_cast<const std::byte*>(text.data());
    TARE_TRY(input.value, Tensor::FromBytes(dtype, shape, {bytes, bytes + text.size()}));
    inputs.push_back(std::move(input));
  }
  TARE_TRY(const auto session, runtime::Session::FromFile(path, options));
  ResidentMemory memory;
  memory.loaded = runtime::ResidentBytes();
  for (int run = 0; run < kRuns; ++run) {
    TARE_TRY_VOID(
        session.RunViews(inputs, [](std::span<const TensorView>) { return Result<void>(); }));
    if (run == 0) memory.first_run = runtime::ResidentBytes();
  }
  // The kernel counts its peak less exactly than what is resident now.
  memory.peak = std::max({int64_t{runtime::PeakResidentBytes()}, memory.loaded, memory.first_run});
  return memory;
}

// A child of the process aside for each request; a peak of 0 answers what failed.
[[noreturn]] void Serve(int fd) {
  signal(SIGINT, SIG_IGN);
  signal(SIGTERM, SIG_DFL);
  const rlimit no_core{0, 0};
  setrlimit(RLIMIT_CORE, &no_core);
  int64_t size = 0;
  while (ReadAll(fd, &size, sizeof(size))) {
    const pid_t child = ::fork();
    if (child == 0) {
      std::string request(static_cast<size_t>(size), '\0');
      ResidentMemory answer;
      if (ReadAll(fd, request.data(), request.size())) {
        if (const auto memory = RunAndMeasure(std::move(request))) answer = *memory;
      }
      WriteAll(fd, &answer, sizeof(answer));
      _exit(0);
    }
    int status = 0;
    while (child > 0 && ::waitpid(child, &status, 0) < 0 && errno == EINTR) {
    }
    // A child that crashed has not answered, and may have left its request unread: give up.
    if (child < 0 || !WIFEXITED(status)) break;
  }
  _exit(0);
}

}  // namespace

Result<PeakMemory> PeakMemory::Start() {
  int ends[2];
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) {
    return Unavailable(StrCat("cannot make a socket: ", std::strerror(errno)),
                       "close some files and try again");
  }
  const pid_t child = ::fork();
  if (child < 0) {
    ::close(ends[0]);
    ::close(ends[1]);
    return ResourceExhausted(StrCat("cannot start a child process: ", std::strerror(errno)),
                             "free some memory or processes");
  }
  if (child == 0) {
    ::close(ends[0]);
    Serve(ends[1]);
  }
  ::close(ends[1]);
  return PeakMemory(ends[0], child);
}

PeakMemory::~PeakMemory() {
  if (socket_ < 0) return;
  ::close(socket_);
  while (::waitpid(child_, nullptr, 0) < 0 && errno == EINTR) {
  }
}

Result<ResidentMemory> PeakMemory::Measure(const std::string& model_path,
                                           std::span<const NamedTensor> inputs,
                                           const runtime::SessionOptions& options) const {
  Writer request;
  request.Text(model_path);
  request.Number(options.num_threads);
  request.Number(std::ssize(options.custom_op_libraries));
  for (const std::string& library : options.custom_op_libraries) request.Text(library);
  request.Number(std::ssize(inputs));
  for (const NamedTensor& input : inputs) {
    request.Text(input.name);
    request.Number(static_cast<int64_t>(input.value.dtype()));
    request.Number(input.value.rank());
    for (const int64_t extent : input.value.shape()) request.Number(extent);
    request.Bytes(input.value.bytes().data(), input.value.bytes().size());
  }
  ResidentMemory answer;
  if (!request.Send(socket_) || !ReadAll(socket_, &answer, sizeof(answer)) || answer.peak <= 0) {
    return Unavailable("the process that measures memory ended early", "run it again");
  }
  return answer;
}

}  // namespace tare::evaluate
