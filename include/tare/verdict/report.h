// The report of one candidate: evidence, decision and the facts around them. docs/formats/report.md
// describes the file; these are its keys as plain data.

#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tare/core/result.h"
#include "tare/verdict/evidence.h"
#include "tare/verdict/gate.h"

namespace tare::verdict {

/// A format that was measured before the candidate was chosen.
struct FormatCandidate {
  std::string format;
  Estimate speedup;
  double mean_cosine = 1, least_cosine = 1;
  std::optional<double> size_ratio, latency_ms;
  std::optional<int64_t> fused, expected;
  bool chosen = false;
  std::string reason;
};

/// A node that could run as an integer kernel and does not.
struct FusionIsland {
  std::string node, op, rule, reason;
};
struct FusionSummary {
  int64_t expected = 0;
  int64_t fused = 0;
  std::vector<FusionIsland> islands;
};

struct NodeRow {
  std::string name, op, format;
  int64_t float_bytes = 0, quantized_bytes = 0;
  std::optional<bool> fused;  ///< absent: nothing to fuse
  std::string reason;
};

/// A calibrated tensor. Absent: not known.
struct TensorRow {
  std::string name, kind, dtype;
  int64_t n = 0;
  double min = 0, max = 0;   ///< exact extremes
  double low = 0, high = 0;  ///< chosen range
  std::string method;
  std::vector<double> scale;  ///< one, or one a channel
  std::vector<int64_t> zero_point;
  std::optional<double> clipped_share, zero_share;
  double histogram_low = 0, histogram_high = 0;
  std::vector<int64_t> histogram_counts;  ///< at most 64 bins; empty: none
};

struct DataUse {
  std::string path;
  int64_t n = 0;
  std::string digest;
  std::optional<uint64_t> seed;
};
struct DataSummary {
  std::optional<DataUse> calibration, search, test;
  std::optional<bool> disjoint;
  std::optional<int64_t> duplicates_across;
  std::vector<std::string> inputs;  ///< what feeds each input of the models, and what was decided
};

struct HostFacts {
  std::string cpu;
  std::vector<std::string> isa;
  int threads = 1;
  std::string runtime;
  std::optional<int64_t> cores, memory_bytes;
  std::string os;
};

struct Report {
  std::string tare_version, created;  ///< created: RFC 3339, UTC
  std::string name;
  Evidence evidence;
  std::optional<Decision> decision;  ///< absent: no policy was declared
  std::string policy_declared;       ///< RFC 3339 time at which the policy was hashed; may be empty
  std::vector<FormatCandidate> candidates;
  std::optional<FusionSummary> fusion;
  std::vector<NodeRow> nodes;
  std::vector<TensorRow> tensors;
  std::optional<DataSummary> data;
  HostFacts host;
  std::map<std::string, std::string> digests;  ///< name to "sha256:<hex>"
};

/// Returns report.json. Doubles are written in the shortest form that reads back the same; NaN and
/// infinity become null. Text that is not UTF-8 is written with replacement characters.
std::string WriteReportJson(const Report& report);

/// Reads back everything but what no reader here needs: nodes, tensors, candidates and fusion stay
/// empty, and of the decision `looks`, which its policy has.
///
/// Bound    at most 128 MiB and 64 levels.
/// Errors   kDataLoss: not JSON, or cut short (names the byte); kInvalidArgument: too large, too
///          deep, or not a report: a key missing or of another type (names it); kUnsupported: a
///          schema_version newer than this tare.
Result<Report> ReadReportJson(std::string_view text, const std::string& source);

/// The rest, which no verdict rests on: candidates, fusion, nodes and tensors alone.
/// Errors   as ReadReportJson().
Result<Report> ReadModelSections(std::string_view text, const std::string& source);

/// Returns the policy under which a report was judged: gate.policy, else what its checks say, else
/// the default policy of its task.
/// Errors   kDataLoss: gate.policy does not have gate.policy_digest.
Result<Policy> DeclaredPolicy(const Report& report);

/// The version of the schema that is written.
inline constexpr int64_t kReportSchemaVersion = 1;

}  // namespace tare::verdict
