// ChooseFormats with the instruments passed in.

#pragma once

#include "search/measure_internal.h"
#include "tare/search/auto_format.h"

namespace tare::search {

Result<Choice> ChooseFormatsWith(const Instruments& instruments, const graph::Model& source,
                                 const quantize::Prepared& prepared, const Samples& samples,
                                 const AutoOptions& options, Progress& progress);

}  // namespace tare::search
