#!/usr/bin/env python3
"""Writes train.csv.gz and test.csv.gz from the letters of the R package mlbench.

How to run, on Debian 12:

    apt-get download r-cran-mlbench && dpkg -x r-cran-mlbench_*.deb mlbench
    python3 -m venv venv && venv/bin/pip install rdata
    venv/bin/python prepare.py mlbench/usr/lib/R/site-library/mlbench/data/LetterRecognition.rda

The 20,000 rows hold 1,332 that repeat an earlier one. They are left out, so that no row stands on
both sides; the 18,668 others are shuffled with a fixed seed, and the last 8,000 are the test rows.
"""

import gzip
import pathlib
import random
import sys
import warnings

import rdata

HERE = pathlib.Path(__file__).resolve().parent
NUM_TEST = 8000


def write(path, names, rows):
    text = "\n".join(",".join(row) for row in [names, *rows]) + "\n"
    with open(path, "wb") as file:  # no name and no time in the file: the same bytes each time
        with gzip.GzipFile("", "wb", 9, file, mtime=0) as packed:
            packed.write(text.encode())
    print(f"{path.name}: {len(rows):,} rows, {path.stat().st_size:,} bytes")


def main():
    warnings.simplefilter("ignore")  # the file does not say in which encoding its texts are
    table = rdata.read_rda(sys.argv[1])["LetterRecognition"]
    letters = table.pop("lettr")
    names = [name.replace(".", "_") for name in table.columns] + ["letter"]
    rows = [[str(int(cell)) for cell in row] for row in table.to_numpy()]
    rows = [row + [str(ord(letter) - ord("A"))] for row, letter in zip(rows, letters)]
    rows = sorted(set(map(tuple, rows)))
    random.Random(5).shuffle(rows)
    write(HERE / "train.csv.gz", names, rows[:-NUM_TEST])
    write(HERE / "test.csv.gz", names, rows[-NUM_TEST:])


if __name__ == "__main__":
    main()
