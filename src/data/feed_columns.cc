#include "data/feed_columns.h"

#include <algorithm>
#include <array>

#include "data/feed_fit.h"
#include "data/shown_value.h"
#include "tare/core/text.h"

namespace tare::data {
namespace {

constexpr size_t kMostNamed = 24;

std::string ListedColumns(std::vector<std::string> names) {
  const size_t count = names.size();
  if (count > kMostNamed) {
    names.resize(kMostNamed);
    names.push_back(StrCat("... of ", count));
  }
  return Join(names, ", ");
}

// "column 'c' of t.csv is text ('lo' in sample 0)".
UnusableColumn TextColumn(const Dataset& dataset, const std::string& column) {
  const std::vector<int64_t> first{0};
  const auto texts = dataset.ReadTexts(column, first);
  const std::string value = texts ? (*texts)[0] : "";
  return {column,
          StrCat("column '", column, "' of ", dataset.source(), " is text (", ShownValue(value),
                 " in sample 0)"),
          AdviceOnText(value)};
}

std::string WhyUnusable(const std::vector<UnusableColumn>& columns) {
  std::vector<std::string> reasons;
  for (const UnusableColumn& column : columns) {
    if (reasons.size() == 3) {
      reasons.push_back(StrCat(columns.size() - 3, " more"));
      break;
    }
    reasons.push_back(column.why);
  }
  return Join(reasons, "; ");
}

// The columns to name, where they can be guessed: those that are not called like ids.
std::string WhatToWrite(const std::vector<std::string>& numbers, int64_t num_wanted) {
  std::vector<std::string> likely;
  for (const std::string& name : numbers) {
    if (!IsNamedLikeAnId(name)) likely.push_back(name);
  }
  const bool is_guess = std::ssize(likely) == num_wanted && likely.size() <= kMostNamed;
  return StrCat("name the columns that the model takes, in its order: --columns ",
                is_guess ? Join(likely, ",") : std::string("NAME,NAME,..."),
                " (in tare.yaml: data: inputs: {INPUT: {columns: [NAME, ...]}})");
}

}  // namespace

bool IsNamedLikeAnIndex(std::string_view column) {
  return column.starts_with("Unnamed: ") || column.starts_with("__index_level_");
}

bool IsNamedLikeAnId(std::string_view column) {
  constexpr std::array kNames{"id",     "ids",    "idx",       "index",     "row",     "rowid",
                              "row_id", "row_no", "sample_id", "record_id", "unnamed", "uuid"};
  const std::string name = AsciiLower(column);
  return std::ranges::any_of(kNames, [&](std::string_view known) { return name == known; });
}

FeatureColumns FindFeatureColumns(const Dataset& dataset,
                                  const std::function<bool(std::string_view)>& is_taken,
                                  const std::function<bool(std::string_view)>& is_label) {
  FeatureColumns columns;
  const auto is_none = [&](const std::string& name) {
    if (is_taken(name)) return true;
    if (!is_label(name) && !IsNamedLikeAnIndex(name)) return false;
    columns.left_out.push_back(
        StrCat("'", name, "'", is_label(name) ? " (labels)" : " (an index)"));
    return true;
  };
  for (const ArrayInfo& array : dataset.arrays()) {
    if (!array.sample_shape.empty() || is_none(array.name)) continue;
    if (array.classes.empty()) {
      columns.numbers.push_back(array.name);
    } else {
      columns.unusable.push_back(TextColumn(dataset, array.name));
    }
  }
  for (const SkippedArray& array : dataset.skipped()) {
    if (array.holds != Holds::kNoSamples && !is_none(array.name))
      columns.unusable.push_back({array.name, array.error.what, array.error.next_step});
  }
  // Texts that are ids are no features whatever the model takes.
  std::erase_if(columns.unusable, [&](const UnusableColumn& column) {
    const bool is_id = IsNamedLikeAnId(column.name);
    if (is_id) columns.left_out.push_back(StrCat("'", column.name, "' (no numbers)"));
    return is_id;
  });
  return columns;
}

Result<void> CheckFeatureColumns(const FeatureColumns& columns, const Dataset& dataset,
                                 const ValueInfo& input, int64_t num_wanted) {
  const bool is_right_count = num_wanted < 0 || std::ssize(columns.numbers) == num_wanted;
  const auto id = std::ranges::find_if(columns.numbers, IsNamedLikeAnId);
  const bool has_id = id != columns.numbers.end();
  if (is_right_count && columns.unusable.empty() && !has_id) return {};
  std::string what =
      StrCat("input '", input.name, "' takes ", InputText(input), "; ", dataset.source(), " has ",
             columns.numbers.size(), " columns of numbers (", ListedColumns(columns.numbers), ")");
  if (!columns.unusable.empty())
    what += StrCat(", and what cannot be used: ", WhyUnusable(columns.unusable));
  if (has_id && is_right_count) what += StrCat("; '", *id, "' is called like the number of a row");
  if (!columns.left_out.empty()) what += StrCat("; left out: ", ListedColumns(columns.left_out));
  std::string next = WhatToWrite(columns.numbers, num_wanted);
  if (!columns.unusable.empty()) {
    const UnusableColumn& first = columns.unusable[0];
    next = StrCat("if the model takes '", first.name, "': ", first.next_step,
                  "; if it is the label: --label ", first.name, "; else ", next);
  } else if (!is_right_count) {
    next = StrCat("name the column of labels (--label), or ", next);
  }
  return InvalidArgument(std::move(what), std::move(next));
}

}  // namespace tare::data
