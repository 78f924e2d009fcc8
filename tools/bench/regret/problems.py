"""The problems of bench-regret once more: dimensions, loss above the best one, noise of what a sampler is told.

A space is a list of (name, kind, low, high, condition); kind is float, log, int, intlog or choice, whose `low` is the
list of choices. A condition is (parameter, values)."""
import array
import math
import os


def sphere(x):
    return sum(v * v for v in x.values())


def rosenbrock(x):
    v = list(x.values())
    return sum(100 * (b - a * a) ** 2 + (1 - a) ** 2 for a, b in zip(v, v[1:]))


def ackley(x):
    n = len(x)
    return (20 + math.e - 20 * math.exp(-0.2 * math.sqrt(sum(v * v for v in x.values()) / n))
            - math.exp(sum(math.cos(2 * math.pi * v) for v in x.values()) / n))


def branin(p):
    x, y = p["x"], p["y"]
    return ((y - 5.1 * x * x / (4 * math.pi ** 2) + 5 * x / math.pi - 6) ** 2
            + 10 * (1 - 1 / (8 * math.pi)) * math.cos(x) + 10 - 0.39788735772973816)


WEIGHT = (1, 1.2, 3, 3.2)
SCALE = ((10, 3, 17, 3.5, 1.7, 8), (0.05, 10, 17, 0.1, 8, 14), (3, 3.5, 1.7, 10, 17, 8), (17, 8, 0.05, 10, 0.1, 14))
CENTRE = ((0.1312, 0.1696, 0.5569, 0.0124, 0.8283, 0.5886), (0.2329, 0.4135, 0.8307, 0.3736, 0.1004, 0.9991),
          (0.2348, 0.1451, 0.3522, 0.2883, 0.3047, 0.6650), (0.4047, 0.8828, 0.8732, 0.5743, 0.1091, 0.0381))


def hartmann(x):
    return 3.3223680114155147 - sum(
        weight * math.exp(-sum(s * (v - c) ** 2 for s, v, c in zip(scale, x.values(), centre)))
        for weight, scale, centre in zip(WEIGHT, SCALE, CENTRE))


def trees(p):
    leaf, rounds, rate = math.log2(p["leaf"]) - 5, math.log10(p["rounds"]), math.log10(p["rate"])
    return (0.5 * (rate + rounds - 1.5) ** 2 + 0.1 * (rate + 1.5) ** 2 + 0.02 * (p["depth"] - 6 - leaf / 2) ** 2
            + 0.01 * leaf ** 2 + 0.3 * (p["subsample"] - 0.7) ** 2 + 0.02 * math.log10(p["l2"]) ** 2)


def network(p):
    rate = math.log10(p["rate"])
    loss = 2 * (p["dropout"] - 0.2) ** 2 + 0.05 * (p["layers"] - 3) ** 2
    if p["optimiser"] == "adam":
        loss += 0.02 + 0.25 * (rate + 3) ** 2
    else:
        loss += 0.25 * (rate - math.log10(1 - p["momentum"]) + 0.5) ** 2 + 0.1 * (p["momentum"] - 0.9) ** 2
    return loss + sum(0.02 * (math.log2(p[f"width{i}"]) - 8 + i) ** 2 for i in range(1, p["layers"] + 1))


def box(count, low, high):
    return [(f"x{i}", "float", low, high, None) for i in range(count)]


TREES = [("depth", "int", 1, 12, None), ("leaf", "intlog", 1, 1024, None), ("rounds", "intlog", 16, 4096, None),
         ("rate", "log", 1e-3, 1, None), ("subsample", "float", 0.2, 1, None), ("l2", "log", 1e-3, 1e3, None)]
NETWORK = [("optimiser", "choice", ["adam", "sgd"], None, None), ("rate", "log", 1e-5, 1, None),
           ("momentum", "float", 0, 0.99, ("optimiser", ["sgd"])), ("dropout", "float", 0, 0.5, None),
           ("layers", "int", 1, 4, None)]
NETWORK += [(f"width{i}", "intlog", 8, 512, ("layers", list(range(i, 5)))) for i in range(1, 5)]


def table(file, sizes, categorical, sign):
    """Every combination's loss, row by row. None where MOOLA_HPO_TABLES does not name the tables' folder."""
    path = os.path.join(os.environ.get("MOOLA_HPO_TABLES", ""), file)
    if "MOOLA_HPO_TABLES" not in os.environ or not os.path.exists(path):
        return None
    values = array.array("d")
    with open(path, "rb") as source:
        values.frombytes(source.read())
    losses = [sign * v for v in values]
    best = min(losses)
    space = [(f"p{i}", "choice", [f"c{c}" for c in range(size)], None, None) if i in categorical
             else (f"p{i}", "int", 0, size - 1, None) for i, size in enumerate(sizes)]

    def regret(point):
        at = 0
        for i, size in enumerate(sizes):
            value = point[f"p{i}"]
            at = at * size + (int(value[1:]) if i in categorical else value)
        return losses[at] - best

    return space, regret, 0


def problems():
    """By name: (space, regret, noise)."""
    out = {
        "sphere10": (box(10, -5, 5), sphere, 0),
        "rosenbrock10": (box(10, -5, 5), rosenbrock, 0),
        "ackley10": (box(10, -32.768, 32.768), ackley, 0),
        "branin": ([("x", "float", -5, 10, None), ("y", "float", 0, 15, None)], branin, 0),
        "hartmann6": (box(6, 0, 1), hartmann, 0),
        "hpobench-credit": table("tab_hpobench_credit_g.bin", (10, 10, 3, 10, 10), (), -1),
        "hpolib-protein": table("tab_hpolib_protein_structure.bin", (2, 2, 4, 3, 3, 6, 2, 6, 6), (0, 1, 6), 1),
        "trees6": (TREES, trees, 0),
        "trees6-noisy": (TREES, trees, 0.05),
        "network9": (NETWORK, network, 0),
    }
    return {name: problem for name, problem in out.items() if problem is not None}
