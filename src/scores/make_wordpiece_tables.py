#!/usr/bin/env python3
"""Prints wordpiece_tables_internal.h: what BERT's normaliser in Hugging Face's `tokenizers` makes of every code point.

    python3 -m venv /tmp/golden && /tmp/golden/bin/pip install tokenizers==0.23.3
    /tmp/golden/bin/python src/scores/make_wordpiece_tables.py > src/scores/wordpiece_tables_internal.h

Asks the library itself, so that the tables are what the reference sees, whatever Unicode version each of its parts has.
"""
import unicodedata

import tokenizers
from code_points import CODES, ranges, runs, show
from tokenizers.normalizers import BertNormalizer
from tokenizers.pre_tokenizers import BertPreTokenizer

HANGUL = range(0xAC00, 0xD7A4)  # decomposed by arithmetic
WIDTH = 150


def normaliser(**on):
    flags = {"clean_text": False, "handle_chinese_chars": False, "strip_accents": False, "lowercase": False}
    return BertNormalizer(**{**flags, **on}).normalize_str


clean = normaliser(clean_text=True)
spaced = normaliser(handle_chinese_chars=True)
fold = normaliser(strip_accents=True, lowercase=True)
split = BertPreTokenizer().pre_tokenize_str


def folded_to_one():
    folded = [(c, fold(chr(c))) for c in CODES if c not in HANGUL]
    return [(c, ord(to) - c) for c, to in folded if len(to) == 1 and to != chr(c)]


def several():
    out = []
    for code in CODES:
        folded = fold(chr(code))
        if len(folded) < 2:
            continue
        if code in HANGUL:
            assert folded == unicodedata.normalize("NFD", chr(code))
            continue
        assert len(folded) <= 3, hex(code)
        out.append([code] + [ord(c) for c in folded] + [0] * (3 - len(folded)))
    return out


def check():
    """What the C++ code takes for granted."""
    for c in map(chr, CODES):
        kept = clean(c)
        assert kept in ("", " ", c), hex(ord(c))
        assert spaced(c) in (c, f" {c} "), hex(ord(c))
        if kept == c and c != " ":  # nothing that is kept, or that it folds to, ends a word without being punctuation
            assert all(not d.isspace() and len(split(f"a{d}a")) in (1, 3) for d in fold(c) + c), hex(ord(c))


check()
print(f"""// Made by make_wordpiece_tables.py: tokenizers {tokenizers.__version__}. Not to be edited.

#pragma once

#include "scores/unicode_tables_internal.h"

namespace tare::scores {{

// clang-format off
/// A code point and the two or three (0: none) that it folds to.
struct FoldedCode {{
  uint32_t first;
  uint32_t folded[3];
}};
""")
show("CodeRange", "kCleanSpace", "Made a space.", ranges(lambda c: clean(c) == " "), WIDTH)
show("CodeRange", "kCleanNothing", "Left out: control characters, formats, private use, U+FFFD.", ranges(lambda c: clean(c) == ""), WIDTH)
show("CodeRange", "kWordByItself", "Ideographs, each a word.", ranges(lambda c: spaced(c) != c), WIDTH)
show("CodeRange", "kPunctuation", "Each a word.", ranges(lambda c: len(split(f"a{c}a")) == 3), WIDTH)
show("CodeRange", "kFoldNothing", "Accents, which folding leaves out.", ranges(lambda c: fold(c) == ""), WIDTH)
show("LowerRun", "kFold", "Every `step`-th code point of [first, last] folds (no accents, lower case) to itself plus `delta`.", runs(folded_to_one()), WIDTH)
print("/// Those that fold to several, without the Hangul syllables.")
print("inline constexpr FoldedCode kFoldSeveral[] = {")
for i, row in enumerate(several()):
    print(("    " if i % 5 == 0 else " ") + "{%d, {%d, %d, %d}}," % tuple(row), end="\n" if i % 5 == 4 else "")
print("\n};\n")
print("""// clang-format on

}  // namespace tare::scores""")
