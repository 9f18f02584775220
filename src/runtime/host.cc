#include "tare/runtime/host.h"

#include <sys/resource.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>

#include "tare/core/parallel.h"

namespace tare::runtime {
namespace {

constexpr const char* kFeatures[] = {"avx2",          "avx512f",     "avx512_vnni", "avx_vnni",
                                     "avx_vnni_int8", "avx512_bf16", "amx_int8",    "asimddp",
                                     "i8mm",          "sve"};

// "key<tabs>: value" of /proc/cpuinfo.
bool ValueOf(const std::string& line, const char* key, std::string* value) {
  const size_t colon = line.find(':');
  if (line.rfind(key, 0) != 0 || colon == std::string::npos) return false;
  *value = line.substr(std::min(colon + 2, line.size()));
  return true;
}

// "Rss:   1234 kB" of a file under /proc; 0 when it is not there.
int64_t KilobytesOf(const char* path, const std::string& key) {
  std::ifstream file(path);
  std::string word;
  while (file >> word) {
    int64_t kilobytes = 0;
    if (word == key && file >> kilobytes) return kilobytes;
  }
  return 0;
}

// "anon 1234" of memory.stat.
int64_t AnonymousBytesOf(const std::filesystem::path& group) {
  std::ifstream file(group / "memory.stat");
  std::string key;
  int64_t value = 0;
  while (file >> key >> value) {
    if (key == "anon") return value;
  }
  return 0;
}

// What the control groups of this process leave, or `none` where they set no limit.
int64_t LeftByGroups(int64_t none) {
  std::ifstream file("/proc/self/cgroup");
  std::string line;
  while (std::getline(file, line) && !line.starts_with("0::")) {
  }
  const std::filesystem::path root = "/sys/fs/cgroup";
  std::filesystem::path group = root;
  if (line.size() > 4) group /= line.substr(4);
  int64_t left = none;
  for (; group.native().size() >= root.native().size(); group = group.parent_path()) {
    std::ifstream limit(group / "memory.max");
    int64_t bytes = 0;  // "max": not a number
    if (limit >> bytes)
      left = std::min(left, std::max<int64_t>(1, bytes - AnonymousBytesOf(group)));
  }
  return left;
}

}  // namespace

Host DescribeHost() {
  Host host{"unknown", {}, NumProcessors(), "onnxruntime " + RuntimeVersion()};
  std::ifstream file("/proc/cpuinfo");
  std::string line;
  std::string flags;
  while (std::getline(file, line) && !line.empty()) {
    if (ValueOf(line, "model name", &host.cpu)) continue;
    if (!ValueOf(line, "flags", &flags)) ValueOf(line, "Features", &flags);
  }
  std::istringstream words(flags);
  const std::vector<std::string> present{std::istream_iterator<std::string>(words), {}};
  for (const char* feature : kFeatures) {
    if (std::find(present.begin(), present.end(), feature) != present.end())
      host.isa.emplace_back(feature);
  }
  return host;
}

int64_t PeakResidentBytes() {
  const int64_t own = KilobytesOf("/proc/self/status", "VmHWM:");
  if (own > 0) return 1024 * own;
  rusage usage{};
  return getrusage(RUSAGE_SELF, &usage) == 0 ? int64_t{1024} * usage.ru_maxrss : 0;
}

int64_t ResidentBytes() {
  const int64_t exact = KilobytesOf("/proc/self/smaps_rollup", "Rss:");
  return 1024 * (exact > 0 ? exact : KilobytesOf("/proc/self/status", "VmRSS:"));
}

int64_t AvailableMemoryBytes() {
  const int64_t free = KilobytesOf("/proc/meminfo", "MemAvailable:");
  if (free == 0) return 0;
  const int64_t left = LeftByGroups(1024 * (free + KilobytesOf("/proc/meminfo", "SwapFree:")));
  rlimit own{};
  const bool limited = getrlimit(RLIMIT_DATA, &own) == 0 && own.rlim_cur != RLIM_INFINITY;
  return limited ? std::min(left, static_cast<int64_t>(own.rlim_cur)) : left;
}

}  // namespace tare::runtime
