"""`moola label` gives what a plain scan in Python gives, on real bars: every strategy, bar by bar."""
import unittest

import h5py
import numpy as np
from moola_workspace import MORE_BARS, Workspace

INVALID = -99
NAT = np.iinfo("i8").min
REGIMES = {  # what `moola label --strategy adaptive` multiplies by: up, down, bars
    "atr_regime": {1: (1.2, 1.2, 1.1), -1: (0.9, 0.9, 0.9)},
    "trend_regime": {1: (1.05, 0.95, 1.0), -1: (0.95, 1.05, 1.0), 0: (1.0, 1.0, 0.95)},
    "hurst_regime": {1: (1.05, 1.05, 1.1), -1: (0.95, 0.95, 0.9)},
}


def scan(bars, up, down, max_bars, tie, rows, side=None):
    """The definition, bar by bar: label, bars, mae, mfe, exit return. `up`, `down`: distances; `max_bars`: per bar."""
    open_, high, low, close = (bars[key] for key in ("open", "high", "low", "close"))
    n = len(close)
    for i in rows:
        most = int(max_bars[i])
        if i + most >= n or not (up[i] > 0 and down[i] > 0):
            yield i, (INVALID, 0, 0.0, 0.0, 0.0)
            continue
        entry = close[i]
        upper, lower = entry + up[i], entry - down[i]
        label, j, price = 0, i + most, close[i + most]
        for k in range(i + 1, i + most + 1):
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
                    stop = 1 if side is not None and side[i] < 0 else -1
                    label = {"nearest_open": nearest, "stop_first": stop, "invalid": INVALID}[tie]
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


def slope_t(y):
    """t of the slope of the least-squares line through y, from its residuals."""
    x = np.arange(len(y)) - (len(y) - 1) / 2
    slope = (x * (y - y.mean())).sum() / (x * x).sum()
    residual = y - y.mean() - slope * x
    error = np.sqrt((residual ** 2).sum() / (len(y) - 2) / (x * x).sum())
    return 0.0 if slope == 0 else slope / error if error > 0 else np.copysign(np.inf, slope)


class Labels(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.workspace = Workspace()
        cls.addClassCleanup(cls.workspace.close)

    def bars(self, bars_id):
        with h5py.File(self.workspace.path / f"data/bars/{bars_id}.h5") as file:
            return {key: file[key][:] for key in ("time", "open", "high", "low", "close")}

    def label(self, bars_id, *arguments):
        made = self.workspace.run("label", "--bars", bars_id, *arguments, "--out", self.workspace.path / "labels.h5", "--force")
        with h5py.File(made["file"]) as file:
            return made, {key: file[key][:] for key in file}

    def features(self, bars_id, names):
        """Columns by name; row t of each knows the bars before t."""
        made = self.workspace.run("features", "--bars", bars_id, "--features", ",".join(names),
                                  "--out", self.workspace.path / "features.h5", "--force")
        with h5py.File(made["file"]) as file:
            return {name: file["X"][:, i] for i, name in enumerate(file.attrs["feature_names"])}

    def compare_trades(self, bars, got, expected, label="label"):
        for i, (want, length, mae, mfe, gain) in expected:
            self.assertEqual((got[label][i], got["bars"][i]), (want, length), f"bar {i}")
            self.assertEqual(got["mae"][i], np.float32(mae), f"bar {i}")
            self.assertEqual(got["mfe"][i], np.float32(mfe), f"bar {i}")
            self.assertEqual(got["exit_return"][i], np.float32(gain), f"bar {i}")
            self.assertEqual(got["t1"][i], NAT if want == INVALID else bars["time"][i + length], f"bar {i}")

    def triple_barrier(self, bars_id, step, tie, max_bars, up, down):
        _, got = self.label(bars_id, "--up", up, "--down", down, "--max-bars", max_bars, "--tie", tie)
        bars = self.bars(bars_id)
        scale = np.concatenate([[np.nan], atr(bars, 14)[:-1]])  # known a bar before
        known = ~np.isnan(scale)
        np.testing.assert_array_equal(np.isnan(got["scale"]), ~known)
        np.testing.assert_allclose(got["scale"][known], scale[known], rtol=1e-12)
        n = len(bars["close"])
        rows = list(range(0, n, step)) + list(range(max(0, n - max_bars - 3), n))
        self.compare_trades(bars, got, scan(bars, up * got["scale"], down * got["scale"], np.full(n, max_bars), tie, rows))

    def threshold(self, bars_id, step):
        _, got = self.label(bars_id, "--strategy", "threshold", "--threshold", 0.002, "--cost", "2bp")
        bars = self.bars(bars_id)
        n, close = len(bars["close"]), bars["close"]
        cost = 0.0002 * close
        upper, lower = close + 0.002 * close + cost, close - 0.002 * close - cost
        for i in list(range(0, n, step)) + list(range(n - 23, n)):
            want = (INVALID, 0)
            if i + 20 < n:
                want = next(((1 if close[k] >= upper[i] else -1, k - i) for k in range(i + 1, i + 21)
                             if close[k] >= upper[i] or close[k] <= lower[i]), (0, 20))
            self.assertEqual((got["label"][i], got["bars"][i]), want, f"bar {i}")

    def directional(self, bars_id):
        _, got = self.label(bars_id, "--strategy", "directional", "--horizon", 15, "--dead-band", 0.0005, "--entry", "next_open")
        bars = self.bars(bars_id)
        n = len(bars["close"])
        entry, last = bars["open"][1:n - 14], bars["close"][15:]
        move, band = last - entry, 0.0005 * entry
        want = np.full(n, INVALID)
        want[:n - 15] = np.where(move > band, 1, np.where(move < -band, -1, 0))
        np.testing.assert_array_equal(got["label"], want)
        np.testing.assert_array_equal(got["exit_return"][:n - 15], (last / entry - 1).astype("f4"))
        np.testing.assert_array_equal(got["t1"], np.concatenate([bars["time"][15:], np.full(15, NAT)]))
        highest = np.lib.stride_tricks.sliding_window_view(bars["high"][1:], 15).max(axis=1)
        lowest = np.lib.stride_tricks.sliding_window_view(bars["low"][1:], 15).min(axis=1)
        np.testing.assert_array_equal(got["mfe"][:n - 15], ((highest - entry) / entry).clip(0, None).astype("f4"))
        np.testing.assert_array_equal(got["mae"][:n - 15], ((lowest - entry) / entry).clip(None, 0).astype("f4"))

    def regression(self, bars_id):
        bars = self.bars(bars_id)
        n, close = len(bars["close"]), bars["close"]
        parts = [(0, n // 2), (n // 2 + 100, n * 3 // 4)]
        made, got = self.label(bars_id, "--strategy", "regression", "--horizon", 30, "--fit-rows",
                               ",".join(f"{begin}:{end}" for begin, end in parts))
        returns = np.full(n, np.nan)
        returns[:-30] = close[30:] / close[:-30] - 1
        seen = np.concatenate([returns[begin:end - 30] for begin, end in parts])
        low, high = np.quantile(seen, [0.01, 0.99])
        np.testing.assert_allclose([made["fitted"]["return_limits"][key] for key in ("low", "high")], [low, high], rtol=1e-12)
        np.testing.assert_allclose(got["target"], 100 * np.clip(returns, low, high), rtol=1e-6)
        np.testing.assert_array_equal(got["t1"], np.concatenate([bars["time"][30:], np.full(30, NAT)]))

    def adaptive(self, bars_id, step):
        made, got = self.label(bars_id, "--strategy", "adaptive", "--up", 2, "--down", 1.5, "--max-bars", 30)
        bars = self.bars(bars_id)
        columns = self.features(bars_id, ["atr_14", *REGIMES])
        n = len(bars["close"])
        up, down, length = columns["atr_14"].copy(), columns["atr_14"].copy(), np.full(n, 30.0)
        for name, table in REGIMES.items():
            up[np.isnan(columns[name])] = np.nan
            for state, factors in table.items():
                rows = columns[name] == state
                for column, factor in zip((up, down, length), factors):
                    column[rows] *= factor
        np.testing.assert_array_equal(got["max_bars"], np.floor(length + 0.5))
        np.testing.assert_allclose(got["scale_up"], up, rtol=1e-14)
        known = ~np.isnan(up)
        np.testing.assert_allclose(got["scale_down"][known], down[known], rtol=1e-14)
        self.assertEqual(made["longest"], round(30 * 1.1 * 1.1))
        self.assertGreater(len(np.unique(got["max_bars"])), 4)
        rows = list(range(0, n, step)) + list(range(n - 40, n))
        self.compare_trades(bars, got, scan(bars, 2 * got["scale_up"], 1.5 * got["scale_down"], got["max_bars"], "nearest_open", rows))

    def meta(self, bars_id, step):
        bars = self.bars(bars_id)
        n, close = len(bars["close"]), bars["close"]
        columns = self.features(bars_id, ["atr_14", "sma_10", "sma_50", "rsi_14"])
        for tie in ("nearest_open", "stop_first"):
            _, got = self.label(bars_id, "--strategy", "meta", "--signal", "sma_10 > sma_50", "--up", 2, "--down", 1, "--max-bars",
                                25, "--tie", tie)
            side = np.where(columns["sma_10"] > columns["sma_50"], 1, np.where(columns["sma_10"] < columns["sma_50"], -1, 0))
            np.testing.assert_array_equal(got["side"], side)
            up = np.where(side > 0, 2.0, 1.0) * columns["atr_14"]
            down = np.where(side > 0, 1.0, 2.0) * columns["atr_14"]
            up[side == 0] = np.nan
            rows = list(range(0, n, step)) + list(range(n - 30, n))
            trades = dict(scan(bars, up, down, np.full(n, 25), tie, rows, side=side))
            self.compare_trades(bars, got, ((i, trade) for i, trade in trades.items() if trade[0] == INVALID))
            for i, (touch, length, mae, mfe, gain) in trades.items():
                if touch == INVALID:
                    continue
                right = touch == side[i] if touch else side[i] * (close[i + length] - close[i]) > 0
                self.assertEqual((got["label"][i], got["touch"][i], got["bars"][i]), (right, touch, length), f"bar {i}")
                self.assertEqual(got["exit_return"][i], np.float32(gain), f"bar {i}")
                self.assertEqual(got["mae"][i], np.float32(mae), f"bar {i}")
                self.assertEqual(got["mfe"][i], np.float32(mfe), f"bar {i}")
        _, got = self.label(bars_id, "--strategy", "meta", "--signal", "rsi_14 < 40..60", "--judge", "return", "--horizon", 20)
        side = np.where(columns["rsi_14"] < 40, 1, np.where(columns["rsi_14"] > 60, -1, 0))
        want = np.full(n, INVALID)
        want[:-20] = side[:-20] * (close[20:] - close[:-20]) > 0
        want[side == 0] = INVALID
        np.testing.assert_array_equal(got["label"], want)

    def trend_scan(self, bars_id, step):
        _, got = self.label(bars_id, "--strategy", "trend_scan", "--min-bars", 5, "--max-bars", 20)
        bars = self.bars(bars_id)
        n, close = len(bars["close"]), bars["close"]
        for i in range(0, n - 20, step):
            t = [slope_t(close[i:i + length + 1]) for length in range(5, 21)]
            best = t[int(np.argmax(np.abs(t)))]
            self.assertEqual(got["label"][i], np.sign(best), f"bar {i}")
            if abs(best) < 1e5:
                self.assertAlmostEqual(got["t_value"][i] / best if best else 1, 1, places=5, msg=f"bar {i}")
                self.assertAlmostEqual(t[got["bars"][i] - 5] / best if best else 1, 1, places=9, msg=f"bar {i}")
            self.assertEqual(got["t1"][i], bars["time"][i + 20], f"bar {i}")
        np.testing.assert_array_equal(got["label"][-20:], INVALID)

    def every_strategy(self, bars_id, step):
        for strategy in (self.threshold, self.adaptive, self.meta, self.trend_scan):
            with self.subTest(strategy.__name__, bars=bars_id):
                strategy(bars_id, step)
        for strategy in (self.directional, self.regression):
            with self.subTest(strategy.__name__, bars=bars_id):
                strategy(bars_id)

    def test_the_sample_of_the_taiwan_index_future(self):
        self.workspace.import_sample()
        for tie in ("nearest_open", "stop_first", "invalid"):
            self.triple_barrier("TX/v1", 3, tie, 50, 3.0, 2.1)
        self.triple_barrier("TX/v1", 3, "nearest_open", 5, 0.4, 0.3)  # nearly every bar reaches both
        self.every_strategy("TX/v1", 7)

    @unittest.skipUnless(MORE_BARS.exists(), f"no {MORE_BARS}")
    def test_bitcoin_and_the_nasdaq(self):
        for file, symbol in (("bitfinex_BTCUSD_1m.csv.xz", "BTCUSD"), ("histdata_NSXUSD_M1_2018_2019.csv.zst", "NSXUSD")):
            self.workspace.run("data", "import", "bars", MORE_BARS / file, "--symbol", symbol)
            self.triple_barrier(f"{symbol}/v1", 37, "nearest_open", 50, 3.0, 2.1)
            self.triple_barrier(f"{symbol}/v1", 37, "invalid", 50, 0.8, 0.8)
            self.every_strategy(f"{symbol}/v1", 397)


if __name__ == "__main__":
    unittest.main()
