#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <new>

#include "registry/statement_internal.h"

namespace tare::registry {
namespace {

bool IsDiskFull(int cause) { return cause == ENOSPC || cause == EDQUOT || cause == EFBIG; }

// SQLite forgets why it could not create a file (it tries to open it for reading next). Returns the
// errno of creating another one beside it, or 0.
int CauseOfNotCreating(const std::string& path) {
  std::string probe = StrCat(path, ".XXXXXX");
  const int file = ::mkostemp(probe.data(), O_CLOEXEC);
  if (file < 0) return errno;
  ::close(file);
  ::unlink(probe.c_str());
  return 0;
}

Error CannotOpen(const std::string& path, const std::string& message, int cause) {
  return FailedPrecondition(StrCat("cannot open ", path, ": ", message,
                                   cause == 0 ? "" : StrCat(" (", std::strerror(cause), ")")),
                            "check that the registry folder and its files are writable for you");
}

Error DiskFull(const std::string& path) {
  return ResourceExhausted(StrCat("cannot write ", path, ": the disk is full"),
                           "free some disk space, then run the same command again");
}

}  // namespace

Error SqliteError(sqlite3* handle, int code, const std::string& path) {
  const int cause = handle == nullptr ? 0 : sqlite3_system_errno(handle);
  const std::string message = handle == nullptr ? sqlite3_errstr(code) : sqlite3_errmsg(handle);
  switch (code & 0xFF) {
    case SQLITE_NOMEM:
      throw std::bad_alloc();  // as everywhere else; main() answers it
    case SQLITE_FULL:
      return DiskFull(path);
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return Unavailable(StrCat(path, " is in use by another process"),
                         "wait until the other tare has finished, then run the same command again");
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return DataLoss(StrCat(path, " is damaged: ", message),
                      "restore the registry folder from a backup, or name another folder");
    case SQLITE_IOERR:
      if (IsDiskFull(cause)) return DiskFull(path);
      return DataLoss(StrCat("cannot read or write ", path, ": ", message,
                             cause == 0 ? "" : StrCat(" (", std::strerror(cause), ")")),
                      "check the disk");
    case SQLITE_CANTOPEN: {
      const int reason = CauseOfNotCreating(path);
      if (IsDiskFull(reason)) return DiskFull(path);
      return CannotOpen(path, message, reason);
    }
    case SQLITE_READONLY:
    case SQLITE_PERM:
    case SQLITE_AUTH:
      return CannotOpen(path, message, cause);
    default:
      return Internal(StrCat("SQLite on ", path, ": ", message, " (code ", code, ")"));
  }
}

Statement::Statement(sqlite3* handle, const std::string& path, const char* sql)
    : handle_(handle), path_(path) {
  sqlite3_stmt* statement = nullptr;
  code_ = sqlite3_prepare_v2(handle, sql, -1, &statement, nullptr);
  statement_.reset(statement);
}

Statement& Statement::Bind(std::string_view text) {
  // A null pointer would bind NULL instead of "".
  const char* data = text.empty() ? "" : text.data();
  if (code_ == SQLITE_OK) {
    code_ = sqlite3_bind_text64(statement_.get(), ++num_bound_, data, text.size(), SQLITE_TRANSIENT,
                                SQLITE_UTF8);
  }
  return *this;
}

Statement& Statement::Bind(int64_t value) {
  if (code_ == SQLITE_OK) code_ = sqlite3_bind_int64(statement_.get(), ++num_bound_, value);
  return *this;
}

Result<bool> Statement::Step() {
  if (code_ == SQLITE_OK) code_ = sqlite3_step(statement_.get());
  const int code = std::exchange(code_, SQLITE_OK);
  if (code == SQLITE_ROW) return true;
  if (code == SQLITE_DONE) return false;
  return SqliteError(handle_, code, path_);
}

std::string Statement::Text(int column) const {
  const auto* text = reinterpret_cast<const char*>(sqlite3_column_text(statement_.get(), column));
  const int num_bytes = sqlite3_column_bytes(statement_.get(), column);
  return text == nullptr ? "" : std::string(text, static_cast<size_t>(num_bytes));
}

int64_t Statement::Integer(int column) const {
  return sqlite3_column_int64(statement_.get(), column);
}

}  // namespace tare::registry
