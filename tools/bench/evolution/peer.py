"""The same studies by Rustuna: peer.py TRIALS.

Prints "rustuna NAME: S s, M MB" for CMA-ES and for NSGA-II, the best of two, and what was found."""
import resource
import sys
import time

import rustuna


def sphere(x, centre):
    return sum((v - centre) ** 2 for v in x)


def hypervolume(points, end):
    volume, ceiling = 0.0, end
    for first, second in sorted(p for p in points if max(p) < end):
        if second < ceiling:
            volume += (end - first) * (ceiling - second)
            ceiling = second
    return volume


def point_of(trial):
    return [trial.suggest_float(f"x{i}", -5, 5) for i in range(10)]


def measure(name, directions, sampler, objective, trials):
    best = float("inf")
    for _ in range(2):
        study = rustuna.create_study(directions=directions, sampler=sampler())
        began = time.perf_counter()
        study.optimize(objective, n_trials=trials)
        best = min(best, time.perf_counter() - began)
    print(f"rustuna {name}: {best:.4f} s, {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB")
    return [trial.values for trial in study.trials]


def main():
    if len(sys.argv) != 2:
        sys.exit("usage: peer.py TRIALS")
    trials = int(sys.argv[1])
    one = measure("cma", ["minimize"], lambda: rustuna.samplers.CmaEsSampler(seed=1),
                  lambda trial: sphere(point_of(trial), 0), trials)
    print(f"  least loss {min(values[0] for values in one):.3g}")

    def spheres(trial):
        x = point_of(trial)
        return sphere(x, 0), sphere(x, 2)

    two = measure("nsga", ["minimize"] * 2, lambda: rustuna.samplers.NSGAIISampler(seed=1), spheres, trials)
    print(f"  hypervolume up to (50, 50) {hypervolume(two, 50):.1f}")


main()
