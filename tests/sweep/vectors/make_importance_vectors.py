#!/usr/bin/env python3
"""Writes importance.json into the folder given: small studies, and what Optuna's PedAnovaImportanceEvaluator says of their
parameters. Studies without conditions, ranges that change and ties are asked of Optuna 4.9 too, which agrees there."""
import itertools
import json
import math
import pathlib
import random
import sys
import warnings

import optuna
from optuna.distributions import distribution_to_json
from optuna.importance import PedAnovaImportanceEvaluator

warnings.simplefilter("ignore")
optuna.logging.set_verbosity(optuna.logging.ERROR)
NEW = int(optuna.__version__.split(".")[0]) >= 5


def plain(trial, noise):
    x = trial.suggest_float("x", -5, 5)
    rate = trial.suggest_float("rate", 1e-5, 1.0, log=True)
    depth = trial.suggest_int("depth", 1, 12)
    units = trial.suggest_int("units", 4, 600, log=True)
    share = trial.suggest_float("share", 0.1, 0.9, step=0.1)
    kind = trial.suggest_categorical("kind", ["a", "b", None, 3])
    trial.suggest_int("single", 7, 7)
    return (x - 1) ** 2 + (math.log10(rate) + 3) ** 2 + 0.1 * depth + math.log(units) / 9 + share * (kind == "b") + noise


def conditional(trial, noise):
    kind = trial.suggest_categorical("kind", ["line", "tree"])
    if kind == "line":
        return 2 + abs(trial.suggest_float("slope", -1, 1)) + noise
    low = trial.suggest_categorical("wide", [False, True])
    depth = trial.suggest_int("depth", 1, 20 if low else 8)
    return abs(depth - 5) + noise


def two(trial, noise):
    x, y = trial.suggest_float("x", 0, 3), trial.suggest_float("y", 0, 3)
    trial.suggest_int("idle", 0, 9)
    return x * x + y + noise, (x - 2) ** 2 + y


def told(trial):
    return {"params": {k: [trial.distributions[k].to_internal_repr(v), distribution_to_json(trial.distributions[k])]
                       for k, v in trial.params.items()}, "values": trial.values}


cases = []
for seed, (objective, directions, trials, rounded) in enumerate([
        (plain, ["minimize"], 30, None), (plain, ["maximize"], 200, None), (plain, ["minimize"], 3, None),
        (plain, ["minimize"], 60, 0), (conditional, ["minimize"], 80, None), (two, ["minimize", "minimize"], 60, None),
        (two, ["maximize", "minimize"], 45, None)]):
    draws = random.Random(seed)
    study = optuna.create_study(directions=directions, sampler=optuna.samplers.RandomSampler(seed=seed))

    def told_value(trial):
        out = objective(trial, draws.gauss(0, 0.2))
        return round(out, rounded) if rounded is not None else out

    study.optimize(told_value, n_trials=trials)
    asked = []
    for target, region, local in [(0.1, 1.0, True), (0.25, 0.5, True), (0.1, 1.0, False)]:
        evaluator = PedAnovaImportanceEvaluator(target_quantile=target, region_quantile=region, evaluate_on_local=local)
        for of in range(len(directions)) if len(directions) > 1 else [None]:
            sign = -1 if of is not None and directions[of] == "maximize" else 1
            asked.append({"target": target, "region": region, "within": local, "objective": of,
                          "importance": evaluator.evaluate(study, target=None if of is None else
                                                           (lambda t, of=of, sign=sign: sign * t.values[of]))})
        if NEW and len(directions) > 1:
            asked.append({"target": target, "region": region, "within": local, "objective": None,
                          "importance": evaluator.evaluate(study)})
    cases.append({"directions": directions, "trials": [told(t) for t in study.trials], "asked": asked})

if NEW:
    # Distributions once, by number.
    seen = []
    for case in cases:
        for params in (t["params"] for t in case["trials"]):
            for pair in params.values():
                if pair[1] not in seen:
                    seen.append(pair[1])
                pair[1] = seen.index(pair[1])
    out = {"optuna": optuna.__version__, "distributions": seen, "cases": cases}
    (pathlib.Path(sys.argv[1]) / "importance.json").write_text(json.dumps(out, separators=(",", ":")) + "\n")
else:
    stored = json.loads((pathlib.Path(sys.argv[1]) / "importance.json").read_text())
    compared, away = 0, 0.0
    for mine, theirs in zip(cases, stored["cases"]):
        for ask, other in itertools.product(mine["asked"], theirs["asked"]):
            same = all(ask[k] == other[k] for k in ("target", "region", "within", "objective"))
            if not same or set(ask["importance"]) != set(other["importance"]):
                continue
            compared += 1
            for name, value in ask["importance"].items():
                away = max(away, abs(value - other["importance"][name]))
                if abs(value - other["importance"][name]) > 1e-9:
                    print(len(mine["trials"]), ask["target"], name, value, other["importance"][name])
    print(f"Optuna {optuna.__version__}: {compared} evaluations compared, largest difference {away:.3g}")
