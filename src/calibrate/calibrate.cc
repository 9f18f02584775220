#include "tare/calibrate/calibrate.h"

#include <algorithm>
#include <cmath>

#include "tare/core/strcat.h"

namespace tare::calibrate {
namespace {

// Where a batch stands in the order of the source.
struct Place {
  int64_t first_sample = 0;
  int64_t num_samples = 0;
  int64_t num_rows = 0;  // samples and padding
};

Result<Place> PlaceOf(const Batch& batch, int64_t first_sample) {
  if (batch.num_valid < 1) {
    return InvalidArgument(StrCat("a calibration batch has ", batch.num_valid, " samples"),
                           "give at least one sample");
  }
  int64_t num_rows = batch.num_valid;
  for (const NamedTensor& input : batch.inputs) {
    if (input.value.rank() > 0) num_rows = std::max(num_rows, input.value.shape().front());
  }
  return Place{first_sample, batch.num_valid, num_rows};
}

// A tensor of the batch: its first axis counts rows.
bool HasRows(const TensorView& view, const Place& place) {
  return !view.shape.empty() && view.shape.front() == place.num_rows;
}

class Loop {
 public:
  Loop(std::span<const ValueInfo> outputs, const CalibrateOptions& options)
      : outputs_(outputs), options_(options), observers_(outputs.size()) {}

  Result<void> CheckOutputs() const {
    for (const ValueInfo& output : outputs_) {
      if (output.dtype == DType::kFloat32 || output.dtype == DType::kFloat16) continue;
      return InvalidArgument(StrCat("output '", output.name, "' is ", DTypeName(output.dtype),
                                    ", and only float32 ", "and float16 have a range to calibrate"),
                             "leave it out of the tensors to observe");
    }
    return {};
  }

  Result<void> Run(const Runner& run, const Batch& batch, int64_t first_sample) {
    TARE_TRY(const Place place, PlaceOf(batch, first_sample));
    return run(batch.inputs,
               [&](std::span<const TensorView> views) { return Observe(views, place); });
  }

  Observations Finish(int64_t num_samples) const {
    Observations result;
    result.num_samples = num_samples;
    for (size_t i = 0; i < observers_.size(); ++i) {
      result.tensors.push_back({outputs_[i].name, observers_[i].statistics()});
    }
    return result;
  }

 private:
  Result<void> Observe(std::span<const TensorView> views, const Place& place) {
    TARE_CHECK(views.size() == observers_.size());
    for (size_t i = 0; i < views.size(); ++i) TARE_TRY_VOID(ObserveOne(i, views[i], place));
    return {};
  }

  // The elements of the samples, without padding, as float32.
  std::span<const float> Floats(const TensorView& view, const Place& place) {
    std::span<const float> values;
    if (view.dtype == DType::kFloat16) {
      const auto halves = view.data<uint16_t>();
      converted_.resize(halves.size());
      std::transform(halves.begin(), halves.end(), converted_.begin(), HalfToFloat);
      values = converted_;
    } else {
      values = view.data<float>();
    }
    if (!HasRows(view, place)) return values;
    const size_t row = values.size() / static_cast<size_t>(place.num_rows);
    return values.first(row * static_cast<size_t>(place.num_samples));
  }

  Result<void> ObserveOne(size_t index, const TensorView& view, const Place& place) {
    const std::string& name = outputs_[index].name;
    if (view.dtype != DType::kFloat32 && view.dtype != DType::kFloat16) {
      return InvalidArgument(StrCat("output '", name, "' came as ", DTypeName(view.dtype)),
                             "leave it out of the tensors to observe");
    }
    Observer& observer = observers_[index];
    const bool was_broken = observer.statistics().broken();
    const auto values = Floats(view, place);
    observer.Observe(values);
    const bool stop = options_.non_finite == CalibrateOptions::NonFinite::kStop;
    if (stop && !was_broken && observer.statistics().broken()) {
      return BrokenError(name, view, values, place);
    }
    return {};
  }

  static Error BrokenError(const std::string& name, const TensorView& view,
                           std::span<const float> values, const Place& place) {
    const auto bad = std::find_if(values.begin(), values.end(),
                                  [](float x) { return std::isnan(x) || x == HUGE_VALF; });
    const auto position = static_cast<size_t>(bad - values.begin());
    std::string sample;
    if (HasRows(view, place)) {
      const size_t row = values.size() / static_cast<size_t>(place.num_samples);
      sample = StrCat("sample ", place.first_sample + static_cast<int64_t>(position / row));
    } else if (place.num_samples == 1) {
      sample = StrCat("sample ", place.first_sample);
    } else {
      sample = StrCat("one of the samples ", place.first_sample, " to ",
                      place.first_sample + place.num_samples - 1);
    }
    return FailedPrecondition(
        StrCat("tensor '", name, "' is ", std::isnan(*bad) ? "NaN" : "infinite", " for ", sample,
               " (counted from 0 in the calibration data)"),
        "look at that sample (tare data check), remove it, or exclude the node that makes the "
        "tensor");
  }

  std::span<const ValueInfo> outputs_;
  const CalibrateOptions& options_;
  std::vector<Observer> observers_;
  std::vector<float> converted_;
};

}  // namespace

Result<Observations> Calibrate(std::span<const ValueInfo> outputs, const Runner& run,
                               const BatchSource& source, const CalibrateOptions& options,
                               Progress& progress) {
  Loop loop(outputs, options);
  TARE_TRY_VOID(loop.CheckOutputs());
  progress.Begin("calibrate", options.num_samples);
  int64_t num_samples = 0;
  TARE_TRY(std::optional<Batch> batch, source());
  while (batch) {
    if (progress.cancelled()) return Cancelled();
    TARE_TRY_VOID(loop.Run(run, *batch, num_samples));
    num_samples += batch->num_valid;
    progress.Update(num_samples);
    TARE_TRY(batch, source());
  }
  if (num_samples == 0) {
    return FailedPrecondition("there was no calibration sample", "give at least one sample");
  }
  progress.End(StrCat(outputs.size(), " tensors, ", num_samples, " samples"));
  return loop.Finish(num_samples);
}

Result<Observations> Calibrate(const runtime::Session& session, const BatchSource& source,
                               const CalibrateOptions& options, Progress& progress) {
  const auto model = runtime::RunnableOf(session);
  return Calibrate(model.outputs, model.run, source, options, progress);
}

}  // namespace tare::calibrate
