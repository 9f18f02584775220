// A prepared SQL statement, and SQLite's failures as errors of ours.

#pragma once

#include <sqlite3.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "tare/core/result.h"

namespace tare::registry {

/// Returns the error behind the last call on `handle` (nullptr: `code` alone), which worked on the
/// database `path`.
Error SqliteError(sqlite3* handle, int code, const std::string& path);

/// Binds its parameters in order, then steps.
///
///   Statement insert(handle, path, "INSERT INTO t VALUES (?, ?)");
///   insert.Bind("a").Bind(int64_t{1});
///   TARE_TRY(const bool row, insert.Step());
class Statement {
 public:
  /// A statement that does not compile fails at its first Step().
  Statement(sqlite3* handle, const std::string& path, const char* sql);

  /// Errors of binding come out of Step(). The text is copied.
  Statement& Bind(std::string_view text);
  Statement& Bind(int64_t value);

  /// True when there is a row to read, false at the end.
  Result<bool> Step();

  /// Columns of the row that Step() found, from 0.
  std::string Text(int column) const;
  int64_t Integer(int column) const;

 private:
  struct Finalizer {
    void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
  };

  sqlite3* handle_;
  const std::string& path_;
  std::unique_ptr<sqlite3_stmt, Finalizer> statement_;
  int code_ = SQLITE_OK;
  int num_bound_ = 0;
};

}  // namespace tare::registry
