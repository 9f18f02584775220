// A table of text with aligned columns.

#pragma once

#include <string>
#include <vector>

namespace tare::cli {

/// How the cells of a column line up. kPoint: numbers stand with their decimal points in one
/// column, units behind them.
enum class Align { kLeft, kRight, kPoint };

struct Column {
  std::string title;
  Align align = Align::kLeft;
};

/// Rows under titles, two spaces between columns. Cells may hold colour escapes.
class Table {
 public:
  explicit Table(std::vector<Column> columns) : columns_(std::move(columns)) {}

  /// Adds one row; missing cells at its end are empty, more cells than columns are a bug.
  void AddRow(std::vector<std::string> cells);

  /// Returns the lines with a newline each, indented by `indent` spaces; no trailing spaces.
  /// Edge  a row of titles that are all empty is left out.
  std::string Render(int indent) const;

  bool empty() const { return rows_.empty(); }

 private:
  std::vector<Column> columns_;
  std::vector<std::vector<std::string>> rows_;
};

}  // namespace tare::cli
