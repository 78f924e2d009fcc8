"""Regret after 100 trials of whatever samplers this python has: peer.py OUT SEEDS [SAMPLERS [PROBLEMS]].

Appends "problem,sampler,version,seed,regret" to OUT for every seed below SEEDS, seed after seed, and leaves out what
stands there already, so that it can be stopped and called again. SAMPLERS and PROBLEMS are names with commas between.
The regret is the true one of the trial that looked best. MOOLA_HPO_TABLES names the folder of the tables.

peer.py --check FILE holds the regrets of points that bench-regret --points has printed against problems.py."""
import json
import math
import os
import random
import sys
import warnings

from problems import problems

TRIALS = 100


def optuna_samplers():
    import optuna
    from optuna.samplers import CmaEsSampler, GPSampler, RandomSampler, TPESampler
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    warnings.filterwarnings("ignore")
    later = int(optuna.__version__.split(".")[0]) >= 5
    out = {"random": lambda seed: RandomSampler(seed=seed), "cma-es": lambda seed: CmaEsSampler(seed=seed),
           "cma-es-margin": lambda seed: CmaEsSampler(seed=seed, with_margin=True),
           "tpe": lambda seed: TPESampler(seed=seed),
           "tpe-univariate": lambda seed: TPESampler(seed=seed, multivariate=False)} if later else {}
    if not later:
        out["tpe-multivariate"] = lambda seed: TPESampler(seed=seed, multivariate=True)
        try:
            import torch
            torch.set_num_threads(1)
            out["gp"] = lambda seed: GPSampler(seed=seed)
        except ImportError:
            print("no GPSampler: this python has no torch", file=sys.stderr)
    return optuna, f"optuna-{optuna.__version__}", out


def rustuna_samplers():
    import importlib.metadata

    import rustuna
    return rustuna, f"rustuna-{importlib.metadata.version('rustuna')}", {
        "tpe": lambda seed: rustuna.samplers.TPESampler(seed=seed, multivariate=True)}


def suggested(trial, space):
    point = {}
    for name, kind, low, high, condition in space:
        if condition and point.get(condition[0]) not in condition[1]:
            continue
        if kind == "choice":
            point[name] = trial.suggest_categorical(name, low)
        elif kind.startswith("int"):
            point[name] = trial.suggest_int(name, low, high, log=kind == "intlog")
        else:
            point[name] = trial.suggest_float(name, low, high, log=kind == "log")
    return point


def study(package, sampler, problem, seed):
    space, regret, noise = problem
    true, seen = [], []

    def objective(trial):
        true.append(regret(suggested(trial, space)))
        seen.append(true[-1] + noise * random.Random(f"{seed} {len(true)}").gauss(0, 1))
        return seen[-1]

    package.create_study(sampler=sampler).optimize(objective, n_trials=TRIALS)
    return true[seen.index(min(seen))]


def fits(sampler, problem):
    # CMA-ES knows neither choices nor conditions, and would draw them at random.
    return not sampler.startswith("cma-es") or not any(kind == "choice" for _, kind, *_ in problem[0])


def measure(path, seeds, samplers, names):
    try:
        package, version, table = rustuna_samplers()
    except ImportError:
        package, version, table = optuna_samplers()
    everything = problems()
    for name in {"hpobench-credit", "hpolib-protein"} - set(everything):
        print(f"{name} is left out: MOOLA_HPO_TABLES names no folder that has its table", file=sys.stderr)
    done = set()
    if os.path.exists(path):
        with open(path) as lines:
            done = {tuple(line.split(",")[:4]) for line in lines}
    for seed in range(seeds):
        for sampler, make in table.items():
            for name, problem in everything.items():
                if samplers and sampler not in samplers or names and name not in names or not fits(sampler, problem):
                    continue
                if (name, sampler, version, str(seed)) in done:
                    continue
                regret = study(package, make(seed), problem, seed)
                with open(path, "a") as out:
                    out.write(f"{name},{sampler},{version},{seed},{regret:.6g}\n")


def check(path):
    everything = problems()
    wrong = count = 0
    with open(path) as lines:
        for line in lines:
            point = json.loads(line)
            if point["problem"] not in everything:
                continue
            count += 1
            regret = everything[point["problem"]][1](point["values"])
            if not math.isclose(regret, point["regret"], rel_tol=1e-9, abs_tol=1e-12):
                wrong += 1
                print(f"{point['problem']}: {regret!r} here, {point['regret']!r} there, at {point['values']}")
    print(f"{count} points, {wrong} differ")
    sys.exit(1 if wrong or not count else 0)


def main():
    if len(sys.argv) == 3 and sys.argv[1] == "--check":
        check(sys.argv[2])
    if len(sys.argv) not in (3, 4, 5):
        sys.exit("usage: peer.py OUT SEEDS [SAMPLERS [PROBLEMS]] | --check FILE")
    lists = [argument.split(",") if argument else [] for argument in sys.argv[3:]] + [[], []]
    measure(sys.argv[1], int(sys.argv[2]), lists[0], lists[1])


main()
