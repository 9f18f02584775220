// ChooseFormats with the instruments passed in.

#pragma once

#include "search/measure_internal.h"
#include "tare/search/auto_format.h"

namespace tare::search {

/// What ChooseFormats is given.
struct ChoiceIn {
  const graph::Model& source;
  const quantize::Prepared& prepared;
  const Samples& samples;
  const AutoOptions& options;
};

Result<Choice> ChooseFormatsWith(const Instruments& instruments, const ChoiceIn& in,
                                 Progress& progress);

}  // namespace tare::search
