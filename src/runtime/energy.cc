#include "tare/runtime/energy.h"

#include <time.h>

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <fstream>
#include <optional>
#include <set>

#include "tare/core/strcat.h"

namespace tare::runtime {
namespace {

namespace fs = std::filesystem;

std::optional<std::string> FirstLine(const fs::path& path) {
  std::ifstream in(path);
  std::string line;
  if (!std::getline(in, line)) return std::nullopt;
  return line;
}

std::optional<uint64_t> Number(const fs::path& path) {
  const auto line = FirstLine(path);
  if (!line) return std::nullopt;
  uint64_t value = 0;
  const auto [end, error] = std::from_chars(line->data(), line->data() + line->size(), value);
  if (error != std::errc() || end == line->data()) return std::nullopt;
  return value;
}

struct Domain {
  fs::path folder;
  std::string name;
};

// What tells domains apart whatever interface lists them: "package-0"; dram by its package,
// "intel-rapl:0:2" and "intel-rapl-mmio:0:0" alike "dram 0".
std::string KeyOf(const std::string& folder, const std::string& name) {
  if (name != "dram") return name;
  const size_t first = folder.find(':');
  const size_t last = folder.rfind(':');
  return first == std::string::npos || last <= first
             ? name
             : StrCat(name, " ", folder.substr(first + 1, last - first - 1));
}

// Domains in the order of their names; each name once.
std::vector<Domain> DomainsUnder(const fs::path& root) {
  std::error_code error;
  std::vector<fs::path> folders;
  for (const auto& entry : fs::directory_iterator(root, error)) folders.push_back(entry.path());
  std::ranges::sort(folders);
  std::vector<Domain> domains;
  std::set<std::string> seen;
  for (const fs::path& folder : folders) {
    const auto name = FirstLine(folder / "name");
    if (!name || !fs::exists(folder / "energy_uj", error)) continue;
    if (seen.insert(KeyOf(folder.filename().string(), *name)).second)
      domains.push_back({folder, *name});
  }
  return domains;
}

}  // namespace

Result<EnergyMeter> EnergyMeter::Open(const std::string& root) {
  const auto domains = DomainsUnder(root);
  const bool has_psys =
      std::ranges::any_of(domains, [](const Domain& domain) { return domain.name == "psys"; });
  EnergyMeter meter;
  for (const Domain& domain : domains) {
    const bool wanted = has_psys ? domain.name == "psys"
                                 : domain.name.starts_with("package") || domain.name == "dram";
    if (!wanted) continue;
    const auto range = Number(domain.folder / "max_energy_range_uj");
    const auto now = Number(domain.folder / "energy_uj");
    if (!range || !now) {
      return Unavailable(StrCat(domain.folder.string(), "/energy_uj may not be read"),
                         "read it as root, or let root give the right: chmod a+r");
    }
    meter.counters_.push_back({(domain.folder / "energy_uj").string(), *range, *now});
    meter.domains_ += StrCat(meter.domains_.empty() ? "" : " + ", domain.name);
  }
  if (!meter.counters_.empty()) return meter;
  return Unavailable(StrCat("this host shows no energy counter under ", root),
                     "measure on a machine whose kernel offers RAPL");
}

Result<double> EnergyMeter::Lap() {
  double joules = 0;
  for (Counter& counter : counters_) {
    const auto now = Number(counter.path);
    if (!now) return Unavailable(StrCat(counter.path, " can no longer be read"), "measure again");
    // The counter starts again behind its range: once at most between two readings (energy.h).
    const uint64_t spent =
        *now >= counter.last ? *now - counter.last : counter.range - counter.last + *now + 1;
    joules += static_cast<double>(spent) * 1e-6;
    counter.last = *now;
  }
  return joules;
}

double ProcessorSeconds() {
  timespec now{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

double EstimateJoules(double processor_seconds, double watts, int num_processors) {
  return processor_seconds * watts / num_processors;
}

}  // namespace tare::runtime
