"""Write the lists of files from a table with the columns sha256, bytes, path, url (tab separated, one heading line).

    python stgcn_lib/data/manifest/write.py MANIFEST.tsv

The first folder of a path is the name of the set. The result depends on the table alone: same table, same bytes.
"""

import lzma
import sys
from pathlib import Path
from urllib.parse import unquote

RAW = "https://raw.githubusercontent.com/"
# In no table, as the speeds are too large to travel with it. Of SPEEDS the repository's own pointer states size and digest. Of the
# other two only git's name is known, and that GitHub takes no file above 100 MiB.
SPEEDS = ("9731c9874a05b5ca88f482062760efb0cbf38816721969a072907fe381d6adb7", "72230400", "pemsd7m/PeMSD7_V_228.csv",
          RAW + "rezahabibi96/gnn/f527cdfba5912488e4c5ae111666c8e9cda9c8fa/data/PEMSD7/PeMSD7_V_228.csv")
LARGEST = str(100 * 2**20)
STGCN = RAW + "hazdzz/STGCN/34a1cbd3485751a7fc4745a948946f459abeae11/data/"
DCRNN = RAW + "liyaguang/DCRNN/602afd9d767d3aa1c9b3eac51710d6aeee12c227/data/sensor_graph/"
TGCN = RAW + "lehaifeng/T-GCN/219a2346f5bf68d54d91a948e7a41a08f9edc46b/T-GCN/T-GCN-PyTorch/data/"
BY_ADDRESS = {
    "pemsd7m_speeds": [SPEEDS],
    "metr_la": [
        ("git:c27e458717358be2c9706510bfd4fc55a1cd9f01", LARGEST, "metr_la/vel.csv", STGCN + "metr-la/vel.csv"),
        ("7a6eb41e10677992b5af50f5ab187c6c05c5c3a92cb973950cfddbf857361e76", "111686", "metr_la/los_adj.csv", TGCN + "los_adj.csv"),
        ("eb8ea96e07358b45d0e4ba3b89c2673fa20c54af50150249e627389e749ade6f", "6341", "metr_la/graph_sensor_locations.csv",
         DCRNN + "graph_sensor_locations.csv")],
    "pems_bay": [
        ("git:1af4f85c66d453a82fe141f3055078b9fe9fb6fe", LARGEST, "pems_bay/vel.csv", STGCN + "pems-bay/vel.csv"),
        ("e5feed06bfa1ba4c554a946d0e03d99f2018365eec5a8f28fd8504dea9d082b5", "175771", "pems_bay/distances_bay_2017.csv",
         DCRNN + "distances_bay_2017.csv"),
        ("276ee01059610774d4e59572507f7e32eaac21f1f5882fcd9e3d7d426a4b7a6c", "9750", "pems_bay/graph_sensor_locations_bay.csv",
         DCRNN + "graph_sensor_locations_bay.csv")]}


def write(table, folder):
    """The list of each set of the table `table` (a path) into `folder`; their names."""
    sets = {name: list(rows) for name, rows in BY_ADDRESS.items()}
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
