"""The same labels by a numba kernel with the same loop: peer.py WORKSPACE bars/NAME/vN. Prints "numba: N ns/bar"."""
import pathlib
import sys
import time

import h5py
import numba
import numpy as np


@numba.njit(cache=False)
def atr14(high, low, close):
    out = np.full(close.size, np.nan)
    value = 0.0
    for i in range(1, close.size):
        span = max(high[i] - low[i], abs(high[i] - close[i - 1]), abs(low[i] - close[i - 1]))
        value = value + span / 14 if i <= 14 else (value * 13 + span) / 14
        if i >= 14:
            out[i] = value
    return out


@numba.njit(cache=False)
def triple_barrier(open_, high, low, close, atr, k_up, k_down, max_bars):
    n = close.size
    label = np.zeros(n, np.int8)
    bars = np.zeros(n, np.int32)
    mae = np.zeros(n, np.float32)
    mfe = np.zeros(n, np.float32)
    touch = np.zeros(n, np.int8)
    for i in range(n):
        if i + max_bars >= n:
            label[i] = -99
            continue
        if not atr[i] > 0:
            bars[i] = max_bars
            continue
        entry = close[i]
        upper, lower = entry + k_up * atr[i], entry - k_down * atr[i]
        worst, best = 0.0, 0.0
        bars[i] = max_bars
        for j in range(i + 1, i + max_bars + 1):
            best = max(best, (high[j] - entry) / entry)
            worst = min(worst, (low[j] - entry) / entry)
            up, down = high[j] >= upper, low[j] <= lower
            if up and down:
                label[i] = 1 if abs(open_[j] - upper) <= abs(open_[j] - lower) else -1
            elif up:
                label[i] = 1
            elif down:
                label[i] = -1
            if up or down:
                touch[i] = label[i]
                bars[i] = j - i
                break
        mae[i], mfe[i] = worst, best
    return label, bars, mae, mfe, touch


def main():
    if len(sys.argv) != 3:
        sys.exit("usage: peer.py WORKSPACE bars/NAME/vN")
    kind, name, version = sys.argv[2].split("/")
    with h5py.File(pathlib.Path(sys.argv[1]) / "data" / kind / name / (version + ".h5")) as file:
        open_, high, low, close = (file[column][:] for column in ("open", "high", "low", "close"))
    atr = atr14(high, low, close)
    triple_barrier(open_[:1000], high[:1000], low[:1000], close[:1000], atr[:1000], 3.0, 2.1, 50)  # compiles
    best = 1e30
    for _ in range(5):
        began = time.perf_counter()
        label, bars, *_ = triple_barrier(open_, high, low, close, atr, 3.0, 2.1, 50)
        best = min(best, time.perf_counter() - began)
    print(f"numba: {best * 1e9 / close.size:.2f} ns/bar")
    print(f"  labels {(label == 1).sum()} up, {(label == -1).sum()} down, {(label == 0).sum()} neutral, "
          f"{(label == -99).sum()} none; {bars.sum()} bars to the ends")


if __name__ == "__main__":
    main()
