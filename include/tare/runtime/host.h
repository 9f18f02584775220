// The machine and the runtime that numbers were measured on.

#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace tare::runtime {

/// What a measurement depends on.
struct Host {
  std::string cpu;  ///< model name as the kernel gives it
  std::vector<std::string>
      isa;  ///< of avx2, avx512f, avx512_vnni, avx_vnni, avx512_bf16, amx_int8, asimddp, i8mm, sve
  int num_processors = 1;
  std::string runtime;  ///< "onnxruntime 1.32.0"
};

/// Reads /proc/cpuinfo; an unreadable one gives "unknown" and no ISA.
Host DescribeHost();

/// Version of the ONNX Runtime library that is loaded.
std::string RuntimeVersion();

/// Highest resident set of this program so far, in bytes.
/// Source  VmHWM of /proc/self/status; ru_maxrss where that cannot be read, which begins with what
///         the parent had.
int64_t PeakResidentBytes();

/// Resident set of this process now, in bytes, shared libraries included; 0 where the kernel does
/// not say.
/// Source  Rss of /proc/self/smaps_rollup, exact; VmRSS of /proc/self/status where that cannot be
///         read.
int64_t ResidentBytes();

/// Memory that a new process may take before something must go, in bytes; 0 where the kernel does
/// not say.
///
///   min(MemAvailable + SwapFree, memory.max - anon of each control group that holds this process,
///       RLIMIT_DATA)
///
/// Source  /proc/meminfo; memory.max and memory.stat of cgroup v2. Differs: memory.current counts
///         cached files too, which give way.
int64_t AvailableMemoryBytes();

}  // namespace tare::runtime
