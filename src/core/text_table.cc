#include "core/text_table.h"

#include <algorithm>

#include "core/text_width.h"
#include "tare/core/result.h"

namespace tare {
namespace {

// Columns up to the decimal point: the whole cell when there is none before its first space.
int64_t WholePart(std::string_view cell) {
  return DisplayWidth(cell.substr(0, cell.find_first_of(". ")));
}

struct Widths {
  int64_t all = 0;    // of the widest cell
  int64_t whole = 0;  // of the longest part before a decimal point
  int64_t rest = 0;   // of the longest part from a decimal point on
};

void AppendCell(std::string& out, std::string_view cell, Align align, Widths widths) {
  switch (align) {
    case Align::kLeft:
      out += PadRight(cell, widths.all);
      break;
    case Align::kRight:
      out += PadLeft(cell, widths.all);
      break;
    case Align::kPoint:
      const int64_t before = std::max<int64_t>(widths.whole - WholePart(cell), 0);
      const std::string aligned = PadLeft(cell, DisplayWidth(cell) + before);
      out += PadLeft(PadRight(aligned, widths.whole + widths.rest), widths.all);
      break;
  }
}

}  // namespace

void TextTable::AddRow(std::vector<std::string> cells) {
  TARE_CHECK(cells.size() <= columns_.size());
  cells.resize(columns_.size());
  rows_.push_back(std::move(cells));
}

std::string TextTable::Render(int indent) const {
  std::vector<Widths> widths(columns_.size());
  std::vector<std::string> titles;
  for (size_t i = 0; i < columns_.size(); ++i) {
    titles.push_back(columns_[i].title);
    for (const auto& row : rows_) {
      widths[i].all = std::max(widths[i].all, DisplayWidth(row[i]));
      widths[i].whole = std::max(widths[i].whole, WholePart(row[i]));
      widths[i].rest = std::max(widths[i].rest, DisplayWidth(row[i]) - WholePart(row[i]));
    }
    if (columns_[i].align == Align::kPoint) widths[i].all = widths[i].whole + widths[i].rest;
    widths[i].all = std::max(widths[i].all, DisplayWidth(titles[i]));
  }

  std::string out;
  const auto append_line = [&](const std::vector<std::string>& cells, bool is_title) {
    std::string line(static_cast<size_t>(indent), ' ');
    bool is_first = true;
    for (size_t i = 0; i < cells.size(); ++i) {
      if (widths[i].all == 0) continue;
      if (!is_first) line += "  ";
      is_first = false;
      const bool right = is_title && columns_[i].align != Align::kLeft;
      AppendCell(line, cells[i],
                 right      ? Align::kRight
                 : is_title ? Align::kLeft
                            : columns_[i].align,
                 widths[i]);
    }
    line.erase(line.find_last_not_of(' ') + 1);
    out.append(line).append("\n");
  };
  const auto blank = [](const std::string& title) { return title.empty(); };
  if (!std::all_of(titles.begin(), titles.end(), blank)) append_line(titles, true);
  for (const auto& row : rows_) append_line(row, false);
  return out;
}

}  // namespace tare
