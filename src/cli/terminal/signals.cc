#include "cli/terminal/signals.h"

#include <signal.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <string_view>

namespace tare::cli {
namespace {

constexpr int kExitCancelled = 130;
std::atomic<bool> g_stop{false};  // NOLINT: a signal handler has no other place to write to
static_assert(std::atomic<bool>::is_always_lock_free);

// Async-signal-safe: an atomic, isatty, write and _exit only.
void OnStop(int) {
  if (g_stop.exchange(true)) ::_exit(kExitCancelled);
  const int saved_errno = errno;
  constexpr std::string_view kHint = "\nstopping; press Ctrl-C again to end at once\n";
  if (::isatty(STDERR_FILENO) == 1) {
    [[maybe_unused]] const auto ignored = ::write(STDERR_FILENO, kHint.data(), kHint.size());
  }
  errno = saved_errno;
}

}  // namespace

void InstallSignalHandlers() {
  struct sigaction action {};
  sigemptyset(&action.sa_mask);
  action.sa_handler = OnStop;
  action.sa_flags = SA_RESTART;
  ::sigaction(SIGINT, &action, nullptr);
  ::sigaction(SIGTERM, &action, nullptr);
  action.sa_handler = SIG_IGN;
  ::sigaction(SIGPIPE, &action, nullptr);
  ::sigaction(SIGXFSZ, &action, nullptr);
}

bool StopRequested() { return g_stop.load(std::memory_order_relaxed); }

}  // namespace tare::cli
