// Parallel loops with results that do not depend on the number of threads.

#pragma once

#include <cstdint>
#include <functional>

namespace tare {

/// Calls body(i) once for every i in [0, count), on at most `num_threads` threads, the caller's
/// among them. Which thread runs which i is not fixed: bodies write only to their own i.
///
/// Edge     count 0 calls nothing; num_threads < 1 counts as 1.
/// Threads  bodies run concurrently; the call returns when all are done.
void ParallelFor(int64_t count, int num_threads, const std::function<void(int64_t)>& body);

/// Number of processors this process may run on, at least 1.
int NumProcessors();

}  // namespace tare
