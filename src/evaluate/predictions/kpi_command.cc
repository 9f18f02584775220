#include "tare/evaluate/predictions/kpi_command.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <fstream>
#include <memory>
#include <optional>

#include "evaluate/predictions/prediction_lines_internal.h"
#include "evaluate/samples/jackknife_internal.h"
#include "tare/core/file.h"
#include "tare/core/process.h"
#include "tare/core/random.h"
#include "tare/core/text.h"
#include "tare/verdict/metric_info.h"

namespace tare::evaluate {
namespace {

using Json = nlohmann::ordered_json;

constexpr size_t kPieceBytes = 64 << 10;
constexpr size_t kQuotedBytes = 300;
constexpr int kNoGroup = -1;
// What a model says, which the other one has not said.
constexpr std::string_view kOfTheModel[] = {"prediction", "scores", "support", "supported"};

// Groups of a random permutation, cut into parts whose sizes differ by at most one: each sample
// draws among the places that are left.
class Groups {
 public:
  Groups(int64_t n, uint64_t seed) : random_(seed), left_(n) {
    for (int64_t g = 0; g < kJackknifeGroups; ++g)
      places_[static_cast<size_t>(g)] = n / kJackknifeGroups + (g < n % kJackknifeGroups ? 1 : 0);
  }

  /// nullopt when all n have been drawn.
  std::optional<int> Next() {
    if (left_ == 0) return std::nullopt;
    auto at = static_cast<int64_t>(random_.Below(static_cast<uint64_t>(left_--)));
    size_t g = 0;
    while (at >= places_[g]) at -= places_[g++];
    --places_[g];
    return static_cast<int>(g);
  }
  int64_t left() const { return left_; }

 private:
  Random random_;
  int64_t left_;
  std::array<int64_t, kJackknifeGroups> places_{};
};

// The lines of one model in a temporary file, each behind a byte that tells its group.
class LineStore {
 public:
  explicit LineStore(std::string path) : path_(std::move(path)), out_(path_, std::ios::binary) {}

  Result<void> Add(int group, const Json& line) {
    out_ << static_cast<char>('A' + group)
         << line.dump(-1, ' ', false, Json::error_handler_t::replace) << '\n';
    return Check();
  }
  Result<void> Close() {
    out_.close();
    return Check();
  }

  /// All lines but those of group `without`.
  ProcessInput Read(int without) const {
    return [in = std::make_shared<std::ifstream>(path_, std::ios::binary), text = std::string(),
            without](std::string& piece) mutable -> Result<void> {
      while (piece.size() < kPieceBytes && std::getline(*in, text)) {
        if (text[0] - 'A' == without) continue;
        piece.append(text, 1);
        piece += '\n';
      }
      if (in->bad())
        return DataLoss("cannot read a temporary file", "look at the disk of the temporary folder");
      return {};
    };
  }

 private:
  Result<void> Check() const {
    if (out_) return {};
    return ResourceExhausted(StrCat("cannot write ", path_),
                             "make room in the temporary folder, or set TMPDIR to another one");
  }
  std::string path_;
  std::ofstream out_;
};

// The line of the candidate with what the data say of the sample.
Json Merged(const Json& candidate, const Json& baseline) {
  Json out = candidate;
  for (const auto& [key, value] : baseline.items()) {
    if (std::ranges::find(kOfTheModel, key) == std::end(kOfTheModel) && !out.contains(key))
      out[key] = value;
  }
  return out;
}

Result<void> Store(const PredictionStreams& streams, int64_t n, uint64_t seed, LineStore& baseline,
                   LineStore& candidate) {
  PredictionReader first(streams.baseline, streams.baseline_name);
  PredictionReader second(streams.candidate, streams.candidate_name);
  Groups groups(n, seed);
  const auto changed = [] {
    return DataLoss("the predictions changed while they were read",
                    "leave the files alone until tare has ended");
  };
  TARE_TRY_VOID(JoinById(first, second,
                         [&](const PredictionLine& a, const PredictionLine& b) -> Result<void> {
                           const auto group = groups.Next();
                           if (!group) return changed();
                           TARE_TRY_VOID(baseline.Add(*group, a.json));
                           return candidate.Add(*group, Merged(b.json, a.json));
                         }));
  if (groups.left() > 0) return changed();
  TARE_TRY_VOID(baseline.Close());
  return candidate.Close();
}

std::string Quoted(std::string_view text) {
  const size_t end = text.find_last_not_of(" \t\r\n");
  text = text.substr(0, end == std::string_view::npos ? 0 : end + 1);
  return std::string(text.size() > kQuotedBytes ? text.substr(text.size() - kQuotedBytes) : text);
}

Result<double> NumberOf(std::string_view output) {
  constexpr const char* kNext =
      "let it print one number on standard output, and nothing else there";
  constexpr std::string_view kSpace = " \t\r\n";
  const std::string shown = Quoted(output.substr(0, kQuotedBytes));
  const size_t from = output.find_first_not_of(kSpace);
  if (from == std::string_view::npos) return InvalidArgument("the command prints no number", kNext);
  std::string_view text = output.substr(from, output.find_last_not_of(kSpace) + 1 - from);
  if (text.find_first_of(kSpace) != std::string_view::npos)
    return InvalidArgument(StrCat("the command prints more than one number: ", shown), kNext);
  if (text.starts_with('+')) text.remove_prefix(1);
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (end != text.data() + text.size() || error == std::errc::invalid_argument) {
    return InvalidArgument(StrCat("the command prints no number but: ", shown), kNext);
  }
  if (error != std::errc() || !std::isfinite(value)) {
    return InvalidArgument(StrCat("the command prints a number that is not finite: ", shown),
                           "let it print a finite number for any part of the lines");
  }
  return value;
}

Result<double> RunOnce(const KpiCommand& kpi, const LineStore& lines, int without,
                       const KpiCommandOptions& options, const Progress& progress) {
  const ProcessOptions limits{.time_limit_s = options.time_limit_s};
  TARE_TRY(const ProcessEnd end, RunShell(kpi.command, lines.Read(without), limits, progress));
  if (end.exit_code != 0) {
    const std::string said = Quoted(end.last_errors);
    return FailedPrecondition(StrCat("the command ends with exit code ", end.exit_code,
                                     said.empty() ? ", and says nothing" : StrCat(": ", said)),
                              StrCat("run it by hand on the lines of one model: ", kpi.command));
  }
  return NumberOf(end.output);
}

// The KPI of one model: of all samples, and with each group left out.
struct Runs {
  double all = 0;
  std::vector<double> left_out;
};

class CommandEvaluation {
 public:
  CommandEvaluation(const LineStore& baseline, const LineStore& candidate,
                    const KpiCommandOptions& options, Progress& progress, TestEvidence& evidence)
      : stores_{&baseline, &candidate},
        options_(options),
        progress_(progress),
        evidence_(evidence) {}

  Result<void> Add(const KpiCommand& kpi) {
    const int num_groups = evidence_.n < kMinJackknifeSamples ? 0 : kJackknifeGroups;
    progress_.Begin(StrCat("KPI ", kpi.name), 2 * (num_groups + 1));
    Runs sides[2];
    for (const size_t side : {size_t{0}, size_t{1}}) {
      TARE_TRY(sides[side].all, RunSide(kpi, side, kNoGroup));
      for (int group = 0; group < num_groups; ++group) {
        TARE_TRY(const double value, RunSide(kpi, side, group));
        sides[side].left_out.push_back(value);
      }
    }
    done_ = 0;
    progress_.End("");
    Conclude(kpi, sides[0], sides[1]);
    return {};
  }

 private:
  Result<double> RunSide(const KpiCommand& kpi, size_t side, int without) {
    auto value = RunOnce(kpi, *stores_[side], without, options_, progress_);
    if (!value && value.error().code == ErrorCode::kCancelled) return value;
    progress_.Update(++done_);
    const std::string part = without == kNoGroup ? std::string("all samples")
                                                 : StrCat("all samples but group ", without + 1,
                                                          " of ", kJackknifeGroups);
    return std::move(value).While(StrCat("running KPI command '", kpi.name, "' on ", part,
                                         " of the ", side == 0 ? "baseline" : "candidate"));
  }

  void Conclude(const KpiCommand& kpi, const Runs& baseline, const Runs& candidate) {
    Runs difference{candidate.all - baseline.all, {}};
    double scale = std::max(std::abs(baseline.all), std::abs(candidate.all));
    for (size_t g = 0; g < baseline.left_out.size(); ++g) {
      difference.left_out.push_back(candidate.left_out[g] - baseline.left_out[g]);
      scale = std::max({scale, std::abs(baseline.left_out[g]), std::abs(candidate.left_out[g])});
    }
    const auto estimate = [&](const Runs& runs) {
      if (!runs.left_out.empty())
        return JackknifeEstimate(runs.all, runs.left_out, scale, evidence_.n, options_.confidence);
      verdict::Estimate out;
      out.value = runs.all;
      out.n = evidence_.n;
      out.method = "jackknife";
      return out;
    };
    const std::string name = verdict::KpiMetricName(kpi.name);
    evidence_.baseline.emplace_back(name, estimate(baseline));
    evidence_.candidate.emplace_back(name, estimate(candidate));
    evidence_.paired->difference.emplace_back(name, estimate(difference));
    if (evidence_.n < kMinJackknifeSamples) {
      evidence_.warnings.push_back(
          {StrCat("KPI '", kpi.name, "' has no interval: there are ", evidence_.n, " samples"),
           StrCat("give at least ", kMinJackknifeSamples)});
    } else if (evidence_.paired->difference.back().second.bounds.empty()) {
      evidence_.warnings.push_back(
          {StrCat("KPI '", kpi.name,
                  "' has no interval: its difference is the same whichever samples are left out"),
           "look whether the command reads what the models say; more samples may tell them apart"});
    }
  }

  const LineStore* stores_[2];
  const KpiCommandOptions& options_;
  Progress& progress_;
  TestEvidence& evidence_;
  int64_t done_ = 0;
};

}  // namespace

Result<void> AddKpiCommands(std::span<const KpiCommand> commands, const PredictionStreams& streams,
                            const KpiCommandOptions& options, Progress& progress,
                            TestEvidence& evidence) {
  TARE_CHECK(evidence.paired.has_value());
  if (commands.empty()) return {};
  std::vector<std::string> names;
  for (const KpiCommand& kpi : commands) names.push_back(kpi.name);
  TARE_TRY_VOID(verdict::CheckKpiNames(names));
  if (!(options.time_limit_s > 0))
    return InvalidArgument(StrCat("a time limit of ", options.time_limit_s, " s"),
                           "give more than 0 seconds");
  TARE_TRY(const auto folder, TemporaryFolder::Create());
  LineStore baseline(folder.path() + "/baseline.jsonl");
  LineStore candidate(folder.path() + "/candidate.jsonl");
  TARE_TRY_VOID(Store(streams, evidence.n, options.seed, baseline, candidate));
  CommandEvaluation evaluation(baseline, candidate, options, progress, evidence);
  for (const KpiCommand& kpi : commands) TARE_TRY_VOID(evaluation.Add(kpi));
  return {};
}

}  // namespace tare::evaluate
