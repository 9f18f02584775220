// A table of text with aligned columns.

#pragma once

#include <string>
#include <vector>

namespace tare {

/// How the cells of a column line up. kPoint: numbers stand with their decimal points in one
/// column, units behind them.
enum class Align { kLeft, kRight, kPoint };

struct TextColumn {
  std::string title;
  Align align = Align::kLeft;
};

/// Rows under titles, two spaces between columns. Cells may hold colour escapes.
class TextTable {
 public:
  explicit TextTable(std::vector<TextColumn> columns) : columns_(std::move(columns)) {}

  /// Adds one row; missing cells at its end are empty, more cells than columns are a bug.
  void AddRow(std::vector<std::string> cells);

  /// Returns the lines with a newline each, indented by `indent` spaces; no trailing spaces.
  /// Edge  a row of titles that are all empty is left out, and so is a column without any text.
  std::string Render(int indent) const;

  bool empty() const { return rows_.empty(); }

 private:
  std::vector<TextColumn> columns_;
  std::vector<std::vector<std::string>> rows_;
};

}  // namespace tare
