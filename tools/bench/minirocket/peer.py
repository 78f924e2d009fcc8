"""The same features by aeon, with what ours has fitted: peer.py BARS THREADS FOLDER.

Prints "aeon: S s, M MB" for the transform, compiled before, the best of ten, and how far its features are from ours. It
adds with fast-math, so that a sum that nearly equals a bias may fall on its other side."""
import pathlib
import resource
import sys
import time

import numpy as np
from aeon.transformations.collection.convolution_based import MiniRocket


def main():
    if len(sys.argv) != 4:
        sys.exit("usage: peer.py BARS THREADS FOLDER")
    bars, threads, folder = int(sys.argv[1]), int(sys.argv[2]), pathlib.Path(sys.argv[3])
    windows = np.fromfile(folder / "windows", np.float32).reshape(-1, 1, bars)
    dilations, quantiles = (np.fromfile(folder / name, np.int32) for name in ("dilations", "quantiles"))
    biases, features = (np.fromfile(folder / name, np.float32) for name in ("biases", "features"))
    rocket = MiniRocket(n_jobs=threads, random_state=0).fit(windows)
    one_channel = np.ones(84 * len(dilations), np.int32)
    rocket.parameters = (one_channel, np.zeros_like(one_channel), dilations, quantiles, biases)
    found = rocket.transform(windows)  # compiles
    best = float("inf")
    for _ in range(10):
        began = time.perf_counter()
        found = rocket.transform(windows)
        best = min(best, time.perf_counter() - began)
    print(f"aeon: {best:.4f} s, {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB")
    apart = np.abs(np.asarray(found).reshape(-1) - features)
    print(f"  of {apart.size} features {(apart > 1e-6).sum()} differ from ours, by {apart.max() * bars:.1f} bars at most")
    if (apart > 1e-6).mean() > 1e-4 or apart.max() * bars > 3:
        sys.exit("the features differ")


main()
