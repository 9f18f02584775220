// A parsed YAML document with line numbers, so that messages can name the place.

#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "tare/core/result.h"

namespace tare {

/// One node of a document. Plain data: scalars keep their text.
struct YamlNode {
  enum class Kind { kNull, kScalar, kSequence, kMap };
  Kind kind = Kind::kNull;
  int line = 0;  ///< 1-based
  std::string scalar;
  bool quoted = false;          ///< the scalar stood in quotes, so "5" is text
  std::vector<YamlNode> items;  ///< of a sequence
  struct Entry;
  std::vector<Entry> entries;  ///< of a map, in order

  /// Returns the value of `key`, or nullptr.
  const YamlNode* Find(std::string_view key) const;
};

/// A key of a map and what stands behind it.
struct YamlNode::Entry {
  std::string key;
  YamlNode value;
};

/// Parses one document.
/// Bound   at most 8 MiB of text, 64 levels, 1,000,000 nodes after aliases are expanded.
/// Errors  kInvalidArgument: not YAML, a key twice, or over a bound; names `source` and the line.
Result<YamlNode> ParseYaml(std::string_view text, const std::string& source);

/// Returns `text` as a YAML scalar: quoted when it would not read back as the same string.
std::string YamlQuote(std::string_view text);

/// Reads the entries of a map one by one and reports what is wrong with file, line and the
/// nearest known key.
///
///   YamlReader reader(node, "tare.yaml", "policy");
///   TARE_TRY(double confidence, reader.Number("confidence", 0.95));
///   TARE_TRY_VOID(reader.Finish());        // an unknown key is an error
class YamlReader {
 public:
  /// `where` names the map in messages, "" for the document itself.
  YamlReader(const YamlNode& node, std::string source, std::string where);

  /// The node of a key, or nullptr when absent. Marks the key as known.
  const YamlNode* Child(std::string_view key);
  /// Errors  kInvalidArgument: absent (when there is no default) or of another kind.
  Result<std::string> Text(std::string_view key);
  Result<std::string> Text(std::string_view key, std::string default_value);
  /// A number may be a fraction such as 1/255.
  Result<double> Number(std::string_view key);
  Result<double> Number(std::string_view key, double default_value);
  Result<int64_t> Integer(std::string_view key, int64_t default_value);
  /// A list of numbers, or one number for a list of one; absent gives an empty list.
  Result<std::vector<double>> Numbers(std::string_view key);
  Result<std::vector<std::string>> Texts(std::string_view key);
  /// Errors  kInvalidArgument: the node is not a map, or has a key that nobody asked for.
  Result<void> Finish() const;

  /// An error that names the file, the line of `node` and the place.
  Error Wrong(const YamlNode& node, std::string_view what, std::string next_step) const;

 private:
  const YamlNode& node_;
  std::string source_;
  std::string where_;
  std::vector<std::string> known_;
};

}  // namespace tare
