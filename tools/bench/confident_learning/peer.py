"""The same labels by cleanlab: peer.py CLASSES PROCESSES FOLDER. Prints "cleanlab: S s, M MB", the best of five.

PROCESSES 0: as many as cleanlab takes by itself."""
import pathlib
import resource
import sys
import time

import numpy as np
from cleanlab.filter import find_label_issues


def main():
    if len(sys.argv) != 4:
        sys.exit("usage: peer.py CLASSES PROCESSES FOLDER")
    classes, processes, folder = int(sys.argv[1]), int(sys.argv[2]) or None, pathlib.Path(sys.argv[3])
    probability = np.fromfile(folder / "probability").reshape(-1, classes)
    label = np.fromfile(folder / "label", np.int32).astype(np.int64)
    best = float("inf")
    for _ in range(5):
        began = time.perf_counter()
        found = find_label_issues(label, probability, return_indices_ranked_by="self_confidence", n_jobs=processes)
        best = min(best, time.perf_counter() - began)
    print(f"cleanlab: {best:.4f} s, {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB")
    print(f"  {len(found)} of {len(label)} labels")
    if not np.array_equal(found, np.fromfile(folder / "found", np.uint32)):
        sys.exit("the rows differ")


main()
