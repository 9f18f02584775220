// A registration that dies, or whose disk fails, at any step leaves the registry as it was.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sqlite3.h>

#include <filesystem>
#include <fstream>

#include "registry/fault_injection_internal.h"
#include "tare/core/file.h"
#include "tare/core/hash.h"
#include "tare/core/strcat.h"
#include "tare/registry/registry.h"

namespace tare::registry {
namespace {

namespace fs = std::filesystem;

int64_t FixedClock() { return 1'700'000'000'000; }

// What happened before the registration that is disturbed.
enum class Before { kNothing, kOneVersion, kAlteredFile };

class CrashTest : public testing::TestWithParam<Before> {
 protected:
  CrashTest() : folder_(*TemporaryFolder::Create()), root_(folder_.path() + "/registry") {}

  Registry Open() const { return *Registry::Open(root_, {.now_ms = FixedClock}); }

  NewVersion Files(const std::string& content) const {
    const std::string folder = folder_.path() + "/" + content;
    fs::create_directories(folder);
    NewVersion version{.name = "m", .verdict = "PASS", .summary = "n = 10,000"};
    for (const std::string role : {"model", "recipe", "report_json"}) {
      // Long enough for several pages and several writes.
      const std::string path = StrCat(folder, "/", role);
      std::ofstream(path) << role << std::string(3'000, 'x') << content;
      version.files[role] = path;
    }
    version.digests["calibration_data"] = Sha256Hex(content);
    version.metadata["long"] = std::string(5'000, 'y');
    return version;
  }

  // Puts the registry into the state that the disturbed registration meets.
  void Prepare() {
    fs::remove_all(root_);
    if (GetParam() == Before::kNothing) return;
    ASSERT_TRUE(Open().Register(Files("one")));
    if (GetParam() != Before::kAlteredFile) return;
    // The second version stores this very file as well.
    ASSERT_TRUE(Open().Register(Files("two")));
    const auto shown = Open().Show("m@2");
    const std::string digest = shown->Find("recipe")->digest;
    std::ofstream(root_ + "/artifacts/sha256/" + digest.substr(0, 2) + "/" + digest) << "altered";
  }

  int64_t NumVersionsBefore() const { return static_cast<int64_t>(GetParam()); }

  // Runs in the child: writes nothing but what Register() writes.
  Outcome RegisterWithFault(const Fault& fault) const {
    const NewVersion version = Files("two");
    const Registry registry = Open();
    return RunWithFault(fault, [&] {
      const auto registered = registry.Register(version);
      return registered ? 0 : static_cast<int>(registered.error().code);
    });
  }

  // All versions are there and whole, or nothing of the disturbed one is.
  void ExpectConsistent(int64_t at_least) const {
    const auto versions = Open().List();
    ASSERT_TRUE(versions) << versions.error().what;
    const auto count = static_cast<int64_t>(versions->size());
    EXPECT_GE(count, at_least);
    EXPECT_LE(count, GetParam() == Before::kNothing ? 1 : 2);
    for (const Version& version : *versions) {
      EXPECT_EQ(version.artifacts.size(), 3U);
      EXPECT_EQ(version.digests.size(), 1U);
      EXPECT_EQ(version.metadata.at("long").size(), 5'000U);
      if (GetParam() != Before::kAlteredFile) ExpectWhole(version);
    }
    ExpectIntegrity();
  }

  void ExpectWhole(const Version& version) const {
    const auto out = TemporaryFolder::Create();
    const auto got = Open().Get(version.Ref(), {.out_folder = out->path()});
    EXPECT_TRUE(got) << got.error().what;
  }

  void ExpectIntegrity() const {
    sqlite3* handle = nullptr;
    if (!fs::exists(root_ + "/registry.db")) return;
    ASSERT_EQ(sqlite3_open((root_ + "/registry.db").c_str(), &handle), SQLITE_OK);
    std::string answer;
    const auto keep = [](void* out, int, char** values, char**) {
      static_cast<std::string*>(out)->append(values[0]);
      return 0;
    };
    sqlite3_exec(handle, "PRAGMA integrity_check", keep, &answer, nullptr);
    sqlite3_close(handle);
    EXPECT_EQ(answer, "ok");
  }

  // The next registration succeeds and leaves only what belongs there.
  void ExpectRecovers() const {
    const auto again = Open().Register(Files("two"));
    ASSERT_TRUE(again) << again.error().what;
    const auto versions = Open().List();
    EXPECT_EQ(versions->size(), GetParam() == Before::kNothing ? 1U : 2U);
    for (const Version& version : *versions) ExpectWhole(version);
    for (const auto& entry : fs::recursive_directory_iterator(root_)) {
      const std::string name = entry.path().filename().string();
      if (entry.is_directory() || name == "registry.db") continue;
      EXPECT_EQ(name.size(), 64U) << "left behind: " << name;
    }
  }

  // The steps of an undisturbed registration; true where bytes are written.
  std::vector<bool> Steps() {
    Prepare();
    const Outcome outcome = RegisterWithFault({});
    EXPECT_EQ(outcome.exit_code, 0);
    EXPECT_GT(outcome.steps.size(), 5U);
    return outcome.steps;
  }

  TemporaryFolder folder_;
  std::string root_;
};

TEST_P(CrashTest, LeavesTheRegistryAsBeforeWhenKilledAtAnyStep) {
  const auto steps = Steps();
  for (size_t i = 0; i < steps.size(); ++i) {
    const auto step = static_cast<int64_t>(i);
    for (const int eighths : steps[i] ? std::vector{0, 1, 5, 8} : std::vector{0}) {
      SCOPED_TRACE(StrCat("killed at step ", step, " after ", eighths, "/8 of its bytes"));
      Prepare();
      const Outcome outcome = RegisterWithFault({Fault::Kind::kKill, step, eighths});
      ASSERT_TRUE(outcome.killed);
      ExpectConsistent(NumVersionsBefore());
      ExpectRecovers();
      if (HasFailure()) return;
    }
  }
}

TEST_P(CrashTest, SaysThatTheDiskIsFullAndLeavesTheRegistryAsBefore) {
  const auto num_steps = static_cast<int64_t>(Steps().size());
  int64_t num_failed = 0;
  for (int64_t step = 0; step < num_steps; ++step) {
    SCOPED_TRACE(StrCat("disk full from step ", step));
    Prepare();
    const Outcome outcome = RegisterWithFault({Fault::Kind::kDiskFull, step, 0});
    ASSERT_FALSE(outcome.killed);
    // After the last step that needs space, nothing is wrong any more.
    if (outcome.exit_code != 0) {
      ++num_failed;
      EXPECT_EQ(outcome.exit_code, static_cast<int>(ErrorCode::kResourceExhausted));
    }
    ExpectConsistent(NumVersionsBefore());
    ExpectRecovers();
    if (HasFailure()) return;
  }
  EXPECT_GT(num_failed, 2);
}

TEST_P(CrashTest, LeavesTheRegistryWholeWhenOneStepFails) {
  const auto num_steps = static_cast<int64_t>(Steps().size());
  for (int64_t step = 0; step < num_steps; ++step) {
    SCOPED_TRACE(StrCat("input/output error at step ", step));
    Prepare();
    const Outcome outcome = RegisterWithFault({Fault::Kind::kIoError, step, 0});
    EXPECT_FALSE(outcome.killed);
    EXPECT_NE(outcome.exit_code, static_cast<int>(ErrorCode::kInternal));
    ExpectConsistent(NumVersionsBefore());
    ExpectRecovers();
    if (HasFailure()) return;
  }
}

std::string StateName(const testing::TestParamInfo<Before>& state) {
  constexpr const char* kNames[] = {"Nothing", "OneVersion", "AlteredFile"};
  return kNames[static_cast<int>(state.param)];
}

INSTANTIATE_TEST_SUITE_P(States, CrashTest,
                         testing::Values(Before::kNothing, Before::kOneVersion,
                                         Before::kAlteredFile),
                         StateName);

}  // namespace
}  // namespace tare::registry
