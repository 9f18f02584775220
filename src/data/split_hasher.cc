#include <algorithm>

#include "data/convert.h"
#include "data/split_hasher_internal.h"

namespace tare::data {
namespace {

class SplitHasher {
 public:
  // as_numbers: by position of the array, whether it is hashed as float64.
  SplitHasher(const Split& split, const std::vector<bool>& as_numbers)
      : split_(split), as_numbers_(as_numbers) {}

  Result<void> ForEach(const std::function<void(const Hash128&, int64_t)>& use) {
    TARE_TRY(const int64_t step, SamplesAtATime());
    std::vector<Hash128> hashes;
    for (int64_t begin = 0; begin < std::ssize(split_.samples); begin += step) {
      const auto count = std::min(step, std::ssize(split_.samples) - begin);
      const auto samples =
          std::span(split_.samples).subspan(static_cast<size_t>(begin), static_cast<size_t>(count));
      hashes.assign(samples.size(), Hash128{});
      for (size_t a = 0; a < split_.arrays.size(); ++a) {
        TARE_TRY_VOID(Mix(a, samples, hashes));
      }
      for (size_t i = 0; i < samples.size(); ++i) use(hashes[i], samples[i]);
    }
    return {};
  }

 private:
  Result<int64_t> SamplesAtATime() const {
    int64_t bytes = 1;
    for (const std::string& array : split_.arrays) {
      TARE_TRY(const ArrayInfo info, split_.dataset->Find(array));
      TARE_TRY(const int64_t count, NumElements(info.sample_shape));
      bytes += count * BitWidth(info.dtype) / 8;
    }
    return std::clamp<int64_t>((int64_t{1} << 20) / bytes, 1, 4096);
  }

  Result<void> Mix(size_t a, std::span<const int64_t> samples, std::vector<Hash128>& hashes) const {
    TARE_TRY(Tensor values, split_.dataset->Read(split_.arrays[a], samples));
    if (as_numbers_[a]) {
      TARE_TRY(values, ConvertTensor(values, DType::kFloat64, {}, [](int64_t) { return ""; }));
    }
    const auto bytes = values.bytes();
    const size_t row_bytes = bytes.size() / samples.size();
    for (size_t i = 0; i < samples.size(); ++i) {
      const Hash128 mixed = HashBytes(bytes.subspan(i * row_bytes, row_bytes), hashes[i].low);
      hashes[i] = {mixed.low, mixed.high ^ hashes[i].high};
    }
    return {};
  }

  const Split& split_;
  const std::vector<bool>& as_numbers_;
};

}  // namespace

Result<std::vector<bool>> CompareAsNumbers(std::span<const Split> splits) {
  std::vector<bool> as_numbers(splits[0].arrays.size(), false);
  for (const Split& split : splits) {
    if (split.arrays.size() != as_numbers.size()) {
      return InvalidArgument(StrCat("the ", split.name, " split feeds ", split.arrays.size(),
                                    " arrays, the ", splits[0].name, " split ", as_numbers.size()),
                             "bind the same inputs in both files");
    }
    for (size_t a = 0; a < as_numbers.size(); ++a) {
      TARE_TRY(const ArrayInfo info, split.dataset->Find(split.arrays[a]));
      TARE_TRY(const ArrayInfo first, splits[0].dataset->Find(splits[0].arrays[a]));
      if (info.dtype != first.dtype) as_numbers[a] = true;
    }
  }
  return as_numbers;
}

Result<void> HashSamples(const Split& split, const std::vector<bool>& as_numbers,
                         const std::function<void(const Hash128&, int64_t)>& use) {
  return SplitHasher(split, as_numbers).ForEach(use);
}

}  // namespace tare::data
