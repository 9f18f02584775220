// Which files a folder of images holds.

#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "tare/core/result.h"

namespace tare::data {

struct ImageFile {
  std::string path;  ///< to open it
  std::string name;  ///< in the folder, or as the table has it: part of the digest
  int64_t label = -1;
};

/// Images in the order of the samples.
struct ImageFiles {
  std::string source;                ///< the folder or the table, for messages
  std::vector<ImageFile> files;      ///< at least one
  std::vector<std::string> classes;  ///< names of the folders, sorted; empty: no labels
};

/// Lists a folder: a folder a class, each with images at any depth; or images alone, without labels.
///
/// Order    classes by name, in a class by path, byte by byte: the same on every machine. Class 0 is
///          the first name, as in torchvision's ImageFolder.
/// Left out hidden files and folders (".DS_Store"), Thumbs.db and desktop.ini, and nothing else.
/// Errors   kNotFound: no such folder; kInvalidArgument: no images, images beside class folders, a
///          class folder without images, folders named like splits (train, test, ...), over
///          kMaxImageFiles, deeper than 16 folders, a file that is none.
Result<ImageFiles> ListImageFolder(const std::string& folder);

inline constexpr int64_t kMaxImageFiles = 16'000'000;

/// Returns the SHA-256 of the names and the SHA-256s of the files, and of `beside` (a digest of what
/// else belongs to them), as 64 hex digits. Reads every file.
Result<std::string> DigestOfImages(const ImageFiles& images, const std::string& beside);

}  // namespace tare::data
