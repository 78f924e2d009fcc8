"""The labels alone of the same bars and barriers by a numba kernel: peer.py WORKSPACE bars/NAME/vN FILE. Prints "numba: N s"."""
import pathlib
import sys
import time

import h5py
import numpy as np

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "labels"))
from peer import atr14, triple_barrier  # noqa: E402


def five_minutes(path):
    with h5py.File(path) as file:
        time_, open_, high, low, close = (file[column][:] for column in ("time", "open", "high", "low", "close"))
    _, first = np.unique(time_ // 300_000_000_000, return_index=True)
    last = np.append(first[1:], len(time_)) - 1
    return open_[first], np.maximum.reduceat(high, first), np.minimum.reduceat(low, first), close[last]


def main():
    if len(sys.argv) != 4:
        sys.exit("usage: peer.py WORKSPACE bars/NAME/vN FILE")
    kind, name, version = sys.argv[2].split("/")
    bars = five_minutes(pathlib.Path(sys.argv[1]) / "data" / kind / name / (version + ".h5"))
    open_, high, low, close = (np.ascontiguousarray(column) for column in bars)
    lines = pathlib.Path(sys.argv[3]).read_text().split("\n")
    begin, end = map(int, lines[0].split())
    barriers = [line.split() for line in lines[1:] if line]
    scale = np.concatenate([[np.nan], atr14(high, low, close)[:-1]])
    cut = [column[begin:end] for column in (open_, high, low, close, scale)]
    triple_barrier(*(column[:1000] for column in cut), 3.0, 2.1, 50)  # compiles
    best = 1e30
    for _ in range(3):
        began = time.perf_counter()
        for up, down, most in barriers:
            triple_barrier(*cut, float(up), float(down), int(most))
        best = min(best, (time.perf_counter() - began) * 100 / len(barriers))
    print(f"numba: {best:.4f} s for 100 sets of labels of {end - begin} bars, 1 thread")


main()
