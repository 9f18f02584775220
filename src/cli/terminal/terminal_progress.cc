#include "cli/terminal/terminal_progress.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "core/text_width.h"
#include "tare/core/strcat.h"
#include "tare/core/text.h"

namespace tare::cli {
namespace {

constexpr double kRedrawSeconds = 0.1;
constexpr int64_t kBarColumns = 20;
constexpr int64_t kNameColumns = 9;
constexpr int64_t kMaxLineColumns = 110;
constexpr int64_t kBarBesideSummaryColumns = 80;

std::string TwoDigits(int64_t value) { return StrCat(value < 10 ? "0" : "", value); }

}  // namespace

std::string HumanSeconds(double seconds) {
  if (seconds < 10) return Fixed(seconds, 1) + " s";
  const int64_t whole = std::llround(seconds);
  if (whole < 100) return StrCat(whole, " s");
  if (whole < 3600) return StrCat(whole / 60, " min ", TwoDigits(whole % 60), " s");
  return StrCat(whole / 3600, " h ", TwoDigits(whole % 3600 / 60), " min");
}

TerminalProgress::TerminalProgress(ProgressStyle style, Writer write, Clock now_s, StopFlag stop)
    : style_(style), write_(std::move(write)), now_s_(std::move(now_s)), stop_(std::move(stop)) {
  style_.columns = std::clamp<int64_t>(style_.columns, 20, kMaxLineColumns);
}

void TerminalProgress::Begin(std::string_view step, int64_t total) {
  const size_t space = std::min(step.find(' '), step.size());
  const std::string name = Printable(step.substr(0, space));
  const double now_s = now_s_();
  if (!open_ || name != name_) step_s_ = now_s;
  open_ = true;
  name_ = name;
  detail_ = Printable(step.substr(std::min(space + 1, step.size())));
  total_ = total;
  done_ = 0;
  begin_s_ = now_s;
  Draw();
}

void TerminalProgress::Update(int64_t done) {
  done_ = done;
  if (style_.interactive && now_s_() - drawn_s_ >= kRedrawSeconds) Draw();
}

void TerminalProgress::End(std::string_view summary) {
  Hide();
  const double elapsed_s = now_s_() - begin_s_;
  const bool keeps_detail = summary.empty();
  std::string text = StrCat("  ", PadRight(name_, kNameColumns), " ");
  text += keeps_detail ? detail_ : Printable(summary);
  if (keeps_detail && total_ > 0) done_ = total_;
  // A short summary leaves room for the bar.
  const std::string tail = (style_.interactive ? Bar() : "") + Rate(elapsed_s);
  if (keeps_detail || DisplayWidth(text) + DisplayWidth(tail) <= kBarBesideSummaryColumns) {
    text += tail;
  }
  const std::string time = PadLeft(HumanSeconds(now_s_() - step_s_), 9);
  open_ = false;
  write_(StrCat(PadRight(text, style_.columns - DisplayWidth(time)), time, "\n"));
}

void TerminalProgress::Hide() {
  if (visible_) write_("\r\x1b[2K");
  visible_ = false;
}

void TerminalProgress::Draw() {
  if (!style_.interactive) return;
  drawn_s_ = now_s_();
  const double elapsed_s = drawn_s_ - begin_s_;
  std::string tail = Bar() + Rate(elapsed_s);
  if (done_ > 0 && done_ < total_ && elapsed_s >= 1) {
    const double left_s =
        elapsed_s * static_cast<double>(total_ - done_) / static_cast<double>(done_);
    tail += StrCat("  ", left_s < 10 ? StrCat(std::llround(left_s), " s") : HumanSeconds(left_s),
                   " left");
  }
  // One column stays free: a full line would make some terminals wrap, and the bar a ladder.
  const std::string head = StrCat("  ", PadRight(name_, kNameColumns), " ", detail_);
  const int64_t room = std::max<int64_t>(style_.columns - 1 - DisplayWidth(tail), 12);
  write_(StrCat("\r\x1b[2K", Truncate(Truncate(head, room) + tail, style_.columns - 1)));
  visible_ = true;
}

std::string TerminalProgress::Bar() const {
  if (total_ <= 0) return "";
  constexpr std::array<std::string_view, 8> kEighths = {"", "▏", "▎", "▍", "▌", "▋", "▊", "▉"};
  const double share =
      std::clamp(static_cast<double>(done_) / static_cast<double>(total_), 0.0, 1.0);
  const auto eighths = static_cast<int64_t>(share * kBarColumns * 8);
  std::string bar;
  for (int64_t i = 0; i < eighths / 8; ++i) bar += style_.unicode ? "█" : "#";
  if (style_.unicode) bar += kEighths[static_cast<size_t>(eighths % 8)];
  const auto percent = static_cast<int64_t>(share * 100);
  return StrCat("  ", PadRight(bar, kBarColumns), PadLeft(StrCat(percent), 4), " %");
}

std::string TerminalProgress::Rate(double elapsed_s) const {
  if (total_ <= 0 || done_ <= 0 || elapsed_s <= 0.01) return "";
  const double rate = static_cast<double>(done_) / elapsed_s;
  return StrCat("  ", rate < 10 ? Fixed(rate, 1) : WithThousands(std::llround(rate)), "/s");
}

}  // namespace tare::cli
