#include <gtest/gtest.h>

#include "pipeline/step_cache_internal.h"
#include "tare/core/file.h"

namespace tare::pipeline {
namespace {

TEST(StepCacheTest, FindsAResultUnderItsKeyAlone) {
  const auto folder = TemporaryFolder::Create();
  ASSERT_TRUE(folder);
  const auto cache = StepCache::Open(folder->path() + "/out");
  ASSERT_TRUE(cache) << cache.error().what;
  ASSERT_TRUE(cache->Store("step", "key", {{"value", 7}}));
  ASSERT_TRUE(cache->Find("step", "key").has_value());
  EXPECT_EQ((*cache->Find("step", "key"))["value"], 7);
  EXPECT_FALSE(cache->Find("step", "other").has_value());
  EXPECT_FALSE(cache->Find("other", "key").has_value());
}

TEST(StepCacheTest, ForgetsADamagedResult) {
  const auto folder = TemporaryFolder::Create();
  ASSERT_TRUE(folder);
  const auto cache = StepCache::Open(folder->path());
  ASSERT_TRUE(cache) << cache.error().what;
  ASSERT_TRUE(cache->Store("step", "key", {{"value", 7}}));
  ASSERT_TRUE(WriteFileAtomic(folder->path() + "/.tare/step.json", R"({"key": "key", "resu)"));
  EXPECT_FALSE(cache->Find("step", "key").has_value());
}

TEST(StepCacheTest, LetsOneRunWorkInAFolder) {
  const auto folder = TemporaryFolder::Create();
  ASSERT_TRUE(folder);
  {
    const auto first = StepCache::Open(folder->path());
    ASSERT_TRUE(first) << first.error().what;
    const auto second = StepCache::Open(folder->path());
    ASSERT_FALSE(second);
    EXPECT_EQ(second.error().code, ErrorCode::kUnavailable);
    EXPECT_NE(second.error().next_step.find("--out"), std::string::npos);
  }
  EXPECT_TRUE(StepCache::Open(folder->path()));
}

TEST(StepKeyTest, KeepsNamesAndValuesApart) {
  EXPECT_NE(StepKey("s").Add("a", "bc").Digest(), StepKey("s").Add("ab", "c").Digest());
  EXPECT_NE(StepKey("s").Add("a", "x").Add("b", "").Digest(),
            StepKey("s").Add("a", "").Add("b", "x").Digest());
  EXPECT_EQ(StepKey("s").Add("a", 1.5).Digest(), StepKey("s").Add("a", 1.5).Digest());
}

}  // namespace
}  // namespace tare::pipeline
