"""Columns that compare symbols are what NumPy makes of the two files, window by window, on real bars."""
import unittest

import h5py
import numpy as np
from moola_workspace import MORE_BARS, Workspace

MINUTE = 60_000_000_000
FILES = {"BTCUSD": "bitfinex_BTCUSD_1m.csv.xz", "ETHUSD": "bitfinex_ETHUSD_1m.csv.xz"}
PERIOD, MAX_AGE = 20, 15 * MINUTE
KINDS = ("corr", "beta", "rel_strength", "spread_z", "stale")


def closes(file, step):
    """Stamps and closes of the bars of `step`, from those of a minute."""
    with h5py.File(file) as bars:
        time, close = bars["time"][:], bars["close"][:]
    begins = time // step * step
    last = np.append(np.flatnonzero(np.diff(begins)), len(begins) - 1)
    return begins[last], close[last]


def windows(values, length):
    return np.lib.stride_tricks.sliding_window_view(values, length)


def zscores(values):
    """Of the last value of each window, in long double."""
    inside = windows(values, PERIOD).astype(np.longdouble)
    deviation = inside.std(axis=1)
    return np.divide(inside[:, -1] - inside.mean(axis=1), deviation, out=np.zeros_like(deviation), where=deviation > 0)


def twin(kind, ours, other, fresh):
    """One column by bars: its value where it has one, NaN where not; `other` and `fresh` are beside our bars."""
    out = np.full(len(ours), np.nan)
    bars = 2 * PERIOD - 1 if kind == "spread_z" else PERIOD + 1
    whole = windows(fresh, bars).all(axis=1)
    if kind == "stale":
        out[bars - 1:] = ~whole
        return out
    with np.errstate(all="ignore"):
        if kind == "spread_z":
            spread = zscores(ours) - zscores(other)
            inside = windows(spread, PERIOD)
            deviation = inside.std(axis=1)
            value = np.where(deviation > 1e-6, (inside[:, -1] - inside.mean(axis=1)) / deviation, np.nan)
        else:
            x, y = (windows(np.diff(each.astype(np.longdouble)) / each[:-1], PERIOD) for each in (ours, other))
            dx, dy = x - x.mean(axis=1, keepdims=True), y - y.mean(axis=1, keepdims=True)
            still_x, still_y = ((each == each[:, :1]).all(axis=1) for each in (x, y))
            if kind == "rel_strength":
                value = x.sum(axis=1) - y.sum(axis=1)
            elif kind == "beta":
                value = np.where(still_y, np.nan, (dx * dy).sum(axis=1) / (dy * dy).sum(axis=1))
            else:
                value = (dx * dy).sum(axis=1) / np.sqrt((dx * dx).sum(axis=1) * (dy * dy).sum(axis=1))
                value = np.where(still_x | still_y, np.nan, value)
    out[bars - 1:] = np.where(whole, value, np.nan)
    return out


@unittest.skipUnless(MORE_BARS.exists(), f"no {MORE_BARS}")
class CrossAsset(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.workspace = Workspace()
        cls.addClassCleanup(cls.workspace.close)
        for symbol, file in FILES.items():
            cls.workspace.run("data", "import", "bars", MORE_BARS / file, "--symbol", symbol)

    def compare(self, own, another, timeframe, step):
        names = [f"cross_{kind}_{another}_{PERIOD}" for kind in KINDS]
        made = self.workspace.run("features", "--bars", f"{own}/v1", "--others", f"{another}/v1", "--timeframe", timeframe,
                                  "--features", ",".join(names), "--out", self.workspace.path / "f.h5", "--force")
        with h5py.File(made["file"]) as file:
            stamps, table = file["time"][:], file["X"][:]
        time, close = closes(self.workspace.path / f"data/bars/{own}/v1.h5", step)
        other_time, other_close = closes(self.workspace.path / f"data/bars/{another}/v1.h5", step)
        np.testing.assert_array_equal(time, stamps)
        # Bars as long as ours have ended with ours when they began with it or before.
        beside = np.searchsorted(other_time, time, side="right") - 1
        fresh = (beside >= 0) & (time - other_time[beside] <= MAX_AGE)
        begin = np.argmax(beside >= 0)
        time, close, beside, fresh = (each[begin:] for each in (time, close, beside, fresh))
        for column, kind in enumerate(KINDS):
            with self.subTest(own=own, timeframe=timeframe, kind=kind):
                ours = table[begin + 1:, column]  # row t is of the bars before t
                want = twin(kind, close, other_close[beside], fresh)[:-1]
                first = np.flatnonzero(~np.isnan(ours))[0]
                self.assertTrue(np.isnan(table[:begin + 1 + first, column]).all())
                if kind != "stale":
                    # The last bar has no row after it, and is counted all the same.
                    undefined = np.isnan(want[first:]).sum()
                    self.assertIn(made["undefined"].get(names[column], 0) - undefined, (0, 1))
                value = np.nan_to_num(want[first:].astype(float))
                error = np.abs(ours[first:] - value) / np.maximum(1, np.abs(value))
                # Prices that hardly move have z-scores of few digits, and what two of them differ by has fewer.
                self.assertLessEqual(error.max(), 1e-6 if kind == "spread_z" else 1e-9, f"at bar {begin + first + error.argmax()}")

    def test_bitcoin_and_ether(self):
        self.compare("BTCUSD", "ETHUSD", "5m", 5 * MINUTE)
        self.compare("ETHUSD", "BTCUSD", "1h", 60 * MINUTE)


if __name__ == "__main__":
    unittest.main()
