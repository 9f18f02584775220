#include "tare/quantize/selection.h"

#include <algorithm>
#include <map>

#include "tare/core/text.h"

namespace tare::quantize {
namespace {

constexpr size_t kMaxNamed = 3;

bool CanBeQuantized(const Ability& ability) {
  return ability.role != Role::kNone || ability.dynamic_int8 || ability.weights_int8;
}

const std::string* FirstMatch(const std::vector<std::string>& patterns, const std::string& name) {
  const auto found = std::ranges::find_if(
      patterns, [&](const std::string& pattern) { return MatchesGlob(pattern, name); });
  return found == patterns.end() ? nullptr : &*found;
}

// Why the node stays float, or "".
std::string ReasonOf(const NodeSelection& selection, const std::string& name) {
  if (const std::string* pattern = FirstMatch(selection.exclude, name))
    return StrCat("excluded by '", *pattern, "'");
  if (!selection.only.empty() && FirstMatch(selection.only, name) == nullptr)
    return StrCat("not among '", Join(selection.only, "', '"), "'");
  return "";
}

// The names closest to a pattern, read as a name without its stars: those that begin or end like it
// first. A pattern is mostly a name of which a letter or a folder is wrong.
std::vector<std::string> Closest(const std::string& pattern, std::vector<std::string> names) {
  std::string core = pattern;
  std::erase(core, '*');
  std::vector<std::pair<int64_t, std::string>> ranked;
  for (std::string& name : names) {
    int64_t distance = EditDistance(core, name);
    if (!core.empty() && name.find(core) != std::string::npos) distance = 0;
    ranked.emplace_back(distance, std::move(name));
  }
  std::ranges::sort(ranked);
  std::vector<std::string> out;
  for (size_t i = 0; i < std::min(ranked.size(), kMaxNamed); ++i)
    out.push_back(std::move(ranked[i].second));
  return out;
}

std::vector<std::string> NamesOf(const std::vector<Ability>& abilities, bool all) {
  std::vector<std::string> names;
  for (const Ability& ability : abilities) {
    if (all || CanBeQuantized(ability)) names.push_back(ability.node);
  }
  return names;
}

Error MatchesNothing(const std::string& pattern, const graph::Model& source,
                     const std::vector<Ability>& abilities) {
  for (const graph::Node& node : source.graph.nodes) {
    if (!MatchesGlob(pattern, node.name)) continue;
    return NotFound(
        StrCat("'", node.name, "' (", node.op_type,
               ") is no node of its own: preparing the model made it a part of another"),
        StrCat("name that one; what is left is listed by tare inspect MODEL: ",
               Join(Closest(node.name, NamesOf(abilities, /*all=*/true)), ", ")));
  }
  // Nodes that can be quantized before the others: those are meant.
  std::vector<std::string> names = NamesOf(abilities, /*all=*/false);
  if (names.empty()) names = NamesOf(abilities, /*all=*/true);
  return NotFound(StrCat("no node's name matches '", pattern, "'"),
                  StrCat("the closest: ", Join(Closest(pattern, std::move(names)), ", "),
                         "; '*' stands for any characters"));
}

Result<void> CheckPatterns(const std::vector<std::string>& patterns, std::string_view option,
                           const graph::Model& source, const std::vector<Ability>& abilities) {
  for (const std::string& pattern : patterns) {
    const bool any = std::ranges::any_of(
        abilities, [&](const Ability& ability) { return MatchesGlob(pattern, ability.node); });
    if (any) continue;
    return std::move(MatchesNothing(pattern, source, abilities))
        .While(StrCat("reading ", option, " '", pattern, "'"));
  }
  return {};
}

}  // namespace

Result<std::vector<NodeChoice>> KeepInFloat(const NodeSelection& selection,
                                            const graph::Model& source, Prepared& prepared) {
  std::vector<NodeChoice> kept;
  if (selection.empty()) return kept;
  const std::vector<Ability> all = AllAbilities(prepared);
  TARE_TRY_VOID(CheckPatterns(selection.exclude, "exclude", source, all));
  TARE_TRY_VOID(CheckPatterns(selection.only, "only", source, all));
  for (auto* abilities : {&prepared.abilities, &prepared.body_abilities}) {
    for (Ability& ability : *abilities) {
      if (!CanBeQuantized(ability)) continue;
      std::string reason = ReasonOf(selection, ability.node);
      if (reason.empty()) continue;
      kept.push_back({ability.node, ability.op_type, Format::kFloat32, reason});
      ability.role = Role::kNone;
      ability.dynamic_int8 = ability.weights_int8 = false;
      ability.reason = std::move(reason);
    }
  }
  const bool is_left = ReasonToDecline(prepared.model, AllAbilities(prepared)).empty();
  if (prepared.decline_reason.empty() && !is_left && !kept.empty()) {
    prepared.decline_reason =
        StrCat("nothing is left to quantize: '", kept[0].node, "'",
               kept.size() > 1 ? StrCat(" and ", kept.size() - 1, " more nodes are ") : " is ",
               "kept in float, ", kept[0].reason);
  }
  return kept;
}

std::vector<NodeChoice> InGraphOrder(const Prepared& prepared, const std::vector<NodeChoice>& nodes,
                                     const std::vector<NodeChoice>& in_float) {
  std::map<std::string_view, const NodeChoice*> by_name;
  for (const auto* choices : {&in_float, &nodes}) {
    for (const NodeChoice& choice : *choices) by_name[choice.node] = &choice;
  }
  std::vector<NodeChoice> ordered;
  for (const Ability& ability : AllAbilities(prepared)) {
    const auto found = by_name.find(ability.node);
    if (found != by_name.end()) ordered.push_back(*found->second);
  }
  return ordered;
}

}  // namespace tare::quantize
