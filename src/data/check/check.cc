#include "tare/data/check/check.h"

#include <algorithm>
#include <iterator>
#include <unordered_map>

#include "data/check/check_columns_internal.h"
#include "tare/core/text.h"

namespace tare::data {
namespace {

constexpr std::string_view kCalibration = "calibration";
constexpr std::string_view kSearch = "search";
constexpr std::string_view kTest = "test";

bool IsLeak(const SharedSamples& shared) {
  const auto teaches = [](const std::string& name) {
    return name == kCalibration || name == kSearch;
  };
  return (shared.split == kTest && teaches(shared.earlier_split)) ||
         (shared.earlier_split == kTest && teaches(shared.split));
}

std::string Counts(const SharedSamples& shared) {
  if (shared.num_near == 0) return "exactly";
  if (shared.num_exact == 0) return "nearly";
  return StrCat(WithThousands(shared.num_exact), " exactly, ", WithThousands(shared.num_near),
                " nearly");
}

Finding FindingOf(const SharedSamples& shared) {
  Finding finding;
  finding.n = shared.num_exact + shared.num_near;
  finding.examples = shared.examples;
  const std::string count =
      StrCat(WithThousands(finding.n), finding.n == 1 ? " sample" : " samples");
  if (shared.split == shared.earlier_split) {
    finding.severity = Severity::kWarning;
    finding.kind = "repeated";
    finding.what = StrCat(count, " of ", shared.split, finding.n == 1 ? " repeats" : " repeat",
                          " another of it, ", Counts(shared));
    finding.next_step =
        shared.split == kTest
            ? "keep each once: repeated samples make intervals too narrow"
            : "keep each once, or choose with --recommend: repeated samples weigh more than others";
    return finding;
  }
  finding.severity = IsLeak(shared) ? Severity::kLeak : Severity::kWarning;
  finding.kind = IsLeak(shared) ? "leak" : "shared";
  finding.what =
      StrCat(shared.earlier_split, " and ", shared.split, " share ", count, ", ", Counts(shared));
  const std::string& other = shared.earlier_split == kTest ? shared.split : shared.earlier_split;
  finding.next_step = IsLeak(shared) ? StrCat("remove these samples from the ", other,
                                              " data: the test must not have been seen")
                                     : StrCat("remove these samples from one of the two");
  return finding;
}

// Labels as numbers, the same text the same number in all splits.
class LabelNumbers {
 public:
  std::vector<int64_t> Of(const std::vector<std::string>& texts) {
    std::vector<int64_t> numbers;
    numbers.reserve(texts.size());
    for (const std::string& text : texts) {
      numbers.push_back(
          text.empty() ? -1 : numbers_.try_emplace(text, std::ssize(numbers_)).first->second);
    }
    return numbers;
  }

 private:
  std::unordered_map<std::string, int64_t> numbers_;
};

class Checker {
 public:
  Checker(const CheckRequest& request, Progress& progress)
      : request_(request), splits_(request.splits), progress_(progress) {}

  Result<DataCheck> Check() {
    TARE_TRY_VOID(ChooseContent());
    for (const Split& split : splits_) AddSplit(split);
    TARE_TRY_VOID(ReadLabels());
    for (const Split& split : splits_) {
      TARE_TRY_VOID(internal::CheckNumbers(split, out_.content.method, out_.findings)
                        .While(StrCat("checking the ", split.name, " set")));
    }
    TARE_TRY(out_.duplicates,
             ScanDuplicates(splits_, out_.content.method, labels_, request_.duplicates, progress_));
    AddDuplicates();
    if (request_.recommend > 0) {
      TARE_TRY_VOID(Choose());
    }
    std::ranges::stable_sort(out_.findings, [](const Finding& a, const Finding& b) {
      return a.severity != b.severity ? a.severity < b.severity : a.n > b.n;
    });
    return std::move(out_);
  }

 private:
  Result<void> ChooseContent() {
    if (splits_.empty()) return InvalidArgument("no data to check", "name at least one data file");
    TARE_TRY(out_.content, ContentOfSplit(splits_[0], request_.content));
    for (Split& split : splits_) {
      if (split.arrays.empty()) split.arrays = out_.content.arrays;
    }
    return {};
  }

  void AddSplit(const Split& split) {
    out_.splits.push_back({split.name, split.dataset->source(), std::ssize(split.samples), {}});
    if (split.samples.empty()) {
      Add(Severity::kWarning, "empty", StrCat(split.name, " has no samples"), 0, "give it some");
    }
    const auto texts = split.dataset->text_columns();
    for (const SkippedArray& array : split.dataset->skipped()) {
      if (std::ranges::find(texts, array.name) != texts.end()) continue;
      Add(Severity::kWarning, "unreadable", StrCat(split.name, ": ", array.error.what), 1,
          array.error.next_step);
    }
  }

  Result<void> ReadLabels() {
    const std::string& label = request_.content.label;
    if (label.empty()) return {};
    LabelNumbers numbers;
    for (size_t s = 0; s < splits_.size(); ++s) {
      TARE_TRY(const auto labels, internal::ReadLabelTexts(splits_[s], label));
      labels_.push_back(numbers.Of(labels.texts));
      if (!labels.problem.empty()) {
        Add(Severity::kWarning, "missing_label",
            StrCat(splits_[s].name, " has no labels: ", labels.problem),
            std::ssize(splits_[s].samples), "name the array of labels with --label, or add it");
      }
      for (const std::string& text : labels.texts) ++out_.splits[s].classes[text];
      const auto unknown = out_.splits[s].classes.find("");
      if (unknown == out_.splits[s].classes.end()) continue;
      Add(Severity::kWarning, "missing_label",
          StrCat(splits_[s].name, " has samples without a label"), unknown->second,
          "label them, or leave them out");
      out_.splits[s].classes.erase(unknown);
    }
    internal::CheckClasses(out_.splits, out_.findings);
    return {};
  }

  void AddDuplicates() {
    for (const SharedSamples& shared : out_.duplicates.shared)
      out_.findings.push_back(FindingOf(shared));
    if (out_.duplicates.num_conflicts > 0) {
      const int64_t n = out_.duplicates.num_conflicts;
      Add(Severity::kWarning, "conflict",
          StrCat(WithThousands(n), n == 1 ? " sample has" : " samples have",
                 " the content of another and a different label"),
          n, "look at both and correct the label that is wrong");
      out_.findings.back().examples = out_.duplicates.conflicts;
    }
    if (out_.duplicates.num_cut_short > 0) {
      Add(Severity::kNote, "cut_short",
          StrCat(WithThousands(out_.duplicates.num_cut_short),
                 " samples resemble so many others that they were not compared with all of them"),
          out_.duplicates.num_cut_short, "near duplicates among them may be more than were found");
    }
  }

  // Of the first split, without what repeats there and without what the test has.
  Result<void> Choose() {
    const auto& repeated = out_.duplicates.repeated[0];
    const auto& shared = out_.duplicates.shared_later[0];
    std::vector<int64_t> samples;
    for (const int64_t sample : splits_[0].samples) {
      if (std::ranges::binary_search(repeated, sample) ||
          std::ranges::binary_search(shared, sample))
        continue;
      samples.push_back(sample);
    }
    TARE_TRY(out_.recommended, Recommend(splits_[0], out_.content.method, samples,
                                         request_.recommend, request_.seed));
    return {};
  }

  void Add(Severity severity, std::string kind, std::string what, int64_t n,
           std::string next_step) {
    out_.findings.push_back(
        {severity, std::move(kind), std::move(what), n, {}, {}, std::move(next_step)});
  }

  const CheckRequest& request_;
  std::vector<Split> splits_;
  Progress& progress_;
  std::vector<std::vector<int64_t>> labels_;
  DataCheck out_;
};

}  // namespace

std::string_view SeverityName(Severity severity) {
  switch (severity) {
    case Severity::kLeak:
      return "leak";
    case Severity::kWarning:
      return "warning";
    case Severity::kNote:
      return "note";
  }
  return "note";
}

Result<DataCheck> CheckData(const CheckRequest& request, Progress& progress) {
  return Checker(request, progress).Check();
}

}  // namespace tare::data
