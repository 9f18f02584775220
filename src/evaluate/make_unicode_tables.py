#!/usr/bin/env python3
"""Prints unicode_tables_internal.h: what Python's str says of every code point, as ranges.

    python3 src/evaluate/make_unicode_tables.py > src/evaluate/unicode_tables_internal.h

Asks str.lower, str.isalnum and str.isspace themselves, so that the tables are what the reference scorers see. Whether a
letter is "cased" or "case-ignorable" (final sigma) is asked through str.lower too: 'A' + c + SIGMA.
"""
import unicodedata

SIGMA = "\u03a3"
FINAL = "\u03c2"
CODES = [c for c in range(0x110000) if not 0xD800 <= c <= 0xDFFF]


def ranges(holds):
    """[first, last] of each maximal run."""
    out = []
    for code in CODES:
        if not holds(chr(code)):
            continue
        if out and out[-1][1] == code - 1:
            out[-1][1] = code
        else:
            out.append([code, code])
    return out


def is_cased(c):
    return (c + SIGMA).lower()[-1] == FINAL


def is_ignorable(c):
    return not is_cased(c) and ("A" + c + SIGMA).lower()[-1] == FINAL


def lower_runs():
    """[first, last, step, delta]: every step-th code point of [first, last] lowers to itself plus delta."""
    moved = [(c, ord(chr(c).lower()) - c) for c in CODES if len(chr(c).lower()) == 1 and chr(c).lower() != chr(c)]
    out = []
    for code, delta in moved:
        if out and out[-1][3] == delta:
            first, last, step, _ = out[-1]
            if (first == last and code - last <= 2) or (first != last and code - last == step):
                out[-1] = [first, code, code - last, delta]
                continue
        out.append([code, code, 1, delta])
    return out


def show(kind, name, comment, rows):
    print(f"/// {comment}")
    print(f"inline constexpr {kind} {name}[] = {{")
    line = "   "
    for row in rows:
        item = " {" + ", ".join(str(v) for v in row) + "},"
        if len(line) + len(item) > 100:
            print(line)
            line = "   "
        line += item
    print(line)
    print("};\n")


print(f"""// Made by make_unicode_tables.py: Unicode {unicodedata.unidata_version} as Python's str sees it. Not to be edited.

#pragma once

#include <cstdint>

namespace tare::evaluate {{

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
show("LowerRun", "kLower", "Every `step`-th code point of [first, last] lowers to itself plus `delta`.", lower_runs())
show("CodeRange", "kWord", "Letters, digits and '_': \\w of Python's re.",
     ranges(lambda c: c.isalnum() or c == "_"))
show("CodeRange", "kSpace", "str.isspace.", ranges(str.isspace))
show("CodeRange", "kCased", "Letters with case: before a final sigma.", ranges(is_cased))
show("CodeRange", "kCaseIgnorable", "Looked through when a final sigma is sought.", ranges(is_ignorable))
print("""// clang-format on

}  // namespace tare::evaluate""")
