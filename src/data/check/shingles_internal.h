// Documents as sets of shingles: what "nearly the same text" means.

#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "tare/data/check/duplicates.h"

namespace tare::data::internal {

/// Returns the text that shingles are taken of: ASCII letters in lower case, each run of white
/// space (and NUL) one space, none at the ends. Other bytes, UTF-8 or not, stay.
std::string NormaliseText(std::string_view text);

/// Returns the shingles of a text, with repeats, in its order.
///
///   kCharacters   each `size` bytes behind each other, of at most 8: the number itself, exact
///   kWords        each `size` words behind each other: a 64-bit hash of them
///
/// Edge   a text shorter than one shingle is one shingle; an empty one has none.
std::vector<uint64_t> Shingles(std::string_view text, const ShingleOptions& options);

/// Sorts, and leaves each once.
void MakeSet(std::vector<uint64_t>& shingles);

/// Returns |a and b| / |a or b| of two sets that MakeSet() made; 1 when both are empty.
double Jaccard(std::span<const uint64_t> a, std::span<const uint64_t> b);

/// Returns well-mixed hashes of shingles, for MinHash().
std::vector<uint32_t> MixShingles(std::span<const uint64_t> shingles);

}  // namespace tare::data::internal
