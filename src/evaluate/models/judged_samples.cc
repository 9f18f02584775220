#include <algorithm>
#include <cmath>

#include "evaluate/models/judged_samples_internal.h"
#include "tare/core/strcat.h"

namespace tare::evaluate {

Result<JudgedSamples> JudgedSamples::Create(SampleSchema schema, const TestOptions& options,
                                            Sides sides) {
  SampleOptions sample_options{options.confidence, options.bootstrap, {}, {}, sides};
  std::vector<Slice> slices;
  for (const SliceSpec& spec : options.slices) {
    TARE_TRY(auto where,
             SliceExpression::Parse(spec.where).While(StrCat("reading slice '", spec.name, "'")));
    slices.push_back({spec, std::move(where)});
    sample_options.slices.push_back(spec.name);
    sample_options.slice_texts.push_back(spec.where);
  }
  auto columns = schema.columns;
  const int64_t correct = schema.correct;
  const int64_t margin = schema.margin;
  TARE_TRY(auto evaluation, SampleEvaluation::Create(std::move(schema), sample_options));
  JudgedSamples out(std::move(evaluation), std::move(columns));
  out.slices_ = std::move(slices);
  out.sides_ = sides;
  out.flips_ = options.flips;
  out.correct_ = correct;
  out.margin_ = margin;
  if (!options.kpis.empty()) {
    TARE_TRY(out.kpis_, KpiEvaluation::Create(options.kpis, std::move(sample_options)));
  }
  return out;
}

Result<std::vector<uint64_t>> JudgedSamples::SlicesOf(const EvaluationBatch& batch,
                                                      std::span<const double> label) const {
  const auto rows = static_cast<size_t>(batch.num_valid);
  std::vector<uint64_t> bits(rows);
  for (size_t s = 0; s < slices_.size(); ++s) {
    std::vector<std::span<const double>> columns;
    for (const std::string& name : slices_[s].where.names()) {
      const auto found = std::ranges::find(batch.columns, name, &NamedColumn::name);
      if (found != batch.columns.end()) {
        columns.emplace_back(found->values);
      } else if (name == "label" && label.size() == rows) {
        columns.push_back(label);
      } else {
        return InvalidArgument(StrCat("slice '", slices_[s].spec.name, "' compares '", name,
                                      "', which this task does not know"),
                               "compare numeric columns of the data with one value a sample");
      }
    }
    std::vector<double> values(columns.size());
    for (size_t i = 0; i < rows; ++i) {
      for (size_t c = 0; c < columns.size(); ++c) values[c] = columns[c][i];
      if (slices_[s].where.Matches(values)) bits[i] |= uint64_t{1} << s;
    }
  }
  return bits;
}

Result<void> JudgedSamples::Add(const EvaluationBatch& batch, size_t row,
                                const Measured& measured) {
  evaluation_.Add(measured.baseline, measured.candidate, measured.changed, measured.slices);
  return kpis_ ? AddKpis(batch, row, measured) : Result<void>();
}

Result<void> JudgedSamples::AddKpis(const EvaluationBatch& batch, size_t row,
                                    const Measured& measured) {
  const auto& [baseline, candidate, changed, slices, facts] = measured;
  std::vector<double> values[2];
  const auto add = [&](double before, double after) {
    values[0].push_back(before);
    if (sides_ == Sides::kPair) values[1].push_back(after);
  };
  for (size_t i = 0; i < kpis_->names().size(); ++i) {
    const std::string& name = kpis_->names()[i];
    const auto metric = static_cast<size_t>(std::ranges::find(columns_, name) - columns_.begin());
    const auto fact = std::ranges::find(facts, name, &Fact::name);
    const auto column = std::ranges::find(batch.columns, name, &NamedColumn::name);
    if (metric < columns_.size()) {
      add(baseline[metric], candidate.empty() ? NAN : candidate[metric]);
    } else if (fact != facts.end()) {
      add(fact->baseline, fact->candidate);
    } else if (column != batch.columns.end()) {
      add(column->values[row], column->values[row]);
    } else {
      std::vector<std::string> known;
      std::ranges::copy_if(columns_, std::back_inserter(known),
                           [](const std::string& text) { return !text.empty(); });
      for (const Fact& other : facts) known.emplace_back(other.name);
      for (const NamedColumn& other : batch.columns) known.push_back(other.name);
      return UnknownKpiColumn(kpis_->ReadersOf(i), name, known);
    }
  }
  return kpis_->Add(values[0], values[1], slices)
      .While(StrCat("reading sample ", num_samples() - 1));
}

void JudgedSamples::AddFlip(const Answers& answers, std::span<const double> baseline,
                            std::span<const double> candidate) const {
  if (flips_ == nullptr) return;
  verdict::Flip flip = FlipOfRows(correct_, margin_, baseline, candidate);
  flip.place = num_samples() - 1;
  flip.label = answers.label();
  flip.baseline = answers.baseline();
  flip.candidate = answers.candidate();
  flips_->Add(std::move(flip));
}

TestEvidence JudgedSamples::Finish() const {
  TestEvidence evidence = evaluation_.Finish();
  if (kpis_) kpis_->AddTo(evidence);
  return evidence;
}

}  // namespace tare::evaluate
