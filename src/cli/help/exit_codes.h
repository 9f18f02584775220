// What the exit codes of the program mean: for the manual page and docs/cli.

#pragma once

namespace tare::cli {

struct ExitCodeDoc {
  int code;
  const char* meaning;
};

inline constexpr ExitCodeDoc kExitCodes[] = {
    {0, "done, or the gate says PASS"},
    {2, "invalid argument"},
    {3, "not found"},
    {4, "failed precondition"},
    {5, "unsupported; a model with nothing to quantize"},
    {6, "data loss: a digest does not match, a file is damaged"},
    {7, "resource exhausted: memory or disk"},
    {8, "unavailable: the same call may work later"},
    {20, "the gate says FAIL"},
    {21, "the gate says INCONCLUSIVE"},
    {70, "a bug in tare: please report it"},
    {130, "stopped by Ctrl-C"},
};

}  // namespace tare::cli
