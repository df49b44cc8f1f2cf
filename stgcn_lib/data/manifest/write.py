"""Write the lists of files from a table with the columns sha256, bytes, path, url (tab separated, one heading line).

    python stgcn_lib/data/manifest/write.py MANIFEST.tsv

The first folder of a path is the name of the set. The result depends on the table alone: same table, same bytes.
"""

import lzma
import sys
from pathlib import Path
from urllib.parse import unquote

RAW = "https://raw.githubusercontent.com/"
# In no table, as the file is too large to travel with it: the repository's own pointer states its size and digest.
SPEEDS = ("9731c9874a05b5ca88f482062760efb0cbf38816721969a072907fe381d6adb7", "72230400", "pemsd7m/PeMSD7_V_228.csv",
          RAW + "rezahabibi96/gnn/f527cdfba5912488e4c5ae111666c8e9cda9c8fa/data/PEMSD7/PeMSD7_V_228.csv")


def write(table, folder):
    """The list of each set of the table `table` (a path) into `folder`; their names."""
    sets = {"pemsd7m_speeds": [SPEEDS]}
    for line in Path(table).read_text(encoding="utf-8").splitlines()[1:]:
        row = line.split("\t")
        sets.setdefault(row[2].split("/")[0], []).append(row)
    for name, rows in sets.items():
        lines = []
        for sha256, size, path, url in sorted(rows, key=lambda row: row[2]):
            if not url.startswith(RAW):
                raise ValueError(f"{path} comes from {url}, expected an address that starts with {RAW}")
            lines.append("\t".join((sha256, size, path, unquote(url.removeprefix(RAW)))) + "\n")
        packed = lzma.compress("".join(lines).encode(), preset=9 | lzma.PRESET_EXTREME)
        (Path(folder) / f"{name}.tsv.xz").write_bytes(packed)
    return sorted(sets)


if __name__ == "__main__":
    print("\n".join(write(sys.argv[1], Path(__file__).parent)))
