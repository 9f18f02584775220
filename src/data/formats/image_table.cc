#include "data/formats/image_table.h"

#include <algorithm>
#include <array>
#include <filesystem>
#include <numeric>

#include "data/byte_source.h"
#include "data/formats/csv_record.h"
#include "data/images/image_dataset.h"
#include "tare/core/text.h"

namespace tare::data {
namespace {

namespace fs = std::filesystem;

constexpr int64_t kTableHeadBytes = int64_t{1} << 16;

bool IsCsvFile(const std::string& path) {
  const std::string extension = AsciiLower(fs::path(path).extension().string());
  return extension == ".csv" || extension == ".tsv";
}

bool EndsLikeAnImage(std::string_view name) {
  const std::string lower = AsciiLower(name);
  return std::ranges::any_of(std::array{".jpg", ".jpeg", ".png", ".webp", ".bmp"},
                             [&](const char* ending) { return lower.ends_with(ending); });
}

Result<ImageFiles> FilesOf(const std::string& path, const std::string& column,
                           const Dataset& table) {
  std::vector<int64_t> all(static_cast<size_t>(table.num_samples()));
  std::iota(all.begin(), all.end(), int64_t{0});
  auto names = table.ReadTexts(column, all);
  if (!names) {
    TARE_TRY_VOID(table.Find(column));  // an empty cell, numbers among names: the reason
    return std::move(names).error();
  }
  ImageFiles images{table.source(), {}, {}};
  const fs::path folder = fs::path(path).parent_path();
  for (std::string& name : *names) images.files.push_back({(folder / name).string(), name, -1});
  return images;
}

}  // namespace

std::string ImageColumnOf(const std::string& path) {
  if (!IsCsvFile(path)) return "";
  const auto file = OpenByteFile(path);
  if (!file) return "";
  const auto prefix = ReadPrefix(**file, kTableHeadBytes);
  if (!prefix) return "";
  std::string_view text = *prefix;
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
  text.remove_prefix(std::min(text.find_first_not_of("\r\n"), text.size()));
  const CsvHead head = ReadCsvHead(text);
  CsvTokenizer tokenizer(head.delimiter);
  text.remove_prefix(tokenizer.Parse(text, /*is_last=*/true));
  text.remove_prefix(std::min(text.find_first_not_of("\r\n"), text.size()));
  if (!head.has_header || text.empty()) return "";
  tokenizer.Parse(text, /*is_last=*/true);
  for (const char* name : {"file", "file_name", "filename", "path", "image_path", "image"}) {
    const auto at = std::ranges::find(head.names, name);
    const auto place = static_cast<size_t>(at - head.names.begin());
    if (place < tokenizer.cells().size() && EndsLikeAnImage(tokenizer.cells()[place])) return name;
  }
  return "";
}

Result<std::unique_ptr<Dataset>> OpenImageTable(const std::string& path, const std::string& column,
                                                std::unique_ptr<Dataset> table,
                                                const ImageForm& form) {
  TARE_TRY(ImageFiles images, FilesOf(path, column, *table));
  return MakeImageDataset(std::move(images), form, std::move(table), column);
}

Result<std::string> DigestOfImageTable(const std::string& path, const std::string& column,
                                       const Dataset& table) {
  TARE_TRY(const ImageFiles images, FilesOf(path, column, table));
  TARE_TRY(const std::string digest, table.Digest());
  return DigestOfImages(images, digest);
}

}  // namespace tare::data
