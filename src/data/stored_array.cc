#include "data/stored_array.h"

#include <algorithm>
#include <map>
#include <mutex>

namespace tare::data {
namespace {

// Strides, in elements, of an array whose first axis varies fastest.
std::vector<int64_t> FortranStrides(const Shape& shape) {
  std::vector<int64_t> strides(shape.size());
  int64_t stride = 1;
  for (size_t axis = 0; axis < shape.size(); ++axis) {
    strides[axis] = stride;
    stride *= shape[axis];
  }
  return strides;
}

// Calls visit(j, offset) for the elements of one sample in C order, with their offset in elements.
template <class Visit>
Result<void> ForEachInner(const Shape& shape, const Visit& visit) {
  const auto strides = FortranStrides(shape);
  Shape index(shape.size(), 0);
  int64_t offset = 0;
  for (int64_t j = 0;; ++j) {
    TARE_TRY_VOID(visit(j, offset));
    size_t axis = shape.size();
    while (--axis > 0) {
      offset += strides[axis];
      if (++index[axis] < shape[axis]) break;
      offset -= strides[axis] * shape[axis];
      index[axis] = 0;
    }
    if (axis == 0) return {};
  }
}

// Reads a Fortran-order array and writes it in C order, some 4 MiB of samples at a time.
Result<ByteSourcePtr> ToCOrder(const ArrayLayout& layout, const ByteSource& source) {
  const int64_t width = BitWidth(layout.dtype) / 8;
  TARE_TRY(const int64_t count, NumElements(layout.shape));
  const int64_t num_rows = layout.shape[0];
  const int64_t row_bytes = count / num_rows * width;
  // In Fortran order samples are neighbours and the values of one are not: a block of samples at a
  // time, one run of bytes a value.
  const int64_t block = std::clamp<int64_t>((int64_t{4} << 20) / row_bytes, 1, num_rows);
  std::vector<std::byte> column(static_cast<size_t>(block * width));
  std::vector<std::byte> rows(static_cast<size_t>(block * row_bytes));
  Spool spool(source.name());
  for (int64_t first = 0; first < num_rows; first += block) {
    const int64_t num = std::min(block, num_rows - first);
    const auto read = std::span(column).first(static_cast<size_t>(num * width));
    const auto read_column = [&](int64_t j, int64_t offset) -> Result<void> {
      TARE_TRY_VOID(source.ReadAt(layout.offset + (first + offset) * width, read));
      for (int64_t row = 0; row < num; ++row) {
        std::copy_n(read.begin() + row * width, width, rows.begin() + row * row_bytes + j * width);
      }
      return {};
    };
    TARE_TRY_VOID(ForEachInner(layout.shape, read_column));
    TARE_TRY_VOID(spool.Append(std::span(rows).first(static_cast<size_t>(num * row_bytes))));
  }
  return spool.Finish();
}

class StoredDataset : public Dataset {
 public:
  StoredDataset(std::vector<StoredArray> arrays, std::vector<SkippedArray> skipped,
                int64_t num_samples, ByteSourcePtr file)
      : arrays_(std::move(arrays)),
        skipped_(std::move(skipped)),
        num_samples_(num_samples),
        file_(std::move(file)) {
    for (const StoredArray& array : arrays_) infos_.push_back(array.info());
  }

  const std::string& source() const override { return file_->name(); }
  int64_t num_samples() const override { return num_samples_; }
  std::span<const ArrayInfo> arrays() const override { return infos_; }
  std::span<const SkippedArray> skipped() const override { return skipped_; }

  Result<Tensor> Read(std::string_view name, std::span<const int64_t> samples) const override {
    const auto array = std::ranges::find(
        arrays_, name, [](const StoredArray& a) -> const std::string& { return a.info().name; });
    if (array == arrays_.end()) return Find(name).error();
    TARE_TRY_VOID(CheckSamples(*this, samples));
    return array->Read(samples).While(StrCat("reading array '", name, "' of ", source()));
  }

  Result<std::string> Digest() const override {
    const std::lock_guard lock(mutex_);
    if (digest_.empty()) {
      TARE_TRY(digest_, DigestOf(*file_));
    }
    return digest_;
  }

 private:
  std::vector<StoredArray> arrays_;
  std::vector<ArrayInfo> infos_;
  std::vector<SkippedArray> skipped_;
  int64_t num_samples_;
  ByteSourcePtr file_;
  mutable std::mutex mutex_;
  mutable std::string digest_;  // written under mutex_, once
};

// The number of rows that most arrays have; -1 when none votes.
int64_t CommonRows(std::span<const StoredArray> arrays) {
  std::map<int64_t, int64_t> votes;
  for (const StoredArray& array : arrays) {
    // Scalars have no samples, and empty arrays any number of them.
    if (array.num_rows() >= 0 && array.row_bytes() > 0) ++votes[array.num_rows()];
  }
  int64_t best = -1;
  int64_t best_votes = 0;
  for (const StoredArray& array : arrays) {
    const auto vote = votes.find(array.num_rows());
    if (vote != votes.end() && array.row_bytes() > 0 && vote->second > best_votes) {
      best = vote->first;
      best_votes = vote->second;
    }
  }
  return best;
}

}  // namespace

Result<StoredArray> StoredArray::Create(std::string name, const ArrayLayout& layout,
                                        ByteSourcePtr source) {
  TARE_TRY(const int64_t count, NumElements(layout.shape));
  const int64_t width = BitWidth(layout.dtype) / 8;
  const int64_t needed = count * width;
  const int64_t held = source->size() - layout.offset;
  if (held != needed) {
    return DataLoss(
        StrCat("array '", name, "' of ", source->name(), " is ", DTypeName(layout.dtype), " ",
               ShapeText(layout.shape), ", ", needed, " bytes, but the file holds ", held),
        "the file is cut off or corrupt: make or download it again");
  }
  StoredArray array;
  array.info_ = {std::move(name), layout.dtype, layout.shape, {}};
  array.offset_ = layout.offset;
  array.is_big_endian_ = layout.is_big_endian;
  array.row_bytes_ = needed;
  if (!layout.shape.empty()) {
    array.num_rows_ = layout.shape[0];
    array.info_.sample_shape.erase(array.info_.sample_shape.begin());
    TARE_TRY(const int64_t inner, NumElements(array.info_.sample_shape));
    array.row_bytes_ = inner * width;
  }
  array.source_ = std::move(source);
  if (layout.is_fortran_order && layout.shape.size() > 1 && count > 0) {
    array.source_ = MakeLazySource(array.source_->name(), needed, [layout, inner = array.source_] {
      return ToCOrder(layout, *inner);
    });
    array.offset_ = 0;
  }
  return array;
}

Result<Tensor> StoredArray::Read(std::span<const int64_t> samples) const {
  if (row_bytes_ > 0) {  // a lazy source decodes, and checks, before anything is allocated
    std::byte probe{};
    TARE_TRY_VOID(source_->ReadAt(offset_, {&probe, 1}));
  }
  Shape shape{std::ssize(samples)};
  shape.insert(shape.end(), info_.sample_shape.begin(), info_.sample_shape.end());
  TARE_TRY(Tensor tensor, Tensor::Zeros(info_.dtype, std::move(shape)));
  auto out = tensor.mutable_bytes();
  const auto row_bytes = static_cast<size_t>(row_bytes_);
  for (size_t i = 0; i < samples.size() && row_bytes > 0;) {
    size_t end = i + 1;  // runs of neighbours take one read
    while (num_rows_ >= 0 && end < samples.size() && samples[end] == samples[end - 1] + 1) ++end;
    const int64_t row = num_rows_ < 0 ? 0 : samples[i];
    TARE_TRY_VOID(source_->ReadAt(offset_ + row * row_bytes_,
                                  out.subspan(i * row_bytes, (end - i) * row_bytes)));
    i = end;
  }
  if (is_big_endian_) SwapBytes(out, BitWidth(info_.dtype) / 8);
  // numpy takes any byte but 0 for true; a bool of C++ is 0 or 1.
  if (info_.dtype == DType::kBool) {
    std::ranges::transform(out, out.begin(),
                           [](std::byte b) { return std::byte{b != std::byte{0}}; });
  }
  return tensor;
}

Result<std::unique_ptr<Dataset>> MakeStoredDataset(std::vector<StoredArray> arrays,
                                                   std::vector<SkippedArray> skipped,
                                                   ByteSourcePtr file) {
  int64_t num_samples = CommonRows(arrays);
  // A file of scalars alone is one sample.
  if (num_samples < 0 && !arrays.empty() && arrays[0].num_rows() < 0) num_samples = 1;
  std::vector<StoredArray> kept;
  for (StoredArray& array : arrays) {
    if (array.num_rows() < 0 || array.num_rows() == num_samples) {
      kept.push_back(std::move(array));
      continue;
    }
    skipped.push_back(
        {array.info().name,
         InvalidArgument(StrCat("array '", array.info().name, "' of ", file->name(), " has ",
                                array.num_rows(), " samples on its first axis, the others have ",
                                std::max<int64_t>(num_samples, 0)),
                         "save arrays with one first axis in a file")});
  }
  if (num_samples <= 0 || kept.empty()) {
    if (!skipped.empty()) return std::move(skipped[0].error);
    return InvalidArgument(StrCat(file->name(), " holds no samples"),
                           "name a file with at least one array of one sample");
  }
  return std::unique_ptr<Dataset>(std::make_unique<StoredDataset>(
      std::move(kept), std::move(skipped), num_samples, std::move(file)));
}

Result<void> CheckSamples(const Dataset& dataset, std::span<const int64_t> samples) {
  for (const int64_t sample : samples) {
    if (sample < 0 || sample >= dataset.num_samples()) {
      return InvalidArgument(StrCat("there is no sample ", sample, " in ", dataset.source()),
                             StrCat("use samples 0 to ", dataset.num_samples() - 1));
    }
  }
  return {};
}

void SwapBytes(std::span<std::byte> bytes, int width) {
  if (width < 2) return;
  for (size_t i = 0; i + static_cast<size_t>(width) <= bytes.size();
       i += static_cast<size_t>(width)) {
    std::ranges::reverse(bytes.subspan(i, static_cast<size_t>(width)));
  }
}

}  // namespace tare::data
