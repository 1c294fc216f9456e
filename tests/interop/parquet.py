#!/usr/bin/env python3
"""Reads what REM wrote as Parquet with DuckDB.

usage: parquet.py DIRECTORY

Beside each `NAME.parquet` stands `NAME.jsonl`: what its rows must be, an object a line, times in nanoseconds since 1970, UTC.
Says how many files were valid; ends with 1 if one was not, or there were none.
"""
import json
import sys
from pathlib import Path

import duckdb

COLUMNS = {
    "sequence": "UBIGINT",
    "id": "VARCHAR",
    "topic": "VARCHAR",
    "timestamp": "TIMESTAMPTZ_NS",
    "source": "VARCHAR",
    "causation": "VARCHAR",
    "correlation": "VARCHAR",
    "scope": "INTEGER",
    "metadata": "VARCHAR",
    "data": "VARCHAR",
    "number": "BIGINT",
    "price": "DOUBLE",
    "express": "BOOLEAN",
    "who": "VARCHAR",
}
DOCUMENTS = ("metadata", "data")


def check(file):
    expected = [json.loads(line) for line in file.with_suffix(".jsonl").read_text("utf-8").splitlines()]
    database = duckdb.connect()
    database.execute("set timezone = 'UTC'")
    events = database.read_parquet(str(file))
    columns = dict(zip(events.columns, map(str, events.dtypes)))
    if columns != COLUMNS:
        raise ValueError(f"columns {columns}")
    rows = events.select("* replace (epoch_ns(timestamp) as timestamp)").fetchall()
    if len(rows) != len(expected):
        raise ValueError(f"{len(rows)} rows instead of {len(expected)}")
    for at, (row, wanted) in enumerate(zip(rows, expected), 1):
        found = dict(zip(COLUMNS, row))
        for name in DOCUMENTS:
            found[name] = found[name] and json.loads(found[name])
        for name, value in wanted.items():
            if (found[name], type(found[name])) != (value, type(value)):
                raise ValueError(f"row {at}: {name} is {found[name]!r} instead of {value!r}")
    # What it is for: a question that DuckDB answers from the columns, times read as times.
    asked = "count(*), sum(number), count(distinct date_trunc('day', timestamp))"
    [(count, total, days)] = events.aggregate(asked).fetchall()
    numbers = [row["number"] for row in expected if row["number"] is not None]
    if (count, total or 0, days > 0) != (len(expected), sum(numbers), bool(expected)):
        raise ValueError(f"DuckDB counts {count} events of {days} days with the sum {total}")


def main(directory):
    counts = {"valid": 0, "invalid": 0}
    for file in sorted(directory.glob("*.parquet")):
        try:
            check(file)
            counts["valid"] += 1
        except Exception as error:  # whatever DuckDB raises is a finding
            counts["invalid"] += 1
            print(f"{file.name}: {type(error).__name__}: {str(error)[:300]}", file=sys.stderr)
    print(f"{counts['valid']} valid, {counts['invalid']} invalid")
    return 1 if counts["invalid"] or not counts["valid"] else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
