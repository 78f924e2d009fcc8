"""The same study by Optuna's GPSampler: peer.py TRIALS SEED.

Prints "optuna: S s, M MB", and how far from the optimum it ended."""
import resource
import sys
import time
import warnings

import optuna
import torch


def main():
    if len(sys.argv) != 3:
        sys.exit("usage: peer.py TRIALS SEED")
    trials, seed = int(sys.argv[1]), int(sys.argv[2])
    warnings.filterwarnings("ignore", category=optuna.exceptions.ExperimentalWarning)
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    torch.set_num_threads(1)
    # The first proposal loads PyTorch's parts; that is no trial's cost.
    warm = optuna.create_study(sampler=optuna.samplers.GPSampler(seed=0, n_startup_trials=1))
    warm.optimize(lambda trial: trial.suggest_float("x", 0, 1), n_trials=3)
    began = time.perf_counter()
    study = optuna.create_study(sampler=optuna.samplers.GPSampler(seed=seed))
    study.optimize(lambda trial: sum(trial.suggest_float(f"x{i}", -5, 5) ** 2 for i in range(10)), n_trials=trials)
    seconds = time.perf_counter() - began
    print(f"optuna: {seconds:.3f} s, {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB")
    print(f"  least loss {study.best_value:.2g}")


main()
