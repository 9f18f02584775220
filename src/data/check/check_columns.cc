#include <algorithm>
#include <cmath>
#include <set>

#include "data/check/check_columns_internal.h"
#include "data/check/number_rows_internal.h"
#include "tare/core/text.h"

namespace tare::data::internal {
namespace {

constexpr size_t kMostSamples = 10;
constexpr size_t kMostNames = 6;
constexpr size_t kMostClasses = 1000;  // more are numbers to predict, or names of samples
constexpr double kImbalance = 10;

std::string Listed(const std::vector<std::string>& names) {
  const size_t shown = std::min(names.size(), kMostNames);
  return Join(std::span(names).first(shown), ", ") + (shown < names.size() ? ", ..." : "");
}

std::string LabelText(double value) {
  if (std::isnan(value)) return "";
  if (value == std::trunc(value) && std::fabs(value) < 0x1p53)
    return StrCat(static_cast<int64_t>(value));
  return StrCat(value);
}

// What was seen of one column.
struct Seen {
  double first = 0;
  bool varies = false;
};

class NumberCheck {
 public:
  NumberCheck(const Split& split, std::vector<RowColumn> columns)
      : split_(split), columns_(std::move(columns)), seen_(columns_.size()) {}

  Result<void> Read() {
    const auto step = static_cast<size_t>(RowsAtATime(std::ssize(columns_)));
    for (size_t begin = 0; begin < split_.samples.size(); begin += step) {
      const auto rest = std::span(split_.samples).subspan(begin);
      const auto samples = rest.first(std::min(step, rest.size()));
      TARE_TRY(const auto rows, ReadRows(*split_.dataset, split_.arrays, samples));
      for (size_t i = 0; i < samples.size(); ++i) {
        Look(samples[i], std::span(rows).subspan(i * columns_.size(), columns_.size()),
             begin + i == 0);
      }
    }
    return {};
  }

  void Report(NearMethod method, std::vector<Finding>& findings) const {
    if (num_bad_ > 0) {
      findings.push_back({Severity::kWarning,
                          "non_finite",
                          StrCat(WithThousands(num_bad_), num_bad_ == 1 ? " sample" : " samples",
                                 " of ", split_.name, " hold NaN or infinity, in ",
                                 Listed({bad_columns_.begin(), bad_columns_.end()})),
                          num_bad_,
                          {},
                          bad_samples_,
                          "repair these samples, or leave them out"});
    }
    if (method != NearMethod::kTable || split_.samples.size() < 2) return;
    std::vector<std::string> constant;
    for (size_t c = 0; c < columns_.size(); ++c) {
      if (!seen_[c].varies) constant.push_back(columns_[c].name);
    }
    if (constant.empty()) return;
    findings.push_back(
        {Severity::kNote,
         "constant",
         StrCat(WithThousands(std::ssize(constant)), constant.size() == 1 ? " column" : " columns",
                " of ", split_.name, constant.size() == 1 ? " holds" : " hold",
                " one value throughout: ", Listed(constant)),
         std::ssize(constant),
         {},
         {},
         "a column that says nothing can be left out; look for a missing join or a wrong default"});
  }

 private:
  void Look(int64_t sample, std::span<const double> row, bool is_first) {
    bool is_bad = false;
    for (size_t c = 0; c < row.size(); ++c) {
      if (is_first) seen_[c].first = row[c];
      // NaN throughout is one value too.
      seen_[c].varies |=
          row[c] != seen_[c].first && !(std::isnan(row[c]) && std::isnan(seen_[c].first));
      if (std::isfinite(row[c])) continue;
      is_bad = true;
      if (bad_columns_.size() <= kMostNames) bad_columns_.insert(columns_[c].name);
    }
    if (!is_bad) return;
    ++num_bad_;
    if (bad_samples_.size() < kMostSamples) bad_samples_.push_back(sample);
  }

  const Split& split_;
  std::vector<RowColumn> columns_;
  std::vector<Seen> seen_;
  int64_t num_bad_ = 0;
  std::vector<int64_t> bad_samples_;
  std::set<std::string> bad_columns_;
};

void CheckBalance(const SplitSummary& split, std::vector<Finding>& findings) {
  const auto by_count = [](const auto& a, const auto& b) { return a.second < b.second; };
  const auto [least, most] =
      std::minmax_element(split.classes.begin(), split.classes.end(), by_count);
  const double ratio = static_cast<double>(most->second) / static_cast<double>(least->second);
  if (ratio < kImbalance) return;
  findings.push_back(
      {Severity::kWarning,
       "imbalance",
       StrCat("class ", most->first, " has ", Fixed(ratio, ratio < 100 ? 1 : 0),
              " times as many samples of ", split.name, " as class ", least->first, ": ",
              WithThousands(most->second), " and ", WithThousands(least->second)),
       least->second,
       {},
       {},
       "judge by class too (recall of a class, f1_macro): the accuracy hardly sees the rare one"});
}

}  // namespace

Result<SplitLabels> ReadLabelTexts(const Split& split, const std::string& label) {
  SplitLabels labels;
  const auto infos = split.dataset->arrays();
  const auto info = std::ranges::find(infos, label, &ArrayInfo::name);
  if (info == infos.end()) {
    const auto reason = split.dataset->Find(label);
    labels.problem = reason ? "it is no column" : reason.error().what;
    return labels;
  }
  if (!info->classes.empty()) {
    TARE_TRY(labels.texts, split.dataset->ReadTexts(label, split.samples));
    return labels;
  }
  const std::string arrays[] = {label};
  TARE_TRY(const auto columns, RowColumns(*split.dataset, arrays));
  if (columns.size() != 1) {
    labels.problem = StrCat("array '", label, "' of ", split.dataset->source(), " has ",
                            columns.size(), " numbers a sample");
    return labels;
  }
  TARE_TRY(const auto values, ReadRows(*split.dataset, arrays, split.samples));
  for (const double value : values) labels.texts.push_back(LabelText(value));
  return labels;
}

Result<void> CheckNumbers(const Split& split, NearMethod method, std::vector<Finding>& findings) {
  if (method == NearMethod::kText || split.samples.empty()) return {};
  TARE_TRY(auto columns, RowColumns(*split.dataset, split.arrays));
  const bool only_integers =
      std::ranges::all_of(columns, [](const RowColumn& column) { return column.is_integer; });
  // Pixels of 8 bits cannot be NaN: no need to read all images.
  if (only_integers && method == NearMethod::kImage) return {};
  NumberCheck check(split, std::move(columns));
  TARE_TRY_VOID(check.Read());
  check.Report(method, findings);
  return {};
}

void CheckClasses(const std::vector<SplitSummary>& splits, std::vector<Finding>& findings) {
  std::set<std::string> all;
  for (const SplitSummary& split : splits) {
    for (const auto& [name, count] : split.classes) all.insert(name);
  }
  if (all.empty() || all.size() > kMostClasses) return;
  for (const SplitSummary& split : splits) {
    if (split.classes.empty()) continue;
    CheckBalance(split, findings);
    std::vector<std::string> missing;
    for (const std::string& name : all) {
      if (!split.classes.contains(name)) missing.push_back(name);
    }
    if (missing.empty()) continue;
    findings.push_back(
        {Severity::kWarning,
         "missing_class",
         StrCat(split.name, " has no sample of ", missing.size() == 1 ? "class " : "the classes ",
                Listed(missing)),
         std::ssize(missing),
         {},
         {},
         StrCat("add samples of ", missing.size() == 1 ? "it" : "them", " to ", split.name)});
  }
}

}  // namespace tare::data::internal
