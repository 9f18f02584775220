#include <benchmark/benchmark.h>

#include "data/check/minhash_internal.h"
#include "data/splits_internal.h"
#include "tare/core/random.h"
#include "tare/data/check/duplicates.h"

namespace tare::data {
namespace {

// Text of random lower-case letters: as many shingles as bytes, less 4.
std::string RandomText(size_t bytes, Random& random) {
  std::string text;
  for (size_t i = 0; i < bytes; ++i) text.push_back(static_cast<char>('a' + random.Below(26)));
  return text;
}

// The bar: 50,000 documents a second, 128 components, some 200
// shingles, hashing included. One document in ten is another one with two letters changed.
void BM_ScanTexts(benchmark::State& state) {
  constexpr size_t kBytes = 204;
  Random random(1);
  std::string lines;
  std::vector<std::string> texts;
  for (int64_t i = 0; i < state.range(0); ++i) {
    std::string text = RandomText(kBytes, random);
    if (i % 10 == 9) {
      text = texts[random.Below(texts.size())];
      for (int edit = 0; edit < 2; ++edit) text[random.Below(kBytes)] = '_';
    }
    lines += StrCat("{\"text\": \"", text, "\"}\n");
    texts.push_back(std::move(text));
  }
  const auto dataset = OpenBytes(Format::kJsonLines, lines, "texts.jsonl").value();
  const Split splits[] = {
      {"data", dataset.get(), {"text"}, NumbersFrom(0, dataset->num_samples())}};
  DuplicateOptions options;
  options.num_threads = static_cast<int>(state.range(1));
  int64_t found = 0;
  for (auto _ : state) {
    const auto scan = ScanDuplicates(splits, NearMethod::kText, {}, options).value();
    found = scan.shared.empty() ? 0 : scan.shared[0].num_near;
  }
  state.SetItemsProcessed(state.iterations() * state.range(0));
  state.counters["found"] = static_cast<double>(found);
}
BENCHMARK(BM_ScanTexts)
    ->ArgNames({"texts", "threads"})
    ->Args({50'000, 1})
    ->Args({50'000, 2})
    ->Args({200'000, 1})
    ->Args({200'000, 2})
    ->Unit(benchmark::kMillisecond)
    ->UseRealTime();

void BM_MinHash(benchmark::State& state) {
  Random random(1);
  std::vector<uint32_t> hashes(static_cast<size_t>(state.range(0)));
  for (uint32_t& hash : hashes) hash = static_cast<uint32_t>(random.Next());
  for (auto _ : state) benchmark::DoNotOptimize(internal::MinHash(hashes));
  state.SetItemsProcessed(state.iterations() * state.range(0) *
                          static_cast<int64_t>(internal::kSignatureSize));
}
BENCHMARK(BM_MinHash)->ArgName("hashes")->Arg(200);

// Images of 28 x 28 noise, one in ten a noisier copy of another.
void BM_ScanImages(benchmark::State& state) {
  constexpr int64_t kSide = 28;
  Random random(1);
  std::vector<uint8_t> pixels;
  for (int64_t i = 0; i < state.range(0); ++i) {
    const bool is_copy = i % 10 == 9;
    const size_t from = is_copy ? random.Below(static_cast<uint64_t>(i)) * kSide * kSide : 0;
    for (size_t p = 0; p < kSide * kSide; ++p) {
      const uint64_t fresh = 16 + random.Below(200);
      pixels.push_back(static_cast<uint8_t>(is_copy ? pixels[from + p] + random.Below(5) : fresh));
    }
  }
  std::vector<NamedTensor> arrays;
  arrays.push_back({"images", Tensor::Of<uint8_t>({state.range(0), kSide, kSide}, pixels)});
  const auto dataset = MakeDataset("images.npy", std::move(arrays)).value();
  const Split splits[] = {{"data", dataset.get(), {"images"}, NumbersFrom(0, state.range(0))}};
  int64_t found = 0;
  for (auto _ : state) {
    const auto scan = ScanDuplicates(splits, NearMethod::kImage, {}, {}).value();
    found = scan.shared.empty() ? 0 : scan.shared[0].num_near;
  }
  state.SetItemsProcessed(state.iterations() * state.range(0));
  state.counters["found"] = static_cast<double>(found);
}
BENCHMARK(BM_ScanImages)->ArgName("images")->Arg(50'000)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace tare::data
