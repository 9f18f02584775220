#include "data/images/image_files.h"

#include <algorithm>
#include <array>
#include <filesystem>
#include <optional>

#include "tare/core/hash.h"
#include "tare/core/parallel.h"
#include "tare/core/text.h"

namespace tare::data {
namespace {

namespace fs = std::filesystem;

constexpr int kMostFolders = 16;
constexpr std::array<std::string_view, 6> kSplitNames{"train", "test",       "val",
                                                      "valid", "validation", "training"};

bool IsLeftOut(const std::string& name) {
  const std::string lower = AsciiLower(name);
  return name.starts_with('.') || lower == "thumbs.db" || lower == "desktop.ini";
}

// What lies in a folder, sorted by name, symbolic links followed.
struct Listing {
  std::vector<std::string> files, folders;
};

Result<Listing> List(const fs::path& folder) {
  Listing listing;
  std::error_code error;
  fs::directory_iterator entries(folder, error);
  for (; !error && entries != fs::directory_iterator(); entries.increment(error)) {
    const std::string name = entries->path().filename().string();
    if (IsLeftOut(name)) continue;
    const auto status = entries->status(error);
    if (error) break;
    if (status.type() != fs::file_type::regular && status.type() != fs::file_type::directory) {
      return InvalidArgument(StrCat(entries->path().string(), " is no file"),
                             "leave images alone in the folder");
    }
    (status.type() == fs::file_type::directory ? listing.folders : listing.files).push_back(name);
  }
  if (error) {
    return NotFound(StrCat("cannot read the folder ", folder.string(), ": ", error.message()),
                    "check the path and its permissions");
  }
  std::ranges::sort(listing.files);
  std::ranges::sort(listing.folders);
  return listing;
}

class FolderReader {
 public:
  explicit FolderReader(std::string source) { images_.source = std::move(source); }

  Result<ImageFiles> Read() {
    TARE_TRY(const Listing top, List(images_.source));
    if (!top.folders.empty() && !top.files.empty()) return Mixed(top);
    if (IsSplits(top)) return Splits(top);
    for (const std::string& name : top.files) TARE_TRY_VOID(Add("", name, -1));
    for (const std::string& name : top.folders) {
      const auto label = std::ssize(images_.classes);
      images_.classes.push_back(name);
      const size_t before = images_.files.size();
      TARE_TRY_VOID(AddAll(name, label, 1));
      if (images_.files.size() == before) {
        return InvalidArgument(
            StrCat("the class folder ", (fs::path(images_.source) / name).string(),
                   " holds no images"),
            "remove it, or put its images there");
      }
      // Within a class by whole paths, whatever the folders.
      std::sort(images_.files.begin() + static_cast<ptrdiff_t>(before), images_.files.end(),
                [](const ImageFile& a, const ImageFile& b) { return a.name < b.name; });
    }
    if (images_.files.empty()) {
      return InvalidArgument(StrCat("the folder ", images_.source, " holds no images"),
                             "name one with images, or with a folder of images for each class");
    }
    return std::move(images_);
  }

 private:
  Result<void> Add(const std::string& folder, const std::string& name, int64_t label) {
    if (std::ssize(images_.files) >= kMaxImageFiles) {
      return InvalidArgument(
          StrCat(images_.source, " holds over ", WithThousands(kMaxImageFiles), " files"),
          "name a smaller folder");
    }
    std::string relative = folder.empty() ? name : StrCat(folder, "/", name);
    images_.files.push_back(
        {(fs::path(images_.source) / relative).string(), std::move(relative), label});
    return {};
  }

  Result<void> AddAll(const std::string& folder, int64_t label, int depth) {
    const fs::path path = fs::path(images_.source) / folder;
    if (depth > kMostFolders) {
      return InvalidArgument(StrCat(path.string(), " lies ", depth, " folders deep"),
                             "look for a symbolic link to a folder above it");
    }
    TARE_TRY(const Listing listing, List(path));
    for (const std::string& name : listing.files) TARE_TRY_VOID(Add(folder, name, label));
    for (const std::string& name : listing.folders)
      TARE_TRY_VOID(AddAll(StrCat(folder, "/", name), label, depth + 1));
    return {};
  }

  Error Mixed(const Listing& top) const {
    return InvalidArgument(
        StrCat("the folder ", images_.source, " holds both files (", top.files[0],
               ") and folders (", top.folders[0], "): it is not clear whether folders are classes"),
        "put each image into the folder of its class, or all of them into one folder; labels may "
        "also come from a CSV file: --data images.csv with the columns file,label");
  }

  // "train" and "test" are no classes.
  static bool IsSplits(const Listing& top) {
    return !top.folders.empty() && std::ranges::all_of(top.folders, [](const std::string& name) {
      return std::ranges::find(kSplitNames, AsciiLower(name)) != kSplitNames.end();
    });
  }
  Error Splits(const Listing& top) const {
    return InvalidArgument(
        StrCat("the folders of ", images_.source, " (", Join(top.folders, ", "),
               ") are sets, not classes"),
        StrCat("name one of them: ", (fs::path(images_.source) / top.folders[0]).string()));
  }

  ImageFiles images_;
};

}  // namespace

Result<ImageFiles> ListImageFolder(const std::string& folder) {
  std::string source = folder;
  while (source.size() > 1 && source.ends_with('/')) source.pop_back();
  return FolderReader(std::move(source)).Read();
}

Result<std::string> DigestOfImages(const ImageFiles& images, const std::string& beside) {
  const auto& files = images.files;
  std::vector<std::optional<Result<std::string>>> digests(files.size());
  ParallelFor(std::ssize(files), NumProcessors(), [&](int64_t i) {
    digests[static_cast<size_t>(i)] = Sha256File(files[static_cast<size_t>(i)].path);
  });
  Sha256 all;
  all.Update(StrCat(beside, "\n"));
  for (size_t i = 0; i < files.size(); ++i) {
    TARE_TRY(const std::string digest, *std::move(digests[i]));
    all.Update(StrCat(files[i].name, "\n", digest, "\n"));
  }
  return all.HexDigest();
}

}  // namespace tare::data
