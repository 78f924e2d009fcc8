"""Holds regrets of our samplers against the peers': compare.py OURS PEERS, both "problem,sampler,version,seed,regret".

For each problem the mean regret of `auto` and its standard error, beside those of the peer with the least mean; then
each of our samplers beside the one of the same name. Whether they differ is tested twice, both sides: whether the means
do (a permutation test), and whether one of two runs is usually less (Mann and Whitney). Over the problems p is adjusted
by Holm's method. A problem fails where ours is worse and either p is below 0.05; then the status is 1."""
import collections
import math
import random
import statistics
import sys

LEVEL = 0.05
SHUFFLES = 20000
SEEDS = 50
# Whom each sampler is named after: the peer's version begins so. Ours rounds integers with a margin.
NAMESAKES = {"tpe": ("tpe", "optuna-5"), "tpe-univariate": ("tpe-univariate", "optuna-5"),
             "tpe-multivariate": ("tpe-multivariate", "optuna-4"), "cma-es": ("cma-es-margin", "optuna-5"),
             "gp": ("gp", "optuna-4"), "random": ("random", "optuna-5")}


def read(path):
    out = collections.defaultdict(list)
    with open(path) as lines:
        for line in lines:
            problem, sampler, version, _, regret = line.strip().split(",")
            if problem != "problem":
                out[problem, sampler, version].append(float(regret))
    return out


def permutation(a, b):
    """How often means differ as much when it is drawn who has which value."""
    both, count, draw = a + b, len(a), random.Random(1)
    total = sum(both)

    def difference(of_first):
        return abs(of_first / count - (total - of_first) / len(b))

    limit = difference(sum(a)) * (1 - 1e-12)
    beyond = sum(difference(sum(draw.sample(both, count))) >= limit for _ in range(SHUFFLES))
    return (beyond + 1) / (SHUFFLES + 1)


def mann_whitney(a, b):
    """Normal approximation with the correction for ties and half a step."""
    both = sorted(a + b)
    ranks, ties, at = {}, 0, 0
    while at < len(both):
        end = at
        while end < len(both) and both[end] == both[at]:
            end += 1
        ranks[both[at]] = (at + end + 1) / 2
        ties += (end - at) ** 3 - (end - at)
        at = end
    n = len(both)
    excess = abs(sum(ranks[v] for v in a) - len(a) * (n + 1) / 2)
    variance = len(a) * len(b) / 12 * (n + 1 - ties / (n * (n - 1)))
    if variance <= 0:
        return 1.0
    return math.erfc(max(0, excess - 0.5) / math.sqrt(2 * variance))


def holm(chances):
    out, most = [0.0] * len(chances), 0.0
    for rank, i in enumerate(sorted(range(len(chances)), key=chances.__getitem__)):
        most = max(most, min(1.0, (len(chances) - rank) * chances[i]))
        out[i] = most
    return out


def said(values):
    error = statistics.stdev(values) / math.sqrt(len(values)) if len(values) > 1 else float("nan")
    return f"{statistics.fmean(values):9.3g} ± {error:<8.2g}({len(values)})"


def compared(title, pairs):
    """pairs: (problem, ours, peer's name, peer's). Prints a line for each; returns how many fail."""
    by_mean = holm([permutation(ours, theirs) for _, ours, _, theirs in pairs])
    by_rank = holm([mann_whitney(ours, theirs) for _, ours, _, theirs in pairs])
    failed = 0
    print(title)
    for (problem, ours, name, theirs), mean_chance, rank_chance in zip(pairs, by_mean, by_rank):
        lower = sum((x < y) + 0.5 * (x == y) for x in ours for y in theirs) / (len(ours) * len(theirs))
        worse = (statistics.fmean(ours) > statistics.fmean(theirs) and mean_chance < LEVEL
                 or lower < 0.5 and rank_chance < LEVEL)
        better = not worse and min(mean_chance, rank_chance) < LEVEL
        failed += worse
        verdict = "WORSE" if worse else "better" if better else ""
        print(f"  {problem:16} {said(ours)} {said(theirs)} {name:28} p {mean_chance:.3f} {rank_chance:.3f}, "
              f"less in {100 * lower:3.0f} %  {verdict}")
    return failed


def main():
    if len(sys.argv) != 3:
        sys.exit("usage: compare.py OURS PEERS")
    ours, peers = read(sys.argv[1]), read(sys.argv[2])
    names = list(dict.fromkeys(problem for problem, _, _ in peers))
    pairs, missing = [], []
    for problem in names:
        mine = ours.get((problem, "auto", "moola"))
        if mine is None:
            missing.append(problem)
            continue
        rivals = {key: values for key, values in peers.items() if key[0] == problem and key[1] != "random"}
        best = min(rivals, key=lambda key: statistics.fmean(rivals[key]))
        pairs.append((problem, mine, " ".join(best[1:]), rivals[best]))
    failed = compared("auto, and the best peer: mean ± standard error (seeds)", pairs)
    for sampler, (name, version) in NAMESAKES.items():
        pairs = [(problem, ours[problem, sampler, "moola"], " ".join(key[1:]), values)
                 for problem in names for key, values in peers.items()
                 if key[0] == problem and key[1] == name and key[2].startswith(version)
                 and (problem, sampler, "moola") in ours]
        if pairs:
            failed += compared(f"{sampler}, and its namesake", pairs)
    for problem in missing:
        print(f"NOT MEASURED: {problem}")
    few = [f"{problem} {sampler} {version} ({len(values)})" for (problem, sampler, version), values in peers.items()
           if len(values) < SEEDS]
    if few:
        print(f"Fewer than {SEEDS} seeds, so that a difference may go unseen: {', '.join(few)}")
    print(f"{failed} significantly worse (5 %, Holm)")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
