// .npz: members stored and deflated, odd ones, and archives that are not what they say.

#include "data/formats/npz.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "data/test_files_internal.h"

namespace tare::data {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class NpzTest : public testing::TestWithParam<const char*> {};

TEST_P(NpzTest, ReadsTheArraysThatNumpyWrote) {
  const auto dataset = OpenStored(GetParam());
  ASSERT_NE(dataset, nullptr);
  EXPECT_EQ(dataset->num_samples(), 4);
  EXPECT_THAT(ArrayNames(*dataset), ElementsAre("images", "labels"));
  EXPECT_EQ(dataset->arrays()[0].sample_shape, (Shape{2, 3}));
  EXPECT_THAT(ReadAll(*dataset, "labels").data<int64_t>(), ElementsAre(3, 1, 2, 0));
  const std::vector<int64_t> samples{3, 0};
  EXPECT_THAT(dataset->Read("images", samples)->data<uint8_t>(),
              ElementsAre(18, 19, 20, 21, 22, 23, 0, 1, 2, 3, 4, 5));
}

INSTANTIATE_TEST_SUITE_P(
    Kinds, NpzTest, testing::Values("stored.npz", "deflated.npz"), [](const auto& test) {
      return std::string(test.param).substr(0, std::string(test.param).find('.'));
    });

TEST(NpzMembersTest, KeepsWhatCanBeReadAndSaysWhyTheRestCannot) {
  const auto dataset = OpenStored("mixed.npz");
  EXPECT_EQ(dataset->num_samples(), 3);
  EXPECT_THAT(ArrayNames(*dataset), ElementsAre("x", "rate", "cache"));
  const auto other = dataset->Find("other");
  ASSERT_FALSE(other);
  EXPECT_THAT(other.error().what, HasSubstr("has 2 samples on its first axis, the others have 3"));
  EXPECT_THAT(dataset->Find("objects").error().what, HasSubstr("never unpickles"));
}

TEST(NpzMembersTest, GivesAScalarToEverySample) {
  const auto dataset = OpenStored("mixed.npz");
  EXPECT_THAT(ReadAll(*dataset, "rate").data<int64_t>(), ElementsAre(16000, 16000, 16000));
}

TEST(NpzMembersTest, ReadsSamplesWithoutElements) {
  const auto dataset = OpenStored("mixed.npz");
  EXPECT_EQ(ReadAll(*dataset, "cache").shape(), (Shape{3, 4, 0, 8}));
}

TEST(NpzMembersTest, TakesAMembersPathAsANameOnly) {
  const auto dataset = OpenStored("odd_names.npz");
  EXPECT_THAT(ArrayNames(*dataset), ElementsAre("../../etc/x", "gpu_0/data_0", "no extension"));
  EXPECT_THAT(ReadAll(*dataset, "../../etc/x").data<int16_t>(), ElementsAre(0, 1));
}

TEST(NpzMembersTest, NamesTheNearestArray) {
  const auto error = OpenStored("stored.npz")->Find("image").error();
  EXPECT_EQ(error.code, ErrorCode::kNotFound);
  EXPECT_THAT(error.what, HasSubstr("images, labels"));
  EXPECT_EQ(error.next_step, "did you mean 'images'?");
}

TEST(NpzMembersTest, NoticesAFlippedByteOfAnArray) {  // the CRC-32 of the member
  // Byte 195 is a pixel of stored.npz; byte 100 lies in the first stream of deflated.npz.
  for (const auto& [name, place] : {std::pair("stored.npz", 195), std::pair("deflated.npz", 100)}) {
    std::string bytes = StoredBytes(name);
    bytes[static_cast<size_t>(place)] ^= 0x10;
    const auto dataset = OpenBytes(Format::kNpz, bytes, "flipped.npz");
    ASSERT_TRUE(dataset) << dataset.error().what;
    const int64_t sample = 0;
    const auto images = (*dataset)->Read("images", {&sample, 1});
    ASSERT_FALSE(images) << name;
    EXPECT_EQ(images.error().code, ErrorCode::kDataLoss);
    EXPECT_THAT(images.error().what, HasSubstr("flipped.npz, member images.npy"));
  }
}

// Row i of 3,000 rows of 1,024 bytes is i % 251 throughout.
void ExpectLargeRows(const Dataset& dataset) {
  const std::vector<int64_t> samples{2999, 0, 2998};
  const auto rows = dataset.Read("x", samples);
  ASSERT_TRUE(rows) << rows.error().what;
  EXPECT_EQ(rows->data<uint8_t>()[0], 2999 % 251);
  EXPECT_EQ(rows->data<uint8_t>()[1023], 2999 % 251);
  EXPECT_EQ(rows->data<uint8_t>()[1024], 0);
  EXPECT_EQ(rows->data<uint8_t>()[2048], 2998 % 251);
}

TEST(NpzMembersTest, ReadsALargeDeflatedMemberFromATemporaryFile) {
  ExpectLargeRows(*OpenStored("large_deflated.npz"));
}

uint32_t Crc32(std::string_view bytes) {  // ISO 3309, bit by bit
  uint32_t crc = 0xFFFFFFFFU;
  for (const char c : bytes) {
    crc ^= static_cast<uint8_t>(c);
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ ((crc & 1U) != 0 ? 0xEDB88320U : 0U);
  }
  return ~crc;
}

std::string Little(uint32_t value, int num_bytes) {
  std::string text;
  for (int i = 0; i < num_bytes; ++i) {
    text.push_back(i < 4 ? static_cast<char>(value >> (8 * i)) : '\0');
  }
  return text;
}

struct ZipMember {
  std::string_view name, content;
  uint32_t crc = 0;
};

// A zip archive of stored members, as APPNOTE.TXT 4.3 describes it.
std::string StoredZip(const std::vector<ZipMember>& members) {
  std::string files, directory;
  for (const auto& [name, content, crc] : members) {
    const auto size = static_cast<uint32_t>(content.size());
    const std::string common =
        StrCat(Little(0, 8), Little(crc, 4), Little(size, 4), Little(size, 4),
               Little(static_cast<uint32_t>(name.size()), 2), Little(0, 2));
    directory += StrCat("PK\1\2", Little(20, 2), Little(20, 2), common, Little(0, 10),
                        Little(static_cast<uint32_t>(files.size()), 4), name);
    files += StrCat("PK\3\4", Little(20, 2), common, name, content);
  }
  const auto count = static_cast<uint32_t>(members.size());
  return StrCat(files, directory, "PK\5\6", Little(0, 4), Little(count, 2), Little(count, 2),
                Little(static_cast<uint32_t>(directory.size()), 4),
                Little(static_cast<uint32_t>(files.size()), 4), Little(0, 2));
}

std::string StoredZip(std::string_view name, std::string_view content, uint32_t crc) {
  return StoredZip({{name, content, crc}});
}

std::string LargeNpy() {
  std::string header = "{'descr': '|u1', 'fortran_order': False, 'shape': (3000, 1024), }\n";
  std::string npy = StrCat(std::string_view("\x93NUMPY\x01\x00", 8),
                           Little(static_cast<uint32_t>(header.size()), 2), header);
  for (int row = 0; row < 3000; ++row) npy.append(1024, static_cast<char>(row % 251));
  return npy;
}

TEST(NpzMembersTest, ReadsALargeStoredMemberInPlace) {
  const std::string npy = LargeNpy();
  const FileWith file("large.npz", StoredZip("x.npy", npy, Crc32(npy)));
  const auto dataset = OpenDataset(file.path());
  ASSERT_TRUE(dataset) << dataset.error().what;
  ExpectLargeRows(**dataset);
}

TEST(NpzMembersTest, ChecksALargeStoredMemberBeforeTheFirstSample) {
  const std::string npy = LargeNpy();
  const auto dataset =
      OpenBytes(Format::kNpz, StoredZip("x.npy", npy, Crc32(npy) ^ 1), "large.npz");
  ASSERT_TRUE(dataset) << dataset.error().what;
  const int64_t sample = 0;
  const auto rows = (*dataset)->Read("x", {&sample, 1});
  ASSERT_FALSE(rows);
  EXPECT_EQ(rows.error().code, ErrorCode::kDataLoss);
  EXPECT_THAT(rows.error().what, HasSubstr("large.npz, member x.npy"));
  EXPECT_THAT(rows.error().what, HasSubstr("CRC"));
}

TEST(NpzMembersTest, RefusesTwoMembersOfOneName) {  // numpy reads the last, others the first
  const std::string npy = LargeNpy();
  const auto dataset = OpenBytes(
      Format::kNpz, StoredZip({{"x.npy", npy, Crc32(npy)}, {"x", npy, Crc32(npy)}}), "two.npz");
  ASSERT_FALSE(dataset);
  EXPECT_THAT(dataset.error().what, HasSubstr("two.npz, member x is a second array named 'x'"));
}

TEST(NpzMembersTest, RefusesTheArraysOfASparseMatrix) {  // scipy.sparse.save_npz(csr_matrix)
  const std::string npy = LargeNpy();
  std::vector<ZipMember> members;
  for (const char* name : {"indices.npy", "indptr.npy", "format.npy", "shape.npy", "data.npy"})
    members.push_back({name, npy, Crc32(npy)});
  const auto dataset = OpenBytes(Format::kNpz, StoredZip(members), "s.npz");
  ASSERT_FALSE(dataset);
  EXPECT_THAT(dataset.error().what, HasSubstr("s.npz holds a sparse matrix"));
  EXPECT_THAT(dataset.error().next_step, HasSubstr("toarray()"));
}

TEST(NpzMembersTest, RefusesWhatIsNoArchive) {
  for (const std::string& bytes :
       {std::string("PK\3\4"), std::string("PK\5\6") + std::string(18, '\0'),
        std::string(100, 'P')}) {
    const auto dataset = OpenBytes(Format::kNpz, bytes, "x.npz");
    ASSERT_FALSE(dataset);
    EXPECT_EQ(dataset.error().code, ErrorCode::kDataLoss);
    EXPECT_THAT(dataset.error().next_step, HasSubstr("numpy.savez"));
  }
}

TEST(NpzMembersTest, GivesOneDigestForOneContent) {
  const auto a = OpenStored("stored.npz")->Digest();
  const auto b = OpenBytes(Format::kNpz, StoredBytes("stored.npz"));
  EXPECT_EQ(a->size(), 64U);
  EXPECT_EQ(*a, *(*b)->Digest());
  EXPECT_NE(*a, *OpenStored("deflated.npz")->Digest());
}

}  // namespace
}  // namespace tare::data
