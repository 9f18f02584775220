#include "tare/runtime/energy.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <filesystem>
#include <fstream>

namespace tare::runtime {
namespace {

using testing::HasSubstr;

// A powercap folder of files.
class EnergyTest : public testing::Test {
 protected:
  EnergyTest()
      : root_(testing::TempDir() + "powercap_" +
              testing::UnitTest::GetInstance()->current_test_info()->name()) {
    std::filesystem::remove_all(root_);
  }
  ~EnergyTest() override { std::filesystem::remove_all(root_); }

  void Set(const std::string& folder, const std::string& name, uint64_t energy,
           uint64_t range = 1'000'000'000) {
    const std::string path = root_ + "/" + folder;
    std::filesystem::create_directories(path);
    std::ofstream(path + "/name") << name << "\n";
    std::ofstream(path + "/energy_uj") << energy << "\n";
    std::ofstream(path + "/max_energy_range_uj") << range << "\n";
  }

  std::string root_;
};

TEST_F(EnergyTest, AddsPackagesAndDramOnce) {
  Set("intel-rapl:0", "package-0", 1'000'000);
  Set("intel-rapl:0:0", "core", 500'000);  // inside the package
  Set("intel-rapl:0:1", "dram", 100'000);
  Set("intel-rapl:1", "package-1", 2'000'000);
  Set("intel-rapl-mmio:0", "package-0", 1'000'000);  // the same counter by another way
  auto meter = EnergyMeter::Open(root_);
  ASSERT_TRUE(meter) << meter.error().what;
  Set("intel-rapl:0", "package-0", 1'500'000);
  Set("intel-rapl:0:0", "core", 900'000);
  Set("intel-rapl:0:1", "dram", 200'000);
  Set("intel-rapl:1", "package-1", 2'250'000);
  Set("intel-rapl-mmio:0", "package-0", 1'500'000);
  EXPECT_NEAR(*meter->Lap(), 0.5 + 0.1 + 0.25, 1e-9);
  EXPECT_NEAR(*meter->Lap(), 0, 1e-9);
}

TEST_F(EnergyTest, TakesThePlatformAlone) {
  Set("intel-rapl:0", "package-0", 0);
  Set("intel-rapl:1", "psys", 0);
  auto meter = EnergyMeter::Open(root_);
  ASSERT_TRUE(meter);
  EXPECT_EQ(meter->domains(), "psys");
}

TEST_F(EnergyTest, CountsOnAfterTheCounterStartsAgain) {
  Set("intel-rapl:0", "package-0", 990'000, 999'999);
  auto meter = EnergyMeter::Open(root_);
  ASSERT_TRUE(meter);
  Set("intel-rapl:0", "package-0", 10'000, 999'999);
  EXPECT_NEAR(*meter->Lap(), 0.02, 1e-9);
}

TEST_F(EnergyTest, SaysWhatIsMissing) {
  const auto none = EnergyMeter::Open(root_);
  ASSERT_FALSE(none);
  EXPECT_THAT(none.error().what, HasSubstr("no energy counter"));
  Set("intel-rapl:0", "package-0", 0);
  std::filesystem::remove(root_ + "/intel-rapl:0/max_energy_range_uj");
  const auto unreadable = EnergyMeter::Open(root_);
  ASSERT_FALSE(unreadable);
  EXPECT_THAT(unreadable.error().what, HasSubstr("may not be read"));
}

TEST(EstimateJoulesTest, TakesTheShareOfTheProcessor) {
  // One of four processors of 60 W, busy for two seconds.
  EXPECT_EQ(EstimateJoules(2, 60, 4), 30);
  EXPECT_EQ(EstimateJoules(0, 60, 4), 0);
}

// The kernel keeps another account of it, in microseconds rounded down.
double KernelSeconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) * 1e-6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

TEST(ProcessorSecondsTest, AreThoseOfTheWholeProcessAndNotOfTheWall) {
  constexpr double kRounding = 2e-6;
  const double before = KernelSeconds();
  const double seconds = ProcessorSeconds();
  EXPECT_LE(before, seconds);
  EXPECT_LE(seconds, KernelSeconds() + kRounding);
}

}  // namespace
}  // namespace tare::runtime
