"""The same splits by skfolio, which purges by a number of rows: peer.py ROWS GROUPS TEST_GROUPS LABEL_BARS EMBARGO_BARS.

Prints "skfolio: S s, M MB", the best of three."""
import resource
import sys
import time

import numpy as np
from skfolio.model_selection import CombinatorialPurgedCV


def main():
    if len(sys.argv) != 6:
        sys.exit("usage: peer.py ROWS GROUPS TEST_GROUPS LABEL_BARS EMBARGO_BARS")
    rows, groups, test_groups, label_bars, embargo = map(int, sys.argv[1:])
    x = np.zeros((rows, 1))
    cv = CombinatorialPurgedCV(n_folds=groups, n_test_folds=test_groups, purged_size=label_bars, embargo_size=embargo)
    best = float("inf")
    for _ in range(3):
        began = time.perf_counter()
        outside = 0.0
        splits = trains = tests = 0
        numbers = 0
        for train, test in cv.split(x):
            adding = time.perf_counter()
            splits += 1
            trains += len(train)
            tests += sum(map(len, test))
            numbers = (numbers + int(train.sum()) * splits) % 2**64
            outside += time.perf_counter() - adding
        best = min(best, time.perf_counter() - began - outside)
    print(f"skfolio: {best:.5f} s, {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB")
    print(f"  {splits} splits, {trains} train rows of sum {numbers}, {tests} test rows")


main()
