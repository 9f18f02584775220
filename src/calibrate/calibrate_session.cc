#include "tare/calibrate/calibrate.h"

namespace tare::calibrate {

Result<Observations> Calibrate(const runtime::Session& session, const BatchSource& source,
                               const CalibrateOptions& options, Progress& progress) {
  const Runner run = [&](std::span<const NamedTensor> inputs, const UseOutputs& use) {
    return session.RunViews(inputs, use);
  };
  return Calibrate(session.outputs(), run, source, options, progress);
}

}  // namespace tare::calibrate
