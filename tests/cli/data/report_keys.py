"""Reads the keys that docs/formats/report.md promises and looks for each of them in reports.

    report_keys.py PAGE [--without FILE] report.json...

Prints the promised keys that no report holds, one a line, and ends with 1 where there are any. FILE names
those that these reports do not hold, one a line: `PATH  why`, or `PATH*  why` for all that begin so; one
that is there after all is an error too, unless the reason begins with "only where".
Without reports it prints all promised keys.

A path is `baseline.per_class[].recall.low`; `*` stands for any name (metrics by name).
"""
import json
import re
import sys

INTERVAL = ["value", "low", "high"]
NAME = re.compile(r"[a-z_0-9]+(\[\])?(\.[a-z_0-9]+(\[\])?)*")


def split(text):
    """`a, b: {c, d}, e[]` at the commas outside of braces."""
    parts, depth, part = [], 0, ""
    for char in text:
        depth += {"{": 1, "}": -1}.get(char, 0)
        if char == "," and depth == 0:
            parts.append(part)
            part = ""
        else:
            part += char
    return [p.strip() for p in parts + [part] if p.strip()]


def braces(text):
    """`{a, b: {c}}` as [a, b, b.c]."""
    out = []
    for part in split(text.strip()[1:-1]):
        name, _, rest = part.partition(":")
        name = name.strip().strip('"')
        out.append(name)
        out += [name + "." + child for child in (braces(rest) if rest.strip().startswith("{") else [])]
    return out


def spans(text):
    """What stands between backticks."""
    return [" ".join(span.split()) for span in re.findall(r"`([^`]*)`", text)]


class Page:
    def __init__(self, text):
        self.paths = {}  # in order, to whether required
        self.arrays = set()  # of objects
        for section in re.split(r"^## ", text, flags=re.M)[1:]:
            heading, _, body = section.partition("\n")
            if heading.startswith("What the gate reads"):
                self.read_beside(body)
            elif "report.html" not in heading:
                self.read_section(spans(heading) or [""], body)

    def add(self, base, key, required=False):
        self.paths.setdefault(f"{base}.{key}" if base else key, required)

    def inside(self, path):
        """Where the keys of a path's object stand."""
        return path + "[]" if path in self.arrays else path

    def read_section(self, bases, body):
        table = [line for line in body.splitlines() if line.startswith("| `")]
        prose = " ".join(line for line in body.splitlines() if not line.startswith("|"))
        bases = [self.inside(base) for base in bases]
        before = len(self.paths)
        self.read_prose(bases, prose if bases != [""] else "")
        lists = [path for path in list(self.paths)[before:] if path.endswith("[]")]
        for row in table:
            self.read_row(lists[:1] if lists else bases, [c.strip() for c in row.split("|")[1:-1]])
        if len(self.paths) == before:  # nothing but a list of names: digests
            for base in bases:
                for name in spans(prose):
                    self.add(base, name)

    def read_prose(self, bases, prose):
        """`{...}` are the keys of what its sentence names before it, or of the section."""
        for sentence in re.split(r"(?<=[.)])\s+|;", prose):
            names = []
            for span in spans(sentence):
                if span.startswith("{"):
                    for owner in self.owners(bases, names):
                        for key in braces(span):
                            self.add(owner, key)
                    names = []
                elif NAME.fullmatch(span):
                    names.append(span)

    def owners(self, bases, names):
        """The named keys of this section; the section itself where none is named."""
        found = []
        for name in names:
            found += [base for base in bases if base.removesuffix("[]") == name]
            found += [f"{base}.{name}" for base in bases if f"{base}.{name}" in self.paths]
        return found or bases

    def read_row(self, bases, cells):
        kind, rest = cells[1], cells[-1]
        required = len(cells) == 4 and cells[2] == "yes"
        objects = [span for span in spans(rest) if span.startswith("{")][:1]
        children = [child for text in objects for child in braces(text)]
        if kind == "interval object":
            children = INTERVAL
        if "to interval object" in rest:
            children = ["*." + key for key in INTERVAL]
        for base in bases:
            for key in spans(cells[0]):
                self.add(base, key, required)
                path = f"{base}.{key}" if base else key
                if kind == "array" or kind.endswith(", array"):
                    self.arrays.add(path)
                for child in children:
                    self.add(self.inside(path), child)

    def read_beside(self, body):
        where = ""
        for line in body.splitlines():
            if not line.startswith("| ") or line.startswith("| where") or line.startswith("| ---"):
                continue
            cells = [cell.strip() for cell in line.split("|")[1:-1]]
            where = cells[0] or where
            for owner in self.known(where):
                for key in spans(cells[1]) if cells[1].startswith("`") else []:
                    self.add(owner, key)

    def known(self, where):
        if where == "top level":
            return [""]
        if where == "interval objects":
            return ["<interval>"]
        if where == "latency objects":
            return [f"{side}.{key}" for side in ("baseline", "candidate") for key in ("latency_ms", "latency[]")]
        name = where.strip("`")
        all_paths = [*self.paths, *(path + "[]" for path in self.arrays)]
        found = [path for path in all_paths if path == name or path.endswith("." + name)]
        assert found, f"the page names {where}, which it describes nowhere"
        return found[:1]


def has(value, steps):
    if not steps:
        return True
    step, rest = steps[0], steps[1:]
    if not isinstance(value, dict):
        return False
    if step == "*":
        return any(has(item, rest) for item in value.values())
    if step.endswith("[]"):
        items = value.get(step[:-2])
        return isinstance(items, list) and any(has(item, rest) for item in items)
    return step in value and has(value[step], rest)


def intervals(value):
    """Every interval object of a document."""
    if isinstance(value, dict):
        if "value" in value:
            yield value
        value = list(value.values())
    if isinstance(value, list):
        for item in value:
            yield from intervals(item)


def holds(report, path):
    if path.startswith("<interval>."):
        return any(has(each, path.split(".")[1:]) for each in intervals(report))
    return has(report, path.split("."))


def read_without(path, page):
    """The promised keys that a file names, each with the reason."""
    without = {}
    for line in open(path, encoding="utf-8"):
        pattern, _, why = line.strip().partition("  ")
        named = [key for key in page.paths if key == pattern or pattern[-1] == "*" and key.startswith(pattern[:-1])]
        assert named and why, f"{path} names {pattern}, which the page does not promise"
        without.update(dict.fromkeys(named, why))
    return without


def complaint(held, required, why):
    """What is wrong with a key that these of the reports hold, or None."""
    if why is not None:
        return "is there after all" if any(held) and not why.startswith("only where") else None
    if required:
        return None if all(held) else "required, and a report does not have it"
    return None if any(held) else "no report has it"


def main():
    arguments = sys.argv[1:]
    page = Page(open(arguments.pop(0), encoding="utf-8").read())
    without = {}
    if arguments and arguments[0] == "--without":
        without = read_without(arguments[1], page)
        arguments = arguments[2:]
    if not arguments:
        print("\n".join(page.paths))
        return 0
    reports = [json.load(open(path, encoding="utf-8")) for path in arguments]
    wrong = 0
    for path, required in page.paths.items():
        found = complaint([holds(report, path) for report in reports], required, without.get(path))
        if found:
            print(f"{path}: {found}")
            wrong += 1
    return 1 if wrong else 0


sys.exit(main())
