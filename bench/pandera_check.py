"""Reads a CSV with pandas and checks it with pandera: the peer of ingest and gate.

Argument: JSON with path, date, tract and the numeric columns. Prints the seconds and MiB it took as JSON.
"""

import json
import re
import sys
import time

import pandas as pd
import pandera.pandas as pa

asked = json.loads(sys.argv[1])
began = time.perf_counter()
cpu = time.process_time()

frame = pd.read_csv(asked["path"], dtype={asked["tract"]: str}, parse_dates=[asked["date"]])


def few_nulls(column):
    return column.isna().mean() <= 0.01


schema = pa.DataFrameSchema(
    {
        asked["date"]: pa.Column("datetime64[ns]", [pa.Check(few_nulls), pa.Check.le(pd.Timestamp.now())], coerce=True),
        asked["tract"]: pa.Column(str, [pa.Check(few_nulls)]),
        **{
            name: pa.Column(float, pa.Check.in_range(low, high), nullable=True, coerce=True)
            for name, (low, high) in asked["numbers"].items()
        },
    },
    unique=[asked["date"], asked["tract"]],
)
try:
    schema.validate(frame, lazy=True)
    failures = 0
except pa.errors.SchemaErrors as found:
    failures = len(found.failure_cases)

# Not getrusage: its peak begins with that of the process which started this one.
peak_kib = int(re.search(r"VmHWM:\s+(\d+)", open("/proc/self/status").read())[1])
print(
    json.dumps(
        {
            "wall": time.perf_counter() - began,
            "cpu": time.process_time() - cpu,
            "peakMiB": peak_kib / 1024,
            "rows": len(frame),
            "failures": failures,
        }
    )
)
