// Classification: columns of the data that slices compare, KPIs read and the search looks through.

#include <algorithm>
#include <cmath>
#include <iterator>

#include "evaluate/samples/classification_state_internal.h"
#include "evaluate/samples/slice_search_internal.h"
#include "tare/core/text.h"

namespace tare::evaluate {
namespace {

constexpr std::string_view kConfidence = "confidence";

}  // namespace

Result<void> ClassificationEvaluation::State::CheckSliceColumns(
    const ClassificationBatch& batch) const {
  for (const Slice& slice : slices) {
    for (const std::string& name : slice.where.names()) {
      if (name == "label" || (name == kConfidence && batch.num_classes > 0)) continue;
      if (std::ranges::find(batch.columns, name, &Column::name) != batch.columns.end()) continue;
      return InvalidArgument(
          StrCat("slice '", slice.spec.name, "' compares '", name,
                 "', which is no column of the data"),
          name == kConfidence
              ? "give scores: hard predictions have no confidence"
              : "compare 'label', 'confidence' or a numeric array of the test data");
    }
  }
  return {};
}

namespace {

// What a classification measures of a sample for KPIs; the last needs scores.
constexpr std::string_view kMeasured[] = {"label", "prediction", "correct", kConfidence};
bool IsMeasured(std::string_view name, const ClassificationBatch& batch) {
  return std::ranges::find(kMeasured, name) != std::end(kMeasured) &&
         (name != kConfidence || batch.num_classes > 0);
}

double Measured(std::string_view name, const Sample& answers, int32_t prediction,
                float confidence) {
  if (name == "label") return answers.label;
  if (name == "prediction") return prediction;
  if (name == "correct") return prediction == answers.label ? 1 : 0;
  return confidence;
}

const Column* FindColumn(std::span<const Column> columns, std::string_view name) {
  const auto found = std::ranges::find(columns, name, &Column::name);
  return found == columns.end() ? nullptr : &*found;
}

}  // namespace

Result<void> ClassificationEvaluation::State::CheckKpiColumns(
    const ClassificationBatch& batch) const {
  for (size_t i = 0; kpis && i < kpis->names().size(); ++i) {
    const std::string& name = kpis->names()[i];
    if (IsMeasured(name, batch) || FindColumn(batch.columns, name) != nullptr) continue;
    std::vector<std::string> known;
    for (const std::string_view measured : kMeasured) {
      if (IsMeasured(measured, batch)) known.emplace_back(measured);
    }
    for (const Column& column : batch.columns) known.emplace_back(column.name);
    return UnknownKpiColumn(kpis->ReadersOf(i), name, known);
  }
  return {};
}

// KPIs of the records that `batch` has just added.
Result<void> ClassificationEvaluation::State::AddKpis(const ClassificationBatch& batch) {
  if (!kpis) return {};
  const size_t rows = batch.labels.size();
  const auto& names = kpis->names();
  std::vector<const Column*> columns[2];
  for (const std::string& name : names) {
    const Column* ours = IsMeasured(name, batch) ? nullptr : FindColumn(batch.columns, name);
    // What a line of the candidate says itself (its cost, its time) goes before what the data say.
    const Column* theirs = ours == nullptr ? nullptr : FindColumn(batch.candidate_columns, name);
    columns[0].push_back(ours);
    columns[1].push_back(theirs == nullptr ? ours : theirs);
  }
  std::vector<double> values[2] = {std::vector<double>(names.size()),
                                   std::vector<double>(names.size())};
  for (size_t i = 0; i < rows; ++i) {
    const size_t at = records.size() - rows + i;
    const SampleRecord& record = records[at];
    for (size_t c = 0; c < names.size(); ++c) {
      const Sample& answers = record.answers;
      values[0][c] = columns[0][c] != nullptr ? columns[0][c]->values[i]
                                              : Measured(names[c], answers, answers.baseline,
                                                         record.baseline_confidence);
      values[1][c] = columns[1][c] != nullptr ? columns[1][c]->values[i]
                                              : Measured(names[c], answers, answers.candidate,
                                                         record.candidate_confidence);
    }
    const auto theirs = std::span<const double>(values[1]).first(is_pair() ? names.size() : 0);
    auto added = kpis->Add(values[0], theirs, slices.empty() ? 0 : slice_bits[at]);
    if (!added)
      return std::move(added).error().While(
          StrCat("reading ", batch.place ? batch.place(i) : StrCat("sample ", at)));
  }
  return {};
}

// Bits of the records that `batch` has just added.
void ClassificationEvaluation::State::AddMembership(const ClassificationBatch& batch) {
  const size_t rows = batch.labels.size();
  const std::span<const SampleRecord> added = std::span(records).last(rows);
  std::vector<uint64_t> bits(slices.empty() ? 0 : rows);
  for (size_t s = 0; s < slices.size(); ++s) {
    const auto& names = slices[s].where.names();
    std::vector<double> values(names.size());
    for (size_t i = 0; i < bits.size(); ++i) {
      for (size_t c = 0; c < names.size(); ++c) {
        const auto column = std::ranges::find(batch.columns, names[c], &Column::name);
        values[c] = names[c] == "label" ? static_cast<double>(batch.labels[i])
                    : column != batch.columns.end()
                        ? column->values[i]
                        : static_cast<double>(added[i].baseline_confidence);
      }
      if (slices[s].where.Matches(values)) bits[i] |= uint64_t{1} << s;
    }
  }
  slice_bits.insert(slice_bits.end(), bits.begin(), bits.end());
}

// The search looks at columns that every batch has.
void ClassificationEvaluation::State::AddSearchColumns(const ClassificationBatch& batch) {
  // A column that comes later has no values for the samples before it.
  const bool is_first = num_samples() == std::ssize(batch.labels);
  for (const Column& column : batch.columns) {
    if (is_first) search_columns.emplace(column.name, std::vector<float>());
  }
  for (auto& [name, values] : search_columns) {
    const auto column = std::ranges::find(batch.columns, name, &Column::name);
    for (size_t i = 0; i < batch.labels.size(); ++i) {
      values.push_back(column == batch.columns.end() ? NAN : static_cast<float>(column->values[i]));
    }
  }
}

void ClassificationEvaluation::State::FindSlices(TestEvidence& out) const {
  std::vector<Sample> samples;
  std::vector<int64_t> sizes;  // how many a place of `samples` stands for
  const auto add = [&](const Sample& answers, int64_t size) {
    samples.push_back(answers);
    sizes.push_back(size);
  };
  for (const auto& [same, size] : folded) add(same.answers, size);
  for (const SampleRecord& record : records) add(record.answers, 1);
  std::vector<float> labels;
  std::vector<uint8_t> damaged;
  for (const Sample& answers : samples) {
    labels.push_back(static_cast<float>(answers.label));
    damaged.push_back(answers.baseline == answers.label && answers.candidate != answers.label ? 1
                                                                                              : 0);
  }
  std::vector<SearchColumn> columns = {{"label", labels, true}};
  // Not by confidence: an unsure answer flips first in any model, which is no finding.
  for (const auto& [name, values] : search_columns) columns.push_back({name, values, false});
  const SliceSearchOptions search;
  const SliceSearchResult result = FindDamagedSlices(
      columns, damaged, search, folded.empty() ? std::span<const int64_t>() : sizes);
  verdict::SliceFindings& findings = out.slice_findings.emplace();
  findings.num_tests = result.num_tests;
  findings.alpha = search.alpha;
  for (const FoundSlice& slice : result.found)
    findings.found.push_back(Describe(slice, samples, sizes));
}

// Accuracy of both models in a slice that was found.
verdict::FoundScope ClassificationEvaluation::State::Describe(
    const FoundSlice& slice, std::span<const Sample> samples,
    std::span<const int64_t> sizes) const {
  int64_t right[2] = {0, 0};
  stats::PairedCounts pairs{slice.n, 0, 0};
  for (const int64_t member : slice.members) {
    const auto place = static_cast<size_t>(member);
    const Sample& answers = samples[place];
    const bool before = answers.baseline == answers.label;
    const bool after = answers.candidate == answers.label;
    right[0] += before ? sizes[place] : 0;
    right[1] += after ? sizes[place] : 0;
    pairs.harmful += before && !after ? sizes[place] : 0;
    pairs.helpful += after && !before ? sizes[place] : 0;
  }
  verdict::FoundScope found{slice.where,
                            slice.n,
                            slice.damaged,
                            slice.rest_n,
                            slice.rest_damaged,
                            slice.p,
                            slice.p_holm,
                            {},
                            {},
                            {}};
  found.baseline = verdict::ShareEstimate(right[0], slice.n, test.confidence);
  found.candidate = verdict::ShareEstimate(right[1], slice.n, test.confidence);
  found.difference = verdict::PairedEstimate(pairs, test.confidence);
  return found;
}

}  // namespace tare::evaluate
