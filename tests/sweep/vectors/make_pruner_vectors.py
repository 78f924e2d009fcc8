"""Writes pruner_decisions.json and signed_rank.json: what Optuna's pruners say of random studies, and SciPy's test.

    python3 make_pruner_vectors.py FOLDER

The Python must have optuna and scipy. Optuna 4.9 and 5.0, both with SciPy 1.17, write the same bytes.
"""
import json
import math
import random
import sys
import warnings
from pathlib import Path

import optuna
import scipy.stats
from optuna.trial import TrialState

warnings.filterwarnings("ignore")
optuna.logging.set_verbosity(optuna.logging.ERROR)


def number(x):
    if math.isnan(x):
        return "NaN"
    if math.isinf(x):
        return "Infinity" if x > 0 else "-Infinity"
    return x


def make(kind, o):
    """The same options as PrunerOptions of the C++ side."""
    p = optuna.pruners
    interval = dict(n_warmup_steps=o.get("warmup_steps", 0), interval_steps=o.get("interval_steps", 1))
    trials = dict(n_startup_trials=o.get("startup_trials", 5), n_min_trials=o.get("min_trials", 1))
    if kind == "median":
        return p.MedianPruner(**interval, **trials)
    if kind == "percentile":
        return p.PercentilePruner(o["percentile"], **interval, **trials)
    if kind == "successive_halving":
        return p.SuccessiveHalvingPruner(
            min_resource=o.get("min_resource", "auto"), reduction_factor=o.get("reduction_factor", 4),
            min_early_stopping_rate=o.get("min_early_stopping_rate", 0), bootstrap_count=o.get("bootstrap_count", 0))
    if kind == "hyperband":
        return p.HyperbandPruner(
            min_resource=o.get("min_resource", 1), max_resource=o.get("max_resource", "auto"),
            reduction_factor=o.get("reduction_factor", 3), bootstrap_count=o.get("bootstrap_count", 0))
    if kind == "patient":
        wrapped = make(o["wrapped"], o) if o["wrapped"] != "none" else None
        return p.PatientPruner(wrapped, patience=o["patience"], min_delta=o.get("min_delta", 0.0))
    if kind == "threshold":
        return p.ThresholdPruner(lower=o.get("lower"), upper=o.get("upper"), **interval)
    return p.WilcoxonPruner(p_threshold=o.get("p_threshold", 0.1), n_startup_steps=o.get("startup_steps", 2))


def options(kind, draw):
    out = {}
    if kind in ("median", "percentile", "threshold") or kind == "patient":
        out.update(warmup_steps=draw.choice([0, 0, 3]), interval_steps=draw.choice([1, 1, 2, 4]))
    if kind in ("median", "percentile", "patient"):
        out.update(startup_trials=draw.choice([0, 1, 3, 5]), min_trials=draw.choice([1, 1, 3]))
    if kind == "percentile":
        out["percentile"] = draw.choice([0.0, 10.0, 25.0, 33.3, 75.0, 90.0, 100.0])
    if kind == "successive_halving":
        if draw.random() < 0.7:
            out.update(min_resource=draw.choice([1, 2, 5]), bootstrap_count=draw.choice([0, 0, 3]))
        out.update(reduction_factor=draw.choice([2, 3, 4]), min_early_stopping_rate=draw.choice([0, 0, 1]))
    if kind == "hyperband":
        out.update(min_resource=draw.choice([1, 1, 3]), reduction_factor=draw.choice([2, 3]))
        if draw.random() < 0.6:
            out.update(max_resource=draw.choice([9, 27, 30]), bootstrap_count=draw.choice([0, 0, 2]))
    if kind == "patient":
        out.update(patience=draw.choice([0, 1, 3]), min_delta=draw.choice([0.0, 0.05]),
                   wrapped=draw.choice(["none", "median", "successive_halving"]))
    if kind == "threshold":
        which = draw.randrange(3)
        if which != 0:
            out["lower"] = 0.1
        if which != 1:
            out["upper"] = 0.8
    if kind == "wilcoxon":
        out.update(p_threshold=draw.choice([0.05, 0.1, 0.3]), startup_steps=draw.choice([0, 2, 5]))
    return out


class Curve:
    """Values by step of one trial: a power law with noise, or an instance's difficulty and a trial's skill."""

    def __init__(self, kind, draw, stride):
        self.draw, self.kind = draw, kind
        self.skill, self.speed = draw.random(), draw.uniform(0.2, 1.5)
        self.digits = draw.choice([1, 2, 4, 4])
        count = draw.randrange(4, 20)
        if kind == "wilcoxon":
            count = draw.choice([12, 20, 20, 60])
            self.steps = draw.sample(range(count), draw.randrange(3, count + 1))
        else:
            self.steps, step = [], 0
            for _ in range(count):
                self.steps.append(step * stride)
                step += draw.choice([1, 1, 1, 2, 3])
            if draw.random() < 0.15:  # told out of order
                i = draw.randrange(len(self.steps))
                self.steps[i:] = reversed(self.steps[i:])
            if draw.random() < 0.1:  # told twice
                self.steps.append(self.steps[-1])

    def value(self, step):
        draw = self.draw
        if self.kind != "wilcoxon" and draw.random() < 0.06 or draw.random() < 0.001:
            return draw.choice([math.nan, math.nan, math.nan, math.inf, -math.inf])
        if self.kind == "wilcoxon":
            difficulty = (step * 2654435761 % 97) / 97
            return round(difficulty + 0.4 * self.skill + draw.gauss(0, 0.1), self.digits)
        return round(0.3 * self.skill + (1 + step) ** -self.speed + draw.gauss(0, 0.05), self.digits)


def play(kind, seed):
    """One study; None where what Optuna found out by itself depends on when it was first asked."""
    draw = random.Random(seed)
    maximise = draw.random() < 0.5
    sign = -1 if maximise else 1
    asked = options(kind, draw)
    pruner = make(kind, asked)
    name = draw.choice(["study", "übung", "a-b"]) + str(seed)
    study = optuna.create_study(study_name=name, direction="maximize" if maximise else "minimize", pruner=pruner,
                                sampler=optuna.samplers.RandomSampler(seed=0))
    stride = 40 if kind in ("successive_halving", "hyperband") and draw.random() < 0.3 else 1
    workers, events, running, first = draw.choice([1, 1, 3]), [], {}, None
    left = draw.choice([12, 25]) if kind != "hyperband" else 25
    while running or left:
        if left and len(running) < workers:
            trial = study.ask()
            running[trial.number] = (trial, Curve(kind, draw, stride), [])
            events.append(["begin", trial.number])
            left -= 1
            continue
        trial, curve, told = running[draw.choice(sorted(running))]
        over = not curve.steps
        if not over:
            step = curve.steps.pop(0)
            value = curve.value(step)
            value = sign * value if not math.isnan(value) else value
            before = rungs_of(study, trial)
            trial.report(value, step)
            told.append(value)
            prune = trial.should_prune()
            events.append([trial.number, step, number(value), int(prune), rungs_of(study, trial) - before])
            if prune and draw.random() < 0.7:
                study.tell(trial, state=TrialState.PRUNED)
                events.append(["pruned", trial.number])
                del running[trial.number]
            elif draw.random() < 0.01:
                study.tell(trial, state=TrialState.FAIL)
                events.append(["failed", trial.number])
                del running[trial.number]
            continue
        finite = [x for x in told if math.isfinite(x)]
        value = (sum(finite) / len(finite) if finite else 0.0) + 1e-9 * draw.random()
        study.tell(trial, value)
        events.append(["complete", trial.number, value])
        if first is None:
            first = study.trials[trial.number].last_step
        del running[trial.number]
    if first is not None:
        if getattr(pruner, "_min_resource", None) is not None and "min_resource" not in asked:
            if pruner._min_resource != max(first // 100, 1):
                return None
        if kind == "hyperband" and "max_resource" not in asked and pruner._max_resource not in ("auto", first + 1):
            return None
        if kind == "patient" and asked["wrapped"] == "successive_halving":
            if pruner._wrapped_pruner._min_resource not in (None, max(first // 100, 1)):
                return None
    return {"kind": kind, "options": asked, "maximise": maximise, "study": name, "events": events}


def rungs_of(study, trial):
    attributes = study._storage.get_trial(trial._trial_id).system_attrs
    return sum(key.startswith("completed_rung_") for key in attributes)


def brackets():
    out = []
    for low, high, factor in [(1, 1, 3), (1, 2, 3), (1, 9, 3), (1, 27, 3), (1, 81, 3), (1, 100, 3), (1, 243, 3),
                              (3, 100, 2), (1, 64, 2), (5, 625, 5), (1, 1000, 10), (7, 1000, 4), (2, 1 << 20, 2)]:
        pruner = optuna.pruners.HyperbandPruner(low, high, factor)
        pruner._try_initialization(None)
        out.append([low, high, factor, pruner._trial_allocation_budgets])
    return out


def signed_ranks():
    draw, out = random.Random(5), []
    for count in list(range(2, 20)) * 4 + [25, 33, 49, 50, 51, 52, 75, 120] * 3:
        digits = draw.choice([0, 1, 6, 6])
        shift = draw.choice([-0.5, 0, 0.3, 1])
        d = [round(draw.gauss(shift, 2), digits) for _ in range(count)]
        if draw.random() < 0.3:
            d[draw.randrange(count)] = 0.0
        out.append([d, float(scipy.stats.wilcoxon(d, alternative="greater", zero_method="zsplit").pvalue)])
    out.append([[0.0] * 5, float(scipy.stats.wilcoxon([0.0] * 5, alternative="greater", zero_method="zsplit").pvalue)])
    return out


def write(path, value):
    path.write_text(json.dumps(value, separators=(",", ":")).replace('{"kind"', '\n{"kind"') + "\n")


def main(folder):
    studies = []
    for kind in ("median", "percentile", "successive_halving", "hyperband", "patient", "threshold", "wilcoxon"):
        seed = 0
        while sum(each["kind"] == kind for each in studies) < 10:
            study = play(kind, seed)
            if study is not None:
                studies.append(study)
            seed += 1
    write(Path(folder) / "pruner_decisions.json", {"brackets": brackets(), "studies": studies})
    write(Path(folder) / "signed_rank.json", signed_ranks())


if __name__ == "__main__":
    main(sys.argv[1])
