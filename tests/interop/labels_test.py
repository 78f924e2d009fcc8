"""`moola label` gives what a plain scan in Python gives, on real bars."""
import unittest

import h5py
import numpy as np
from moola_workspace import MORE_BARS, Workspace

INVALID = -99


def scan(bars, scale, up, down, max_bars, tie, rows):
    """The definition, bar by bar: label, bars, mae, mfe, exit return."""
    open_, high, low, close = (bars[key] for key in ("open", "high", "low", "close"))
    n = len(close)
    for i in rows:
        if i + max_bars >= n or not scale[i] > 0:
            yield i, (INVALID, 0, 0.0, 0.0, 0.0)
            continue
        entry = close[i]
        upper, lower = entry + up * scale[i], entry - down * scale[i]
        label, j, price = 0, i + max_bars, close[i + max_bars]
        for k in range(i + 1, i + max_bars + 1):
            hit_up, hit_down = high[k] >= upper, low[k] <= lower
            if not hit_up and not hit_down:
                continue
            j = k
            if open_[k] >= upper:
                label, price = 1, open_[k]
            elif open_[k] <= lower:
                label, price = -1, open_[k]
            else:
                if hit_up and hit_down:
                    nearest = 1 if abs(open_[k] - upper) <= abs(open_[k] - lower) else -1
                    label = {"nearest_open": nearest, "stop_first": -1, "invalid": INVALID}[tie]
                else:
                    label = 1 if hit_up else -1
                price = upper if label == 1 else lower
            break
        if label == INVALID:
            yield i, (INVALID, 0, 0.0, 0.0, 0.0)
        else:
            mae = min(0.0, (low[i + 1:j + 1].min() - entry) / entry)
            mfe = max(0.0, (high[i + 1:j + 1].max() - entry) / entry)
            yield i, (label, j - i, mae, mfe, price / entry - 1)


def atr(bars, period):
    high, low, close = bars["high"], bars["low"], bars["close"]
    ranges = np.maximum.reduce([high[1:] - low[1:], np.abs(high[1:] - close[:-1]), np.abs(low[1:] - close[:-1])])
    out = np.full(len(close), np.nan)
    out[period] = ranges[:period].mean()
    for i in range(period + 1, len(close)):
        out[i] = (out[i - 1] * (period - 1) + ranges[i - 1]) / period
    return out


class Labels(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.workspace = Workspace()
        cls.addClassCleanup(cls.workspace.close)

    def compare(self, bars_id, step, tie, max_bars, up, down):
        made = self.workspace.run("label", "--bars", bars_id, "--up", up, "--down", down, "--max-bars", max_bars, "--tie", tie,
                                  "--out", self.workspace.path / "labels.h5", "--force")
        with h5py.File(self.workspace.path / f"data/bars/{bars_id}.h5") as file:
            bars = {key: file[key][:] for key in ("time", "open", "high", "low", "close")}
        with h5py.File(made["file"]) as file:
            got = {key: file[key][:] for key in file}
        scale = np.concatenate([[np.nan], atr(bars, 14)[:-1]])  # known a bar before
        known = ~np.isnan(scale)
        np.testing.assert_array_equal(np.isnan(got["scale"]), ~known)
        np.testing.assert_allclose(got["scale"][known], scale[known], rtol=1e-12)
        n = len(bars["close"])
        rows = list(range(0, n, step)) + list(range(max(0, n - max_bars - 3), n))
        for i, (label, length, mae, mfe, gain) in scan(bars, got["scale"], up, down, max_bars, tie, rows):
            self.assertEqual((got["label"][i], got["bars"][i]), (label, length), f"bar {i}")
            self.assertEqual(got["mae"][i], np.float32(mae), f"bar {i}")
            self.assertEqual(got["mfe"][i], np.float32(mfe), f"bar {i}")
            self.assertEqual(got["exit_return"][i], np.float32(gain), f"bar {i}")
            t1 = np.iinfo("i8").min if label == INVALID else bars["time"][i + length]
            self.assertEqual(got["t1"][i], t1, f"bar {i}")

    def test_the_sample_of_the_taiwan_index_future(self):
        self.workspace.import_sample()
        for tie in ("nearest_open", "stop_first", "invalid"):
            self.compare("TX/v1", 3, tie, 50, 3.0, 2.1)
        self.compare("TX/v1", 3, "nearest_open", 5, 0.4, 0.3)  # nearly every bar reaches both

    @unittest.skipUnless(MORE_BARS.exists(), f"no {MORE_BARS}")
    def test_bitcoin_and_the_nasdaq(self):
        for file, symbol in (("bitfinex_BTCUSD_1m.csv.xz", "BTCUSD"), ("histdata_NSXUSD_M1_2018_2019.csv.zst", "NSXUSD")):
            self.workspace.run("data", "import", "bars", MORE_BARS / file, "--symbol", symbol)
            self.compare(f"{symbol}/v1", 37, "nearest_open", 50, 3.0, 2.1)
            self.compare(f"{symbol}/v1", 37, "invalid", 50, 0.8, 0.8)


if __name__ == "__main__":
    unittest.main()
