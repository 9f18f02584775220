#include <algorithm>
#include <optional>

#include "data/corrupt/corrupt_dataset_internal.h"
#include "tare/core/hash.h"

namespace tare::data {
namespace {

struct ImageArray {
  std::string name;
  ImageFormat format;
};

class CorruptedImages final : public CorruptedDataset {
 public:
  CorruptedImages(std::shared_ptr<const Dataset> inner, std::vector<ImageArray> images,
                  const CorruptionSpec& spec, const CorruptOptions& options)
      : CorruptedDataset(std::move(inner), spec, options), images_(std::move(images)) {}

  Result<Tensor> Read(std::string_view array, std::span<const int64_t> samples) const override {
    TARE_TRY(Tensor tensor, inner().Read(array, samples));
    const auto image = std::ranges::find(images_, array, &ImageArray::name);
    if (image == images_.end()) return tensor;
    TARE_TRY_VOID(
        CorruptImages(spec(), image->format, samples, options(), tensor.mutable_data<uint8_t>())
            .While(StrCat("corrupting '", array, "' of ", source())));
    return tensor;
  }

  Result<Tensor> ReadColumns(std::span<const std::string> columns,
                             std::span<const int64_t> samples) const override {
    return inner().ReadColumns(columns, samples);  // images are no columns
  }

 private:
  std::vector<ImageArray> images_;
};

Result<std::unique_ptr<Dataset>> CorruptImageArrays(std::shared_ptr<const Dataset> dataset,
                                                    std::span<const std::string> arrays,
                                                    const CorruptionSpec& spec,
                                                    const CorruptOptions& options) {
  std::vector<ImageArray> images;
  std::optional<Error> reason;
  for (const std::string& name : arrays) {
    TARE_TRY(const ArrayInfo info, dataset->Find(name));
    auto format = ImageFormatOf(info);
    if (format) {
      images.push_back({name, *format});
    } else if (!reason) {
      reason = std::move(format).error();
    }
  }
  if (images.empty()) {
    return reason ? *std::move(reason)
                  : Unsupported("there is no array to corrupt", "name one that holds images");
  }
  return std::unique_ptr<Dataset>(
      std::make_unique<CorruptedImages>(std::move(dataset), std::move(images), spec, options));
}

}  // namespace

Result<std::string> CorruptedDataset::Digest() const {
  TARE_TRY(const std::string digest, inner_->Digest());
  return Sha256Hex(StrCat(digest, "\n", Describe(spec_), "\nseed ", options_.seed, "\n"));
}

Result<std::unique_ptr<Dataset>> CorruptDataset(std::shared_ptr<const Dataset> dataset,
                                                std::span<const std::string> arrays,
                                                const CorruptionSpec& spec,
                                                const CorruptOptions& options) {
  TARE_TRY_VOID(FindCorruptions(CorruptionName(spec.corruption), spec.severity));
  switch (KindOf(spec.corruption)) {
    case CorruptionKind::kImage:
      return CorruptImageArrays(std::move(dataset), arrays, spec, options);
    case CorruptionKind::kTable:
      return CorruptTables(std::move(dataset), arrays, spec, options);
    case CorruptionKind::kText:
      return CorruptTokens(std::move(dataset), arrays, spec, options);
  }
  return Internal("a corruption of no kind");
}

}  // namespace tare::data
