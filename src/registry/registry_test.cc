#include "tare/registry/registry.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sqlite3.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <set>

#include "tare/core/file.h"
#include "tare/core/hash.h"

namespace tare::registry {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::HasSubstr;

class RegistryTest : public testing::Test {
 protected:
  RegistryTest() : folder_(*TemporaryFolder::Create()), root_(folder_.path() + "/a/registry") {}

  Registry Open() const {
    return *Registry::Open(root_, {.now_ms = [] { return int64_t{1234}; }});
  }

  std::string Write(const std::string& path, const std::string& content) const {
    const fs::path full = fs::path(folder_.path()) / path;
    fs::create_directories(full.parent_path());
    std::ofstream(full) << content;
    return full.string();
  }

  NewVersion Files(const std::string& name, const std::string& content) const {
    NewVersion version;
    version.name = name;
    version.files = {{"model", Write("in/model.onnx", "model " + content)},
                     {"recipe", Write("in/recipe.yaml", "recipe " + content)},
                     {"report_json", Write("in/report.json", "{}")}};
    version.verdict = "PASS";
    version.summary = "int8 is not worse";
    return version;
  }

  int64_t Register(const std::string& name, const std::string& content) const {
    const auto registered = Open().Register(Files(name, content));
    EXPECT_TRUE(registered) << registered.error().what;
    return registered ? registered->number : 0;
  }

  std::string StoredPath(const std::string& digest) const {
    return root_ + "/artifacts/sha256/" + digest.substr(0, 2) + "/" + digest;
  }

  void Sql(const char* sql) const {
    sqlite3* handle = nullptr;
    ASSERT_EQ(sqlite3_open((root_ + "/registry.db").c_str(), &handle), SQLITE_OK);
    EXPECT_EQ(sqlite3_exec(handle, sql, nullptr, nullptr, nullptr), SQLITE_OK);
    sqlite3_close(handle);
  }

  TemporaryFolder folder_;
  std::string root_;
};

TEST_F(RegistryTest, IsEmptyWhenTheFolderDoesNotExistAndDoesNotCreateIt) {
  const auto versions = Open().List();
  ASSERT_TRUE(versions) << versions.error().what;
  EXPECT_TRUE(versions->empty());
  EXPECT_FALSE(fs::exists(root_));
}

TEST_F(RegistryTest, NumbersTheVersionsOfEachName) {
  EXPECT_EQ(Register("a", "1"), 1);
  EXPECT_EQ(Register("a", "2"), 2);
  EXPECT_EQ(Register("b", "3"), 1);
  EXPECT_EQ(Register("a", "4"), 3);
  EXPECT_EQ(Open().List()->size(), 4U);
  EXPECT_EQ(Open().List("a")->size(), 3U);
}

TEST_F(RegistryTest, ReturnsTheExistingVersionForTheSameEvidence) {
  auto version = Files("a", "1");
  EXPECT_TRUE(Open().Register(version)->is_new);
  version.files["report_html"] = Write("in/report.html", "another page of the same report");
  const auto again = Open().Register(version);
  EXPECT_EQ(again->number, 1);
  EXPECT_FALSE(again->is_new);
  EXPECT_EQ(Open().List()->size(), 1U);
}

TEST_F(RegistryTest, MakesANewVersionWhenOnlyTheReportDiffers) {
  auto version = Files("a", "1");
  EXPECT_EQ(Open().Register(version)->number, 1);
  Write("in/report.json", "{\"other\": 1}");
  EXPECT_EQ(Open().Register(version)->number, 2);
}

TEST_F(RegistryTest, ReadsBackEverythingThatWasRegistered) {
  auto version = Files("a", "1");
  version.digests = {{"data.test", Sha256Hex("test")}, {"tare", "0.1.0"}};
  version.metadata = {{"host", "avx512_vnni"}, {"", "an empty key"}, {"zero", ""}};
  version.summary = "line one\nline 'two' \"ü\"";
  ASSERT_TRUE(Open().Register(version));
  const auto shown = Open().Show("a");
  ASSERT_TRUE(shown) << shown.error().what;
  EXPECT_EQ(shown->Ref(), "a@1");
  EXPECT_EQ(shown->created_at_ms, 1234);
  EXPECT_EQ(shown->verdict, "PASS");
  EXPECT_EQ(shown->summary, version.summary);
  EXPECT_EQ(shown->digests, version.digests);
  EXPECT_EQ(shown->metadata, version.metadata);
  ASSERT_EQ(shown->artifacts.size(), 3U);
  EXPECT_EQ(shown->Find("model")->digest, Sha256Hex("model 1"));
  EXPECT_EQ(shown->Find("model")->num_bytes, 7);
  EXPECT_EQ(shown->Find("model")->file_name, "model.onnx");
}

TEST_F(RegistryTest, TakesTheWeightsBesideAModelForAPartOfIt) {
  auto version = Files("a", "1");
  EXPECT_EQ(Open().Register(version)->number, 1);
  EXPECT_EQ(Open().Show("a")->ModelBytes(), 7);
  version.files["model_data"] = Write("in/model.onnx.data", "12345");
  EXPECT_EQ(Open().Register(version)->number, 2);
  EXPECT_EQ(Open().Show("a")->ModelBytes(), 12);
  Write("in/model.onnx.data", "54321");
  EXPECT_EQ(Open().Register(version)->number, 3) << "other weights, another model";
}

TEST_F(RegistryTest, ShowsTheLatestOrTheNumberAskedFor) {
  Register("a", "1");
  Register("a", "2");
  EXPECT_EQ(Open().Show("a")->number, 2);
  EXPECT_EQ(Open().Show("a@1")->number, 1);
}

TEST_F(RegistryTest, NamesWhatExistsWhenAVersionDoesNot) {
  Register("fashion", "1");
  const auto name = Open().Show("fashoin");
  ASSERT_FALSE(name);
  EXPECT_EQ(name.error().code, ErrorCode::kNotFound);
  EXPECT_EQ(name.error().next_step, "did you mean 'fashion'?");
  const auto number = Open().Show("fashion@7");
  ASSERT_FALSE(number);
  EXPECT_EQ(number.error().code, ErrorCode::kNotFound);
  EXPECT_THAT(number.error().next_step, HasSubstr("the latest is fashion@1"));
}

TEST_F(RegistryTest, RefusesWhatIsNotAReference) {
  for (const char* text :
       {"", "@1", "a@", "a@0", "a@-1", "a@1x", "../a", "a@99999999999999999999"}) {
    const auto shown = Open().Show(text);
    ASSERT_FALSE(shown) << text;
    EXPECT_EQ(shown.error().code, ErrorCode::kInvalidArgument) << text;
    EXPECT_FALSE(shown.error().next_step.empty()) << text;
  }
}

TEST_F(RegistryTest, RefusesIncompleteVersions) {
  auto version = Files("a", "1");
  version.files.erase("model");
  EXPECT_EQ(Open().Register(version).error().code, ErrorCode::kInvalidArgument);
  version = Files("a/b", "1");
  EXPECT_EQ(Open().Register(version).error().code, ErrorCode::kInvalidArgument);
  version = Files("a", "1");
  version.files["calibration"] = Write("other/model.onnx", "the same file name");
  EXPECT_THAT(Open().Register(version).error().what, HasSubstr("both called 'model.onnx'"));
  version = Files("a", "1");
  version.files["recipe"] = folder_.path() + "/missing.yaml";
  EXPECT_EQ(Open().Register(version).error().code, ErrorCode::kNotFound);
  EXPECT_FALSE(fs::exists(root_));
}

TEST_F(RegistryTest, CopiesFilesOut) {
  Register("a", "1");
  const std::string out = folder_.path() + "/x/y";
  const auto all = Open().Get("a@1", {.out_folder = out});
  ASSERT_TRUE(all) << all.error().what;
  EXPECT_THAT(*all, ElementsAre(out + "/model.onnx", out + "/recipe.yaml", out + "/report.json"));
  EXPECT_EQ(*ReadFile(out + "/model.onnx"), "model 1");
  EXPECT_EQ(*ReadFile(out + "/recipe.yaml"), "recipe 1");
}

TEST_F(RegistryTest, CopiesOneRole) {
  Register("a", "1");
  const std::string out = folder_.path() + "/x";
  EXPECT_THAT(*Open().Get("a", {.role = "recipe", .out_folder = out}),
              ElementsAre(out + "/recipe.yaml"));
  EXPECT_FALSE(fs::exists(out + "/model.onnx"));
  const auto unknown = Open().Get("a", {.role = "modle", .out_folder = out});
  EXPECT_EQ(unknown.error().code, ErrorCode::kNotFound);
  EXPECT_EQ(unknown.error().next_step, "it has: model, recipe, report_json");
}

TEST_F(RegistryTest, DoesNotOverwriteOtherContentUnasked) {
  Register("a", "1");
  const std::string out = folder_.path() + "/x";
  Write("x/model.onnx", "mine");
  const auto refused = Open().Get("a", {.out_folder = out});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kFailedPrecondition);
  EXPECT_EQ(*ReadFile(out + "/model.onnx"), "mine");
  EXPECT_FALSE(fs::exists(out + "/recipe.yaml"));
  EXPECT_TRUE(Open().Get("a", {.out_folder = out, .overwrite = true}));
  EXPECT_EQ(*ReadFile(out + "/model.onnx"), "model 1");
  EXPECT_TRUE(Open().Get("a", {.out_folder = out}));  // the same content is no obstacle
}

TEST_F(RegistryTest, ReportsAnAlteredFileAndWritesNothing) {
  Register("a", "1");
  const std::string stored = StoredPath(Sha256Hex("recipe 1"));
  std::ofstream(stored) << "recipe 2";
  const std::string out = folder_.path() + "/x";
  const auto got = Open().Get("a", {.out_folder = out});
  ASSERT_FALSE(got);
  EXPECT_EQ(got.error().code, ErrorCode::kDataLoss);
  EXPECT_THAT(got.error().what, HasSubstr(Sha256Hex("recipe 2")));
  EXPECT_THAT(got.error().next_step, HasSubstr("restore"));
  EXPECT_FALSE(fs::exists(out));
  fs::remove(stored);
  EXPECT_EQ(Open().Get("a", {.out_folder = out}).error().code, ErrorCode::kDataLoss);
}

TEST_F(RegistryTest, RepairsAnAlteredFileThatIsRegisteredAgain) {
  Register("a", "1");
  std::ofstream(StoredPath(Sha256Hex("model 1"))) << "altered";
  fs::remove(StoredPath(Sha256Hex("recipe 1")));
  EXPECT_FALSE(Open().Register(Files("a", "1"))->is_new);
  EXPECT_TRUE(Open().Get("a", {.out_folder = folder_.path() + "/x"}));
  // Another name that shares the file does not trust it either.
  std::ofstream(StoredPath(Sha256Hex("model 1"))) << "altered";
  EXPECT_EQ(Register("b", "1"), 1);
  EXPECT_TRUE(Open().Get("b", {.out_folder = folder_.path() + "/x"}));
}

TEST_F(RegistryTest, RefusesARecordThatPointsOutsideTheFolder) {
  Register("a", "1");
  Sql("UPDATE artifacts SET file_name = '../escaped' WHERE role = 'model'");
  const auto got = Open().Get("a", {.out_folder = folder_.path() + "/x/y"});
  ASSERT_FALSE(got);
  EXPECT_EQ(got.error().code, ErrorCode::kDataLoss);
  EXPECT_FALSE(fs::exists(folder_.path() + "/x/escaped"));
}

TEST_F(RegistryTest, RefusesANewerSchemaWithANextStep) {
  Register("a", "1");
  Sql("PRAGMA user_version = 3");
  const auto read = Open().List();
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().code, ErrorCode::kUnsupported);
  EXPECT_THAT(read.error().what, HasSubstr("schema version 3"));
  EXPECT_THAT(read.error().next_step, HasSubstr("update tare"));
  EXPECT_EQ(Open().Register(Files("a", "2")).error().code, ErrorCode::kUnsupported);
}

TEST_F(RegistryTest, RefusesForeignAndDamagedDatabases) {
  fs::create_directories(root_);
  std::ofstream(root_ + "/registry.db") << std::string(5000, 'z');
  EXPECT_EQ(Open().List().error().code, ErrorCode::kDataLoss);
  EXPECT_FALSE(Open().List().error().next_step.empty());
  fs::remove(root_ + "/registry.db");
  Sql("CREATE TABLE other (x)");
  EXPECT_EQ(Open().List().error().code, ErrorCode::kFailedPrecondition);
  EXPECT_EQ(Open().Register(Files("a", "1")).error().code, ErrorCode::kFailedPrecondition);
}

TEST_F(RegistryTest, RefusesAFileInPlaceOfTheFolder) {
  const auto registry = Registry::Open(Write("plain", "file"));
  ASSERT_FALSE(registry);
  EXPECT_EQ(registry.error().code, ErrorCode::kInvalidArgument);
}

TEST_F(RegistryTest, WaitsNoLongerThanAskedForAnotherWriter) {
  Register("a", "1");
  sqlite3* handle = nullptr;
  ASSERT_EQ(sqlite3_open((root_ + "/registry.db").c_str(), &handle), SQLITE_OK);
  ASSERT_EQ(sqlite3_exec(handle, "BEGIN IMMEDIATE", nullptr, nullptr, nullptr), SQLITE_OK);
  const auto registry = Registry::Open(root_, {.busy_timeout_ms = 10});
  const auto registered = registry->Register(Files("a", "2"));
  ASSERT_FALSE(registered);
  EXPECT_EQ(registered.error().code, ErrorCode::kUnavailable);
  EXPECT_THAT(registered.error().what, HasSubstr("in use by another process"));
  EXPECT_EQ(registry->List()->size(), 1U);  // readers do not wait for a writer at work
  sqlite3_close(handle);
}

TEST_F(RegistryTest, GivesProcessesThatRegisterTogetherDifferentNumbers) {
  constexpr int kProcesses = 4;
  constexpr int kVersions = 5;
  for (int process = 0; process < kProcesses; ++process) {
    if (::fork() != 0) continue;
    int failures = 0;
    for (int i = 0; i < kVersions; ++i) {
      const std::string id = StrCat(process, "-", i);
      NewVersion version{.name = "a", .files = {{"model", Write(id + "/model.onnx", id)}}};
      if (!Open().Register(version)) ++failures;
    }
    ::_exit(failures);
  }
  for (int process = 0; process < kProcesses; ++process) {
    int status = -1;
    ::wait(&status);
    EXPECT_EQ(status, 0);
  }
  std::set<int64_t> numbers;
  const auto versions = Open().List("a");
  ASSERT_TRUE(versions);
  for (const Version& version : *versions) numbers.insert(version.number);
  EXPECT_EQ(numbers.size(), 20U);
  EXPECT_EQ(*numbers.rbegin(), 20);
}

TEST_F(RegistryTest, CountsTheLooksAtEachTestSet) {
  const Registry registry = Open();
  const auto look = [&](const std::string& test, const std::string& candidate,
                        const std::string& policy) {
    const auto number = registry.RecordLook({test, candidate, policy, "m"});
    EXPECT_TRUE(number) << number.error().what;
    return number ? *number : 0;
  };
  EXPECT_EQ(look("t", "a", "p"), 1);
  EXPECT_EQ(look("t", "b", "p"), 2);
  EXPECT_EQ(look("t", "a", "p"), 1);  // again the same
  EXPECT_EQ(look("t", "a", "q"), 3);  // the same model, judged by another policy
  EXPECT_EQ(look("other", "a", "p"), 1);
  EXPECT_EQ(Register("m", "1"), 1);  // looks and versions live together
}

TEST_F(RegistryTest, BringsAFileOfTheFirstSchemaUpToThis) {
  EXPECT_EQ(Register("m", "1"), 1);
  Sql("DROP TABLE looks");
  Sql("PRAGMA user_version = 1");
  EXPECT_EQ(Open().List()->size(), 1U);  // reading changes nothing
  EXPECT_EQ(*Open().RecordLook({"t", "a", "p", "m"}), 1);
  EXPECT_EQ(Register("m", "2"), 2);
}

}  // namespace
}  // namespace tare::registry
