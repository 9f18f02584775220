#include "tare/pipeline/report_files.h"

#include <sys/utsname.h>
#include <unistd.h>

#include <algorithm>
#include <ctime>
#include <filesystem>
#include <fstream>

#include "tare/core/file.h"
#include "tare/runtime/host.h"
#include "tare/verdict/render.h"

namespace tare::pipeline {
namespace {

// PRETTY_NAME of /etc/os-release, else the kernel's name.
std::string OperatingSystem() {
  std::ifstream file("/etc/os-release");
  std::string line;
  constexpr std::string_view kKey = "PRETTY_NAME=";
  while (std::getline(file, line)) {
    if (!line.starts_with(kKey)) continue;
    std::string name = line.substr(kKey.size());
    std::erase(name, '"');
    return name;
  }
  utsname name{};
  return ::uname(&name) == 0 ? StrCat(name.sysname, " ", name.release) : std::string();
}

}  // namespace

ReportPaths ReportPathsOf(const std::string& named) {
  const std::filesystem::path path(named);
  const auto with = [&](const char* extension) {
    auto other = path;
    return other.replace_extension(extension).string();
  };
  const auto extension = path.extension();
  if (extension == ".json" || extension == ".html" || extension == ".md")
    return {with(".json"), with(".html"), with(".md"),
            path.stem() == "report" ? (path.parent_path() / "flips.jsonl").string()
                                    : with(".flips.jsonl")};
  // A report of another extension keeps it: out.txt gives out.txt.html.
  return {named, named + ".html", named + ".md", named + ".flips.jsonl"};
}

Result<void> CheckReportFiles(const std::string& named, std::span<const std::string> read) {
  const ReportPaths paths = ReportPathsOf(named);
  for (const std::string& path : {paths.json, paths.html, paths.markdown, paths.flips})
    TARE_TRY_VOID(CheckOutput(path, read));
  return {};
}

Result<void> WriteReportFiles(const verdict::Report& report, std::string_view json,
                              const std::string& named, const ReportFlips& flips) {
  const ReportPaths paths = ReportPathsOf(named);
  std::string shown;
  if (flips.flips.empty()) {
    std::error_code ignored;
    std::filesystem::remove(paths.flips, ignored);
  } else {
    TARE_TRY_VOID(WriteFileAtomic(paths.flips, verdict::WriteFlipLines(flips.flips)));
    const size_t num_shown = std::min(flips.num_shown, flips.flips.size());
    shown = verdict::WriteShownFlips({std::span(flips.flips).first(num_shown), flips.total,
                                      std::ssize(flips.flips),
                                      std::filesystem::path(paths.flips).filename().string()});
  }
  TARE_TRY(const std::string html, verdict::WriteReportHtml(ReportPage(), json, shown));
  TARE_TRY_VOID(WriteFileAtomic(paths.html, html));
  TARE_TRY_VOID(WriteFileAtomic(paths.markdown, verdict::WriteReportMarkdown(report)));
  return WriteFileAtomic(paths.json, json);
}

std::string UtcNow() {
  const std::time_t now = std::time(nullptr);
  std::tm parts{};
  char text[32];
  if (::gmtime_r(&now, &parts) == nullptr) return "";
  return {text, std::strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &parts)};
}

verdict::HostFacts HostFactsOf(int num_threads) {
  const runtime::Host host = runtime::DescribeHost();
  verdict::HostFacts facts;
  facts.cpu = host.cpu;
  facts.isa = host.isa;
  facts.threads = num_threads;
  facts.runtime = host.runtime;
  facts.cores = host.num_processors;
  const long pages = ::sysconf(_SC_PHYS_PAGES);
  const long page_bytes = ::sysconf(_SC_PAGESIZE);
  if (pages > 0 && page_bytes > 0) facts.memory_bytes = int64_t{pages} * page_bytes;
  facts.os = OperatingSystem();
  return facts;
}

}  // namespace tare::pipeline
