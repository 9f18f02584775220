#include "tare/evaluate/models/entailment_judge.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "tare/core/bytes.h"
#include "tare/core/text.h"
#include "tare/runtime/probe.h"
#include "tare/runtime/request.h"

namespace tare::evaluate {
namespace {

constexpr int64_t kBatch = 16;
constexpr int64_t kMaxBatch = 1024;      // that a model may ask for
constexpr int64_t kDynamicTokens = 512;  // what BERT's positions reach
constexpr int64_t kMaxTokens = 65'536;
constexpr double kSumTolerance = 1e-3;  // of probabilities in half precision
constexpr std::string_view kInputs[] = {"input_ids", "attention_mask", "token_type_ids"};
constexpr const char* kNeeds =
    "give a BERT-like cross-encoder: inputs input_ids, attention_mask and, if it has it, "
    "token_type_ids, int64 [N, T]";

// What the model reads at once.
struct Extents {
  int64_t batch = -1, tokens = -1;  // -1: any
};

bool IsWhole(DType dtype) { return dtype == DType::kInt64 || dtype == DType::kInt32; }

Result<void> CheckInput(const ValueInfo& input, const std::string& path, Extents& extents) {
  if (std::ranges::find(kInputs, input.name) == std::end(kInputs)) {
    return InvalidArgument(
        StrCat("the judge ", path, " has an input '", input.name, "', which tare cannot fill"),
        kNeeds);
  }
  if (!IsWhole(input.dtype) || input.shape.size() != 2) {
    return InvalidArgument(StrCat("the input '", input.name, "' of the judge ", path, " is ",
                                  DTypeName(input.dtype), " ", ShapeText(input.shape)),
                           kNeeds);
  }
  int64_t* const known[] = {&extents.batch, &extents.tokens};
  for (size_t axis = 0; axis < 2; ++axis) {
    const int64_t extent = input.shape[axis];
    if (extent < 0) continue;
    const bool fits = extent >= 1 && extent <= (axis == 0 ? kMaxBatch : kMaxTokens);
    if (!fits || (*known[axis] >= 0 && *known[axis] != extent)) {
      return InvalidArgument(
          StrCat("the inputs of the judge ", path, " are of different or unusable shapes: '",
                 input.name, "' is ", ShapeText(input.shape)),
          kNeeds);
    }
    *known[axis] = extent;
  }
  return {};
}

Result<Extents> CheckInputs(std::span<const ValueInfo> inputs, const std::string& path) {
  for (const std::string_view needed : std::span(kInputs).first(2)) {
    if (std::ranges::find(inputs, needed, &ValueInfo::name) == inputs.end()) {
      std::vector<std::string> names;
      for (const ValueInfo& input : inputs) names.push_back(input.name);
      return InvalidArgument(StrCat("the judge ", path, " has no input '", needed, "'; it has ",
                                    names.empty() ? "none" : Join(names, ", ")),
                             kNeeds);
    }
  }
  Extents extents;
  for (const ValueInfo& input : inputs) TARE_TRY_VOID(CheckInput(input, path, extents));
  return extents;
}

Result<size_t> FindJudgeOutput(std::span<const ValueInfo> outputs, const std::string& wanted,
                               const std::string& path) {
  const auto found =
      std::ranges::find(outputs, wanted.empty() ? "logits" : wanted, &ValueInfo::name);
  if (found != outputs.end()) return static_cast<size_t>(found - outputs.begin());
  if (wanted.empty() && !outputs.empty()) return 0;
  std::vector<std::string> names;
  for (const ValueInfo& output : outputs) names.push_back(output.name);
  return InvalidArgument(StrCat("the judge ", path, " has no output '", wanted, "'"),
                         StrCat("--judge-output may be ", Join(names, ", ")));
}

Tensor TensorOf(DType dtype, const Shape& shape, const std::vector<int64_t>& values) {
  if (dtype == DType::kInt64) return Tensor::Of<int64_t>(shape, values);
  return Tensor::Of<int32_t>(shape, std::vector<int32_t>(values.begin(), values.end()));
}

bool IsProbable(std::span<const float> row) {
  if (!std::ranges::all_of(row, [](float p) { return p >= 0 && p <= 1; })) return false;
  return row.size() == 1 ||
         std::abs(std::accumulate(row.begin(), row.end(), 0.0) - 1) <= kSumTolerance;
}

double Softmax(std::span<const float> row, size_t place) {
  const double greatest = *std::ranges::max_element(row);
  double sum = 0;
  for (const float logit : row) sum += std::exp(logit - greatest);
  return std::exp(row[place] - greatest) / sum;
}

class EntailmentJudge : public SupportJudge {
 public:
  static Result<std::unique_ptr<SupportJudge>> Load(const EntailmentOptions& options) {
    TARE_TRY(auto tokens, scores::WordPiece::FromFile(options.vocab_path, options.letters));
    TARE_TRY(auto session, runtime::Session::FromFile(options.model_path, options.session));
    TARE_TRY(const Extents extents, CheckInputs(session.inputs(), options.model_path));
    TARE_TRY(const size_t output,
             FindJudgeOutput(session.outputs(), options.output, options.model_path));
    std::unique_ptr<EntailmentJudge> judge(
        new EntailmentJudge(options, std::move(tokens), std::move(session), extents, output));
    TARE_TRY_VOID(judge->Probe());
    return std::unique_ptr<SupportJudge>(std::move(judge));
  }

  Result<std::vector<double>> Score(std::span<const SupportPair> pairs) override {
    std::vector<double> scores;
    while (!pairs.empty()) {
      const auto batch = pairs.first(std::min(pairs.size(), BatchSize()));
      TARE_TRY(const auto encoded, Encode(batch));
      TARE_TRY(const Tensor out, Run(encoded));
      TARE_TRY_VOID(Append(batch, out, scores));
      num_judged_ += std::ssize(batch);
      num_cut_ += std::ranges::count(encoded, true, &scores::EncodedPair::cut);
      pairs = pairs.subspan(batch.size());
    }
    return scores;
  }

  std::vector<verdict::Warning> warnings() const override {
    if (num_cut_ == 0) return {};
    return {{StrCat("the judge read ", WithThousands(num_cut_), " of ", WithThousands(num_judged_),
                    " contexts only in part: it takes ", MaxTokens(), " tokens"),
             "an answer from the end of such a context looks unsupported: give shorter contexts, "
             "or a judge that takes more"}};
  }

 private:
  EntailmentJudge(const EntailmentOptions& options, scores::WordPiece tokens,
                  runtime::Session session, Extents extents, size_t output)
      : path_(options.model_path),
        entailment_(options.entailment),
        tokens_(std::move(tokens)),
        session_(std::move(session)),
        extents_(extents),
        output_(output) {}

  size_t BatchSize() const {
    return static_cast<size_t>(extents_.batch > 0 ? extents_.batch : kBatch);
  }
  size_t MaxTokens() const {
    return static_cast<size_t>(extents_.tokens > 0 ? extents_.tokens : kDynamicTokens);
  }

  // Two texts of no words: enough to see that it runs and what shape its answer has.
  Result<void> Probe() {
    const scores::EncodedPair nothing{{tokens_.cls(), tokens_.sep(), tokens_.sep()}, 2};
    if (MaxTokens() < nothing.ids.size())
      return InvalidArgument(StrCat("the judge ", path_, " reads ", MaxTokens(), " tokens"),
                             "give one that reads a text");
    TARE_TRY(const Tensor out, Run(std::vector(2 <= BatchSize() ? 2 : 1, nothing)));
    const int64_t classes = out.shape()[1];
    if (!entailment_ && classes == 1) return {};
    const std::string known =
        classes == 1 ? "one class, 0" : StrCat(classes, " classes, 0 to ", classes - 1);
    const std::string next = StrCat(
        "give --judge-entailment INDEX, the class of entailment: the model's config.json names the "
        "classes (id2label)");
    if (!entailment_)
      return InvalidArgument(
          StrCat("the judge ", path_, " has ", known, ", and which one is entailment is not said"),
          next);
    if (*entailment_ < 0 || *entailment_ >= classes)
      return InvalidArgument(
          StrCat("the judge ", path_, " has ", known, ", not a class ", *entailment_), next);
    return {};
  }

  Result<std::vector<scores::EncodedPair>> Encode(std::span<const SupportPair> pairs) const {
    std::vector<scores::EncodedPair> encoded;
    for (const SupportPair& pair : pairs) {
      auto one = EncodePair(tokens_, pair.premise, pair.hypothesis, MaxTokens());
      if (!one) return std::move(one).error().While(StrCat("judging the answer of ", pair.where));
      encoded.push_back(*std::move(one));
    }
    return encoded;
  }

  // The output as float32 [N, C], N at least the number of pairs.
  Result<Tensor> Run(const std::vector<scores::EncodedPair>& pairs) const {
    const auto longest = std::ranges::max_element(pairs, {}, [](const scores::EncodedPair& pair) {
                           return pair.ids.size();
                         })->ids.size();
    const auto tokens = extents_.tokens > 0 ? MaxTokens() : longest;
    const auto rows = extents_.batch > 0 ? BatchSize() : pairs.size();
    const Shape shape = {static_cast<int64_t>(rows), static_cast<int64_t>(tokens)};
    std::vector<NamedTensor> inputs;
    for (const ValueInfo& input : session_.inputs())
      inputs.push_back(
          {input.name, TensorOf(input.dtype, shape, Fill(input.name, pairs, rows, tokens))});
    TARE_TRY(const auto outputs, session_.Run(inputs).While(StrCat("running the judge ", path_)));
    const Tensor& out = outputs[output_];
    if (out.rank() != 2 || out.shape()[0] != shape[0] || out.shape()[1] < 1) {
      return InvalidArgument(
          StrCat("the output '", session_.outputs()[output_].name, "' of the judge ", path_, " is ",
                 ShapeText(out.shape()), " for ", rows, " texts, not [", rows, ", classes]"),
          "name the output with one row of scores a text: --judge-output NAME");
    }
    return out.ToFloat32().While(StrCat("reading the output of the judge ", path_));
  }

  // Rows that the model asks for and nobody needs repeat the first.
  std::vector<int64_t> Fill(const std::string& input, const std::vector<scores::EncodedPair>& pairs,
                            size_t rows, size_t tokens) const {
    const bool ids = input == kInputs[0];
    std::vector<int64_t> values(rows * tokens, ids ? tokens_.pad() : 0);
    for (size_t r = 0; r < rows; ++r) {
      const scores::EncodedPair& pair = pairs[r < pairs.size() ? r : 0];
      int64_t* const row = values.data() + r * tokens;
      if (ids) {
        std::ranges::copy(pair.ids, row);
      } else {
        const size_t first = input == kInputs[1] ? 0 : pair.premise_size;
        std::fill(row + first, row + pair.ids.size(), 1);
      }
    }
    return values;
  }

  Result<void> Append(std::span<const SupportPair> pairs, const Tensor& out,
                      std::vector<double>& scores) {
    const auto classes = static_cast<size_t>(out.shape()[1]);
    const auto row = [&](size_t i) { return out.data<float>().subspan(i * classes, classes); };
    if (!probabilities_) {
      probabilities_ = true;
      for (size_t i = 0; i < pairs.size(); ++i)
        *probabilities_ = *probabilities_ && IsProbable(row(i));
    }
    for (size_t i = 0; i < pairs.size(); ++i) {
      if (!std::ranges::all_of(row(i), [](float score) { return std::isfinite(score); })) {
        return FailedPrecondition(
            StrCat("the judge ", path_, " gives a score that is not finite for the answer of ",
                   pairs[i].where),
            "try another judge, or give the score as `support` in that line");
      }
      if (*probabilities_ && !IsProbable(row(i))) {
        return FailedPrecondition(
            StrCat("the judge ", path_, " gives no probabilities for the answer of ",
                   pairs[i].where, ", as it did for the first ones"),
            "give a model that ends in Softmax or Sigmoid, or one that gives logits");
      }
      scores.push_back(ScoreOf(row(i)));
    }
    return {};
  }

  double ScoreOf(std::span<const float> row) const {
    const auto place = static_cast<size_t>(entailment_.value_or(0));
    if (*probabilities_) return row[place];
    return row.size() == 1 ? 1 / (1 + std::exp(-double{row[0]})) : Softmax(row, place);
  }

  std::string path_;
  std::optional<int64_t> entailment_;
  scores::WordPiece tokens_;
  runtime::Session session_;
  Extents extents_;
  size_t output_;
  std::optional<bool> probabilities_;  // known from the first batch
  int64_t num_judged_ = 0, num_cut_ = 0;
};

std::string RequestOf(const EntailmentOptions& options) {
  ByteWriter request;
  runtime::WritePath(options.model_path, request);
  runtime::WritePath(options.vocab_path, request);
  request.Number(static_cast<int64_t>(options.letters));
  request.Text(options.output);
  request.Number(options.entailment ? 1 : 0);
  request.Number(options.entailment.value_or(0));
  runtime::WriteSession(options.session, request);
  return std::move(request).Take();
}

Result<std::string> LoadAsRequested(std::string_view request) {
  ByteReader reader(request);
  EntailmentOptions options;
  options.model_path = reader.Text();
  options.vocab_path = reader.Text();
  options.letters = static_cast<scores::LetterCase>(reader.Number());
  options.output = reader.Text();
  const bool has_class = reader.Number() != 0;
  const int64_t entailment = reader.Number();
  if (has_class) options.entailment = entailment;
  options.session = runtime::ReadSession(reader);
  TARE_TRY_VOID(EntailmentJudge::Load(options));
  return std::string();
}
const ChildTask kLoadJudge("load-judge", LoadAsRequested);

}  // namespace

Result<std::unique_ptr<SupportJudge>> LoadEntailmentJudge(const EntailmentOptions& options) {
  TARE_TRY_VOID(
      runtime::RunModelInChild(kLoadJudge, RequestOf(options), options.time_limit_s, NoProgress())
          .While(StrCat("loading the judge ", options.model_path)));
  return EntailmentJudge::Load(options);
}

}  // namespace tare::evaluate
