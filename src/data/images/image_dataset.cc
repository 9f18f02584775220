#include "data/images/image_dataset.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <mutex>
#include <optional>
#include <unordered_map>

#include "data/images/decode.h"
#include "data/images/resample.h"
#include "data/stored_array.h"
#include "tare/core/parallel.h"
#include "tare/core/text.h"
#include "tare/data/labels.h"

namespace tare::data {
namespace {

constexpr size_t kKeptBytes = size_t{64} << 20;

ImageSize SizeOf(const ImageHead& head) { return {head.width, head.height}; }

// The size after resizing, as torchvision: the longer side is rounded down.
ImageSize ResizedTo(const ImageSize& size, const ImageOptions& options) {
  if (options.resize.height > 0) return options.resize;
  if (options.shorter_side == 0) return size;
  const int64_t side = options.shorter_side;
  return size.width <= size.height ? ImageSize{side, side * size.height / size.width}
                                   : ImageSize{side * size.width / size.height, side};
}

// Where a crop begins: half of what is left over, halves to even, as torchvision (Python's round).
int64_t CropBegin(int64_t size, int64_t crop) {
  const int64_t spare = size - crop;
  return spare / 2 + (spare % 2 == 1 && spare / 2 % 2 == 1 ? 1 : 0);
}

Result<ImageSize> FinalSize(const ImageHead& head, const std::string& path,
                            const ImageOptions& options) {
  const ImageSize size = ResizedTo(SizeOf(head), options);
  // In between an image has the new width and the old height.
  if (size.height > kMaxPixels / size.width || head.height > kMaxPixels / size.width) {
    return ResourceExhausted(StrCat(path, ", of ", SizeText(SizeOf(head)), " pixels, becomes ",
                                    SizeText(size), " when it is resized"),
                             "remove it, or resize to a smaller size");
  }
  if (options.crop.height == 0) return size;
  if (options.crop.height > size.height || options.crop.width > size.width) {
    return InvalidArgument(StrCat(path, " has ", SizeText(size), " pixels",
                                  size == SizeOf(head) ? "" : " when it is resized",
                                  ", less than the crop of ", SizeText(options.crop)),
                           "resize to a larger size first, or crop less");
  }
  return options.crop;
}

class ImageDataset final : public Dataset {
 public:
  ImageDataset(ImageFiles images, ImageForm form, std::unique_ptr<Dataset> table)
      : images_(std::move(images)), form_(std::move(form)), table_(std::move(table)) {}

  Result<void> Open(const std::string& path_column) {
    TARE_TRY(const auto heads, ReadHeads());
    TARE_TRY_VOID(ChooseSize(heads));
    AddNotes(heads);
    name_ = "image";
    if (table_ != nullptr) {
      path_column_ = path_column;
      for (const ArrayInfo& info : table_->arrays()) {
        if (info.name == name_ && info.name != path_column) name_ = "images";
      }
    }
    infos_.push_back({name_, DType::kUint8, SampleShape(), {}});
    AddLabels();
    AddColumns();
    return {};
  }

  const std::string& source() const override { return images_.source; }
  int64_t num_samples() const override { return std::ssize(images_.files); }
  std::span<const ArrayInfo> arrays() const override { return infos_; }
  std::span<const SkippedArray> skipped() const override { return skipped_; }
  std::vector<std::string> notes() const override { return notes_; }

  Result<Tensor> Read(std::string_view array, std::span<const int64_t> samples) const override {
    TARE_TRY_VOID(CheckSamples(*this, samples));
    if (array == name_) return ReadImages(samples);
    TARE_TRY_VOID(Find(array));
    if (table_ != nullptr) return table_->Read(array, samples);
    std::vector<int64_t> labels;
    for (const int64_t sample : samples) labels.push_back(File(sample).label);
    return Tensor::Of<int64_t>({std::ssize(samples)}, labels);
  }

  Result<Tensor> ReadColumns(std::span<const std::string> columns,
                             std::span<const int64_t> samples) const override {
    const bool has_images = std::ranges::find(columns, name_) != columns.end();
    if (table_ == nullptr || has_images) return Dataset::ReadColumns(columns, samples);
    return table_->ReadColumns(columns, samples);
  }

  std::vector<std::string> text_columns() const override {
    if (table_ != nullptr) {
      auto names = table_->text_columns();
      std::erase(names, path_column_);
      return names;
    }
    return infos_.back().classes.empty() ? std::vector<std::string>()
                                         : std::vector<std::string>{infos_.back().name};
  }

  Result<std::vector<std::string>> ReadTexts(std::string_view column,
                                             std::span<const int64_t> samples) const override {
    const auto names = text_columns();
    if (std::ranges::find(names, column) == names.end()) return Dataset::ReadTexts(column, samples);
    if (table_ != nullptr) return table_->ReadTexts(column, samples);
    TARE_TRY_VOID(CheckSamples(*this, samples));
    std::vector<std::string> texts;
    for (const int64_t sample : samples)
      texts.push_back(images_.classes[static_cast<size_t>(File(sample).label)]);
    return texts;
  }

  Result<std::string> Digest() const override {
    const std::lock_guard lock(digest_mutex_);
    if (digest_.empty()) {
      std::string beside;
      if (table_ != nullptr) {
        TARE_TRY(beside, table_->Digest());
      }
      TARE_TRY(digest_, DigestOfImages(images_, beside));
    }
    return digest_;
  }

 private:
  const ImageFile& File(int64_t sample) const { return images_.files[static_cast<size_t>(sample)]; }

  Error InSample(Error error, int64_t sample) const {
    return table_ == nullptr
               ? std::move(error)
               : std::move(error).While(StrCat("reading sample ", sample, " of ", images_.source));
  }

  // ---- opening ----------------------------------------------------------------------------

  Result<std::vector<ImageHead>> ReadHeads() const {
    std::vector<std::optional<Result<ImageHead>>> read(images_.files.size());
    ParallelFor(num_samples(), NumProcessors(), [&](int64_t i) {
      auto& head = read[static_cast<size_t>(i)];
      const auto file = OpenByteFile(File(i).path);
      if (file) {
        head = ReadImageHead(**file);
      } else {
        head = file.error();
      }
    });
    std::vector<ImageHead> heads;
    for (int64_t i = 0; i < num_samples(); ++i) {
      auto& head = *read[static_cast<size_t>(i)];
      if (!head) return InSample(std::move(head).error(), i);
      heads.push_back(*head);
    }
    return heads;
  }

  Result<void> ChooseSize(const std::vector<ImageHead>& heads) {
    std::optional<ImageSize> first;
    for (int64_t i = 0; i < num_samples(); ++i) {
      const ImageHead& head = heads[static_cast<size_t>(i)];
      auto size = FinalSize(head, File(i).path, form_.options);
      if (!size) return InSample(std::move(size).error(), i);
      if (!first) first = *size;
      if (!(*first == *size)) return DifferentSizes(*first, *size, File(i).path);
    }
    size_ = *first;
    const bool fits = (form_.size.width == 0 || form_.size.width == size_.width) &&
                      (form_.size.height == 0 || form_.size.height == size_.height);
    return fits ? Result<void>() : NotTheModels();
  }

  std::string WhatImagesAre() const {
    const bool is_changed = form_.options.shorter_side > 0 || form_.options.resize.height > 0 ||
                            form_.options.crop.height > 0;
    return is_changed ? " when they are resized and cropped" : "";
  }

  Error DifferentSizes(const ImageSize& first, const ImageSize& other,
                       const std::string& path) const {
    return InvalidArgument(
        StrCat("the images of ", images_.source, " differ in size", WhatImagesAre(), ": ",
               File(0).path, " has ", SizeText(first), " pixels, ", path, " ", SizeText(other)),
        Advice());
  }

  Error NotTheModels() const {
    const auto side = [](int64_t value) { return value == 0 ? std::string("?") : StrCat(value); };
    return InvalidArgument(StrCat("the images of ", images_.source, " have ", SizeText(size_),
                                  " pixels", WhatImagesAre(), ", and input '", form_.input,
                                  "' takes ", side(form_.size.width), "x", side(form_.size.height)),
                           Advice());
  }

  std::string Advice() const {
    const int64_t width = form_.size.width > 0 ? form_.size.width : 224;
    const int64_t height = form_.size.height > 0 ? form_.size.height : width;
    // 256 for 224, as most models of ImageNet are tested.
    const int64_t shorter = std::max(width, height) * 8 / 7;
    const std::string crop = width == height ? StrCat(width) : StrCat(width, "x", height);
    return StrCat("say how the model was trained: --resize ", shorter, " --crop ", crop,
                  " (the shorter side to ", shorter, ", then the centre) or --resize ", width, "x",
                  height, " (all of it, stretched); in tare.yaml: data: inputs: {",
                  form_.input.empty() ? std::string("INPUT") : form_.input, ": {resize: ", shorter,
                  ", crop: ", crop, "}}");
  }

  void AddNotes(const std::vector<ImageHead>& heads) {
    std::array<int64_t, 4> by_codec{};
    int64_t num_alpha = 0;
    int64_t num_turned = 0;
    bool is_same_size = true;
    for (const ImageHead& head : heads) {
      ++by_codec[static_cast<size_t>(head.codec)];
      num_alpha += head.has_alpha ? 1 : 0;
      num_turned += head.is_turned ? 1 : 0;
      is_same_size = is_same_size && SizeOf(head) == SizeOf(heads[0]);
    }
    std::vector<std::string> codecs;
    for (size_t i = 0; i < by_codec.size(); ++i) {
      if (by_codec[i] > 0)
        codecs.push_back(
            StrCat(WithThousands(by_codec[i]), " ", ImageCodecName(static_cast<ImageCodec>(i))));
    }
    std::string note =
        StrCat("images of ", images_.source, ": ", Join(codecs, ", "), "; ",
               is_same_size ? SizeText(SizeOf(heads[0])) : std::string("of several sizes"));
    const ImageOptions& options = form_.options;
    if (options.shorter_side > 0)
      note += StrCat(", resized to ", options.shorter_side, " on the shorter side");
    if (options.resize.height > 0) note += StrCat(", resized to ", SizeText(options.resize));
    if (options.crop.height > 0) note += StrCat(", centre cropped to ", SizeText(options.crop));
    note += form_.channels == 1 ? ", grey" : options.is_bgr ? ", BGR" : ", RGB";
    notes_.push_back(std::move(note));
    if (num_alpha > 0) {
      notes_.push_back(StrCat(WithThousands(num_alpha),
                              " images of it have an alpha channel, which is left out"));
    }
    if (num_turned > 0) {
      notes_.push_back(StrCat(WithThousands(num_turned),
                              " images of it have an EXIF orientation, which is not applied, as "
                              "in training with torchvision or TensorFlow"));
    }
  }

  Shape SampleShape() const {
    if (!form_.has_channels) return {size_.height, size_.width};
    if (form_.options.axes == ImageAxes::kChannelsFirst)
      return {form_.channels, size_.height, size_.width};
    return {size_.height, size_.width, form_.channels};
  }

  void AddLabels() {
    if (images_.classes.empty()) return;
    ArrayInfo labels{"label", DType::kInt64, {}, images_.classes};
    const auto numbers = NumbersOfClasses(labels);
    for (size_t i = 0; numbers && i < numbers->size(); ++i) {
      if ((*numbers)[i] == static_cast<int64_t>(i)) continue;
      skipped_.push_back(
          {"label",
           InvalidArgument(
               StrCat("the class folders of ", images_.source,
                      " are numbers, and it is not clear "
                      "which class '",
                      images_.classes[i], "' is: ", (*numbers)[i], " as a number, ", i,
                      " in the order of the names, as torchvision counts"),
               "give the class of each image in a CSV file: --data images.csv with the columns "
               "file,label"),
           Holds::kNumbers});
      return;
    }
    infos_.push_back(std::move(labels));
  }

  void AddColumns() {
    if (table_ == nullptr) return;
    for (const ArrayInfo& info : table_->arrays()) {
      if (info.name != path_column_) infos_.push_back(info);
    }
    for (const SkippedArray& array : table_->skipped()) {
      if (array.name != path_column_) skipped_.push_back(array);
    }
    for (std::string& note : table_->notes()) notes_.push_back(std::move(note));
  }

  // ---- reading ----------------------------------------------------------------------------

  Result<Tensor> ReadImages(std::span<const int64_t> samples) const {
    Shape shape = SampleShape();
    shape.insert(shape.begin(), std::ssize(samples));
    TARE_TRY(Tensor tensor, Tensor::Zeros(DType::kUint8, std::move(shape)));
    const auto bytes = tensor.mutable_data<uint8_t>();
    const size_t sample_bytes = samples.empty() ? 0 : bytes.size() / samples.size();
    std::vector<std::optional<Error>> errors(samples.size());
    ParallelFor(std::ssize(samples), NumProcessors(), [&](int64_t i) {
      const auto at = static_cast<size_t>(i);
      auto read = ReadOne(samples[at], bytes.subspan(at * sample_bytes, sample_bytes));
      if (!read) errors[at] = InSample(std::move(read).error(), samples[at]);
    });
    for (auto& error : errors) {
      if (error) return *std::move(error);
    }
    return tensor;
  }

  Result<void> ReadOne(int64_t sample, std::span<uint8_t> out) const {
    {
      const std::lock_guard lock(kept_mutex_);
      if (const auto kept = kept_.find(sample); kept != kept_.end()) {
        std::ranges::copy(kept->second, out.begin());
        return {};
      }
    }
    TARE_TRY(const ByteSourcePtr file, OpenByteFile(File(sample).path));
    TARE_TRY(Pixels pixels, DecodeImage(*file, form_.channels));
    const ImageSize size = ResizedTo({pixels.width, pixels.height}, form_.options);
    // Sizes were checked when the dataset was opened.
    if (!Becomes(pixels)) {
      return FailedPrecondition(StrCat(File(sample).path, " has another size than before"),
                                "leave the files alone while tare runs, and run again");
    }
    pixels = Resampled(pixels, size.width, size.height);
    if (form_.options.crop.height > 0) {
      const ImageSize& crop = form_.options.crop;
      pixels = Cropped(pixels, CropBegin(size.height, crop.height),
                       CropBegin(size.width, crop.width), crop.width, crop.height);
    }
    Arrange(pixels, out);
    Keep(sample, out);
    return {};
  }

  bool Becomes(const Pixels& pixels) const {
    const auto size =
        FinalSize({.height = pixels.height, .width = pixels.width}, "", form_.options);
    return size && *size == size_;
  }

  void Arrange(const Pixels& pixels, std::span<uint8_t> out) const {
    const auto channels = static_cast<size_t>(pixels.channels);
    const size_t area = pixels.values.size() / channels;
    const bool is_first = form_.options.axes == ImageAxes::kChannelsFirst;
    for (size_t c = 0; c < channels; ++c) {
      const size_t from = form_.options.is_bgr ? channels - 1 - c : c;
      for (size_t i = 0; i < area; ++i)
        out[is_first ? c * area + i : i * channels + c] = pixels.values[i * channels + from];
    }
  }

  // The first that come stay: a set that is read again and again, in one order, would push itself out
  // of a cache that forgets what was used longest ago.
  void Keep(int64_t sample, std::span<const uint8_t> bytes) const {
    const std::lock_guard lock(kept_mutex_);
    if ((kept_.size() + 1) * bytes.size() > kKeptBytes) return;
    kept_.emplace(sample, std::vector<uint8_t>(bytes.begin(), bytes.end()));
  }

  ImageFiles images_;
  ImageForm form_;
  std::unique_ptr<Dataset> table_;  // nullptr: the files have labels or nothing beside them
  std::string path_column_;
  std::string name_;  // of the array of images
  ImageSize size_;
  std::vector<ArrayInfo> infos_;
  std::vector<SkippedArray> skipped_;
  std::vector<std::string> notes_;
  mutable std::mutex kept_mutex_;
  mutable std::unordered_map<int64_t, std::vector<uint8_t>> kept_;  // by sample; under kept_mutex_
  mutable std::mutex digest_mutex_;
  mutable std::string digest_;  // under digest_mutex_
};

}  // namespace

Result<std::unique_ptr<Dataset>> MakeImageDataset(ImageFiles images, const ImageForm& form,
                                                  std::unique_ptr<Dataset> table,
                                                  const std::string& path_column) {
  auto dataset = std::make_unique<ImageDataset>(std::move(images), form, std::move(table));
  TARE_TRY_VOID(dataset->Open(path_column));
  return std::unique_ptr<Dataset>(std::move(dataset));
}

}  // namespace tare::data
