"""What the scripts that print tables of code points share."""

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


def runs(moved):
    """[first, last, step, delta]: every step-th code point of [first, last] becomes itself plus delta.

    `moved`: (code, delta), codes rising.
    """
    out = []
    for code, delta in moved:
        if out and out[-1][3] == delta:
            first, last, step, _ = out[-1]
            if (first == last and code - last <= 2) or (first != last and code - last == step):
                out[-1] = [first, code, code - last, delta]
                continue
        out.append([code, code, 1, delta])
    return out


def show(kind, name, comment, rows, width=100):
    print(f"/// {comment}")
    print(f"inline constexpr {kind} {name}[] = {{")
    line = "   "
    for row in rows:
        item = " {" + ", ".join(str(v) for v in row) + "},"
        if len(line) + len(item) > width:
            print(line)
            line = "   "
        line += item
    print(line)
    print("};\n")
