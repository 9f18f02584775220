#!/usr/bin/env python3
"""Writes wordpiece.json: what Hugging Face's `tokenizers` makes of varied and nasty texts and pairs of them.

    python3 -m venv /tmp/golden && /tmp/golden/bin/pip install tokenizers==0.23.3
    /tmp/golden/bin/python tests/golden/wordpiece/make_wordpiece.py

The parts are those of its BertWordPieceTokenizer, put together without registering the special tokens as such: in a text,
"[SEP]" is a text (a context must not be able to end itself). The vocabulary is stored with the cases.
"""
import hashlib
import json
import pathlib
import random
import unicodedata

import tokenizers
from tokenizers import Tokenizer
from tokenizers.models import WordPiece
from tokenizers.normalizers import BertNormalizer
from tokenizers.pre_tokenizers import BertPreTokenizer
from tokenizers.processors import BertProcessing

HERE = pathlib.Path(__file__).parent
STARTS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "the", "The", "un", "aff", "able", "wa", "want", "run", "paris", "Paris", "is", "capital",
          "of", "ecole", "École", "école", "naive", "uber", "Über", "strasse", "straße", "ß", "istanbul", "İstanbul", "москва", "Москва", "αθηνα", "οδοσ",
          "οδος", "東", "京", "北", "[", "]", "sep", "SEP", "cls", "unk", "##", "#", "—", "«", "»", "¿", "…", "😀", "👩", "🇩", "€", "$", "½", "²", "ﬁ", "ॐ",
          "नमस", "한", "국", "\u1112\u1161\u11ab", "か", "が", "ﾊ", "x" * 100, "豈", "更"]
VOCAB = STARTS + [c for c in "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789" if c not in STARTS] + list("!\"%&'()*+,-./:;<=>?@\\^_`{|}~")
VOCAB += ["##" + p for p in ["able", "ed", "ing", "ris", "is", "s", "é", "e", "y", "京", "😀", "\u200d", "а", "сква", "σ", "ς", "\u0301", "##", "te", "мо",
                             "\u1100\u116e\u11a8", "\u1161", "\u11ab", "ा", "त", "्", "े"]]
VOCAB += ["##" + c for c in "abcdefghijklmnopqrtuvwxz0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ" if "##" + c not in VOCAB]
assert len(set(VOCAB)) == len(VOCAB)

WORDS = ["the", "The", "unaffable", "UNWANTED", "wanting", "Paris", "paris.", "École", "ecole", "E\u0301cole", "naïve", "na\u0308ive", "Über", "STRASSE", "Straße",
         "ẞ", "İstanbul", "ISTANBUL", "ıstanbul", "Москва", "МОСКВА", "й", "ΑΘΗΝΑ", "ΟΔΟΣ", "οδός", "東京", "北京の", "the北京", "がか", "か\u3099", "ﾊﾞ", "한국", "하나",
         "नमस्ते", "ক\u09cb", "[SEP]", "[CLS]x", "[UNK]", "##able", "# #", "can't", "state-of-the-art", "a_b", "$5", "100%", "1,234.50", "½", "²", "ﬁn", "😀", "a😀",
         "👩\u200d👩", "🇩🇪", "…", "—x—", "«an»", "‘the’", "¿qué?", "\u00ad", "a\u200db", "a\ufeffb", "a\u0000b", "\ufffd", "a\ue000b", "\U0001d15e", "\U0001d160x", "\u212a",
         "\u212b", "\u2126", "\u037e", "豈", "\U0002f800", "\U0002b820", "x" * 100, "x" * 101, "y" * 100, "é" * 100, "é" * 101, "\u0301" * 5, "a" + "\u0301" * 120, "ǅ", "ŉ", "ΐ",
         "q\u0307\u0323", "\u0345", "Ა", "Ꭰ", "𐐀", "\u1e9b\u0323", "\u0f73", "^", "`", "~", "+", "<", "\u00b7", "\u3002", "\uff0c", "\u2e80"]
SPACES = [" ", " ", " ", " ", "  ", "\t", "\n", "\r\n", "\u00a0", "\u2003", "\u3000", "\u1680", "\u2028", "\u202f", "\x0b", "\x1c", "\x85", "\u200b", "", "", "-", "."]


def tokenizer(lowercase):
    made = Tokenizer(WordPiece({t: i for i, t in enumerate(VOCAB)}, unk_token="[UNK]", max_input_chars_per_word=100))
    made.normalizer = BertNormalizer(clean_text=True, handle_chinese_chars=True, strip_accents=None, lowercase=lowercase)
    made.pre_tokenizer = BertPreTokenizer()
    made.post_processor = BertProcessing(("[SEP]", VOCAB.index("[SEP]")), ("[CLS]", VOCAB.index("[CLS]")))
    return made


def text(rng, longest):
    return "".join(rng.choice(WORDS) + rng.choice(SPACES) for _ in range(rng.randint(0, longest)))


def texts(rng):
    out = ["", " ", "\n"] + WORDS + [s + "a" + s + "B" + s for s in SPACES]
    picked = {}
    for c in range(0x20, 0x110000):
        if not 0xD800 <= c <= 0xDFFF:
            picked.setdefault(unicodedata.category(chr(c)), []).append(chr(c))
    for chars in picked.values():  # characters of every category, between letters and alone
        out += [f"a{c}b {c} the{c}" for c in rng.sample(chars, min(8, len(chars)))]
    # Each code point that decomposes or lowers, in runs.
    moved = [chr(c) for c in range(0x80, 0x110000) if not 0xD800 <= c <= 0xDFFF and not 0xAC00 <= c <= 0xD7A3
             and (unicodedata.normalize("NFD", chr(c)) != chr(c) or chr(c).lower() != chr(c))]
    out += [" ".join(moved[i:i + 50]) for i in range(0, len(moved), 50)]
    out += [text(rng, 12) for _ in range(400)]
    out += ["".join(chr(rng.choice([rng.randrange(0x80), rng.randrange(0x800), rng.randrange(0xD800), rng.randrange(0xE000, 0x110000)])) for _ in range(20))
            for _ in range(200)]
    return out


def every_code(lowercase):
    """SHA-256 of the numbers of "aCb aCb ..." with each code point C below 0x30000, which with "##C" is the vocabulary."""
    codes = [chr(c) for c in range(0x21, 0x30000) if not 0xD800 <= c <= 0xDFFF]
    vocab = ["[UNK]", "[CLS]", "[SEP]"] + [t for c in codes for t in (c, "##" + c)]
    made = tokenizer(lowercase)
    made.model = WordPiece({t: i for i, t in enumerate(vocab)}, unk_token="[UNK]", max_input_chars_per_word=100)
    ids = made.encode(" ".join(f"a{c}b" for c in codes), add_special_tokens=False).ids
    return {"n": len(ids), "sha256": hashlib.sha256(",".join(map(str, ids)).encode()).hexdigest()}


def main():
    rng = random.Random(4)
    cased, uncased = tokenizer(False), tokenizer(True)

    def ids(made, s):
        return made.encode(s, add_special_tokens=False).ids

    cases = [{"text": s, "uncased": ids(uncased, s), "cased": ids(cased, s)} for s in texts(rng)]
    pairs = []
    for _ in range(100):
        premise, hypothesis = text(rng, 30), text(rng, 4)
        room = 3 + len(ids(uncased, hypothesis)) + rng.choice([0, 1, 5, 20, 1000])
        uncased.enable_truncation(room, strategy="only_first")
        try:
            made = uncased.encode(premise, hypothesis)
        except Exception:  # it refuses to leave nothing of a premise
            continue
        finally:
            uncased.no_truncation()
        pairs.append({"premise": premise, "hypothesis": hypothesis, "max_tokens": room, "ids": made.ids, "types": made.type_ids, "cut": bool(made.overflowing)})
    assert len(pairs) > 50
    # As BertWordPieceTokenizer itself says, where no special token stands in the text.
    (HERE / "vocab.tmp").write_text("\n".join(VOCAB) + "\n", encoding="utf-8")
    whole = tokenizers.BertWordPieceTokenizer(str(HERE / "vocab.tmp"), lowercase=True)
    (HERE / "vocab.tmp").unlink()
    for case in cases:
        if not any(special in case["text"] for special in VOCAB[:5]):
            assert ids(whole, case["text"]) == case["uncased"], case["text"]
    out = {"made_with": {"tokenizers": tokenizers.__version__}, "vocab": VOCAB, "every_code": {"uncased": every_code(True), "cased": every_code(False)}, "cases": cases, "pairs": pairs}
    with open(HERE / "wordpiece.json", "w", encoding="utf-8") as f:
        json.dump(out, f, ensure_ascii=True, indent=None, separators=(",", ":"))
        f.write("\n")
    print(len(cases), "texts,", len(pairs), "pairs, [UNK] share",
          round(sum(c["uncased"].count(1) for c in cases) / sum(len(c["uncased"]) for c in cases), 2))


main()
