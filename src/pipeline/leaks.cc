#include "pipeline/leaks_internal.h"
#include "tare/core/text.h"
#include "tare/data/check/check.h"
#include "tare/data/check/duplicates.h"

namespace tare::pipeline {
namespace {

constexpr int64_t kMostSamples = 200'000;
constexpr double kMostBytes = 0x1p30;
// Photographs taken twice are in every large collection. Where fewer of the test's samples are
// nearly known than this share, a verdict cannot turn on them: a warning is enough.
constexpr double kNegligible = 0.001;

// Passes on the wish to stop, and nothing else: the step has one line of its own.
class Quiet final : public Progress {
 public:
  explicit Quiet(Progress& outer) : outer_(outer) {}
  void Begin(std::string_view, int64_t) override {}
  void Update(int64_t) override {}
  void End(std::string_view) override {}
  bool cancelled() const override { return outer_.cancelled(); }

 private:
  Progress& outer_;
};

Result<bool> IsCheap(std::span<const data::Split> splits) {
  int64_t samples = 0;
  double bytes = 0;
  for (const data::Split& split : splits) {
    samples += std::ssize(split.samples);
    for (const std::string& array : split.arrays) {
      TARE_TRY(const data::ArrayInfo info, split.dataset->Find(array));
      TARE_TRY(const int64_t elements, NumElements(info.sample_shape));
      bytes += static_cast<double>(elements) * BitWidth(info.dtype) / 8 *
               static_cast<double>(split.samples.size());
    }
  }
  return samples <= kMostSamples && bytes <= kMostBytes;
}

std::string Samples(int64_t count) {
  return StrCat(WithThousands(count), count == 1 ? " sample" : " samples");
}

Error WithWayOut(Error error) {
  error.next_step += "; 'allow_leak: true' under data goes on with a warning in the report";
  return error;
}

std::string SharedText(const data::SharedSamples& shared) {
  std::string how = "exactly";
  if (shared.num_near > 0)
    how = shared.num_exact > 0 ? StrCat(shared.num_exact, " exactly, ", shared.num_near, " nearly")
                               : "nearly";
  return StrCat(shared.earlier_split, " and ", shared.split, " share ",
                Samples(shared.num_exact + shared.num_near), " (", how, ")");
}

Error NearLeak(const data::SharedSamples& shared, std::span<const data::Split> splits) {
  const data::SimilarPair& first = shared.examples[0];
  const auto source = [&](const std::string& name) {
    for (const data::Split& split : splits) {
      if (split.name == name) return split.dataset->source();
    }
    return name;
  };
  return FailedPrecondition(
      StrCat(SharedText(shared), ": ", first.split, " sample ", first.sample, " (",
             source(first.split), ") is nearly ", first.earlier_split, " sample ",
             first.earlier_sample, " (", source(first.earlier_split), "), similarity ",
             Fixed(first.similarity, 3)),
      StrCat("see tare data check; remove these samples from the ", first.earlier_split, " data"));
}

// The scan's exact finds are those of CheckDisjoint(), counted by pair of splits.
Result<Leaks> FindNearLeaks(std::span<const data::Split> splits, bool allow_leak,
                            Progress& progress) {
  Leaks leaks;
  TARE_TRY(const auto content, data::ContentOfSplit(splits[0], {}));
  data::DuplicateOptions options;
  Quiet quiet(progress);
  TARE_TRY(const auto scan, data::ScanDuplicates(splits, content.method, {}, options, quiet));
  for (const data::SharedSamples& shared : scan.shared) {
    const bool is_leak =
        shared.split != shared.earlier_split && (shared.split == "test" || shared.num_exact > 0);
    if (!is_leak) continue;
    const bool is_negligible = shared.num_exact == 0 &&
                               static_cast<double>(shared.num_near) <=
                                   kNegligible * static_cast<double>(splits.back().samples.size());
    if (!allow_leak && !is_negligible) return WithWayOut(NearLeak(shared, splits));
    leaks.num_duplicates += shared.num_exact;
    leaks.num_near += shared.num_near;
    leaks.warning += StrCat(leaks.warning.empty() ? "" : "; ", SharedText(shared));
  }
  return leaks;
}

}  // namespace

Result<Leaks> FindLeaks(std::span<const data::Split> splits, bool allow_leak, Progress& progress) {
  auto exact = data::CheckDisjoint(
      splits, allow_leak ? data::OnDuplicate::kReport : data::OnDuplicate::kFail);
  if (!exact)
    return exact.error().code == ErrorCode::kFailedPrecondition
               ? WithWayOut(std::move(exact).error())
               : std::move(exact).error();
  TARE_TRY(const bool is_cheap, IsCheap(splits));
  if (is_cheap) return FindNearLeaks(splits, allow_leak, progress);
  Leaks leaks{exact->num_duplicates, 0, "", false};
  if (exact->num_duplicates > 0) {
    const data::Duplicate& first = exact->examples[0];
    leaks.warning =
        StrCat(first.earlier_split, " and ", first.split, " share samples; ",
               Samples(exact->num_duplicates), " of all splits are in an earlier one too");
  }
  return leaks;
}

}  // namespace tare::pipeline
