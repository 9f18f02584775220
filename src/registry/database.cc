#include <sqlite3.h>
#include <sys/stat.h>

#include <cerrno>

#include "registry/database_internal.h"
#include "registry/statement_internal.h"

namespace tare::registry {
namespace {

constexpr int kApplicationId = 0x74617265;  // "tare", for file(1) and against foreign databases

constexpr const char* kTables = R"sql(
  CREATE TABLE versions (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL,
    number INTEGER NOT NULL CHECK (number > 0),
    created_at_ms INTEGER NOT NULL,
    verdict TEXT NOT NULL,
    summary TEXT NOT NULL,
    identity TEXT NOT NULL,
    UNIQUE (name, number),
    UNIQUE (name, identity)
  ) STRICT;
  CREATE TABLE artifacts (
    version_id INTEGER NOT NULL REFERENCES versions (id),
    role TEXT NOT NULL,
    file_name TEXT NOT NULL,
    digest TEXT NOT NULL CHECK (length(digest) = 64),
    num_bytes INTEGER NOT NULL CHECK (num_bytes >= 0),
    PRIMARY KEY (version_id, role)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE attributes (
    version_id INTEGER NOT NULL REFERENCES versions (id),
    kind TEXT NOT NULL CHECK (kind IN ('digest', 'metadata')),
    key TEXT NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (version_id, kind, key)
  ) STRICT, WITHOUT ROWID;
  PRAGMA application_id = 1952543333;  -- kApplicationId
)sql";
// Since version 2.
constexpr const char* kLooks = R"sql(
  CREATE TABLE looks (
    test TEXT NOT NULL,
    number INTEGER NOT NULL CHECK (number > 0),
    candidate TEXT NOT NULL,
    policy TEXT NOT NULL,
    name TEXT NOT NULL,
    looked_at_ms INTEGER NOT NULL,
    PRIMARY KEY (test, number),
    UNIQUE (test, candidate, policy)
  ) STRICT, WITHOUT ROWID;
  PRAGMA user_version = 2;  -- kSchemaVersion
)sql";
static_assert(kApplicationId == 1952543333 && kSchemaVersion == 2);

}  // namespace

void Database::Closer::operator()(sqlite3* handle) const { sqlite3_close_v2(handle); }

Result<Database> Database::Open(const std::string& path, int flags, int busy_timeout_ms) {
  sqlite3* handle = nullptr;
  const int code = sqlite3_open_v2(path.c_str(), &handle,
                                   flags | SQLITE_OPEN_READWRITE | SQLITE_OPEN_EXRESCODE, nullptr);
  Database database(path, handle);
  if (code != SQLITE_OK) return SqliteError(handle, code, path);
  sqlite3_busy_timeout(handle, busy_timeout_ms);
  // EXTRA: the folder is synced too once the journal is gone, so that what was reported as
  // registered survives a power cut. A schema that came from elsewhere may not call functions.
  TARE_TRY_VOID(
      database.Execute("PRAGMA synchronous = EXTRA; PRAGMA foreign_keys = ON;"
                       "PRAGMA trusted_schema = OFF;"));
  return database;
}

Result<std::optional<Database>> Database::OpenForReading(const std::string& path,
                                                         int busy_timeout_ms) {
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0 && (errno == ENOENT || errno == ENOTDIR)) {
    return std::optional<Database>();
  }
  // Read-write all the same: the journal of a process that died must be rolled back first.
  TARE_TRY(auto database, Open(path, 0, busy_timeout_ms));
  TARE_TRY_VOID(database.Execute("BEGIN"));  // all reads see one state
  TARE_TRY(const int64_t schema, database.CheckSchema());
  if (schema == 0) return std::optional<Database>();
  return std::optional<Database>(std::move(database));
}

Result<Database> Database::BeginWriting(const std::string& path, int busy_timeout_ms) {
  TARE_TRY(auto database, Open(path, SQLITE_OPEN_CREATE, busy_timeout_ms));
  // The writers' lock before anything is read: the next number is still the next one at the commit.
  TARE_TRY_VOID(database.Execute("BEGIN IMMEDIATE"));
  TARE_TRY(const int64_t schema, database.CheckSchema());
  TARE_TRY_VOID(database.Upgrade(schema));
  return database;
}

Result<void> Database::Upgrade(int64_t schema) {
  if (schema < 1) TARE_TRY_VOID(Execute(kTables));
  return schema < 2 ? Execute(kLooks) : Result<void>();
}

Result<int64_t> Database::CheckSchema() {
  TARE_TRY(const int64_t schema, Integer("PRAGMA user_version"));
  TARE_TRY(const int64_t application, Integer("PRAGMA application_id"));
  TARE_TRY(const int64_t num_tables, Integer("SELECT count(*) FROM sqlite_schema"));
  if (schema == 0 && application == 0 && num_tables == 0) return 0;  // an empty file
  if (application != kApplicationId) {
    return FailedPrecondition(StrCat(path_, " is a database of another program"),
                              "name another folder for the registry");
  }
  if (schema > kSchemaVersion) {
    return Unsupported(StrCat(path_, " has schema version ", schema,
                              ", written by a newer tare; this one knows up to ", kSchemaVersion),
                       "update tare, or name another folder for the registry");
  }
  return schema;
}

Result<void> Database::Execute(const char* sql) {
  const int code = sqlite3_exec(handle_.get(), sql, nullptr, nullptr, nullptr);
  if (code != SQLITE_OK) return SqliteError(handle_.get(), code, path_);
  return {};
}

Result<int64_t> Database::Integer(const char* sql, const std::vector<std::string_view>& texts) {
  Statement statement(handle_.get(), path_, sql);
  for (const std::string_view text : texts) statement.Bind(text);
  TARE_TRY(const bool row, statement.Step());
  return row ? statement.Integer(0) : int64_t{0};
}

Result<int64_t> Database::PlaceOf(const Look& look, int64_t now_ms) {
  TARE_TRY(const int64_t known,
           Integer("SELECT number FROM looks WHERE test = ? AND candidate = ? AND policy = ?",
                   {look.test, look.candidate, look.policy}));
  if (known > 0) return known;
  TARE_TRY(const int64_t number,
           Integer("SELECT coalesce(max(number), 0) + 1 FROM looks WHERE test = ?", {look.test}));
  Statement insert(handle_.get(), path_,
                   "INSERT INTO looks (test, number, candidate, policy, name, looked_at_ms) VALUES "
                   "(?, ?, ?, ?, ?, ?)");
  insert.Bind(look.test)
      .Bind(number)
      .Bind(look.candidate)
      .Bind(look.policy)
      .Bind(look.name)
      .Bind(now_ms);
  TARE_TRY([[maybe_unused]] const bool row, insert.Step());
  return number;
}

Result<int64_t> Database::FindIdentity(std::string_view name, std::string_view identity) {
  return Integer("SELECT number FROM versions WHERE name = ? AND identity = ?", {name, identity});
}

Result<int64_t> Database::NextNumber(std::string_view name) {
  return Integer("SELECT coalesce(max(number), 0) + 1 FROM versions WHERE name = ?", {name});
}

Result<std::vector<Version>> Database::Versions(std::string_view name) {
  Statement rows(handle_.get(), path_,
                 "SELECT id, name, number, created_at_ms, verdict, summary FROM versions "
                 "WHERE ?1 = '' OR name = ?1 ORDER BY name, number");
  rows.Bind(name);
  std::vector<Version> versions;
  while (true) {
    TARE_TRY(const bool row, rows.Step());
    if (!row) return versions;
    Version version;
    version.name = rows.Text(1);
    version.number = rows.Integer(2);
    version.created_at_ms = rows.Integer(3);
    version.verdict = rows.Text(4);
    version.summary = rows.Text(5);
    TARE_TRY_VOID(ReadArtifacts(rows.Integer(0), version));
    TARE_TRY_VOID(ReadAttributes(rows.Integer(0), version));
    versions.push_back(std::move(version));
  }
}

Result<void> Database::ReadArtifacts(int64_t id, Version& version) {
  Statement rows(handle_.get(), path_,
                 "SELECT role, file_name, digest, num_bytes FROM artifacts "
                 "WHERE version_id = ? ORDER BY role");
  rows.Bind(id);
  while (true) {
    TARE_TRY(const bool row, rows.Step());
    if (!row) return {};
    version.artifacts.push_back({rows.Text(0), rows.Text(1), rows.Text(2), rows.Integer(3)});
  }
}

Result<void> Database::ReadAttributes(int64_t id, Version& version) {
  Statement rows(handle_.get(), path_,
                 "SELECT kind, key, value FROM attributes WHERE version_id = ?");
  rows.Bind(id);
  while (true) {
    TARE_TRY(const bool row, rows.Step());
    if (!row) return {};
    auto& map = rows.Text(0) == "digest" ? version.digests : version.metadata;
    map[rows.Text(1)] = rows.Text(2);
  }
}

Result<void> Database::Insert(const Version& version, std::string_view identity) {
  Statement insert(handle_.get(), path_,
                   "INSERT INTO versions (name, number, created_at_ms, verdict, summary, identity) "
                   "VALUES (?, ?, ?, ?, ?, ?)");
  insert.Bind(version.name).Bind(version.number).Bind(version.created_at_ms);
  insert.Bind(version.verdict).Bind(version.summary).Bind(identity);
  TARE_TRY([[maybe_unused]] const bool row, insert.Step());
  const int64_t id = sqlite3_last_insert_rowid(handle_.get());
  TARE_TRY_VOID(InsertArtifacts(id, version));
  return InsertAttributes(id, version);
}

Result<void> Database::InsertArtifacts(int64_t id, const Version& version) {
  for (const Artifact& artifact : version.artifacts) {
    Statement insert(handle_.get(), path_, "INSERT INTO artifacts VALUES (?, ?, ?, ?, ?)");
    insert.Bind(id).Bind(artifact.role).Bind(artifact.file_name);
    insert.Bind(artifact.digest).Bind(artifact.num_bytes);
    TARE_TRY([[maybe_unused]] const bool row, insert.Step());
  }
  return {};
}

Result<void> Database::InsertAttributes(int64_t id, const Version& version) {
  const auto insert_all = [&](std::string_view kind,
                              const std::map<std::string, std::string>& map) -> Result<void> {
    for (const auto& [key, value] : map) {
      Statement insert(handle_.get(), path_, "INSERT INTO attributes VALUES (?, ?, ?, ?)");
      insert.Bind(id).Bind(kind).Bind(key).Bind(value);
      TARE_TRY([[maybe_unused]] const bool row, insert.Step());
    }
    return {};
  };
  TARE_TRY_VOID(insert_all("digest", version.digests));
  return insert_all("metadata", version.metadata);
}

Result<void> Database::Commit() { return Execute("COMMIT"); }

}  // namespace tare::registry
