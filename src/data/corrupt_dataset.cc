#include <algorithm>

#include "tare/core/hash.h"
#include "tare/data/corrupt.h"

namespace tare::data {
namespace {

struct ImageArray {
  std::string name;
  ImageFormat format;
};

class CorruptedDataset final : public Dataset {
 public:
  CorruptedDataset(std::shared_ptr<const Dataset> inner, std::vector<ImageArray> images,
                   const CorruptionSpec& spec, const CorruptOptions& options)
      : inner_(std::move(inner)), images_(std::move(images)), spec_(spec), options_(options) {}

  const std::string& source() const override { return inner_->source(); }
  int64_t num_samples() const override { return inner_->num_samples(); }
  std::span<const ArrayInfo> arrays() const override { return inner_->arrays(); }
  std::span<const SkippedArray> skipped() const override { return inner_->skipped(); }

  Result<Tensor> Read(std::string_view array, std::span<const int64_t> samples) const override {
    TARE_TRY(Tensor tensor, inner_->Read(array, samples));
    const auto image = std::ranges::find(images_, array, &ImageArray::name);
    if (image == images_.end()) return tensor;
    TARE_TRY_VOID(
        CorruptImages(spec_, image->format, samples, options_, tensor.mutable_data<uint8_t>())
            .While(StrCat("corrupting '", array, "' of ", source())));
    return tensor;
  }

  Result<Tensor> ReadColumns(std::span<const std::string> columns,
                             std::span<const int64_t> samples) const override {
    return inner_->ReadColumns(columns, samples);  // images are no columns
  }

  Result<std::string> Digest() const override {
    TARE_TRY(const std::string digest, inner_->Digest());
    return Sha256Hex(StrCat(digest, "\n", Describe(spec_), "\nseed ", options_.seed, "\n"));
  }

 private:
  std::shared_ptr<const Dataset> inner_;
  std::vector<ImageArray> images_;
  CorruptionSpec spec_;
  CorruptOptions options_;
};

}  // namespace

Result<std::unique_ptr<Dataset>> CorruptDataset(std::shared_ptr<const Dataset> dataset,
                                                std::span<const std::string> arrays,
                                                const CorruptionSpec& spec,
                                                const CorruptOptions& options) {
  TARE_TRY_VOID(FindCorruptions(CorruptionName(spec.corruption), spec.severity));
  std::vector<ImageArray> images;
  std::optional<Error> reason;
  for (const std::string& name : arrays) {
    TARE_TRY(const ArrayInfo info, dataset->Find(name));
    auto format = ImageFormatOf(info);
    if (format)
      images.push_back({name, *format});
    else if (!reason)
      reason = std::move(format).error();
  }
  if (images.empty())
    return reason ? *std::move(reason)
                  : Unsupported("there is no array to corrupt", "name one that holds images");
  return std::unique_ptr<Dataset>(
      std::make_unique<CorruptedDataset>(std::move(dataset), std::move(images), spec, options));
}

}  // namespace tare::data
