"""The same functions by TA-Lib's Python package on the same bars: peer.py FOLDER LINES, LINES being what bench-indicators
printed. Prints "theirs FUNCTION PARAMETERS OUTPUTS NS-PER-BAR MEANS" for each of its lines; NS-PER-BAR is "-" where this
TA-Lib lacks the function."""
import pathlib
import sys
import time

import numpy as np
import talib
from talib import abstract

COMPARED = 1000
ROUNDS = 7


def flat(names):
    for name in names:
        yield from [name] if isinstance(name, str) else name


def short(output):
    """outRealUpperBand, outMACDSignal as the package calls them."""
    name = output.removeprefix("out")
    return (name.removeprefix("Real") or "real").lower()


def measure(bars, function, parameters, outputs):
    info = abstract.Function(function).info
    inputs = [bars[name] for name in flat(info["input_names"].values())]
    # Kinds of averages stay the simple one.
    names = [name for name in info["parameters"] if not name.endswith("matype") and (function, name) != ("VAR", "nbdev")]
    values = [] if parameters == "-" else [float(value) for value in parameters.split(",")]
    simple = {name: 0 for name in info["parameters"] if name.endswith("matype")}
    wanted = simple | {name: type(info["parameters"][name])(value) for name, value in zip(names, values)}
    compute = getattr(talib, function)
    best = 1e30
    for _ in range(ROUNDS):
        began = time.perf_counter()
        result = compute(*inputs, **wanted)
        best = min(best, time.perf_counter() - began)
    # This function alone calls its outputs one thing in C and another in Python.
    names = ["real", "integer"] if function == "SUPERTREND" else info["output_names"]
    columns = dict(zip(names, result if isinstance(result, tuple) else (result,)))
    if outputs == "-":
        chosen = list(columns.values())
    else:
        chosen = [columns[short(name)] for name in outputs.split(",")]
    means = ",".join(f"{column[-COMPARED:].mean():.12g}" for column in chosen)
    return f"{best * 1e9 / bars['close'].size:.3f}", means


def main():
    if len(sys.argv) != 3:
        sys.exit("usage: peer.py FOLDER LINES")
    columns = np.fromfile(pathlib.Path(sys.argv[1]) / "bars.f64").reshape(5, -1)
    bars = dict(zip(("open", "high", "low", "close", "volume"), columns))
    known = set(talib.get_functions())
    for line in pathlib.Path(sys.argv[2]).read_text().splitlines():
        _, function, parameters, outputs, *_ = line.split()
        nanoseconds, means = measure(bars, function, parameters, outputs) if function in known else ("-", "-")
        print("theirs", function, parameters, outputs, nanoseconds, means)


main()
