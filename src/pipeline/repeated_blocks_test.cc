#include <gtest/gtest.h>

#include "pipeline/repeated_blocks_internal.h"
#include "tare/core/text.h"

namespace tare::pipeline {
namespace {

// "Conv | 3 x MatMul Add Relu | Softmax" for the blocks of "Conv MatMul Add Relu ...".
std::string Blocks(const std::string& operators) {
  const auto ops = Split(operators, ' ');
  std::vector<std::string> parts;
  for (const RepeatedBlock& block : FindRepeatedBlocks(ops)) {
    parts.push_back((block.times > 1 ? StrCat(block.times, " x ") : "") +
                    Join(block.operators, " "));
  }
  return Join(parts, " | ");
}

TEST(RepeatedBlocksTest, FindsTheLayersBetweenHeadAndTail) {
  EXPECT_EQ(Blocks("Conv MatMul Add Relu MatMul Add Relu MatMul Add Relu Softmax"),
            "Conv | 3 x MatMul Add Relu | Softmax");
}

TEST(RepeatedBlocksTest, FindsSeveralStages) {
  EXPECT_EQ(Blocks("A B C A B C D E F G D E F G D E F G"), "2 x A B C | 3 x D E F G");
}

TEST(RepeatedBlocksTest, TakesTheShorterOfTwoPeriods) {
  EXPECT_EQ(Blocks("A B C A B C A B C A B C"), "4 x A B C");
}

TEST(RepeatedBlocksTest, LeavesWhatDoesNotRepeat) {
  EXPECT_EQ(Blocks(""), "");
  EXPECT_EQ(Blocks("A"), "A");
  EXPECT_EQ(Blocks("A B A B"), "A B A B") << "too short to be a block";
  EXPECT_EQ(Blocks("A A A A A A A A"), "A A A A A A A A") << "one operator is no block";
}

}  // namespace
}  // namespace tare::pipeline
