// Everything a command prints goes through a Terminal, which knows who is listening.

#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "cli/terminal/invocation.h"
#include "cli/terminal/terminal_progress.h"
#include "core/text_table.h"
#include "tare/core/result.h"
#include "tare/core/strcat.h"

namespace tare::cli {

/// Where a Terminal writes, and what it found there.
struct TerminalOptions {
  /// Writes all of a text; returns 0 or an errno.
  using Sink = std::function<int(std::string_view)>;
  Sink out;
  Sink err;
  bool err_is_terminal = false;
  /// Colour on standard output. DetectTerminal() sets it on a terminal without NO_COLOR.
  bool colour = false;
  bool unicode = true;
  /// Columns of the terminal, or what wrapped text aims at elsewhere.
  int64_t columns = 100;
  /// Standard output belongs to one JSON document.
  bool json = false;
  /// How the user called the program.
  std::string called = "tare";
  TerminalProgress::Clock now_s;
  TerminalProgress::StopFlag stop;
};

/// Returns the options for this process: file descriptors 1 and 2, the environment, Ctrl-C.
TerminalOptions DetectTerminal();

enum class Colour { kGood, kBad, kWarning, kStrong, kFaint };

/// Standard output, standard error and the progress bar.
///
///   Say          a line for people: standard output; standard error when --json owns that
///   Note         a remark beside the result: always standard error
///   PrintJson    the one document of --json
///   Print        text that is itself the result (a script, a manual page)
///
/// Threads  none.
class Terminal {
 public:
  explicit Terminal(TerminalOptions options);

  template <class... Pieces>
  void Say(const Pieces&... pieces) {
    SayText(StrCat(pieces..., "\n"));
  }
  void Say(const TextTable& table, int indent = 2) { SayText(table.Render(indent)); }

  template <class... Pieces>
  void Note(const Pieces&... pieces) {
    WriteErr(StrCat(pieces..., "\n"));
  }

  void Print(std::string_view text) { WriteOut(text); }

  /// From now on commands in errors and `next:` lines are written as this says.
  void SetInvocation(Invocation invocation) { invocation_ = std::move(invocation); }

  /// Prints the document of --json. Called at most once, and only when json() is true.
  void PrintJson(std::string_view document);

  /// Prints an error for people and, with --json, its document if none was printed yet.
  void PrintError(const Error& error);

  /// Returns `text` in a colour, or as it is where nobody sees colours.
  std::string Paint(Colour colour, std::string_view text) const;

  /// True when the command owes a JSON document.
  bool json() const { return options_.json; }
  bool printed_json() const { return printed_json_; }
  /// Columns to wrap at, at most 100.
  int64_t columns() const { return options_.columns < 100 ? options_.columns : 100; }
  Progress& progress() { return progress_; }
  bool cancelled() const { return options_.stop(); }

  /// Whether all of standard output arrived. A closed pipe counts as arrived: the reader has had
  /// what it wanted.
  /// Errors  kResourceExhausted: the disk behind it is full; kUnavailable: any other cause.
  Result<void> Finish() const;

 private:
  void SayText(std::string_view text);
  void WriteOut(std::string_view text);
  void WriteErr(std::string_view text);

  TerminalOptions options_;
  TerminalProgress progress_;
  Invocation invocation_;
  int out_errno_ = 0;  // of the first write to standard output that failed
  bool printed_json_ = false;
};

}  // namespace tare::cli
