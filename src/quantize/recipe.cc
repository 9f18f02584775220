#include "tare/quantize/recipe.h"

#include <algorithm>
#include <array>
#include <cfloat>
#include <charconv>
#include <cmath>
#include <set>

#include "tare/core/text.h"
#include "tare/core/yaml.h"

namespace tare::quantize {
namespace {

constexpr std::array<std::pair<Format, std::string_view>, 4> kFormats = {{
    {Format::kFloat32, "float32"},
    {Format::kInt8Static, "int8_static"},
    {Format::kInt8Dynamic, "int8_dynamic"},
    {Format::kInt8Weights, "int8_weights"},
}};

// The shortest text that reads back as the same float.
std::string Exact(float value) {
  std::array<char, 32> buffer{};
  const auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value).ptr;
  return {buffer.data(), end};
}

Result<NodeChoice> ReadNode(const YamlNode& entry, const std::string& source) {
  YamlReader reader(entry, source, "nodes");
  NodeChoice choice;
  TARE_TRY(choice.node, reader.Text("node"));
  TARE_TRY(choice.op_type, reader.Text("op", ""));
  TARE_TRY(const std::string format, reader.Text("format"));
  TARE_TRY(choice.format, ParseFormat(format).While(StrCat("reading ", source, ":", entry.line)));
  TARE_TRY(choice.reason, reader.Text("reason", ""));
  TARE_TRY_VOID(reader.Finish());
  return choice;
}

Result<TensorChoice> ReadTensor(const YamlNode& entry, const std::string& source) {
  YamlReader reader(entry, source, "tensors");
  TensorChoice choice;
  TARE_TRY(choice.tensor, reader.Text("tensor"));
  TARE_TRY(choice.method, reader.Text("method", ""));
  TARE_TRY(const auto ends, reader.Numbers("range"));
  // The shortest text of FLT_MAX is a little more than FLT_MAX; half a step further is infinite.
  constexpr double kBeyond = 3.40282357e38;
  // Written so that NaN is not valid either.
  const bool valid = ends.size() == 2 && ends[0] <= ends[1] && std::abs(ends[0]) < kBeyond &&
                     std::abs(ends[1]) < kBeyond;
  if (!valid) {
    return reader.Wrong(entry, StrCat("the range of '", choice.tensor, "' is not [min, max]"),
                        "write two finite numbers, the smaller first");
  }
  const auto narrow = [](double end) {
    return static_cast<float>(std::clamp(end, -double{FLT_MAX}, double{FLT_MAX}));
  };
  choice.range = {narrow(ends[0]), narrow(ends[1])};
  TARE_TRY_VOID(reader.Finish());
  return choice;
}

Result<DataUse> ReadSamples(const YamlNode& node, const std::string& source) {
  YamlReader reader(node, source, "samples");
  DataUse use;
  TARE_TRY(use.seed, reader.Integer("seed", 0));
  TARE_TRY(use.calibration, reader.Integer("calibration", 0));
  TARE_TRY(use.check, reader.Integer("check", 0));
  TARE_TRY_VOID(reader.Finish());
  if (std::min(use.calibration, use.check) < 0)
    return reader.Wrong(node, "a number of samples is negative", "remove the line 'samples:'");
  return use;
}

std::string SamplesText(const std::optional<DataUse>& use) {
  if (!use) return "";
  return StrCat("\nsamples: {seed: ", use->seed, ", calibration: ", use->calibration,
                ", check: ", use->check, "}");
}

std::string LeftOutText(const std::vector<std::string>& left_out) {
  std::vector<std::string> quoted;
  for (const std::string& rewrite : left_out) quoted.push_back(YamlQuote(rewrite));
  return quoted.empty() ? "" : StrCat("\nleft_out: [", Join(quoted, ", "), "]");
}

Result<void> CheckList(const YamlNode& node, const YamlReader& reader, std::string_view key) {
  if (node.kind == YamlNode::Kind::kSequence) return {};
  return reader.Wrong(node, StrCat("'", key, "' must be a list"), "write '- {...}' lines below it");
}

}  // namespace

std::string_view FormatName(Format format) {
  const auto found = std::find_if(kFormats.begin(), kFormats.end(),
                                  [&](const auto& entry) { return entry.first == format; });
  return found->second;
}

Result<Format> ParseFormat(std::string_view name) {
  std::vector<std::string> names;
  for (const auto& [format, text] : kFormats) {
    if (text == name) return format;
    names.emplace_back(text);
  }
  return InvalidArgument(StrCat("unknown format '", name, "'"),
                         StrCat("use one of ", Join(names, ", ")));
}

const ValueRange* Recipe::FindRange(std::string_view tensor) const {
  const auto found = std::find_if(tensors.begin(), tensors.end(),
                                  [&](const TensorChoice& c) { return c.tensor == tensor; });
  return found == tensors.end() ? nullptr : &found->range;
}

Format Recipe::FormatOf(std::string_view node) const {
  const auto found =
      std::find_if(nodes.begin(), nodes.end(), [&](const NodeChoice& c) { return c.node == node; });
  return found == nodes.end() ? Format::kFloat32 : found->format;
}

std::string RecipeText(const Recipe& recipe) {
  std::string text = StrCat(
      "# How this model was quantized. Edit it and run: tare quantize MODEL --recipe FILE -o "
      "OUT.onnx\n",
      "tare: ", YamlQuote(recipe.tare_version), "\nmodel: ", YamlQuote(recipe.model_digest),
      "\ndata: ", YamlQuote(recipe.data_digest), SamplesText(recipe.samples),
      LeftOutText(recipe.left_out), "\nnodes:", recipe.nodes.empty() ? " []\n" : "\n");
  for (const NodeChoice& choice : recipe.nodes) {
    text += StrCat("  - {node: ", YamlQuote(choice.node), ", op: ", YamlQuote(choice.op_type),
                   ", format: ", FormatName(choice.format));
    if (!choice.reason.empty()) text += StrCat(", reason: ", YamlQuote(choice.reason));
    text += "}\n";
  }
  text += recipe.tensors.empty() ? "tensors: []\n" : "tensors:\n";
  for (const TensorChoice& choice : recipe.tensors) {
    text += StrCat("  - {tensor: ", YamlQuote(choice.tensor), ", range: [", Exact(choice.range.min),
                   ", ", Exact(choice.range.max), "]");
    if (!choice.method.empty()) text += StrCat(", method: ", YamlQuote(choice.method));
    text += "}\n";
  }
  return text;
}

Result<Recipe> ParseRecipe(std::string_view text, const std::string& source) {
  TARE_TRY(const YamlNode document, ParseYaml(text, source));
  YamlReader reader(document, source, "");
  Recipe recipe;
  TARE_TRY(recipe.tare_version, reader.Text("tare", ""));
  TARE_TRY(recipe.model_digest, reader.Text("model", ""));
  TARE_TRY(recipe.data_digest, reader.Text("data", ""));
  if (const YamlNode* samples = reader.Child("samples")) {
    TARE_TRY(recipe.samples, ReadSamples(*samples, source));
  }
  if (const YamlNode* left_out = reader.Child("left_out")) {
    TARE_TRY_VOID(CheckList(*left_out, reader, "left_out"));
    for (const YamlNode& rewrite : left_out->items) {
      if (std::find(kRewrites.begin(), kRewrites.end(), rewrite.scalar) == kRewrites.end()) {
        return reader.Wrong(
            rewrite, StrCat("unknown rewrite '", rewrite.scalar, "'"),
            StrCat("use one of ",
                   Join(std::vector<std::string>(kRewrites.begin(), kRewrites.end()), ", ")));
      }
      recipe.left_out.push_back(rewrite.scalar);
    }
  }
  if (const YamlNode* nodes = reader.Child("nodes")) {
    TARE_TRY_VOID(CheckList(*nodes, reader, "nodes"));
    std::set<std::string> seen;
    for (const YamlNode& entry : nodes->items) {
      TARE_TRY(auto choice, ReadNode(entry, source));
      if (!seen.insert(choice.node).second) {
        return reader.Wrong(entry, StrCat("node '", choice.node, "' stands twice"),
                            "give each node one format");
      }
      recipe.nodes.push_back(std::move(choice));
    }
  }
  if (const YamlNode* tensors = reader.Child("tensors")) {
    TARE_TRY_VOID(CheckList(*tensors, reader, "tensors"));
    std::set<std::string> seen;
    for (const YamlNode& entry : tensors->items) {
      TARE_TRY(auto choice, ReadTensor(entry, source));
      if (!seen.insert(choice.tensor).second) {
        return reader.Wrong(entry, StrCat("tensor '", choice.tensor, "' stands twice"),
                            "give each tensor one range");
      }
      recipe.tensors.push_back(std::move(choice));
    }
  }
  TARE_TRY_VOID(reader.Finish());
  return recipe;
}

}  // namespace tare::quantize
