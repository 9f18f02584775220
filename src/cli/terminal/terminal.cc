#include "cli/terminal/terminal.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <string>

#include "cli/terminal/error_text.h"
#include "cli/terminal/signals.h"

namespace tare::cli {
namespace {

int WriteAll(int fd, std::string_view text) {
  while (!text.empty()) {
    const ssize_t count = ::write(fd, text.data(), text.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return errno;
    text.remove_prefix(static_cast<size_t>(count));
  }
  return 0;
}

std::string_view Environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

// The first of these variables that is set names the character set. With none set (a bare
// container) the terminal at the other end is UTF-8 all the same.
bool LocaleIsUtf8() {
  for (const char* name : {"LC_ALL", "LC_CTYPE", "LANG"}) {
    const std::string_view value = Environment(name);
    if (value.empty()) continue;
    return value.find("UTF-8") != value.npos || value.find("utf8") != value.npos;
  }
  return true;
}

int64_t TerminalColumns() {
  winsize size{};
  if (::ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) return size.ws_col;
  return 100;
}

std::string_view Code(Colour colour) {
  switch (colour) {
    case Colour::kGood:
      return "\x1b[32m";
    case Colour::kBad:
      return "\x1b[31m";
    case Colour::kWarning:
      return "\x1b[33m";
    case Colour::kStrong:
      return "\x1b[1m";
    case Colour::kFaint:
      break;
  }
  return "\x1b[2m";
}

}  // namespace

TerminalOptions DetectTerminal() {
  const bool dumb = Environment("TERM") == "dumb";
  TerminalOptions options;
  options.out = [](std::string_view text) { return WriteAll(STDOUT_FILENO, text); };
  options.err = [](std::string_view text) { return WriteAll(STDERR_FILENO, text); };
  options.err_is_terminal = ::isatty(STDERR_FILENO) == 1 && !dumb;
  options.colour = ::isatty(STDOUT_FILENO) == 1 && !dumb && Environment("NO_COLOR").empty();
  options.unicode = LocaleIsUtf8();
  options.columns = std::max<int64_t>(TerminalColumns(), 40);
  options.now_s = [] {
    const auto now = std::chrono::steady_clock::now().time_since_epoch();
    return std::chrono::duration<double>(now).count();
  };
  options.stop = StopRequested;
  return options;
}

Terminal::Terminal(TerminalOptions options)
    : options_(std::move(options)),
      progress_(
          {.interactive = options_.err_is_terminal,
           .unicode = options_.unicode,
           .columns = options_.columns},
          [this](std::string_view text) { options_.err(text); }, options_.now_s, options_.stop) {}

void Terminal::PrintJson(std::string_view document) {
  TARE_CHECK(options_.json && !printed_json_);
  printed_json_ = true;
  WriteOut(StrCat(document, "\n"));
}

void Terminal::PrintError(const Error& error) {
  Error runnable = error;
  runnable.next_step = AsInvoked(error.next_step, invocation_);
  WriteErr(ErrorText(runnable, columns()));
  if (options_.json && !printed_json_) PrintJson(ErrorJson(runnable));
}

std::string Terminal::Paint(Colour colour, std::string_view text) const {
  const bool coloured = options_.colour && !options_.json;
  return coloured ? StrCat(Code(colour), text, "\x1b[0m") : std::string(text);
}

Result<void> Terminal::Finish() const {
  if (out_errno_ == 0 || out_errno_ == EPIPE) return {};
  const std::string what = StrCat("cannot write standard output: ", std::strerror(out_errno_));
  if (out_errno_ == ENOSPC || out_errno_ == EDQUOT || out_errno_ == EFBIG) {
    return ResourceExhausted(what, "free some disk space, or write elsewhere");
  }
  return Unavailable(what, "check where standard output goes");
}

void Terminal::SayText(std::string_view text) {
  const auto begin = std::min(text.find_first_not_of(' '), text.size());
  const std::string line =
      text.substr(begin).starts_with("next:") ? AsInvoked(text, invocation_) : std::string(text);
  options_.json ? WriteErr(line) : WriteOut(line);
}

void Terminal::WriteOut(std::string_view text) {
  progress_.Hide();
  if (out_errno_ == 0) out_errno_ = options_.out(text);
}

// A failure to write to standard error has nowhere to be told.
void Terminal::WriteErr(std::string_view text) {
  progress_.Hide();
  options_.err(text);
}

}  // namespace tare::cli
