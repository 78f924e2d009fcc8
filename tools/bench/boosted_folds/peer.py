"""The same folds by XGBoost's Python package, a process per core: peer.py ROUNDS PROCESSES FOLDER.

Prints "python: S s, M MB" for all folds, fitted and predicted, without the start of the processes; M is the most memory
of one of them."""
import multiprocessing
import pathlib
import resource
import sys
import time

import numpy as np
import xgboost

FEATURES, FOLDS, TESTED = 50, 40, 5_000
SETTINGS = {"objective": "multi:softprob", "num_class": 3, "tree_method": "hist", "nthread": 1, "max_depth": 6, "max_bin": 256,
            "eta": 0.05, "min_child_weight": 10, "subsample": 0.8, "colsample_bytree": 0.8, "gamma": 0.1, "alpha": 0.1,
            "lambda": 1, "base_score": 0.5, "verbosity": 0}
table = {}


def fold(task):
    number, rounds = task
    features, label = table["features"], table["label"]
    begin = number * (len(label) - TESTED) // (FOLDS - 1)
    test = slice(begin, begin + TESTED)
    train = np.r_[0:begin, begin + TESTED:len(label)]
    matrix = xgboost.DMatrix(features[train], label[train], nthread=1)
    booster = xgboost.train({**SETTINGS, "seed": number}, matrix, rounds)
    p = booster.predict(xgboost.DMatrix(features[test], nthread=1))
    return -np.log(p[np.arange(TESTED), label[test]]).mean()


def main():
    if len(sys.argv) != 4:
        sys.exit("usage: peer.py ROUNDS PROCESSES FOLDER")
    rounds, processes, folder = int(sys.argv[1]), int(sys.argv[2]), pathlib.Path(sys.argv[3])
    table["features"] = np.fromfile(folder / "features", np.float32).reshape(-1, FEATURES)
    table["label"] = np.fromfile(folder / "label", np.int32)
    with multiprocessing.get_context("fork").Pool(processes) as pool:
        pool.map(abs, range(processes))
        began = time.perf_counter()
        losses = pool.map(fold, [(number, rounds) for number in range(FOLDS)], chunksize=1)
        seconds = time.perf_counter() - began
        pool.close()
        pool.join()
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    print(f"python: {seconds:.3f} s, {used.ru_maxrss / 1024:.0f} MB, {used.ru_utime + used.ru_stime:.3f} s of cores")
    print(f"  {FOLDS} folds of {rounds} rounds in {processes} processes, log-loss {np.mean(losses):.4f} (XGBoost {xgboost.__version__})")


main()
