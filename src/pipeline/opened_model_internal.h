// The one way in: a strange model and the data that feed it.
//
//   read       the graph, and its inputs without those that are initializers too
//   bind       arrays of data files to these inputs; each set of files is opened once
//   try        load and run in a child process first: what crashes or hangs the runtime ends there
//   prepare    bring the graph into canonical form
//
// Every command that takes a model comes through here, so that what one refuses no other accepts.

#pragma once

#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "tare/core/progress.h"
#include "tare/core/result.h"
#include "tare/data/corrupt/corrupt.h"
#include "tare/data/dataset.h"
#include "tare/data/feed.h"
#include "tare/graph/model.h"
#include "tare/pipeline/project.h"
#include "tare/quantize/prepare.h"
#include "tare/runtime/probe.h"
#include "tare/runtime/session.h"

namespace tare::pipeline {

/// A model file and how it is fed and run.
struct ModelRequest {
  std::string path;
  std::vector<data::InputBinding> bindings;
  std::string label;  ///< array of labels, never fed; "" for none
  runtime::SessionOptions session;
  double time_limit_s = 120;  ///< of the first load and run; > 0
};

/// A source of samples that is open and bound to the inputs of a model.
struct OpenSource {
  std::shared_ptr<const data::Dataset> dataset;  ///< shared by splits of the same files
  std::unique_ptr<data::Feed> feed;

  /// Inputs of the first `count` of `samples`, each a run of its own: what a model is tried on.
  Result<runtime::Probes> Probes(std::span<const int64_t> samples, size_t count) const;
};

/// The same of a feed.
Result<runtime::Probes> ReadProbes(const data::Feed& feed, std::span<const int64_t> samples,
                                   size_t count);

/// Each set is bound by itself: names in another order would feed the model other columns.
/// Errors  kInvalidArgument: both are tables, and feed other columns.
Result<void> CheckSameColumns(const OpenSource& first, const OpenSource& other);

/// One file with all arrays.
SplitSource FileSource(std::string path);

/// Threads  none.
class OpenedModel {
 public:
  /// Reads the graph; nothing is run.
  /// Errors  those of graph::ReadOnnx().
  static Result<OpenedModel> Open(ModelRequest request);

  const ModelRequest& request() const { return request_; }
  const graph::Model& source() const { return source_; }
  /// What data must feed, in the model's order.
  const std::vector<ValueInfo>& inputs() const { return inputs_; }

  /// Opens each set of files once.
  Result<std::shared_ptr<const data::Dataset>> Dataset(const SplitSource& source);
  /// Errors  those of opening the files; as data::Feed::Bind().
  Result<OpenSource> Bind(const SplitSource& source);
  /// The samples that feed the model corrupted as they are read.
  /// Errors  as Bind() and data::CorruptDataset().
  Result<OpenSource> BindCorrupted(const SplitSource& source, const data::CorruptionSpec& spec,
                                   uint64_t seed);

  /// Loads the file and runs it on `probes` in a child process, once: later calls return at once.
  /// Where single samples run but the pair does not, or no output follows the number of samples,
  /// every feed of this model takes one sample a run from then on, and notes() says so.
  /// Errors  what loading and running give; kUnsupported: it crashed; kUnavailable: it took longer
  ///         than the time limit; kCancelled.
  Result<void> Try(const runtime::Probes& probes, const Progress& progress);

  /// Takes one sample a run, for `reason`.
  void LimitToOneRow(const std::string& reason);
  bool takes_one_row() const { return limit_->rows == 1; }
  const std::vector<std::string>& notes() const { return notes_; }

  /// Try(), then quantize::Prepare().
  Result<quantize::Prepared> Prepare(const runtime::Probes& probes, const Progress& progress,
                                     std::span<const std::string> left_out = {});

 private:
  OpenedModel(ModelRequest request, graph::Model source);
  Result<OpenSource> Bound(std::shared_ptr<const data::Dataset> dataset) const;

  ModelRequest request_;
  graph::Model source_;
  std::vector<ValueInfo> inputs_;
  std::map<std::string, std::shared_ptr<const data::Dataset>> open_;
  bool tried_ = false;
  std::shared_ptr<data::RowLimit> limit_ = std::make_shared<data::RowLimit>();  // with its feeds
  std::vector<std::string> notes_;
};

}  // namespace tare::pipeline
