#include "tare/evaluate/predictions.h"

#include <algorithm>
#include <map>
#include <optional>
#include <unordered_map>

#include "evaluate/prediction_lines_internal.h"

namespace tare::evaluate {
namespace {

// Rows of scores that are kept before they are added.
constexpr size_t kRowsAtOnce = 256;

std::string ClassText(const ClassValue& value) {
  if (const auto* index = std::get_if<int64_t>(&value)) return StrCat(*index);
  const auto* name = std::get_if<std::string>(&value);
  return name != nullptr ? *name : std::string("nothing");
}

// Class values in the order in which they came; names get their numbers at the end.
class ClassTable {
 public:
  explicit ClassTable(const std::vector<std::string>& given) : fixed_(!given.empty()) {
    for (const auto& name : given) Intern(name);
  }

  /// A number that stands for the class until Numbers() is known; the index itself for indices.
  Result<int64_t> Take(const PredictionReader& reader, int64_t line, const char* field,
                       const ClassValue& value) {
    if (std::holds_alternative<std::monostate>(value)) {
      return reader.Wrong(line, StrCat("the line has no ", field), StrCat("add '", field, "'"));
    }
    const auto* name = std::get_if<std::string>(&value);
    const bool named = name != nullptr;
    if (named_ && *named_ != named && !fixed_) {
      return reader.Wrong(
          line,
          StrCat(field, " '", ClassText(value), "' is ",
                 named ? "a name where others are indices" : "an index where others are names"),
          "give names in all lines, or indices in all lines");
    }
    named_ = named;
    if (!named) return std::get<int64_t>(value);
    if (fixed_ && !places_.contains(*name)) {
      return reader.Wrong(line, StrCat(field, " '", *name, "' is none of the given classes"),
                          "correct the name, or the list of classes");
    }
    return Intern(*name);
  }

  bool named() const { return !fixed_ && named_.value_or(false); }

  /// Alphabetical: the number of each class in the order of interning.
  std::vector<int64_t> Numbers() const {
    std::vector<int64_t> out(places_.size());
    int64_t next = 0;
    for (const auto& [name, place] : places_) out[static_cast<size_t>(place)] = next++;
    return out;
  }
  std::vector<std::string> SortedNames() const {
    std::vector<std::string> out;
    for (const auto& [name, place] : places_) out.push_back(name);
    return out;
  }

 private:
  int64_t Intern(const std::string& name) {
    return places_.emplace(name, static_cast<int64_t>(places_.size())).first->second;
  }

  bool fixed_;
  std::optional<bool> named_;
  std::map<std::string, int64_t> places_;
};

class Joiner {
 public:
  Joiner(PredictionReader baseline, PredictionReader candidate,
         const ClassificationOptions& options)
      : readers_{std::move(baseline), std::move(candidate)},
        table_(options.classes),
        options_(options) {}

  Result<ClassificationEvidence> Run(std::vector<std::string>* classes) {
    TARE_TRY_VOID(ReadAll());
    if (table_.named()) {
      if (scored_.value_or(false)) {
        return InvalidArgument("the labels are names, and scores have no names",
                               "give labels as indices into the scores, or the list of classes");
      }
      options_.classes = table_.SortedNames();
      const auto numbers = table_.Numbers();
      for (auto* column : {&labels_, &first_predictions_, &second_predictions_}) {
        for (int64_t& value : *column) value = numbers[static_cast<size_t>(value)];
      }
    }
    TARE_TRY_VOID(Flush());
    if (classes != nullptr) *classes = options_.classes;
    return evaluation_->Finish();
  }

 private:
  using Pending = std::unordered_map<std::string, PredictionLine>;

  Result<void> ReadAll() {
    bool more[2] = {true, true};
    while (more[0] || more[1]) {
      for (const int side : {0, 1}) {
        if (!more[side]) continue;
        TARE_TRY(auto line, readers_[side].Next());
        more[side] = line.has_value();
        if (line) TARE_TRY_VOID(Match(side, *std::move(line)));
      }
    }
    for (const int side : {0, 1}) TARE_TRY_VOID(CheckAllMatched(side));
    if (num_pairs_ > 0) return {};
    return DataLoss(StrCat(readers_[0].name(), " and ", readers_[1].name(), " hold no predictions"),
                    "give files with one JSON object a line");
  }

  Result<void> CheckAllMatched(int side) const {
    const Pending& pending = pending_[side];
    if (pending.empty()) return {};
    const auto first =
        std::ranges::min_element(pending, {}, [](const auto& entry) { return entry.second.line; });
    const std::string others =
        pending.size() > 1 ? StrCat(" (and ", pending.size() - 1, " more)") : std::string();
    return readers_[side].Wrong(
        first->second.line,
        StrCat("the id '", first->first, "' has no partner in ", readers_[1 - side].name(), others),
        "give predictions of both models for the same samples");
  }

  Result<void> Match(int side, PredictionLine line) {
    const auto partner = pending_[1 - side].find(line.id);
    if (partner == pending_[1 - side].end()) {
      pending_[side].emplace(line.id, std::move(line));
      return {};
    }
    const PredictionLine other = std::move(partner->second);
    pending_[1 - side].erase(partner);
    return side == 0 ? AddPair(line, other) : AddPair(other, line);
  }

  Result<void> AddPair(const PredictionLine& first, const PredictionLine& second) {
    ++num_pairs_;
    const bool unlabelled = std::holds_alternative<std::monostate>(second.label);
    if (!unlabelled && second.label != first.label) {
      return readers_[1].Wrong(
          second.line,
          StrCat("label ", ClassText(second.label), " of id '", second.id, "', but ",
                 ClassText(first.label), " in ", readers_[0].name()),
          "give the same label in both files");
    }
    TARE_TRY(const int64_t label, table_.Take(readers_[0], first.line, "label", first.label));
    labels_.push_back(label);
    // Scores count only where both sides have them.
    const bool scored = !first.scores.empty() && !second.scores.empty();
    if (scored_ && *scored_ != scored) {
      return readers_[1].Wrong(second.line, "scores in some pairs of lines and not in others",
                               "give scores in all lines of both files, or predictions in all");
    }
    scored_ = scored;
    return scored ? AddScores(first, second) : AddPredictions(first, second);
  }

  Result<void> AddPredictions(const PredictionLine& first, const PredictionLine& second) {
    TARE_TRY(const int64_t before,
             table_.Take(readers_[0], first.line, "prediction", first.prediction));
    TARE_TRY(const int64_t after,
             table_.Take(readers_[1], second.line, "prediction", second.prediction));
    first_predictions_.push_back(before);
    second_predictions_.push_back(after);
    return {};
  }

  Result<void> AddScores(const PredictionLine& first, const PredictionLine& second) {
    if (num_classes_ == 0) num_classes_ = first.scores.size();
    for (const auto* line : {&first, &second}) {
      if (line->scores.size() == num_classes_) continue;
      return readers_[line == &first ? 0 : 1].Wrong(
          line->line, StrCat(line->scores.size(), " scores, others have ", num_classes_),
          "give one score for each class in each line");
    }
    first_scores_.insert(first_scores_.end(), first.scores.begin(), first.scores.end());
    second_scores_.insert(second_scores_.end(), second.scores.begin(), second.scores.end());
    // Names are numbered at the end: then all rows wait.
    return labels_.size() >= kRowsAtOnce && !table_.named() ? Flush() : Result<void>();
  }

  Result<void> Flush() {
    if (!evaluation_) {
      TARE_TRY(evaluation_, ClassificationEvaluation::Create(options_));
    }
    ClassificationBatch batch;
    batch.labels = labels_;
    batch.num_classes = static_cast<int64_t>(num_classes_);
    batch.baseline = {first_scores_, first_predictions_};
    batch.candidate = {second_scores_, second_predictions_};
    TARE_TRY_VOID(evaluation_->Add(batch));
    for (auto* column : {&labels_, &first_predictions_, &second_predictions_}) column->clear();
    first_scores_.clear();
    second_scores_.clear();
    return {};
  }

  PredictionReader readers_[2];
  ClassTable table_;
  ClassificationOptions options_;
  Pending pending_[2];
  std::optional<ClassificationEvaluation> evaluation_;
  std::optional<bool> scored_;
  size_t num_classes_ = 0;
  int64_t num_pairs_ = 0;
  std::vector<int64_t> labels_, first_predictions_, second_predictions_;
  std::vector<float> first_scores_, second_scores_;
};

}  // namespace

Result<ClassificationEvidence> EvaluatePredictions(std::istream& baseline,
                                                   const std::string& baseline_name,
                                                   std::istream& candidate,
                                                   const std::string& candidate_name,
                                                   const ClassificationOptions& options,
                                                   std::vector<std::string>* classes) {
  return Joiner({baseline, baseline_name}, {candidate, candidate_name}, options).Run(classes);
}

}  // namespace tare::evaluate
