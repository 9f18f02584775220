// The records of the registry in SQLite: the one file that knows SQL.

#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tare/core/result.h"
#include "tare/registry/version.h"

struct sqlite3;

namespace tare::registry {

/// Number of the tables below, in the header of the database file. A change of the tables
/// raises it and adds a step that brings an older file up to it.
inline constexpr int kSchemaVersion = 2;

/// An open registry.db. Rollback journal and synchronous=EXTRA: after Commit() the rows survive a
/// power cut, and a crash before leaves the file as it was, to be restored by the next reader.
class Database {
 public:
  /// Opens for reading. nullopt when there is nothing to read: no file, or a crash came before
  /// the first commit.
  static Result<std::optional<Database>> OpenForReading(const std::string& path,
                                                        int busy_timeout_ms);

  /// Opens or creates, waits until no other process writes, and begins a transaction. Without
  /// Commit() the destructor takes everything back.
  static Result<Database> BeginWriting(const std::string& path, int busy_timeout_ms);

  /// Versions of `name`, or all for "", by name and number.
  Result<std::vector<Version>> Versions(std::string_view name);

  /// Number of the version of `name` with this identity (see Identity() in registry.cc), or 0.
  Result<int64_t> FindIdentity(std::string_view name, std::string_view identity);

  /// Next free number of `name`.
  Result<int64_t> NextNumber(std::string_view name);

  Result<void> Insert(const Version& version, std::string_view identity);

  /// Place of the look among those at its test set, from 1; adds it where it is new.
  Result<int64_t> PlaceOf(const Look& look, int64_t now_ms);
  Result<void> Commit();

 private:
  struct Closer {
    void operator()(sqlite3* handle) const;
  };

  Database(std::string path, sqlite3* handle) : path_(std::move(path)), handle_(handle) {}

  static Result<Database> Open(const std::string& path, int flags, int busy_timeout_ms);
  Result<void> Execute(const char* sql);
  Result<int64_t> Integer(const char* sql, const std::vector<std::string_view>& texts = {});
  /// The schema version of the file: 0 for an empty one.
  Result<int64_t> CheckSchema();
  Result<void> Upgrade(int64_t schema);
  Result<void> ReadArtifacts(int64_t id, Version& version);
  Result<void> ReadAttributes(int64_t id, Version& version);
  Result<void> InsertArtifacts(int64_t id, const Version& version);
  Result<void> InsertAttributes(int64_t id, const Version& version);

  std::string path_;
  std::unique_ptr<sqlite3, Closer> handle_;
};

}  // namespace tare::registry
