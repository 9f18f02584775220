#include "tare/core/result.h"

#include <cstdio>
#include <cstdlib>

namespace tare::internal {

void CheckFailed(const char* condition, const char* file, int line) {
  std::fprintf(stderr, "tare: broken invariant: %s (%s:%d)\nnext:  please report this bug\n",
               condition, file, line);
  std::abort();
}

}  // namespace tare::internal
