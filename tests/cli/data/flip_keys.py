"""Reads the keys that docs/formats/flips.md promises and looks for each of them in files of flips.

    flip_keys.py PAGE flips.jsonl...

Prints the promised keys that no line holds, the required ones that some line lacks, and the keys that the
page does not know; ends with 1 where there are any. Says of each file whether its order is the promised one.
"""
import json
import re
import sys

KINDS = ["harmful", "both_wrong", "changed", "helpful"]
promised, required = set(), set()
for row in open(sys.argv[1], encoding="utf-8"):
    cells = [cell.strip() for cell in row.split("|")[1:-1]]
    if len(cells) != 4 or not cells[0].startswith("`"):
        continue
    names = re.findall(r"`([a-z_]+)`", cells[0])
    promised.update(names)
    if cells[2] == "yes":
        required.update(names)

wrong, seen = [], set()
for path in sys.argv[2:]:
    lines = [json.loads(line) for line in open(path, encoding="utf-8")]
    for line in lines:
        seen.update(line)
        wrong += [f"{key}: required, and a line of {path} does not have it" for key in sorted(required - set(line))]
    order = [(KINDS.index(x["kind"]), -x.get("margin", -1), x["place"]) for x in lines]
    if order != sorted(order):
        wrong.append(f"{path}: not in the promised order")
wrong += [f"{key}: no line has it" for key in sorted(promised - seen)]
wrong += [f"{key}: the page does not know it" for key in sorted(seen - promised)]
print("\n".join(dict.fromkeys(wrong)), end="\n" if wrong else "")
sys.exit(1 if wrong or not promised else 0)
