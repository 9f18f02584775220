// Result<T>: a value or an Error that says what is wrong, where, and the next step.

#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "tare/core/strcat.h"

namespace tare {

/// Kinds of failure. The number is the exit code of the program (design: section 4).
enum class ErrorCode {
  kInvalidArgument = 2,     ///< the request is wrong whatever the state
  kNotFound = 3,            ///< a named thing does not exist
  kFailedPrecondition = 4,  ///< right request, wrong state; the user must change state first
  kUnsupported = 5,         ///< valid model or option that this version does not handle
  kDataLoss = 6,            ///< digest mismatch, truncated or corrupt file
  kResourceExhausted = 7,   ///< memory, disk, queue, quota
  kUnavailable = 8,         ///< retry the same call later
  kInternal = 70,           ///< a bug of ours
  kCancelled = 130,         ///< the user pressed Ctrl-C
};

/// What went wrong. `what` has the offending values, `next_step` what the user can do.
struct [[nodiscard]] Error {
  ErrorCode code = ErrorCode::kInternal;
  std::string what;
  std::string next_step;
  std::vector<std::string> context;  ///< "while ..." lines, innermost first

  /// Returns this error with one more line of context.
  Error While(std::string line) && {
    context.push_back(std::move(line));
    return std::move(*this);
  }
};

inline Error InvalidArgument(std::string what, std::string next_step) {
  return {ErrorCode::kInvalidArgument, std::move(what), std::move(next_step), {}};
}
inline Error NotFound(std::string what, std::string next_step) {
  return {ErrorCode::kNotFound, std::move(what), std::move(next_step), {}};
}
inline Error FailedPrecondition(std::string what, std::string next_step) {
  return {ErrorCode::kFailedPrecondition, std::move(what), std::move(next_step), {}};
}
inline Error Unsupported(std::string what, std::string next_step) {
  return {ErrorCode::kUnsupported, std::move(what), std::move(next_step), {}};
}
inline Error DataLoss(std::string what, std::string next_step) {
  return {ErrorCode::kDataLoss, std::move(what), std::move(next_step), {}};
}
inline Error ResourceExhausted(std::string what, std::string next_step) {
  return {ErrorCode::kResourceExhausted, std::move(what), std::move(next_step), {}};
}
inline Error Unavailable(std::string what, std::string next_step) {
  return {ErrorCode::kUnavailable, std::move(what), std::move(next_step), {}};
}
inline Error Internal(std::string what) {
  return {ErrorCode::kInternal,
          std::move(what),
          "this is a bug in tare: please report it with the command and this message",
          {}};
}

/// A value of T or an Error, with the member names of std::expected. An ignored one does not
/// compile under -Werror=unused-result.
template <class T>
class [[nodiscard]] Result {
 public:
  using value_type = T;

  Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}      // NOLINT: implicit
  Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}  // NOLINT: implicit

  bool has_value() const { return state_.index() == 0; }
  explicit operator bool() const { return has_value(); }

  T& value() & { return std::get<0>(state_); }
  const T& value() const& { return std::get<0>(state_); }
  T&& value() && { return std::get<0>(std::move(state_)); }
  T& operator*() & { return value(); }
  const T& operator*() const& { return value(); }
  T&& operator*() && { return std::move(*this).value(); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }

  Error& error() & { return std::get<1>(state_); }
  const Error& error() const& { return std::get<1>(state_); }
  Error&& error() && { return std::get<1>(std::move(state_)); }

  /// Returns this result; an error gets one more line of context.
  Result While(std::string line) && {
    if (!has_value()) error().context.push_back(std::move(line));
    return std::move(*this);
  }

 private:
  std::variant<T, Error> state_;
};

template <>
class [[nodiscard]] Result<void> {
 public:
  using value_type = void;

  Result() = default;
  Result(Error error) : error_(std::move(error)) {}  // NOLINT: implicit

  bool has_value() const { return !error_.has_value(); }
  explicit operator bool() const { return has_value(); }
  Error& error() & { return *error_; }
  const Error& error() const& { return *error_; }
  Error&& error() && { return *std::move(error_); }

  Result While(std::string line) && {
    if (error_) error_->context.push_back(std::move(line));
    return std::move(*this);
  }

 private:
  std::optional<Error> error_;
};

namespace internal {
[[noreturn]] void CheckFailed(const char* condition, const char* file, int line);
}  // namespace internal

}  // namespace tare

#define TARE_CONCAT_INNER(a, b) a##b
#define TARE_CONCAT(a, b) TARE_CONCAT_INNER(a, b)

/// TARE_TRY(auto graph, ReadOnnx(path)): declares graph, or returns the error.
#define TARE_TRY(declaration, ...) \
  TARE_TRY_INNER(TARE_CONCAT(tare_try_, __COUNTER__), declaration, __VA_ARGS__)
#define TARE_TRY_INNER(temporary, declaration, ...)                \
  auto temporary = (__VA_ARGS__);                                  \
  if (!temporary.has_value()) return std::move(temporary).error(); \
  declaration = *std::move(temporary)

/// TARE_TRY_VOID(Write(path)): returns the error if there is one.
#define TARE_TRY_VOID(...) \
  TARE_TRY_VOID_INNER(TARE_CONCAT(tare_try_void_, __COUNTER__), __VA_ARGS__)
#define TARE_TRY_VOID_INNER(temporary, ...)                       \
  do {                                                            \
    if (auto temporary = (__VA_ARGS__); !temporary.has_value()) { \
      return std::move(temporary).error();                        \
    }                                                             \
  } while (false)

/// Stops the program when an invariant of ours is broken; never for input.
#define TARE_CHECK(condition) \
  ((condition) ? void(0) : ::tare::internal::CheckFailed(#condition, __FILE__, __LINE__))
