#include "cli/terminal/signals.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>

namespace tare::cli {
namespace {

// Runs `body` in a child with the handlers; returns its exit code, or -1 when a signal ended it.
template <class Body>
int ExitCodeOf(const Body& body) {
  const pid_t child = ::fork();
  if (child == 0) {
    InstallSignalHandlers();
    ::_exit(body());
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

TEST(SignalsTest, TheFirstCtrlCAsksToStop) {
  EXPECT_EQ(ExitCodeOf([] {
              if (StopRequested()) return 1;
              ::raise(SIGINT);
              return StopRequested() ? 0 : 2;
            }),
            0);
}

TEST(SignalsTest, TheSecondCtrlCEndsAtOnce) {
  EXPECT_EQ(ExitCodeOf([] {
              ::raise(SIGINT);
              ::raise(SIGINT);
              return 1;
            }),
            130);
}

TEST(SignalsTest, AWriteToAClosedPipeFailsInsteadOfKilling) {
  EXPECT_EQ(ExitCodeOf([] {
              int ends[2];
              if (::pipe(ends) != 0) return 1;
              ::close(ends[0]);
              return ::write(ends[1], "x", 1) < 0 && errno == EPIPE ? 0 : 2;
            }),
            0);
}

}  // namespace
}  // namespace tare::cli
