"""`moola features --windows` gives what plain loops in Python give, on real windows."""
import unittest

import h5py
import numpy as np
from moola_workspace import MORE_BARS, Workspace

EPS = 1e-8


def over(part, whole):
    """part / whole, 0 where there is no whole."""
    return np.divide(part, whole, out=np.zeros_like(part), where=whole > 0)


def relative(w):
    logs = np.log(w)
    returns = np.vstack([np.zeros(4), np.diff(logs, axis=0)])
    o, h, l, c = w.T
    r = h - l + EPS
    shape = np.clip([np.abs(c - o) / r, (h - np.maximum(o, c)) / r, (np.minimum(o, c) - l) / r], 0, 1).T
    z = np.zeros_like(w)
    for t in range(1, len(w)):
        last = w[max(0, t - 19):t + 1]
        z[t] = np.clip((w[t] - last.mean(0)) / (last.std(0) + EPS), -10, 10)
    return np.hstack([returns, shape, z])


def relativity(w):
    T = len(w)
    out = np.zeros((T, 13))
    leg, extreme, at, swing_high, swing_low, ema = "up", None, None, None, None, None
    for t, (o, h, l, c) in enumerate(w):
        r = h - l
        ema = r if ema is None else 2 / 21 * r + (1 - 2 / 21) * ema
        ranges = [max(w[k, 1] - w[k, 2], abs(w[k, 1] - w[k - 1, 3]), abs(w[k, 2] - w[k - 1, 3])) if k else w[0, 1] - w[0, 2]
                  for k in range(max(0, t - 9), t + 1)]
        atr = sum(ranges) / len(ranges)
        if leg == "up":
            if extreme is None or h > extreme:
                extreme, at = h, t
            turn = extreme - c >= 1.2 * atr or (t - at <= 5 and extreme - l >= 0.5 * atr)
            if turn and atr > 0 and t > 0:
                swing_high, leg, extreme, at = (extreme, at), "down", l, t
        else:
            if l < extreme:
                extreme, at = l, t
            turn = c - extreme >= 1.2 * atr or (t - at <= 5 and h - extreme >= 0.5 * atr)
            if turn and atr > 0:
                swing_low, leg, extreme, at = (extreme, at), "up", h, t
        body = (c - o) / r if r > 0 else 0
        ratio = min(r / ema, 3) if r > 0 else 0
        far = lambda d: 0.0 if d == 0 else np.clip(d / atr if atr > 0 else np.sign(d) * 3, -3, 3)
        below = far(swing_high[0] - c) if swing_high else 0
        above = far(c - swing_low[0]) if swing_low else 0
        since = [(t - s[1]) / T if s else 0 for s in (swing_high, swing_low)]
        share = lambda x: x / r if r > 0 else 0
        out[t] = [share(o - l), share(c - l), body, share(h - max(o, c)), share(min(o, c) - l), ratio, below, above, *since,
                  np.clip(ratio * (1 if leg == "up" else -1) * body, -2, 2),
                  (1 - ratio / 3) * (1 - abs(body)) * sum(since) / 2, t / (T - 1) if T > 1 else 0]
    return out


def expanding_z(w):
    out = np.zeros_like(w)
    for t in range(1, len(w)):
        moves = np.ptp(w[:t + 1], axis=0) > 0
        out[t, moves] = ((w[t] - w[:t + 1].mean(0))[moves] / w[:t + 1].std(0)[moves])
    return out


def advanced(w):
    T = len(w)
    o, h, l, c = w.T
    r = h - l
    returns = np.vstack([np.zeros(4), np.diff(np.log(w), axis=0)])
    deviations = np.zeros((T, 3))
    for k, n in enumerate((5, 10, 20)):
        for t in range(2, T):
            deviations[t, k] = returns[max(1, t - n + 1):t + 1, 3].std()
    swings = np.zeros((T, 2))
    for t in range(10, T):
        m = t - 5
        swings[t, 0] = h[m] > h[m - 5:m].max() and h[m] >= h[m + 1:t + 1].max()
        swings[t, 1] = l[m] < l[m - 5:m].min() and l[m] <= l[m + 1:t + 1].min()
    gaps = np.zeros((T, 2))
    gaps[1:, 0], gaps[1:, 1] = l[1:] > h[:-1], h[1:] < l[:-1]
    candle = [over(np.abs(c - o), r), over(h - np.maximum(o, c), r), over(np.minimum(o, c) - l, r), np.sign(c - o)]
    return np.hstack([returns, expanding_z(w), deviations, np.array(candle).T, swings, gaps, np.log(h / l)[:, None]])


def hopsketch(w):
    o, h, l, c = w.T
    r = h - l
    mean = np.array([r[max(0, t - 19):t + 1].mean() for t in range(len(w))])
    sign = np.sign(c - o)
    run = np.ones(len(w))
    for t in range(1, len(w)):
        run[t] = run[t - 1] + 1 if sign[t] == sign[t - 1] else 1
    gap = np.concatenate([[0], over(o[1:] - c[:-1], mean[1:])])
    columns = [over(c - o, mean), over(r, mean), over(c - o, r), over(h - np.maximum(o, c), mean),
               over(np.minimum(o, c) - l, mean), over(c - l, r), over(o - l, r), sign, np.clip(gap, -20, 20), np.log(c / o), run]
    return np.hstack([expanding_z(w), np.array(columns).T]).reshape(-1)


def zscore(x):
    return (x - x.mean()) / x.std() if np.ptp(x) > 0 else np.zeros_like(x)


def correlation(c, lag):
    if len(c) < lag + 2 or np.ptp(c[:-lag]) == 0 or np.ptp(c[lag:]) == 0:
        return 0.0
    return np.corrcoef(c[:-lag], c[lag:])[0, 1]


def box_slope(c, low, span):
    if span == 0 or len(c) < 3:
        return 1.0
    counts = []
    for s in (2, 4, 8):
        b = -(-len(c) // s)
        counts.append(len({min(int((x - low) / span * b), b - 1) for x in c}))
    return -np.polyfit(np.log([2, 4, 8]), np.log(counts), 1)[0]


def range_scaling(c):
    points = {}
    if len(c) >= 5:
        for s in {2, 4, len(c) // 2}:
            blocks = c[:len(c) // s * s].reshape(-1, s)
            if (mean := np.ptp(blocks, axis=1).mean()) > 0:
                points[s] = mean
    return np.polyfit(np.log(list(points)), np.log(list(points.values())), 1)[0] if len(points) > 1 else 0.5


def feats20(w, begin, end):
    p, x = w[begin:end], w[max(0, begin - 20):begin]
    o, h, l, c = p.T
    n, r, span, path, net = len(p), h - l, h.max() - l.min(), np.abs(np.diff(c)).sum(), c[-1] - c[0]
    span_before = np.ptp(x[:, 1:3]) if len(x) else 0
    half = n // 2
    mirror = np.clip(1 - np.abs(zscore(c[:half]) - zscore(c[-half:][::-1])).mean() / 2, 0, 1) if half else 0.5
    variation = lambda y: y.std() / y.mean() if np.ptp(y) > 0 else 0
    varied = len(x) > 1 and n > 1 and variation(x[:, 3]) > 0
    steps = np.diff(c)
    signs = np.sign(steps[steps != 0])
    if n < 3:
        regularity = 0.5
    else:
        regularity = np.clip(1 - np.diff(steps).std() / steps.std(), 0, 1) if np.ptp(steps) > 0 else 1.0
    power = np.abs(np.fft.fft(c - c.mean())[1:n // 2]) ** 2
    return np.array([
        box_slope(c, l.min(), span),
        mirror,
        net / path if path > 0 else 0,
        1 - np.abs(c - c.mean()).mean() / span if span > 0 else 1,
        np.log1p(variation(c) / variation(x[:, 3])) if varied else 0,
        np.clip((c[-1] / c[0] - 1) - (x[-1, 3] / x[0, 3] - 1), -100, 100) if len(x) else 0,
        np.clip((c.mean() - x[:, 3].mean()) / span_before, -100, 100) if span_before > 0 else 0,
        np.log1p(span / span_before) if span_before > 0 else 0,
        min(r.mean() / (x[:, 1] - x[:, 2]).mean() - 1, 100) if len(x) and (x[:, 1] > x[:, 2]).any() else 0,
        over(np.abs(c - o), r).mean(),
        over(h - np.maximum(o, c), r).mean(),
        over(np.minimum(o, c) - l, r).mean(),
        ((l[1:] > h[:-1]) | (h[1:] < l[:-1])).mean() if n > 1 else 0,
        np.log1p(path / abs(net)) if net != 0 else 0,
        range_scaling(c),
        regularity,
        (signs[1:] != signs[:-1]).sum() / n,
        correlation(c, 1),
        correlation(c, 5),
        power.max() / power.sum() if n > 6 and np.ptp(c) > 0 else 0])


def names_of(file, attribute):
    return [name.decode() if isinstance(name, bytes) else name for name in file.attrs[attribute]]


class WindowFeatures(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.workspace = Workspace()
        cls.addClassCleanup(cls.workspace.close)

    def stored(self, x, name, **more):
        np.savez(self.workspace.path / f"{name}.npz", X=x.astype("f4"), **more)
        return self.workspace.run("data", "import", "windows", self.workspace.path / f"{name}.npz", "--channels", "ohlc")["id"]

    def cut(self, bars_id, length, stride):
        """Windows of real bars, (N, length, 4)."""
        view = self.workspace.run("data", "windows", "--bars", bars_id, "--length", length, "--stride", stride)["id"]
        file = self.workspace.path / f"{view.replace('/', '_')}.npy"
        self.workspace.run("data", "export", view, file, "--force")
        return view, np.load(file)

    def features(self, windows, *options, features="*"):
        made = self.workspace.run("features", "--windows", windows, "--features", features, *options, "--out",
                                  self.workspace.path / "features.h5", "--force")
        with h5py.File(made["file"]) as file:
            return {key: file[key][:] for key in file} | {
                "channels": names_of(file, "channel_names"), "features": names_of(file, "feature_names")}

    def compare(self, windows, x, inner=None):
        length = x.shape[1]
        begin, end = inner or (length * 2 // 7, max(length * 2 // 7 + 1, length * 5 // 7))
        got = self.features(windows, *(["--inner", f"{begin}..{end - 1}"] if inner else []))
        self.assertEqual(got["X"].shape, (len(x), length, 44))
        self.assertEqual(got["X_feats"].shape, (len(x), 20 + 15 * length))
        for i, w in enumerate(x.astype("f8")):
            bars = np.hstack([relative(w), relativity(w), advanced(w)])
            row = np.concatenate([feats20(w, begin, end), hopsketch(w)])
            for want, have, names in ((bars, got["X"][i], got["channels"]), (row, got["X_feats"][i], got["features"])):
                # Stored as 32-bit numbers; a z-score of prices near 1e4 is good to 1e-9 in either computation.
                off = np.argwhere(np.abs(have - want) > 2e-6 * np.maximum(1, np.abs(want)))
                wrong = [f"{names[k[-1]]} {k[:-1]}: {have[tuple(k)]}, expected {want[tuple(k)]}" for k in off[:5]]
                self.assertEqual(wrong, [], f"window {i}")

    def test_the_sample_of_the_taiwan_index_future(self):
        self.workspace.import_sample()
        view, x = self.cut("TX/v1", 105, 300)
        self.assertGreater(len(x), 50)
        self.compare(view, x)
        self.compare(self.stored(x, "sample"), x.astype("f4"))
        self.compare(self.stored(x, "sample"), x.astype("f4"), inner=(10, 33))

    def test_a_view_says_when_its_windows_are(self):
        bars = self.workspace.import_sample()["id"]
        view, x = self.cut(bars.removeprefix("bars/"), 105, 300)
        got = self.features(view)
        with h5py.File(self.workspace.path / f"data/{bars}.h5") as file:
            time, close = file["time"][:], file["close"][:]
        first = np.searchsorted(time, got["t0"])
        np.testing.assert_array_equal(time[first], got["t0"])
        np.testing.assert_array_equal(close[first].astype("f4"), x[:, 0, 3].astype("f4"))
        np.testing.assert_array_equal(time[first + 104] + 60 * 10**9 - 1, got["t1"])
        np.testing.assert_array_equal(got["symbol"], 0)

    def test_windows_of_other_lengths(self):
        self.workspace.import_sample()
        for length in (1, 2, 3, 6, 7, 8, 21, 256):
            view, x = self.cut("TX/v1", length, 3001)
            self.compare(view, x)

    def test_still_windows_and_prices_in_steps(self):
        random = np.random.default_rng(3)
        close = 100 + 0.25 * np.cumsum(random.integers(-1, 2, (40, 105)), axis=1)
        opened = np.concatenate([close[:, :1], close[:, :-1]], axis=1)
        x = np.stack([opened, np.maximum(opened, close), np.minimum(opened, close), close], axis=-1)
        x[0] = 64.0
        x[1, 30:75] = 96.0
        x[2, 10:30] = 96.0
        self.compare(self.stored(x, "steps"), x.astype("f4"))

    def test_rows_know_nothing_of_each_other(self):
        self.workspace.import_sample()
        _, x = self.cut("TX/v1", 105, 1000)
        order = np.random.default_rng(1).permutation(len(x))[:-3]
        whole, part = self.features(self.stored(x, "whole")), self.features(self.stored(x[order], "part"))
        for name in ("X", "X_feats"):
            np.testing.assert_array_equal(whole[name][order], part[name])

    @unittest.skipUnless(MORE_BARS.exists(), f"no {MORE_BARS}")
    def test_bitcoin_and_the_nasdaq(self):
        for file, symbol in (("bitfinex_BTCUSD_1m.csv.xz", "BTCUSD"), ("histdata_NSXUSD_M1_2018_2019.csv.zst", "NSXUSD")):
            self.workspace.run("data", "import", "bars", MORE_BARS / file, "--symbol", symbol)
            _, x = self.cut(f"{symbol}/v1", 105, 7001)
            self.compare(self.stored(x, symbol.lower()), x.astype("f4"))


if __name__ == "__main__":
    unittest.main()
