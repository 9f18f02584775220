// What each section of tare.yaml is read with.

#pragma once

#include <filesystem>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "tare/core/yaml.h"
#include "tare/pipeline/project.h"

namespace tare::pipeline {

/// Reads a map of the document. Each Read...() asks for the keys of its map first, so that a misspelt
/// key is reported as that and not as the lack of the right one.
class SectionReader {
 protected:
  SectionReader(const YamlNode& document, const std::string& path, Project& project)
      : document_(document), path_(path), project_(project) {}

  Result<YamlReader> Map(const YamlNode& node, std::string where,
                         std::initializer_list<std::string_view> keys) const {
    YamlReader reader(node, path_, std::move(where));
    for (const std::string_view key : keys) reader.Child(key);
    TARE_TRY_VOID(reader.Finish());
    return reader;
  }

  // Paths in the file begin at its folder, which the project knows.
  std::string InFolder(const std::string& path) const {
    return (std::filesystem::path(project_.folder) / path).string();
  }

  Result<std::vector<const YamlNode*>> List(YamlReader& reader, std::string_view key,
                                            std::string example) const {
    std::vector<const YamlNode*> items;
    const YamlNode* list = reader.Child(key);
    if (list == nullptr) return items;
    if (list->kind != YamlNode::Kind::kSequence) {
      return reader.Wrong(*list, StrCat("'", key, "' must be a list"), std::move(example));
    }
    for (const YamlNode& item : list->items) items.push_back(&item);
    return items;
  }

  const YamlNode& document_;
  const std::string& path_;
  Project& project_;
};

/// Reads 'data' of the document whose keys `top` reads.
/// Errors  kInvalidArgument: what is wrong with it, and in which line.
Result<void> ReadDataSection(const YamlNode& document, const std::string& path, YamlReader& top,
                             Project& project);

}  // namespace tare::pipeline
