// Every stored file cut off at every byte, and with every byte changed: an error or a dataset,
// never a crash, a hang, or an allocation out of proportion. Worth most under make asan.

#include <gtest/gtest.h>

#include "data/test_files_internal.h"

namespace tare::data {
namespace {

struct FileCase {
  const char* name;
  Format format;
};

class CorruptFileTest : public testing::TestWithParam<FileCase> {
 protected:
  // Opens the bytes and reads all arrays. True when nothing was wrong.
  static bool ReadsAll(std::string bytes) {
    const auto dataset = OpenBytes(GetParam().format, std::move(bytes), "x");
    if (!dataset) {
      EXPECT_FALSE(dataset.error().what.empty());
      EXPECT_FALSE(dataset.error().next_step.empty());
      return false;
    }
    bool all = true;
    const int64_t last = (*dataset)->num_samples() - 1;
    for (const ArrayInfo& info : (*dataset)->arrays()) {
      all &= (*dataset)->Read(info.name, {&last, 1}).has_value();
    }
    return all;
  }
};

TEST_P(CorruptFileTest, EndsInAnErrorWhereverItIsCut) {
  const std::string bytes = StoredBytes(GetParam().name);
  ASSERT_TRUE(ReadsAll(bytes));
  for (size_t size = 0; size < bytes.size(); ++size) {
    const bool works = ReadsAll(bytes.substr(0, size));
    // A text file may end after any complete row.
    if (GetParam().format != Format::kCsv && GetParam().format != Format::kJsonLines) {
      EXPECT_FALSE(works) << "cut at byte " << size;
    }
  }
}

TEST_P(CorruptFileTest, SurvivesEveryChangedByte) {
  const std::string bytes = StoredBytes(GetParam().name);
  constexpr int kFlips[] = {0x01, 0x80, 0xFF};
  const size_t num_flips = bytes.size() > 4096 ? 1 : 3;  // of a long file each byte once: time
  for (size_t i = 0; i < bytes.size(); ++i) {
    for (size_t flip = 0; flip < num_flips; ++flip) {
      std::string changed = bytes;
      changed[i] = static_cast<char>(changed[i] ^ kFlips[(i + flip) % 3]);
      ReadsAll(std::move(changed));
    }
  }
}

INSTANTIATE_TEST_SUITE_P(
    Files, CorruptFileTest,
    testing::Values(FileCase{"float32.npy", Format::kNpy}, FileCase{"fortran.npy", Format::kNpy},
                    FileCase{"stored.npz", Format::kNpz}, FileCase{"deflated.npz", Format::kNpz},
                    FileCase{"t-images-idx3-ubyte", Format::kIdx},
                    FileCase{"images.idx.gz", Format::kIdx}, FileCase{"iris.csv", Format::kCsv},
                    FileCase{"rows.jsonl", Format::kJsonLines},
                    FileCase{"table.parquet", Format::kParquet}),
    [](const auto& test) {
      std::string name = test.param.name;
      for (char& c : name) c = c == '.' || c == '-' ? '_' : c;
      return name;
    });

}  // namespace
}  // namespace tare::data
