// What a model is made of, and what of it can be quantized.

#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "tare/core/result.h"
#include "tare/runtime/session.h"
#include "tare/tensor/tensor.h"

namespace tare::pipeline {

struct OperatorCount {
  std::string op;  ///< with its domain where that is not the standard's: "ai.onnx.ml.Scaler"
  int64_t count = 0;
  int64_t in_bodies = 0;  ///< of them, in bodies of If, Loop and Scan
};

/// Nodes that share a fate and its reason.
struct AbilityGroup {
  std::string fate;    ///< "static", "merged" (into a static node), "dynamic", "float"
  std::string reason;  ///< why float; empty otherwise
  std::vector<OperatorCount> operators;
  int64_t count = 0;
  int64_t weight_elements = 0;
  std::vector<std::string> examples;  ///< names of the first nodes
};

/// A run of nodes, and how often it stands there in a row.
struct RepeatedBlock {
  int64_t times = 1;
  std::vector<std::string> operators;  ///< of one of them, in order
  friend bool operator==(const RepeatedBlock&, const RepeatedBlock&) = default;
};

/// A static plan that is measured: "chain" and its number of nodes.
struct PlanSize {
  std::string scope;
  int64_t num_nodes = 0;
};

struct Inspection {
  int64_t file_bytes = 0;
  int64_t opset = 0;
  std::vector<std::pair<std::string, int64_t>> other_domains;
  std::vector<ValueInfo> inputs, outputs;
  int64_t num_nodes = 0;       ///< of the file, bodies included
  int64_t num_parameters = 0;  ///< elements of float constants
  int64_t parameter_bytes = 0;
  std::vector<OperatorCount> operators;  ///< by falling count
  std::vector<std::string> rewrites;     ///< what preparation did before the abilities were told
  std::vector<AbilityGroup> abilities;
  std::vector<RepeatedBlock> blocks;  ///< of the prepared graph, in order
  std::vector<PlanSize> plans;  ///< from the narrowest; each with more nodes than the one before
  bool is_quantized = false;    ///< it is an int8 model already
  std::vector<std::string> notes;
  std::string decline_reason;  ///< why nothing can be quantized; empty when something can
};

/// Reads and prepares a model; runs it on no data.
/// Errors   those of reading it; kUnsupported: the runtime cannot load it.
/// Threads  fully: the model is first tried in a child process, by tare/core/child.h.
Result<Inspection> Inspect(const std::string& model_path, const runtime::SessionOptions& options,
                           double time_limit_s);

}  // namespace tare::pipeline
