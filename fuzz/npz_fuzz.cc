// Fuzz target: .npz archives.

#include "dataset_fuzz.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  tare::data::FuzzDataset(tare::data::Format::kNpz, bytes, size);
  return 0;
}
