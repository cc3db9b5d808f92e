"""Extracts the two libraries and the C headers of TensorFlow from its wheel: extract_wheel.py WHEEL FOLDER."""

import pathlib
import re
import shutil
import sys
import zipfile

LIBRARY = re.compile(r"^tensorflow/(libtensorflow_cc\.so\.2|libtensorflow_framework\.so\.2)$")
HEADER = re.compile(
    r"^tensorflow/include/("
    r"tensorflow/c/.*\.h|(tensorflow/)?tsl/c/.*\.h|(tensorflow/core|(tensorflow/)?tsl)/platform/ctstring\w*\.h)$"
)

wheel, folder = sys.argv[1], pathlib.Path(sys.argv[2])
found = 0
with zipfile.ZipFile(wheel) as archive:
    for name in archive.namelist():
        library, header = LIBRARY.match(name), HEADER.match(name)
        if not (library or header):
            continue
        target = folder / "lib" / library[1] if library else folder / "include" / header[1]
        target.parent.mkdir(parents=True, exist_ok=True)
        with archive.open(name) as source, open(target, "wb") as out:
            shutil.copyfileobj(source, out, 1 << 20)
        found += 1
if found < 10:
    sys.exit(f"{wheel} holds only {found} of the files that the addon needs")
