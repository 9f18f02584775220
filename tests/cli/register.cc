// For the tests of the command line: registers a version.
//   tare-test-register ROOT NAME ROLE=FILE...

#include <cstdio>
#include <string>

#include "tare/registry/registry.h"

namespace {

int Fail(const tare::Error& error) {
  std::fprintf(stderr, "error: %s\n", error.what.c_str());
  return static_cast<int>(error.code);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 4) return 2;
  tare::registry::NewVersion version{.name = argv[2], .verdict = "PASS", .summary = "not worse"};
  for (int i = 3; i < argc; ++i) {
    const std::string argument = argv[i];
    const size_t equals = argument.find('=');
    version.files[argument.substr(0, equals)] = argument.substr(equals + 1);
  }
  version.digests["source"] = std::string(64, '0');
  version.metadata["host"] = "avx512_vnni";
  // 2024-01-31 09:30:05 UTC
  const auto registry = tare::registry::Registry::Open(
      argv[1], {.now_ms = [] { return int64_t{1'706'693'405'000}; }});
  if (!registry) return Fail(registry.error());
  const auto registered = registry->Register(version);
  if (!registered) return Fail(registered.error());
  std::printf("%s@%lld %s\n", argv[2], static_cast<long long>(registered->number),
              registered->is_new ? "new" : "known");
  return 0;
}
