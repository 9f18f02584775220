// Energy of the processor, from the counters that the kernel offers under powercap (RAPL).

#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "tare/core/result.h"

namespace tare::runtime {

/// Reads the energy counters of this host.
///
/// Domains  psys when there is one (it holds all others), else every package; and dram where it is
///          a domain of its own beside packages. Domains inside a package (core, uncore) are not
///          added again; of a domain that is listed twice (MSR and MMIO) the first counts.
/// Bound    a counter may wrap once between two readings: read at least once a minute.
/// Source   Linux, Documentation/power/powercap/powercap.rst.
class EnergyMeter {
 public:
  /// Opens the counters under `root`.
  /// Errors  kUnavailable: there are none, or they may not be read; says which.
  static Result<EnergyMeter> Open(const std::string& root = "/sys/class/powercap");

  /// Joules since the last call of Lap() (since Open() for the first).
  /// Errors  kUnavailable: a counter can no longer be read.
  Result<double> Lap();

  /// "package-0 + dram"
  const std::string& domains() const { return domains_; }

 private:
  struct Counter {
    std::string path;
    uint64_t range = 0;  ///< micro joules after which it starts again
    uint64_t last = 0;
  };
  std::vector<Counter> counters_;
  std::string domains_;
};

/// Seconds of processor time that this process has taken so far, all threads together.
double ProcessorSeconds();

/// An estimate where nothing counts: the share of the processor that the work took, of what it
/// draws.
///
///   joules = processor_seconds * watts / num_processors
///
/// Units   `watts` is what the whole processor draws with all of its `num_processors` busy; its
///         thermal design power is a first guess, a meter at the plug a better one.
/// Edge    memory, idle power and the clock's way of rising for a lone busy core are not in it: it
///         compares two models on one host, and decides nothing.
double EstimateJoules(double processor_seconds, double watts, int num_processors);

}  // namespace tare::runtime
