"""The same by Rustuna or Optuna, whichever this python has: peer.py.

Prints "NAME: study S s, 1000: A ms, first B ms, 5000: A ms, first B ms" as bench-tpe does. Optuna, which takes ten times
as long, has one study, and no ask after 5,000 trials."""
import random
import time

try:
    import rustuna as peer
    from rustuna.samplers import TPESampler
    from rustuna.distributions import FloatDistribution
    name, rounds, sizes = "rustuna", 3, (1000, 5000)
except ImportError:
    import optuna as peer
    from optuna.samplers import TPESampler
    from optuna.distributions import FloatDistribution
    peer.logging.set_verbosity(peer.logging.ERROR)
    name, rounds, sizes = "optuna" + peer.__version__, 1, (1000,)

NAMES = [f"x{i}" for i in range(10)]


def objective(trial):
    values = [trial.suggest_float(each, -5, 5) for each in NAMES]
    return values[0]


def asked(study):
    began = time.perf_counter()
    trial = study.ask()
    value = objective(trial)
    took = time.perf_counter() - began
    study.tell(trial.number, value)
    return took


def new_study(seed):
    return peer.create_study(sampler=TPESampler(seed=seed, multivariate=True))


def main():
    study = float("inf")
    for seed in range(rounds):
        began = time.perf_counter()
        new_study(seed).optimize(objective, n_trials=1000)
        study = min(study, time.perf_counter() - began)
    line = f"{name}: study {study:.4f} s"
    distributions = {each: FloatDistribution(-5, 5) for each in NAMES}
    for size in sizes:
        first = later = float("inf")
        for seed in range(rounds):
            known = new_study(seed)
            draw = random.Random(seed)
            for _ in range(size):
                params = {each: draw.uniform(-5, 5) for each in NAMES}
                known.add_trial(peer.create_trial(params=params, distributions=distributions, value=params["x0"])
                                if name == "rustuna" else
                                peer.trial.create_trial(params=params, distributions=distributions, value=params["x0"]))
            first = min(first, asked(known))
            later = min(later, sorted(asked(known) for _ in range(21))[10])
        line += f", {size}: {later * 1e3:.4f} ms, first {first * 1e3:.4f} ms"
    print(line)


main()
