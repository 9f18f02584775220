#include "tare/evaluate/predictions/predictions.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <map>
#include <optional>
#include <variant>

#include "evaluate/predictions/kpi_lines_internal.h"
#include "evaluate/predictions/prediction_lines_internal.h"
#include "evaluate/samples/kpi_evaluation_internal.h"

namespace tare::evaluate {
namespace {

// Rows of scores that are kept before they are added.
constexpr size_t kRowsAtOnce = 256;

// A class as a line gives it: nothing, an index, or a name.
using ClassValue = std::variant<std::monostate, int64_t, std::string>;

Result<ClassValue> ReadClass(const JsonReader& reader, const char* key) {
  const auto* child = reader.Child(key);
  if (child == nullptr) return ClassValue();
  if (child->is_string()) return ClassValue(child->get<std::string>());
  if (!child->is_number_integer()) return reader.Wrong(key, "a class index or name");
  TARE_TRY(const auto index, reader.Count(key));
  return ClassValue(*index);
}

struct ClassLine {
  std::string id;
  int64_t line = 0;
  ClassValue label, prediction;
  std::vector<double> scores;  // empty when the line has `prediction`
};

Result<ClassLine> ReadClassLine(const PredictionReader& reader, const PredictionLine& line) {
  const JsonReader fields = reader.Fields(line);
  ClassLine out;
  out.id = line.id;
  out.line = line.line;
  TARE_TRY(out.label, ReadClass(fields, "label"));
  TARE_TRY(out.prediction, ReadClass(fields, "prediction"));
  TARE_TRY(out.scores, ReadNumbers(fields, "scores"));
  if (std::holds_alternative<std::monostate>(out.prediction) && out.scores.empty()) {
    return reader.Wrong(line.line, "the line has neither prediction nor scores",
                        "write lines like {\"id\": \"a1\", \"label\": 3, \"prediction\": 3}");
  }
  return out;
}

// Where a line has both, the scores decide: they must say the same.
Result<void> CheckAgreement(const PredictionReader& reader, const ClassLine& line) {
  const auto* index = std::get_if<int64_t>(&line.prediction);
  if (index == nullptr || line.scores.size() < 2) return {};
  const auto best = std::ranges::max_element(line.scores);
  const bool is_class = *index < std::ssize(line.scores);
  if (is_class && line.scores[static_cast<size_t>(*index)] == *best) return {};
  return reader.Wrong(line.line,
                      StrCat("prediction ", *index, " is not the class of the greatest score, ",
                             best - line.scores.begin()),
                      "scores decide where both files have them: leave them out if the prediction "
                      "is right, else the prediction");
}

std::string ClassText(const ClassValue& value) {
  if (const auto* index = std::get_if<int64_t>(&value)) return StrCat(*index);
  const auto* name = std::get_if<std::string>(&value);
  return name != nullptr ? *name : std::string("nothing");
}

// A name in quotes: "3" is not 3.
std::string ShownClass(const ClassValue& value) {
  return std::holds_alternative<std::string>(value) ? StrCat("'", ClassText(value), "'")
                                                    : ClassText(value);
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

// Numeric fields of the lines that slices compare and KPIs read, of the rows that wait.
class FieldColumns {
 public:
  /// Errors  kInvalidArgument: a slice or a KPI does not parse.
  Result<void> Parse(const TestOptions& options) {
    for (const SliceSpec& spec : options.slices) {
      TARE_TRY(const auto where,
               SliceExpression::Parse(spec.where).While(StrCat("reading slice '", spec.name, "'")));
      for (const std::string& name : where.names())
        Want(name, StrCat("slice '", spec.name, "'"), false);
    }
    TARE_TRY(const auto kpis,
             KpiEvaluation::Create(options.kpis, {options.confidence, options.bootstrap, {}, {}}));
    for (size_t i = 0; i < kpis.names().size(); ++i) Want(kpis.names()[i], kpis.ReadersOf(i), true);
    return {};
  }

  /// Keeps the names that stand in the first lines and that the evaluation does not know by itself;
  /// it tells which names of slices are wrong.
  /// Errors  kInvalidArgument: a KPI reads what is neither measured nor a field.
  Result<void> Find(const PredictionLine& first, const PredictionLine& second, bool scored) {
    std::vector<std::string> measured = {"label", "prediction", "correct"};
    if (scored) measured.emplace_back("confidence");
    auto known = NumericFields(first);
    for (const std::string& name : NumericFields(second)) AddMissing(name, known);
    const auto stands_in = [](const std::vector<std::string>& names) {
      return [&names](const Field& field) {
        return std::ranges::find(names, field.name) != names.end();
      };
    };
    // The field `prediction` of a line may be compared by slices.
    std::erase_if(fields_, [&](const Field& field) {
      return stands_in(measured)(field) && (field.of_kpi || field.name != "prediction");
    });
    const auto absent = std::ranges::find_if_not(fields_, stands_in(known));
    for (const std::string& name : measured) AddMissing(name, known);
    if (absent != fields_.end() && absent->of_kpi)
      return UnknownKpiColumn(absent->readers, absent->name, known);
    std::erase_if(fields_, std::not_fn(stands_in(known)));
    return {};
  }

  Result<void> Add(const JsonReader& first, const JsonReader& second) {
    for (Field& field : fields_) {
      TARE_TRY(const double ours, ReadField(first, first, field.name, field.readers));
      TARE_TRY(const double theirs, ReadField(second, first, field.name, field.readers));
      field.values[0].push_back(ours);
      field.values[1].push_back(theirs);
    }
    return {};
  }

  std::vector<Column> Columns(size_t side, size_t from, size_t rows) const {
    std::vector<Column> columns;
    for (const Field& field : fields_)
      columns.push_back({field.name, std::span(field.values[side]).subspan(from, rows)});
    return columns;
  }

  void Clear() {
    for (Field& field : fields_) {
      for (auto& values : field.values) values.clear();
    }
  }

 private:
  struct Field {
    std::string name;
    std::string readers;  // for errors
    bool of_kpi = false;
    std::vector<double> values[2];
  };

  static void AddMissing(const std::string& name, std::vector<std::string>& names) {
    if (std::ranges::find(names, name) == names.end()) names.push_back(name);
  }

  void Want(const std::string& name, std::string readers, bool of_kpi) {
    if (std::ranges::find(fields_, name, &Field::name) == fields_.end())
      fields_.push_back({name, std::move(readers), of_kpi, {}});
  }

  std::vector<Field> fields_;
};

class Joiner {
 public:
  Joiner(PredictionReader baseline, PredictionReader candidate, const TestOptions& test,
         const ClassificationOptions& options)
      : readers_{std::move(baseline), std::move(candidate)},
        table_(options.classes),
        test_(test),
        options_(options) {}

  Result<TestEvidence> Run(std::vector<std::string>* classes) {
    TARE_TRY_VOID(fields_.Parse(test_));
    TARE_TRY_VOID(JoinById(
        readers_[0], readers_[1],
        [&](const PredictionLine& a, const PredictionLine& b) -> Result<void> {
          TARE_TRY(const ClassLine first, ReadClassLine(readers_[0], a));
          TARE_TRY(const ClassLine second, ReadClassLine(readers_[1], b));
          TARE_TRY_VOID(AddPair(first, second));
          if (labels_.size() == 1 && !evaluation_) TARE_TRY_VOID(fields_.Find(a, b, *scored_));
          TARE_TRY_VOID(fields_.Add(readers_[0].Fields(a), readers_[1].Fields(b)));
          lines_.push_back(first.line);
          // Names are numbered at the end: then all rows wait.
          return labels_.size() >= kRowsAtOnce && !table_.named() ? Flush() : Result<void>();
        }));
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
  Result<void> AddPair(const ClassLine& first, const ClassLine& second) {
    const bool unlabelled = std::holds_alternative<std::monostate>(second.label);
    if (!unlabelled && second.label != first.label) {
      return readers_[1].Wrong(
          second.line,
          StrCat("label ", ShownClass(second.label), " of id '", second.id, "', but ",
                 ShownClass(first.label), " in ", readers_[0].name()),
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

  Result<void> AddPredictions(const ClassLine& first, const ClassLine& second) {
    TARE_TRY(const int64_t before,
             table_.Take(readers_[0], first.line, "prediction", first.prediction));
    TARE_TRY(const int64_t after,
             table_.Take(readers_[1], second.line, "prediction", second.prediction));
    first_predictions_.push_back(before);
    second_predictions_.push_back(after);
    return {};
  }

  Result<void> AddScores(const ClassLine& first, const ClassLine& second) {
    if (num_classes_ == 0) num_classes_ = first.scores.size();
    TARE_TRY_VOID(CheckAgreement(readers_[0], first));
    TARE_TRY_VOID(CheckAgreement(readers_[1], second));
    for (const auto* line : {&first, &second}) {
      if (line->scores.size() == num_classes_) continue;
      return readers_[line == &first ? 0 : 1].Wrong(
          line->line, StrCat(line->scores.size(), " scores, others have ", num_classes_),
          "give one score for each class in each line");
    }
    first_scores_.insert(first_scores_.end(), first.scores.begin(), first.scores.end());
    second_scores_.insert(second_scores_.end(), second.scores.begin(), second.scores.end());
    return {};
  }

  Result<void> AddRows(size_t from, size_t rows) {
    const auto part = [&](const auto& values, size_t width) {
      return std::span(values).subspan(from * width, rows * width);
    };
    const size_t answers = num_classes_ == 0 ? 1 : 0;
    ClassificationBatch batch;
    batch.labels = part(labels_, 1);
    batch.num_classes = static_cast<int64_t>(num_classes_);
    batch.baseline = {part(first_scores_, num_classes_), part(first_predictions_, answers)};
    batch.candidate = {part(second_scores_, num_classes_), part(second_predictions_, answers)};
    batch.least_probability = stats::kLeastProbability64;
    const auto first_columns = fields_.Columns(0, from, rows);
    const auto second_columns = fields_.Columns(1, from, rows);
    batch.columns = first_columns;
    batch.candidate_columns = second_columns;
    batch.place = [&](size_t row) { return StrCat(readers_[0].name(), ":", lines_[from + row]); };
    batch.line = [&](size_t row) { return lines_[from + row]; };
    TARE_TRY_VOID(evaluation_->Add(batch));
    if (evaluation_->score_kind() != stats::ScoreKind::kProbabilities) return {};
    TARE_TRY_VOID(CheckProbabilities(batch.baseline.scores, from, "baseline"));
    return CheckProbabilities(batch.candidate.scores, from, "candidate");
  }

  // The first lines tell what scores are; logits among probabilities would have no log loss. Sums
  // are not looked at: a softmax in 8 bits does not add up to 1 either.
  Result<void> CheckProbabilities(std::span<const double> scores, size_t from,
                                  std::string_view side) const {
    constexpr double kRounding = 1e-3;
    const auto wrong =
        std::ranges::find_if(scores, [](double p) { return p < -kRounding || p > 1 + kRounding; });
    if (wrong == scores.end()) return {};
    const size_t row = from + static_cast<size_t>(wrong - scores.begin()) / num_classes_;
    return readers_[0].Wrong(lines_[row],
                             StrCat("the score ", *wrong, " of the ", side,
                                    " is no probability, as those of the first lines are"),
                             "give probabilities in all lines of both files, or logits in all");
  }

  Result<void> Flush() {
    if (!evaluation_) {
      TARE_TRY(evaluation_, ClassificationEvaluation::Create(test_, options_));
    }
    for (size_t from = 0; from < labels_.size(); from += kRowsAtOnce)
      TARE_TRY_VOID(AddRows(from, std::min(kRowsAtOnce, labels_.size() - from)));
    fields_.Clear();
    lines_.clear();
    for (auto* column : {&labels_, &first_predictions_, &second_predictions_}) column->clear();
    first_scores_.clear();
    second_scores_.clear();
    return {};
  }

  PredictionReader readers_[2];
  FieldColumns fields_;
  ClassTable table_;
  const TestOptions& test_;
  ClassificationOptions options_;
  std::optional<ClassificationEvaluation> evaluation_;
  std::optional<bool> scored_;
  size_t num_classes_ = 0;
  std::vector<int64_t> labels_, first_predictions_, second_predictions_, lines_;
  std::vector<double> first_scores_, second_scores_;
};

}  // namespace

Result<TestEvidence> EvaluatePredictions(const PredictionStreams& streams, const TestOptions& test,
                                         const ClassificationOptions& options,
                                         std::vector<std::string>* classes) {
  return Joiner({streams.baseline, streams.baseline_name},
                {streams.candidate, streams.candidate_name}, test, options)
      .Run(classes);
}

}  // namespace tare::evaluate
