// Feeding a model: which array goes into which input, and how it gets the input's type and shape.

#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "tare/core/result.h"
#include "tare/data/dataset.h"
#include "tare/data/images.h"
#include "tare/tensor/tensor.h"

namespace tare::data {

/// real = (stored * scale - mean[c]) / std[c], computed in double.
struct Preprocessing {
  double scale = 1;          ///< finite, not 0
  std::vector<double> mean;  ///< empty (0), one for all, or one a channel
  std::vector<double> std;   ///< empty (1), one for all, or one a channel; none is 0

  bool is_identity() const { return scale == 1 && mean.empty() && std.empty(); }
};

/// What the user says about one model input.
struct InputBinding {
  std::string input;  ///< "" means the only input, or all inputs when there are several
  std::string array;  ///< "" lets Bind() find it
  Preprocessing preprocessing;
  /// Columns side by side, in the model's order, in place of an array. One may be an array too.
  std::vector<std::string> columns = {};
  /// Of images in files: how they become arrays, before anything is bound. See ImageFormOf().
  ImageOptions images = {};
};

/// What images in files must become to feed a model: the channels, axes and size of its image input,
/// with what bindings say.
///
///   input     the one whose binding has image options; else the first of four axes, else of three
///   axes      as said, else those where the model's shape has 3 or 1 channels: [N, C, H, W] where both
///             ends may be, and where none is known
///   channels  3 or 1, where the model's shape says; else 3
///
/// Edge     three axes without such a channel axis are [N, H, W]: grey. No such input: RGB, [H, W, C].
/// Errors   kNotFound: image options of an input that is not there; kInvalidArgument: options of two
///          inputs; the input takes another number of channels.
Result<ImageForm> ImageFormOf(std::span<const ValueInfo> inputs,
                              std::span<const InputBinding> bindings);

/// The rows that are no samples repeat the last one.
using FeedBatch = Batch;

/// How many rows a model runs at a time, where running it showed less than its inputs say; shared
/// by all feeds of that model.
struct RowLimit {
  int64_t rows = 0;  ///< 0: no limit
};

/// Turns samples of a dataset into inputs of a model.
///
/// Arrays   An array with the input's name feeds it; one of that name that cannot be used is an
///          error. Where names do not meet: a name that begins with the input's, or the other way
///          round; then the only array whose type and shape fit, unless other inputs were found by
///          name or an array that cannot be used may be the one that is meant. Two that fit are an
///          error, but for arr_0, arr_1, ... of numpy, whose order is all there is. The array of
///          labels is never taken.
/// Columns  An input [N, F] without such an array takes columns side by side: those that are named,
///          in that order, else all columns of numbers in file order, which must be exactly F, all
///          usable, with no column of text beside and none called like an id. The index that pandas
///          writes is left out.
/// Runs     an array of the input's rank has the samples on its first axis. An array of one axis
///          more holds one complete input a sample; when any input is of that kind the model is fed
///          item by item: natural_batch() is 1 and the others contribute a batch of one row.
/// Shape    a missing axis of extent 1 is added ([N, 28, 28] for [N, 1, 28, 28]); images with their
///          channels last are transposed for a model with channels first, and the other way round.
///          A dynamic axis takes the array's extent.
/// Type     integers to float; float to narrower float; integers to other integers and to bool
///          where the value fits; never float to integer.
/// Threads  const calls may run together. The dataset must outlive the feed.
class Feed {
 public:
  /// Errors  kNotFound: an input without array, or an override that names neither input nor array;
  ///         kInvalidArgument: shape or type does not fit, an array or column that may be meant
  ///         cannot be used (names sample and value), several fit, preprocessing is wrong, or inputs
  ///         ask for different batch sizes. Names the input, what it expects, the arrays on offer.
  /// `labels` names the array of labels, "" for none.
  static Result<Feed> Bind(const Dataset& dataset, std::span<const ValueInfo> inputs,
                           std::span<const InputBinding> overrides = {},
                           std::string_view labels = {});

  Feed(Feed&&) noexcept;
  Feed& operator=(Feed&&) noexcept;
  ~Feed();

  int64_t num_samples() const;

  /// From now on takes no more rows a run than `limit` says, now or later.
  void Obey(std::shared_ptr<const RowLimit> limit) { limit_ = std::move(limit); }

  /// Samples that one Read() takes: 0 any number, else at most this many (1: one at a time).
  int64_t natural_batch() const;

  /// natural_batch(), or `wanted` (at least 1) where the model takes any number.
  int64_t BatchOf(int64_t wanted) const;

  /// Returns one run of the model. Fewer samples than a fixed batch are padded with the last one.
  /// Errors  kInvalidArgument: no samples, more than natural_batch(), a number outside the
  ///         dataset, or a value that the input's type cannot hold (names sample and value);
  ///         kDataLoss as in Dataset::Read().
  Result<FeedBatch> Read(std::span<const int64_t> samples) const;

  /// The arrays that feed the inputs, in the order of the inputs; columns stand one by one.
  const std::vector<std::string>& arrays() const;

  /// An array of 8-bit numbers feeds a float input as it is, from 0 to 255.
  bool has_raw_images() const;

  /// Whether columns of a table feed an input side by side: then their order counts.
  bool has_columns() const;

  /// Checks the floats of a batch that Read() made of `samples`: NaN and infinity in data would pass
  /// for a property of the models.
  /// Errors  kFailedPrecondition: one is NaN or infinite; names the input, the value, the sample and
  ///         the array or column.
  Result<void> CheckFinite(const FeedBatch& batch, std::span<const int64_t> samples) const;

  /// What was decided, one line an input: array, shapes, conversion, what was left out, and what to
  /// check; then the notes of the dataset.
  const std::vector<std::string>& report() const;

 private:
  struct State;
  explicit Feed(std::unique_ptr<const State> state);
  std::unique_ptr<const State> state_;
  std::shared_ptr<const RowLimit> limit_;
};

/// Reads samples in their order, some at a time: a run over a set.
/// Threads  none. Feed and samples must outlive it.
class FeedReader {
 public:
  /// `batch` is how many are wanted at a time: Feed::BatchOf().
  FeedReader(const Feed& feed, std::span<const int64_t> samples, int64_t batch)
      : feed_(feed), samples_(samples), batch_(static_cast<size_t>(feed.BatchOf(batch))) {}

  /// Returns the next batch, or nothing at the end.
  /// Errors  those of Feed::Read().
  Result<std::optional<FeedBatch>> Next();

  /// The samples of the batch that Next() returned last.
  std::span<const int64_t> part() const { return part_; }

 private:
  const Feed& feed_;
  std::span<const int64_t> samples_;  // that were not read yet
  std::span<const int64_t> part_;
  size_t batch_;
};

}  // namespace tare::data
