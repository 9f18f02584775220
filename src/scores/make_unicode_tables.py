#!/usr/bin/env python3
"""Prints unicode_tables_internal.h: what Python's str says of every code point, as ranges.

    python3 src/scores/make_unicode_tables.py > src/scores/unicode_tables_internal.h

Asks str.lower, str.isalnum and str.isspace themselves, so that the tables are what the reference scorers see. Whether a
letter is "cased" or "case-ignorable" (final sigma) is asked through str.lower too: 'A' + c + SIGMA.
"""
import unicodedata

from code_points import CODES, ranges, runs, show

SIGMA = "\u03a3"
FINAL = "\u03c2"


def is_cased(c):
    return (c + SIGMA).lower()[-1] == FINAL


def is_ignorable(c):
    return not is_cased(c) and ("A" + c + SIGMA).lower()[-1] == FINAL


def lowered():
    lower = [(c, chr(c).lower()) for c in CODES]
    return [(c, ord(to) - c) for c, to in lower if len(to) == 1 and to != chr(c)]


print(f"""// Made by make_unicode_tables.py: Unicode {unicodedata.unidata_version} as Python's str sees it. Not to be edited.

#pragma once

#include <cstdint>

namespace tare::scores {{

// clang-format off
struct CodeRange {{
  uint32_t first, last;
}};
struct LowerRun {{
  uint32_t first, last;
  uint32_t step;
  int32_t delta;
}};
""")
several = [c for c in CODES if len(chr(c).lower()) > 1]
assert several == [0x130], several  # one code point lowers to two: kept in code
show("LowerRun", "kLower", "Every `step`-th code point of [first, last] lowers to itself plus `delta`.", runs(lowered()))
show("CodeRange", "kWord", "Letters, digits and '_': \\w of Python's re.",
     ranges(lambda c: c.isalnum() or c == "_"))
show("CodeRange", "kSpace", "str.isspace.", ranges(str.isspace))
show("CodeRange", "kCased", "Letters with case: before a final sigma.", ranges(is_cased))
show("CodeRange", "kCaseIgnorable", "Looked through when a final sigma is sought.", ranges(is_ignorable))
print("""// clang-format on

}  // namespace tare::scores""")
