#include "tare/registry/registry.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <filesystem>
#include <map>
#include <system_error>

#include "registry/artifact_store_internal.h"
#include "registry/database_internal.h"
#include "tare/core/hash.h"
#include "tare/core/text.h"

namespace tare::registry {
namespace {

namespace fs = std::filesystem;

std::string DatabasePath(const std::string& root) { return root + "/registry.db"; }

int64_t SystemNowMs() {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::milliseconds>(now).count();
}

Result<void> CheckNewVersion(const NewVersion& version) {
  TARE_TRY_VOID(CheckName(version.name, "name of a version"));
  if (version.files.count(std::string(kModel)) == 0) {
    return InvalidArgument(StrCat("a version of '", version.name, "' needs a model"),
                           "give the path of the model");
  }
  std::map<std::string, std::string> role_of;
  for (const auto& [role, path] : version.files) {
    TARE_TRY_VOID(CheckName(role, "role of a file"));
    const std::string file_name = fs::path(path).filename().string();
    const auto [other, is_first] = role_of.emplace(file_name, role);
    if (!is_first) {
      return InvalidArgument(StrCat("the files of '", other->second, "' and '", role,
                                    "' are both called '", file_name, "'"),
                             "give the files of one version different names");
    }
  }
  return {};
}

// Reads every file once: its digest and its size.
Result<std::vector<Artifact>> DigestFiles(const NewVersion& version) {
  std::vector<Artifact> artifacts;
  for (const auto& [role, path] : version.files) {
    if (std::error_code error; fs::is_directory(path, error)) {
      return InvalidArgument(StrCat(path, " is a folder, not a file"), "name a file in it");
    }
    TARE_TRY(std::string digest, Sha256File(path));
    std::error_code error;
    const auto num_bytes = static_cast<int64_t>(fs::file_size(path, error));
    artifacts.push_back(
        {role, fs::path(path).filename().string(), std::move(digest), error ? 0 : num_bytes});
  }
  return artifacts;
}

// What makes two versions the same: the model, how it was made, and how it was judged. The page
// and the calibration table follow from those.
std::string Identity(const std::vector<Artifact>& artifacts) {
  constexpr std::array kRoles = {kModel, kModelData, kRecipe, kReportJson};
  std::string text;
  for (const Artifact& artifact : artifacts) {
    const bool counts = std::find(kRoles.begin(), kRoles.end(), artifact.role) != kRoles.end();
    if (counts) text += StrCat(artifact.role, " ", artifact.digest, "\n");
  }
  return Sha256Hex(text);
}

// The files that one registration added; removed again unless Keep() is called. A file that was
// there and had been altered is not among them: repaired it is better than gone.
class AddedFiles {
 public:
  explicit AddedFiles(const ArtifactStore& store) : store_(store) {}
  ~AddedFiles() {
    for (const std::string& digest : added_) ::unlink(store_.PathOf(digest).c_str());
  }
  AddedFiles(const AddedFiles&) = delete;
  AddedFiles& operator=(const AddedFiles&) = delete;

  Result<void> Put(const std::string& source, const std::string& digest) {
    TARE_TRY(const auto outcome, store_.Put(source, digest));
    if (outcome == ArtifactStore::PutOutcome::kAdded) added_.push_back(digest);
    return {};
  }
  void Keep() { added_.clear(); }

 private:
  const ArtifactStore& store_;
  std::vector<std::string> added_;
};

// Stores the files again that a registered version has in common with `files`: what is whole stays,
// what was lost or altered comes back.
Result<void> Repair(Database& database, int64_t number, const NewVersion& version,
                    const std::vector<Artifact>& artifacts, AddedFiles& added) {
  TARE_TRY(const auto versions, database.Versions(version.name));
  for (const Version& registered : versions) {
    if (registered.number != number) continue;
    for (const Artifact& artifact : artifacts) {
      const Artifact* same = registered.Find(artifact.role);
      if (same == nullptr || same->digest != artifact.digest) continue;
      TARE_TRY_VOID(added.Put(version.files.at(artifact.role), artifact.digest));
    }
  }
  added.Keep();
  return {};
}

Error NoSuchName(const std::string& name, const std::vector<Version>& all,
                 const std::string& root) {
  std::vector<std::string> names;
  for (const Version& version : all) {
    if (names.empty() || names.back() != version.name) names.push_back(version.name);
  }
  const std::string what = StrCat("no version of '", name, "' in the registry ", root);
  if (names.empty()) return NotFound(what, "it is empty: tare run registers what passes");
  const std::string nearest = NearestName(name, names);
  return NotFound(what, nearest.empty()
                            ? StrCat("see what there is: tare registry ls --registry ", root)
                            : StrCat("did you mean '", nearest, "'?"));
}

Result<std::vector<Artifact>> SelectRole(const Version& version, const std::string& role) {
  if (role.empty()) return version.artifacts;
  if (const Artifact* artifact = version.Find(role)) return std::vector{*artifact};
  std::vector<std::string> roles;
  for (const Artifact& artifact : version.artifacts) roles.push_back(artifact.role);
  return NotFound(StrCat(version.Ref(), " has no file with the role '", role, "'"),
                  StrCat("it has: ", Join(roles, ", ")));
}

// A database is a file like any other: what it says is not a path until it was looked at.
Result<void> CheckRecord(const Artifact& artifact, const Version& version) {
  const std::string& file = artifact.file_name;
  const bool is_name = !file.empty() && file != "." && file != ".." &&
                       file.find('/') == std::string::npos && file.find('\0') == std::string::npos;
  const bool is_digest = artifact.digest.size() == 64 &&
                         artifact.digest.find_first_not_of("0123456789abcdef") == std::string::npos;
  if (is_name && is_digest) return {};
  return DataLoss(StrCat("the record of ", version.Ref(), " names the file '", file,
                         "' with the digest '", artifact.digest, "'"),
                  "the registry was altered: restore it from a backup");
}

// Whether `path` may be written; a file with the same content need not be.
Result<bool> NeedsWriting(const std::string& path, const Artifact& artifact, bool overwrite) {
  std::error_code error;
  if (!fs::exists(fs::symlink_status(path, error))) return true;
  const auto digest = Sha256File(path);
  if (digest && *digest == artifact.digest) return false;
  if (overwrite) return true;
  return FailedPrecondition(StrCat(path, " exists and has other content"),
                            "move it away, name another folder with --out, or add --force");
}

}  // namespace

Result<Registry> Registry::Open(const std::string& root, RegistryOptions options) {
  std::error_code error;
  const auto status = fs::status(root, error);
  if (root.empty() || (fs::exists(status) && !fs::is_directory(status))) {
    return InvalidArgument(StrCat("'", root, "' is not a folder"),
                           "name a folder for the registry");
  }
  if (!options.now_ms) options.now_ms = SystemNowMs;
  return Registry(root, std::move(options));
}

Result<Registered> Registry::Register(const NewVersion& version) const {
  TARE_TRY_VOID(CheckNewVersion(version));
  TARE_TRY(auto artifacts, DigestFiles(version));
  const std::string identity = Identity(artifacts);
  TARE_TRY_VOID(MakeFolders(root_));

  // From here until the end no other process writes to the registry.
  TARE_TRY(auto database, Database::BeginWriting(DatabasePath(root_), options_.busy_timeout_ms));
  const ArtifactStore store(root_);
  store.RemoveTemporary();
  AddedFiles added(store);
  TARE_TRY(const int64_t existing, database.FindIdentity(version.name, identity));
  if (existing > 0) {
    TARE_TRY_VOID(Repair(database, existing, version, artifacts, added));
    return Registered{existing, false};
  }
  for (const Artifact& artifact : artifacts) {
    TARE_TRY_VOID(added.Put(version.files.at(artifact.role), artifact.digest));
  }
  TARE_TRY(const int64_t number, database.NextNumber(version.name));
  TARE_TRY_VOID(database.Insert({.name = version.name,
                                 .number = number,
                                 .created_at_ms = options_.now_ms(),
                                 .verdict = version.verdict,
                                 .summary = version.summary,
                                 .artifacts = std::move(artifacts),
                                 .digests = version.digests,
                                 .metadata = version.metadata},
                                identity));
  // A commit that reports a failure may still have happened (its last act is to sync a folder), so
  // from here on the files stay.
  added.Keep();
  TARE_TRY_VOID(database.Commit());
  return Registered{number, true};
}

Result<int64_t> Registry::RecordLook(const Look& look) const {
  TARE_TRY_VOID(MakeFolders(root_));
  TARE_TRY(auto database, Database::BeginWriting(DatabasePath(root_), options_.busy_timeout_ms));
  TARE_TRY(const int64_t number,
           database.PlaceOf(look, options_.now_ms ? options_.now_ms() : SystemNowMs()));
  TARE_TRY_VOID(database.Commit());
  return number;
}

Result<std::vector<Version>> Registry::List(std::string_view name) const {
  TARE_TRY(auto database, Database::OpenForReading(DatabasePath(root_), options_.busy_timeout_ms));
  if (!database) return std::vector<Version>();
  return database->Versions(name);
}

Result<Version> Registry::Show(std::string_view text) const {
  TARE_TRY(const VersionRef ref, ParseVersionRef(text));
  TARE_TRY(auto versions, List(ref.name));
  if (versions.empty()) {
    TARE_TRY(const auto all, List());
    return NoSuchName(ref.name, all, root_);
  }
  if (ref.number == 0) return std::move(versions.back());
  for (Version& version : versions) {
    if (version.number == ref.number) return std::move(version);
  }
  return NotFound(StrCat("no version ", text, " in the registry ", root_),
                  StrCat("the latest is ", versions.back().Ref(), "; see: tare registry ls ",
                         ref.name, " --registry ", root_));
}

Result<std::vector<std::string>> Registry::Get(std::string_view ref,
                                               const GetOptions& options) const {
  TARE_TRY(const Version version, Show(ref));
  TARE_TRY(const auto artifacts, SelectRole(version, options.role));
  const ArtifactStore store(root_);
  const std::string context = StrCat("getting ", version.Ref());
  for (const Artifact& artifact : artifacts) {
    TARE_TRY_VOID(CheckRecord(artifact, version).While(context));
    TARE_TRY_VOID(store.Verify(artifact.digest).While(context));
  }
  const std::string folder = options.out_folder.empty() ? "." : options.out_folder;
  std::vector<const Artifact*> missing;
  std::vector<std::string> paths;
  for (const Artifact& artifact : artifacts) {
    paths.push_back((fs::path(folder) / artifact.file_name).string());
    TARE_TRY(const bool needed, NeedsWriting(paths.back(), artifact, options.overwrite));
    if (needed) missing.push_back(&artifact);
  }
  TARE_TRY_VOID(MakeFolders(folder));
  for (const Artifact* artifact : missing) {
    const std::string path = (fs::path(folder) / artifact->file_name).string();
    TARE_TRY_VOID(store.CopyOut(artifact->digest, path).While(context));
  }
  return paths;
}

}  // namespace tare::registry
