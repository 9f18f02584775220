#include <algorithm>
#include <filesystem>
#include <set>

#include "data/formats/csv.h"
#include "data/formats/gzip.h"
#include "data/formats/idx.h"
#include "data/formats/image_table.h"
#include "data/formats/json_lines.h"
#include "data/formats/npy.h"
#include "data/formats/npz.h"
#include "data/formats/parquet.h"
#include "data/formats/table.h"
#include "data/images/image_dataset.h"
#include "data/shown_value.h"
#include "tare/core/hash.h"
#include "tare/core/text.h"
#include "tare/data/dataset.h"

namespace tare::data {
namespace {

constexpr std::string_view kReadable =
    "give a .npz, .npy, IDX, .csv, .tsv, .jsonl, .json or .parquet file (each may be gzipped), or "
    "a "
    "folder of images";

// The extension in small letters, without one of gzip.
std::string ExtensionOf(std::filesystem::path path) {
  if (AsciiLower(path.extension().string()) == ".gz") path = path.stem();
  return AsciiLower(path.extension().string());
}

// The beginning of a text file that ends anywhere, in a character too.
bool LooksLikeText(std::string_view prefix) {
  const bool has_controls = std::ranges::any_of(prefix, [](char c) {
    return static_cast<unsigned char>(c) < 0x20 && c != '\n' && c != '\r' && c != '\t';
  });
  for (int cut = 0; cut < 4 && !prefix.empty(); ++cut, prefix.remove_suffix(1)) {
    if (IsUtf8(prefix)) return !has_controls;
  }
  return false;
}

bool BeginsWithAListOfObjects(std::string_view prefix) {
  constexpr std::string_view kBlanks = " \r\n\t";
  const size_t list = prefix.find_first_not_of(kBlanks);
  if (list == std::string_view::npos || prefix[list] != '[') return false;
  const size_t object = prefix.find_first_not_of(kBlanks, list + 1);
  return object != std::string_view::npos && prefix[object] == '{';
}

// A text whose extension says nothing: one with delimiters in its first line is CSV.
Result<Format> FormatOfText(std::string_view prefix, const std::string& name) {
  prefix.remove_prefix(std::min(prefix.find_first_not_of("\r\n"), prefix.size()));
  const auto line = prefix.substr(0, prefix.find('\n'));
  if (line.find_first_of(",;\t|") != std::string_view::npos) return Format::kCsv;
  const bool is_numbers = line.find_first_not_of("0123456789+-.eE \r") == std::string_view::npos &&
                          line.find(' ') != std::string_view::npos;
  if (is_numbers) {
    return Unsupported(StrCat(name, " holds numbers with blanks between them"),
                       "write commas instead, and name it .csv (numpy: savetxt(..., "
                       "delimiter=',')), or save it as .npy");
  }
  return Unsupported(StrCat(name, " is in no format that tare reads"), std::string(kReadable));
}

// "data/train-images.npy.gz" -> "train-images".
std::string ArrayNameOf(const std::string& path) {
  std::filesystem::path name = std::filesystem::path(path).filename();
  if (AsciiLower(name.extension().string()) == ".gz") name = name.stem();
  for (const char* extension : {".npy", ".idx", ".ubyte"}) {
    if (AsciiLower(name.extension().string()) == extension) name = name.stem();
  }
  return name.string();
}

Result<Format> DetectFormat(const ByteSource& source) {
  TARE_TRY(const std::string prefix, ReadPrefix(source, 512));
  if (prefix.starts_with("\x93NUMPY")) return Format::kNpy;
  if (prefix.starts_with("PK\3\4") || prefix.starts_with("PK\5\6")) return Format::kNpz;
  if (prefix.starts_with("PAR1")) return Format::kParquet;
  if (prefix.starts_with("version https://git-lfs")) {
    return DataLoss(StrCat(source.name(), " is a git-lfs pointer, the data were not fetched"),
                    "fetch them: git lfs pull");
  }
  if (LooksLikeIdx(prefix)) return Format::kIdx;
  const std::string extension = ExtensionOf(source.name());
  if (extension == ".csv" || extension == ".tsv") return Format::kCsv;
  if (extension == ".jsonl" || extension == ".ndjson") return Format::kJsonLines;
  for (const char* binary : {".npz", ".npy", ".parquet"}) {
    if (extension == binary) {
      return DataLoss(StrCat(source.name(), " does not begin as a ", binary, " file does"),
                      "make or download the file again");
    }
  }
  if (prefix.substr(prefix.find_first_not_of(" \r\n\t") + 1).starts_with('"') &&
      prefix.find('{') == prefix.find_first_not_of(" \r\n\t")) {
    return Format::kJsonLines;  // {" and an extension that says nothing
  }
  if (BeginsWithAListOfObjects(prefix)) return Format::kJsonLines;
  const bool may_be_csv = extension == ".txt" || extension == ".data" || extension == ".dat";
  if (may_be_csv && LooksLikeText(prefix)) return FormatOfText(prefix, source.name());
  return Unsupported(StrCat(source.name(), " is in no format that tare reads"),
                     std::string(kReadable));
}

Result<std::unique_ptr<Dataset>> OpenIdx(ByteSourcePtr source, ByteSourcePtr file,
                                         const std::string& array_name) {
  TARE_TRY(StoredArray array, ReadIdx(std::move(source), array_name));
  std::vector<StoredArray> arrays;
  arrays.push_back(std::move(array));
  return MakeStoredDataset(std::move(arrays), {}, std::move(file));
}

// Opens `source`; `file` is what was on disk, before decoding, and gets the digest.
Result<std::unique_ptr<Dataset>> OpenAs(Format format, ByteSourcePtr source, ByteSourcePtr file) {
  const std::string array_name = ArrayNameOf(file->name());
  switch (format) {
    case Format::kNpy:
      return OpenNpy(source, std::move(file), array_name);
    case Format::kNpz:
      return OpenNpz(source, std::move(file));
    case Format::kIdx:
      return OpenIdx(std::move(source), std::move(file), array_name);
    case Format::kCsv:
      return OpenCsv(source, std::move(file));
    case Format::kJsonLines:
      return OpenJsonLines(source, std::move(file));
    case Format::kParquet:
      return OpenParquet(source, std::move(file));
  }
  return Internal(StrCat("unknown format ", static_cast<int>(format)));
}

Result<ByteSourcePtr> Inflated(const ByteSourcePtr& file) {
  TARE_TRY(const std::string prefix, ReadPrefix(*file, 2));
  if (!LooksLikeGzip(prefix)) return file;
  return DecodeGzip(*file);
}

bool IsFolder(const std::string& path) {
  std::error_code ignored;
  return std::filesystem::is_directory(path, ignored);
}

Result<std::unique_ptr<Dataset>> OpenFile(const std::string& path) {
  TARE_TRY(ByteSourcePtr file, OpenByteFile(path));
  TARE_TRY(ByteSourcePtr source, Inflated(file));
  TARE_TRY(const Format format, DetectFormat(*source));
  return OpenAs(format, std::move(source), std::move(file));
}

Result<std::unique_ptr<Dataset>> OpenOne(const std::string& path, const ImageForm& form) {
  if (IsFolder(path)) {
    TARE_TRY(ImageFiles images, ListImageFolder(path));
    return MakeImageDataset(std::move(images), form);
  }
  TARE_TRY(auto dataset, OpenFile(path));
  const std::string column = ImageColumnOf(path);
  if (column.empty()) return dataset;
  return OpenImageTable(path, column, std::move(dataset), form);
}

// The labels that belong to an MNIST image file, when they lie beside it.
std::string LabelFileOf(const std::string& path) {
  const std::filesystem::path image(path);
  std::string name = image.filename().string();
  const size_t at = name.find("images-idx3");
  if (at == std::string::npos) return "";
  name.replace(at, std::string("images-idx3").size(), "labels-idx1");
  const auto label = image.parent_path() / name;
  std::error_code ignored;
  return std::filesystem::is_regular_file(label, ignored) ? label.string() : "";
}

Error DifferentSamples(const std::string& a, int64_t num_a, const std::string& b, int64_t num_b) {
  return InvalidArgument(StrCat(a, " has ", num_a, " samples, ", b, " has ", num_b),
                         "give files of the same samples");
}

// Arrays of several datasets under names of their own.
class JoinedDataset : public Dataset {
 public:
  struct Part {
    std::string array;
    std::unique_ptr<Dataset> dataset;
  };
  JoinedDataset(std::vector<Part> parts, std::vector<ArrayInfo> infos, std::string source)
      : parts_(std::move(parts)), infos_(std::move(infos)), source_(std::move(source)) {}

  const std::string& source() const override { return source_; }
  int64_t num_samples() const override { return parts_[0].dataset->num_samples(); }
  std::span<const ArrayInfo> arrays() const override { return infos_; }

  Result<Tensor> Read(std::string_view name, std::span<const int64_t> samples) const override {
    for (size_t i = 0; i < infos_.size(); ++i) {
      if (infos_[i].name == name) return parts_[i].dataset->Read(parts_[i].array, samples);
    }
    return Find(name).error();
  }

  std::vector<std::string> text_columns() const override {
    std::vector<std::string> names;
    for (size_t i = 0; i < infos_.size(); ++i) {
      if (!infos_[i].classes.empty()) names.push_back(infos_[i].name);
    }
    return names;
  }

  Result<std::vector<std::string>> ReadTexts(std::string_view name,
                                             std::span<const int64_t> samples) const override {
    for (size_t i = 0; i < infos_.size(); ++i) {
      if (infos_[i].name == name) return parts_[i].dataset->ReadTexts(parts_[i].array, samples);
    }
    return Dataset::ReadTexts(name, samples);
  }

  Result<std::string> Digest() const override {
    Sha256 hash;
    for (size_t i = 0; i < infos_.size(); ++i) {
      TARE_TRY(const std::string digest, parts_[i].dataset->Digest());
      hash.Update(StrCat(infos_[i].name, "\n", parts_[i].array, "\n", digest, "\n"));
    }
    return hash.HexDigest();
  }

 private:
  std::vector<Part> parts_;
  std::vector<ArrayInfo> infos_;
  std::string source_;
};

Result<ArrayInfo> PickArray(const Dataset& dataset, const std::string& name) {
  if (dataset.arrays().size() == 1) return dataset.arrays()[0];
  return dataset.Find(name);
}

}  // namespace

Result<std::unique_ptr<Dataset>> OpenDataset(const std::string& path, const ImageForm& form) {
  const std::string labels = LabelFileOf(path);
  if (labels.empty()) return OpenOne(path, form);
  const std::vector<ArrayFile> files{{"images", path}, {"labels", labels}};
  return OpenArrays(files);
}

bool HoldsImages(const std::string& path) { return IsFolder(path) || !ImageColumnOf(path).empty(); }

Result<std::string> DigestOfData(const std::string& path) {
  if (IsFolder(path)) {
    TARE_TRY(const ImageFiles images, ListImageFolder(path));
    return DigestOfImages(images, "");
  }
  const std::string column = ImageColumnOf(path);
  if (column.empty()) return Sha256File(path);
  TARE_TRY(const auto table, OpenFile(path));
  return DigestOfImageTable(path, column, *table);
}

Result<std::unique_ptr<Dataset>> OpenBytes(Format format, std::string bytes,
                                           const std::string& name) {
  const ByteSourcePtr file = MakeMemorySource(name, std::move(bytes));
  if (file->size() == 0) {
    return InvalidArgument(StrCat(name, " is empty"), "make or download the file again");
  }
  TARE_TRY(ByteSourcePtr source, Inflated(file));
  return OpenAs(format, std::move(source), file);
}

Result<std::unique_ptr<Dataset>> OpenArrays(std::span<const ArrayFile> files,
                                            const ImageForm& form) {
  if (files.empty()) return InvalidArgument("no data files", "name at least one");
  std::vector<JoinedDataset::Part> parts;
  std::vector<ArrayInfo> infos;
  std::vector<std::string> sources;
  std::set<std::string> names;
  for (const ArrayFile& file : files) {
    if (!names.insert(file.name).second) {
      return InvalidArgument(StrCat("array '", file.name, "' is given twice"), "give it once");
    }
    TARE_TRY(auto dataset, OpenOne(file.path, form));
    TARE_TRY(ArrayInfo info, PickArray(*dataset, file.name));
    if (!parts.empty() && parts[0].dataset->num_samples() != dataset->num_samples()) {
      return DifferentSamples(files[0].path, parts[0].dataset->num_samples(), file.path,
                              dataset->num_samples());
    }
    parts.push_back({std::exchange(info.name, file.name), std::move(dataset)});
    infos.push_back(std::move(info));
    sources.push_back(file.path);
  }
  return std::unique_ptr<Dataset>(
      std::make_unique<JoinedDataset>(std::move(parts), std::move(infos), Join(sources, ", ")));
}

}  // namespace tare::data
