// Fuzz target: CSV.

#include "dataset_fuzz.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  tare::data::FuzzDataset(tare::data::Format::kCsv, bytes, size);
  return 0;
}
