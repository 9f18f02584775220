#include "tare/pipeline/draft_project.h"

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <memory>
#include <optional>
#include <vector>

#include "pipeline/opened_model_internal.h"
#include "pipeline/usual_ways_internal.h"
#include "tare/core/text.h"
#include "tare/core/yaml.h"
#include "tare/data/corrupt/corrupt.h"
#include "tare/data/dataset.h"
#include "tare/data/feed.h"
#include "tare/data/labels.h"
#include "tare/data/splits.h"
#include "tare/runtime/session.h"

namespace tare::pipeline {
namespace {

namespace fs = std::filesystem;

constexpr int64_t kTriedSamples = 256;
constexpr int64_t kMaxClasses = 100'000;

std::string ListText(const std::vector<double>& values) {
  std::vector<std::string> parts;
  for (const double value : values) parts.push_back(StrCat(value));
  return StrCat("[", Join(parts, ", "), "]");
}

std::string EntryText(const Way& way) {
  std::vector<std::string> parts;
  if (!way.scale.empty()) parts.push_back(StrCat("scale: ", way.scale));
  if (!way.mean.empty()) parts.push_back(StrCat("mean: ", ListText(way.mean)));
  if (!way.std.empty()) parts.push_back(StrCat("std: ", ListText(way.std)));
  return Join(parts, ", ");
}

class Drafter {
 public:
  explicit Drafter(const DraftRequest& request) : request_(request) {}

  Result<Draft> Make() {
    TARE_TRY(model_, OpenedModel::Open(
                         {.path = request_.model_path, .time_limit_s = request_.time_limit_s}));
    inputs_ = model_->inputs();
    if (!request_.data_path.empty()) TARE_TRY_VOID(LookAtData());
    if (!request_.test_path.empty()) TARE_TRY_VOID(LookAtTest());
    draft_.is_complete = draft_.missing.empty() && !request_.data_path.empty();
    if (request_.data_path.empty())
      draft_.missing = "no --data was given: name the files under data";
    Write();
    return std::move(draft_);
  }

 private:
  Result<void> LookAtData() {
    TARE_TRY_VOID(OpenData());
    FindLabel();
    const auto feed = data::Feed::Bind(*dataset_, inputs_, {}, label_);
    if (!feed) {
      draft_.missing = StrCat(feed.error().what, "; ", feed.error().next_step);
      return {};
    }
    arrays_ = feed->arrays();
    FindImages();
    std::vector<std::string> report = feed->report();
    if (image_input_ >= 0) {
      ChooseWay();
      if (const auto chosen = FeedBy(way_)) report = chosen->report();
    }
    for (const std::string& line : report) Say("input", line);
    if (image_input_ >= 0) SayWay();
    return {};
  }

  // Images of files that have not the model's size are opened under the first usual sizes.
  Result<void> OpenData() {
    auto opened = model_->Dataset(FileSource(request_.data_path));
    if (!opened && data::HoldsImages(request_.data_path)) {
      TARE_TRY(const data::ImageForm form, data::ImageFormOf(inputs_, {}));
      for (const data::ImageOptions& options : UsualSizes(form)) {
        auto dataset = OpenImages(request_.data_path, options);
        if (!dataset) continue;
        sizes_.push_back(options);
        if (dataset_ == nullptr) dataset_ = *std::move(dataset);
      }
      if (!sizes_.empty()) image_options_ = sizes_[0];
    }
    if (dataset_ != nullptr) return {};
    if (!opened) return std::move(opened).error();
    dataset_ = *std::move(opened);
    return {};
  }

  Result<std::shared_ptr<const data::Dataset>> OpenImages(const std::string& path,
                                                          const data::ImageOptions& options) const {
    data::InputBinding binding;
    binding.images = options;
    TARE_TRY(const data::ImageForm form, data::ImageFormOf(inputs_, std::span(&binding, 1)));
    TARE_TRY(auto dataset, data::OpenDataset(path, form));
    return std::shared_ptr<const data::Dataset>(std::move(dataset));
  }

  // The verdict's data must be of the same form.
  Result<void> LookAtTest() {
    const std::string& path = request_.test_path;
    TARE_TRY(const auto test,
             sizes_.empty() ? model_->Dataset(FileSource(path)) : OpenImages(path, image_options_));
    num_test_ = test->num_samples();
    if (!draft_.missing.empty() || dataset_ == nullptr) return {};
    const auto feed = data::Feed::Bind(*test, inputs_, {}, label_);
    const auto labels = data::CheckLabelsExist(*test, label_);
    const Error* error = !feed ? &feed.error() : !labels ? &labels.error() : nullptr;
    if (error != nullptr)
      draft_.missing = StrCat(request_.test_path, ": ", error->what, "; ", error->next_step);
    return {};
  }

  void Say(std::string about, std::string what) {
    draft_.guesses.push_back({std::move(about), std::move(what)});
  }

  // ---- labels -----------------------------------------------------------------------------

  bool FeedsAnInput(const std::string& array) const {
    return std::any_of(inputs_.begin(), inputs_.end(),
                       [&](const ValueInfo& input) { return input.name == array; });
  }

  bool LooksLikeLabels(const data::ArrayInfo& array) const {
    const bool column = array.sample_shape.empty() || array.sample_shape == Shape{1};
    if (!column || FeedsAnInput(array.name) || IsFloat(array.dtype)) return false;
    if (!array.classes.empty()) return true;
    const auto some = data::ChooseSamples(dataset_->num_samples(), kTriedSamples, 1);
    return data::ReadLabels(*dataset_, array.name, some, kMaxClasses).has_value();
  }

  void FindLabel() {
    std::vector<std::string> likely;
    for (const data::ArrayInfo& array : dataset_->arrays()) {
      if (!LooksLikeLabels(array)) continue;
      likely.push_back(array.name);
      if (label_.empty() && data::IsNamedLikeLabels(array.name)) label_ = array.name;
    }
    const bool named = !label_.empty();
    const bool table = dataset_->arrays().size() > likely.size() + 8;
    if (label_.empty() && likely.size() == 1 && !table) label_ = likely[0];
    other_labels_ = likely;
    SayLabel(named);
  }

  void SayLabel(bool named) {
    if (label_.empty()) {
      Say("task", "outputs: nothing looks like labels, so the answers of both models are compared");
      Say("label", other_labels_.empty()
                       ? "none: no array of whole numbers or texts, one a sample, feeds no input"
                       : StrCat("none: several arrays might be it: ", Join(other_labels_, ", ")));
      return;
    }
    Say("task", StrCat("classification: '", label_, "' holds one whole number or text a sample"));
    Say("label", named ? StrCat("'", label_, "', by its name")
                       : StrCat("'", label_, "', the only one that feeds no input"));
  }

  void SayWay() {
    const std::string entry = EntryText(way_).empty() ? "none" : EntryText(way_);
    if (tried_.empty()) {
      Say("scaling", StrCat(entry, " (", way_.about, "): not tried, ",
                            label_.empty() ? "there are no labels to be right about"
                                           : "the model gave no scores for classes"));
      return;
    }
    const auto share = [](double accuracy) { return StrCat(Fixed(100 * accuracy, 1), " %"); };
    std::string others;
    if (tried_.size() > 1) {
      others = StrCat("; the next best, ", tried_[1].first.about, ", ", share(tried_[1].second));
    }
    Say("scaling", StrCat(entry, " (", way_.about, "): right for ", share(tried_[0].second), " of ",
                          std::min(kTriedSamples, dataset_->num_samples()), " samples", others));
  }

  // ---- images -----------------------------------------------------------------------------

  void FindImages() {
    const auto image = FindImageInput(*dataset_, inputs_, arrays_);
    if (!image) return;
    image_input_ = static_cast<int64_t>(image->input);
    channels_ = image->channels;
  }

  Result<data::Feed> FeedBy(const Way& way) const { return FeedBy(way, *dataset_); }
  Result<data::Feed> FeedBy(const Way& way, const data::Dataset& dataset) const {
    const data::InputBinding binding{inputs_[static_cast<size_t>(image_input_)].name, "",
                                     way.preprocessing()};
    return data::Feed::Bind(dataset, inputs_, std::span(&binding, 1), label_);
  }

  bool TryFirst(std::span<const int64_t> samples) {
    const auto feed = FeedBy(way_);
    if (!feed) return false;
    auto batch = feed->Read(samples.first(1));
    if (!batch) return false;
    return model_->Try({{std::move(batch->inputs)}, {}}, NoProgress()).has_value();
  }

  void ChooseWay() {
    way_ = UsualWays(channels_)[0];
    if (label_.empty()) return;
    const auto samples = data::ChooseSamples(dataset_->num_samples(), kTriedSamples, 1);
    const auto labels = data::ReadLabels(*dataset_, label_, samples);
    if (!labels || !TryFirst(samples)) return;
    const auto session = runtime::Session::FromFile(request_.model_path, {});
    if (!session) return;
    if (!TryWays(*session, samples, *labels) || sizes_.empty()) return;
    ChooseSize(*session, samples, *labels);
    // What was right at a wrong size need not be the training's.
    if (!(image_options_ == sizes_[0])) TryWays(*session, samples, *labels);
  }

  // At the size at hand; false where a way cannot be tried.
  bool TryWays(const runtime::Session& session, std::span<const int64_t> samples,
               std::span<const int64_t> labels) {
    tried_.clear();
    for (const Way& way : UsualWays(channels_)) {
      const auto feed = FeedBy(way);
      if (!feed) return false;
      const auto accuracy = ShareRight(session, *feed, samples, labels);
      if (!accuracy) return false;
      tried_.emplace_back(way, *accuracy);
    }
    std::stable_sort(tried_.begin(), tried_.end(),
                     [](const auto& a, const auto& b) { return a.second > b.second; });
    way_ = tried_[0].first;
    return true;
  }

  // Under the best way of scaling.
  void ChooseSize(const runtime::Session& session, std::span<const int64_t> samples,
                  std::span<const int64_t> labels) {
    double best = tried_[0].second;
    for (const data::ImageOptions& options : sizes_) {
      const auto dataset = OpenImages(request_.data_path, options);
      if (!dataset) return;
      const auto feed = FeedBy(way_, **dataset);
      if (!feed) return;
      const auto accuracy = ShareRight(session, *feed, samples, labels);
      if (!accuracy) return;
      tried_sizes_.emplace_back(options, *accuracy);
      if (*accuracy <= best) continue;
      best = *accuracy;
      image_options_ = options;
      dataset_ = *dataset;
    }
  }

  // ---- writing ----------------------------------------------------------------------------

  std::string Relative(const std::string& path) const {
    if (fs::path(path).is_absolute()) return path;
    std::error_code ignored;
    const fs::path folder = fs::absolute(request_.out_path, ignored).parent_path();
    const std::string relative = fs::absolute(path, ignored)
                                     .lexically_normal()
                                     .lexically_relative(folder.lexically_normal())
                                     .string();
    return relative.empty() ? path : relative;
  }

  void Line(std::string_view text = "") { draft_.text += StrCat(text, "\n"); }

  void WriteInputs() {
    const bool is_table = inputs_.size() == 1 && arrays_.size() > 1;
    if (is_table) {
      std::vector<std::string> columns;
      for (const std::string& array : arrays_) columns.push_back(YamlQuote(array));
      Line("  inputs:");
      Line(StrCat("    ", YamlQuote(inputs_[0].name), ": {columns: [", Join(columns, ", "), "]}"));
      return;
    }
    if (dataset_ == nullptr || arrays_.size() != inputs_.size()) {
      Line(
          "  # inputs: which array feeds which model input; matched by name and shape when left "
          "out.");
      for (const ValueInfo& input : inputs_) {
        Line(StrCat("  #   ", input.name, " is ", DTypeName(input.dtype), " ",
                    ShapeText(input.shape)));
      }
      Line("  # inputs:");
      for (const ValueInfo& input : inputs_)
        Line(StrCat("  #   ", YamlQuote(input.name), ": {array: NAME}"));
      return;
    }
    Line("  inputs:");
    for (size_t i = 0; i < inputs_.size(); ++i) {
      const auto info = dataset_->Find(arrays_[i]);
      Line(StrCat("    # ", DTypeName(inputs_[i].dtype), " ", ShapeText(inputs_[i].shape),
                  ", from ", info ? DTypeName(info->dtype) : "?", " ",
                  info ? ShapeText(info->sample_shape) : "?", " a sample"));
      std::string entry = StrCat("array: ", YamlQuote(arrays_[i]));
      if (static_cast<int64_t>(i) == image_input_) {
        WriteWays();
        WriteSizes();
        for (const auto& [key, value] : data::ImageOptionTexts(image_options_))
          entry += StrCat(", ", key, ": ", value);
        const std::string way = EntryText(way_);
        if (!way.empty()) entry += ", " + way;
      }
      Line(StrCat("    ", YamlQuote(inputs_[i].name), ": {", entry, "}"));
    }
  }

  void WriteSizes() {
    if (sizes_.empty()) return;
    if (tried_sizes_.empty()) {
      Line("    # The images have not the model's size: check how the model was trained.");
      return;
    }
    Line("    # The images have not the model's size. Tried, with one scale:");
    for (const auto& [options, accuracy] : tried_sizes_) {
      std::vector<std::string> parts;
      for (const auto& [key, value] : data::ImageOptionTexts(options))
        parts.push_back(StrCat(key, ": ", value));
      Line(StrCat("    #   ", Fixed(100 * accuracy, 1), " % right with ", Join(parts, ", ")));
    }
  }

  void WriteWays() {
    if (tried_.empty()) {
      Line(
          "    # A guess: check how the model was trained. value = (pixel * scale - mean) / std, "
          "by channel.");
      return;
    }
    Line(StrCat("    # value = (pixel * scale - mean) / std. Tried on ",
                std::min(kTriedSamples, dataset_->num_samples()), " samples:"));
    for (const auto& [way, accuracy] : tried_) {
      Line(StrCat("    #   ", Fixed(100 * accuracy, 1), " % right with ", way.about,
                  EntryText(way).empty() ? "" : ": " + EntryText(way)));
    }
  }

  void WriteLabel() {
    if (!label_.empty()) {
      Line(StrCat("  label: ", YamlQuote(label_)));
      const bool too = other_labels_.size() > 1;
      if (too)
        Line(StrCat("  # also whole numbers or text, one a sample: ", Join(other_labels_, ", ")));
      return;
    }
    Line("  # label: NAME of the array of class numbers; without it the outputs are compared.");
    if (!other_labels_.empty()) Line(StrCat("  #   might be: ", Join(other_labels_, ", ")));
  }

  void WriteSplits() {
    const std::string file =
        YamlQuote(request_.data_path.empty() ? "data.npz" : Relative(request_.data_path));
    const int64_t total = dataset_ == nullptr ? 3000 : dataset_->num_samples();
    const bool own_test = !request_.test_path.empty();
    // Where the test has a file of its own, the two others share theirs.
    const int64_t parts = own_test ? 2 : 5;
    const int64_t calibration = std::clamp<int64_t>(total / parts, 1, 300);
    const int64_t search =
        std::clamp<int64_t>(own_test ? total - calibration : total / parts, 1, 2000);
    Line();
    Line(
        "  # Calibration sets the ranges, search checks the candidates, test decides. Splits of "
        "one file");
    Line(own_test ? "  # share no sample. The test set is read for the verdict alone."
                  : "  # share no sample; test takes what the others leave. Better: a test file of "
                    "its own (--test FILE).");
    SaySplit(calibration, search, total);
    Line(StrCat("  calibration: {path: ", file, ", samples: ", calibration, "}"));
    Line(StrCat("  search:      {path: ", file, ", samples: ", search, "}"));
    const int64_t test = own_test ? num_test_ : total - calibration - search;
    Line(StrCat(
        "  test:        {path: ", own_test ? YamlQuote(Relative(request_.test_path)) : file, "}",
        dataset_ == nullptr && !own_test ? "" : StrCat("   # ", WithThousands(test), " samples")));
    Line();
    if (!label_.empty()) {
      Line("  # classes: [name of class 0, name of class 1, ...]");
      Line("  # slices:");
      Line("  #   - {name: zeros, where: \"label == 0\"}");
      if (HasImages()) {
        Line("  # distributions:   # the test images seen under other conditions");
        Line("  #   - {name: noise, corrupt: gaussian_noise, severity: 3}");
      }
    }
  }

  void SaySplit(int64_t calibration, int64_t search, int64_t total) {
    if (dataset_ == nullptr) return;
    const bool own_test = !request_.test_path.empty();
    Say("split",
        StrCat("calibration ", WithThousands(calibration), ", search ", WithThousands(search),
               " of ", WithThousands(total), " samples; test ",
               own_test ? StrCat("all ", WithThousands(num_test_), " of ", request_.test_path)
                        : StrCat("the other ", WithThousands(total - calibration - search),
                                 ", since there is one file")));
  }

  bool HasImages() const {
    if (dataset_ == nullptr) return false;
    const auto arrays = dataset_->arrays();
    return std::any_of(arrays.begin(), arrays.end(), [](const data::ArrayInfo& array) {
      return data::ImageFormatOf(array).has_value();
    });
  }

  void WritePolicy() {
    Line("# What the quantized model must prove, declared before it is measured.");
    Line("policy:");
    Line("  confidence: 0.95");
    Line("  quality:");
    if (!label_.empty()) {
      Line("    - {metric: accuracy, margin: 0.01}     # at most 1 point worse than float");
      Line("    - {metric: f1_macro, margin: 0.02}");
      Line("    - {metric: flip_rate, max: 0.05}       # answers that change");
    } else {
      Line("    - {metric: cosine, min: 0.99}          # mean over samples, of each output");
    }
    Line("  cost:");
    Line("    - {metric: speedup, min: 1.05}");
    Line();
    Line(
        "# search: {formats: [int8_static, int8_dynamic, float32], objective: latency, tolerance: "
        "0.01, method: mse}");
    Line("# runtime: {threads: 1, batches: [1, 8], thread_counts: [1], custom_ops: []}");
    Line("# registry: tare-registry");
  }

  void Write() {
    Line(
        "# A tare project: `tare run` does what it says. Written by `tare init`; every line is "
        "yours to change.");
    if (!draft_.missing.empty()) {
      for (const std::string& part : Split(draft_.missing, '\n')) Line(StrCat("# TO DO: ", part));
    }
    std::string name = fs::path(request_.model_path).stem().string();
    for (char& c : name) {
      if (std::isalnum(static_cast<unsigned char>(c)) == 0 && c != '.' && c != '_' && c != '-')
        c = '-';
    }
    while (!name.empty() && std::isalnum(static_cast<unsigned char>(name[0])) == 0)
      name.erase(0, 1);
    Line(StrCat("name: ", YamlQuote(name.empty() ? "model" : name.substr(0, 100))));
    Line(StrCat("model: ", YamlQuote(Relative(request_.model_path))));
    Line();
    Line("data:");
    WriteInputs();
    WriteLabel();
    WriteSplits();
    Line(StrCat("task: ", label_.empty() ? "outputs" : "classification"));
    Line();
    WritePolicy();
  }

  const DraftRequest& request_;
  Draft draft_;
  std::optional<OpenedModel> model_;
  std::vector<ValueInfo> inputs_;
  std::shared_ptr<const data::Dataset> dataset_;
  std::vector<std::string> arrays_;
  std::string label_;
  std::vector<std::string> other_labels_;
  int64_t num_test_ = 0;
  int64_t image_input_ = -1;
  int64_t channels_ = 1;
  Way way_;
  std::vector<std::pair<Way, double>> tried_;
  std::vector<data::ImageOptions> sizes_;  // that may be meant; empty: the files have the right one
  data::ImageOptions image_options_;
  std::vector<std::pair<data::ImageOptions, double>> tried_sizes_;
};

}  // namespace

Result<Draft> DraftProject(const DraftRequest& request) { return Drafter(request).Make(); }

}  // namespace tare::pipeline
