// Draws the progress of long steps: a bar on a terminal, one finished line elsewhere.

#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "tare/core/progress.h"

namespace tare::cli {

struct ProgressStyle {
  /// Redraw a bar in place. Otherwise each step is one line, printed when it is over.
  bool interactive = false;
  /// Draw the bar with block characters; otherwise with '#'.
  bool unicode = true;
  /// Columns of the terminal, at least 20.
  int64_t columns = 100;
};

/// Returns "0.8 s", "95 s", "3 min 20 s", "1 h 05 min".
std::string HumanSeconds(double seconds);

/// The first word of a step is its name, the rest says on what:
///
///   Begin("calibrate 31 tensors, 300 samples", 300)
///     calibrate 31 tensors, 300 samples  ████████████▌        62 %  2,310/s  2 s left
///   End("")                        keeps that text, with the rate and the time that it took
///   End("31 ranges")               says "31 ranges" instead; the bar and the rate stay where
///                                  there is room beside it
///
/// A Begin() with the name of a step that has not ended is the next part of that step: the bar
/// starts anew, the time at the end is that of the whole.
///
/// Threads  none.
class TerminalProgress final : public Progress {
 public:
  using Writer = std::function<void(std::string_view)>;
  using Clock = std::function<double()>;  ///< seconds, from any start
  using StopFlag = std::function<bool()>;

  TerminalProgress(ProgressStyle style, Writer write, Clock now_s, StopFlag stop);

  void Begin(std::string_view step, int64_t total) override;
  void Update(int64_t done) override;
  void End(std::string_view summary) override;
  bool cancelled() const override { return stop_(); }

  /// Wipes the bar, so that other text may follow. The next Update() draws it again.
  void Hide();

 private:
  void Draw();
  std::string Bar() const;
  std::string Rate(double elapsed_s) const;

  ProgressStyle style_;
  Writer write_;
  Clock now_s_;
  StopFlag stop_;
  std::string name_;
  std::string detail_;
  int64_t total_ = 0;
  int64_t done_ = 0;
  double begin_s_ = 0;  // of the part
  double step_s_ = 0;   // of the step
  bool open_ = false;
  double drawn_s_ = 0;
  bool visible_ = false;
};

}  // namespace tare::cli
