#include <algorithm>
#include <cmath>
#include <numeric>
#include <optional>

#include "data/convert.h"
#include "data/corrupt/corrupt_dataset_internal.h"
#include "tare/data/corrupt/corrupt_text.h"

namespace tare::data {
namespace {

// Samples in which padding is looked for.
constexpr int64_t kSamplesForPadding = 1024;

struct TokenArray {
  std::string name;
  std::optional<int64_t> padding;  // absent: it has none, and is left as it is
};

Result<std::vector<int64_t>> ReadIntegers(const Dataset& dataset, const std::string& name,
                                          std::span<const int64_t> samples) {
  TARE_TRY(const Tensor stored, dataset.Read(name, samples));
  TARE_TRY(const Tensor integers, ConvertTensor(stored, DType::kInt64, {}, [&](int64_t i) {
             return StrCat("element ", i, " of '", name, "'");
           }));
  return std::vector<int64_t>(integers.data<int64_t>().begin(), integers.data<int64_t>().end());
}

// Of every sample the tokens that stay: the first ceil(kept * count) of those that the mask counts.
std::vector<uint8_t> Kept(std::span<const int64_t> mask, size_t length, double share) {
  std::vector<uint8_t> kept(mask.size(), 1);
  for (size_t begin = 0; begin < mask.size(); begin += length) {
    const auto row = mask.subspan(begin, length);
    const auto count = std::ranges::count_if(row, [](int64_t value) { return value != 0; });
    const auto most = std::max<int64_t>(
        1, static_cast<int64_t>(std::ceil(share * static_cast<double>(count) - 1e-9)));
    int64_t seen = 0;
    for (size_t i = 0; i < length; ++i) {
      if (row[i] != 0 && ++seen > most) kept[begin + i] = 0;
    }
  }
  return kept;
}

class CutTokens final : public CorruptedDataset {
 public:
  CutTokens(std::shared_ptr<const Dataset> inner, std::string mask, std::vector<TokenArray> arrays,
            const CorruptionSpec& spec, const CorruptOptions& options)
      : CorruptedDataset(std::move(inner), spec, options),
        mask_(std::move(mask)),
        arrays_(std::move(arrays)) {}

  Result<Tensor> Read(std::string_view array, std::span<const int64_t> samples) const override {
    TARE_TRY(Tensor stored, inner().Read(array, samples));
    const auto cut = std::ranges::find(arrays_, array, &TokenArray::name);
    if (cut == arrays_.end() || !cut->padding) return stored;
    const DType dtype = stored.dtype();
    const auto length = static_cast<size_t>(stored.shape().back());
    TARE_TRY(const auto mask, ReadIntegers(inner(), mask_, samples));
    TARE_TRY(auto values, ReadIntegers(inner(), cut->name, samples));
    const auto kept = Kept(mask, length, KeptShare(spec().severity));
    for (size_t i = 0; i < values.size(); ++i) {
      if (kept[i] == 0) values[i] = *cut->padding;
    }
    return ConvertTensor(Tensor::Of<int64_t>(stored.shape(), values), dtype, {},
                         [&](int64_t i) { return StrCat("element ", i); });
  }

 private:
  std::string mask_;
  std::vector<TokenArray> arrays_;
};

// What stands where the mask is 0: of the mask itself 0; else one number, where it is always the
// same.
Result<std::optional<int64_t>> PaddingOf(const Dataset& dataset, const std::string& array,
                                         const std::string& mask) {
  if (array == mask) return std::optional<int64_t>(0);
  std::vector<int64_t> samples(
      static_cast<size_t>(std::min(kSamplesForPadding, dataset.num_samples())));
  std::iota(samples.begin(), samples.end(), int64_t{0});
  TARE_TRY(const auto counted, ReadIntegers(dataset, mask, samples));
  TARE_TRY(const auto values, ReadIntegers(dataset, array, samples));
  std::optional<int64_t> padding;
  for (size_t i = 0; i < values.size(); ++i) {
    if (counted[i] != 0) continue;
    if (padding && *padding != values[i]) return std::optional<int64_t>();
    padding = values[i];
  }
  return padding;
}

Error NotTokens(std::string what) {
  return Unsupported(
      std::move(what),
      "corrupt the texts before they become token ids, and give the result as data of its own: "
      "- {name: typos, path: test-typos.npz}");
}

}  // namespace

Result<std::unique_ptr<Dataset>> CorruptTokens(std::shared_ptr<const Dataset> dataset,
                                               std::span<const std::string> arrays,
                                               const CorruptionSpec& spec,
                                               const CorruptOptions& options) {
  const std::string& name = CorruptionName(spec.corruption);
  if (spec.corruption != Corruption::kTruncation)
    return NotTokens(StrCat(name, " changes letters, and models are fed numbers"));
  std::vector<ArrayInfo> tokens;
  std::vector<ArrayInfo> masks;
  for (const std::string& array : arrays) {
    TARE_TRY(ArrayInfo info, dataset->Find(array));
    if (info.sample_shape.size() != 1 || !CanConvert(info.dtype, DType::kInt64) ||
        !info.classes.empty())
      continue;
    if (info.name.find("mask") != std::string::npos) masks.push_back(info);
    tokens.push_back(std::move(info));
  }
  if (masks.size() != 1) {
    return NotTokens(
        StrCat("truncation needs one array of integers [L] a sample whose name holds 'mask', to "
               "know where a text ends; the model is fed ",
               masks.empty() ? "none" : "several"));
  }
  std::vector<TokenArray> cut;
  for (const ArrayInfo& info : tokens) {
    if (info.sample_shape != masks[0].sample_shape) continue;
    TARE_TRY(auto padding, PaddingOf(*dataset, info.name, masks[0].name));
    cut.push_back({info.name, padding});
  }
  return std::unique_ptr<Dataset>(std::make_unique<CutTokens>(std::move(dataset), masks[0].name,
                                                              std::move(cut), spec, options));
}

}  // namespace tare::data
