// Ctrl-C and closed pipes.

#pragma once

namespace tare::cli {

/// The first SIGINT or SIGTERM asks to stop: StopRequested() turns true and the command ends at
/// its next look. A second one ends the process at once with 130. SIGPIPE and SIGXFSZ (a file over
/// its limit) are ignored: a write to
/// a closed pipe fails instead of killing the process between two steps of a file.
void InstallSignalHandlers();

/// True once the user asked to stop.
bool StopRequested();

}  // namespace tare::cli
