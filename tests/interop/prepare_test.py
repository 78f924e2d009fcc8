"""`moola prepare` makes the table that a plain reading of its definitions makes of the same bars: row by row, in Python."""
import json
import unittest

import h5py
import numpy as np
from labels_test import INVALID, NAT, atr, scan
from moola_workspace import Workspace

MINUTE = 60_000_000_000
HORIZONS = (5, 20)
COLUMNS = ("return_1", "sma_20", "atr_14", "volume_ratio", "rsi_14", "hour_sin")


def settings(**keys):
    words = []
    for key, value in keys.items():
        words += ["--set", f"{key.replace('__', '.')}={json.dumps(value)}"]
    return words


def rsi(close, period):
    out, change = np.full(len(close), np.nan), np.diff(close)
    up, down = np.maximum(change, 0), np.maximum(-change, 0)
    gain, loss = up[:period].mean(), down[:period].mean()
    for i in range(period, len(close)):
        if i > period:
            gain, loss = (gain * (period - 1) + up[i - 1]) / period, (loss * (period - 1) + down[i - 1]) / period
        out[i] = 100 * gain / (gain + loss) if gain + loss > 0 else 50
    return out


def mean(values, length):
    return np.array([values[max(0, i - length + 1):i + 1].mean() if i + 1 >= length else np.nan for i in range(len(values))])


def features(bars):
    """Each as it is known when bar i is over."""
    close, volume = bars["close"], bars["volume"]
    average = mean(volume, 20)
    return {
        "return_1": np.concatenate([[np.nan], close[1:] / close[:-1] - 1]),
        "sma_20": mean(close, 20),
        "atr_14": atr(bars, 14),
        "volume_ratio": np.where(average > 0, volume / np.where(average > 0, average, 1), 1),
        "rsi_14": rsi(close, 14),
    }


def triple_barrier(bars, rule):
    """label, bars, mae, mfe per bar; what barriers are multiples of is known a bar before."""
    n = len(bars["close"])
    scale = np.concatenate([[np.nan], atr(bars, 14)[:-1]])
    known = np.nan_to_num(scale)
    each = scan(bars, rule["up"] * known, rule["down"] * known, np.full(n, rule["max_bars"]), "nearest_open", range(n))
    return np.array([found[:4] for _, found in each]).T


def quality(label, length, mae, mfe, horizon, train):
    """Quality, and where its lowest and highest fifth begin among the rows `train`."""
    fall, rise = -np.float32(mae).astype(float), np.float32(mfe).astype(float)
    up, down, valid = label == 1, label == -1, label != INVALID
    adverse = np.where(up, fall, np.where(down, rise, np.maximum(fall, rise)))
    favourable = np.where(up, rise, np.where(down, fall, np.minimum(fall, rise)))
    moved = up | down
    pain = np.ones(len(label))
    gains = moved & (favourable > 0)
    pain[gains] = adverse[gains] / favourable[gains]
    drawdown = np.where(moved, np.minimum(pain, 2) * length / (3 * horizon), 0.5)

    def scaled(values, rows):
        return np.clip(values / np.percentile(values[rows], 95), 0, 1)

    fit = np.zeros(len(label), bool)
    fit[train] = True
    fit &= valid
    speed = np.where(length > 0, np.exp(-(((length - 1.5 * horizon) / (1.5 * horizon)) ** 2)), 0)
    score = (0.20 * speed + 0.25 * (1 - scaled(adverse, fit & (adverse > 0))) + 0.20 * scaled(favourable, fit & (favourable > 0))
             + 0.20 * (1 - scaled(pain, fit & moved)) + 0.15 * (1 - scaled(drawdown, fit & moved)))
    score[~valid] = 0
    return score, *np.percentile(score[fit], [20, 80])


def rows_of(ranges):
    return np.concatenate([np.arange(begin, end) for begin, end in ranges])


class OneSymbol(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.workspace = Workspace()
        cls.addClassCleanup(cls.workspace.close)
        cls.workspace.import_sample()
        made = cls.workspace.run("prepare", "--quiet", *settings(
            data__bars="TX/v1", data__to="2024-12-03", clean__calendar="taifex", clean__max_fill="0s", features__columns=COLUMNS,
            labels__horizons=HORIZONS, splits__embargo="100bars", scaling__returns="standard", scaling__volatility="quantile"))
        (id_,) = made["datasets"]
        cls.run_folder = cls.workspace.path / "artifacts/runs" / made["run"]
        cls.table = h5py.File(cls.workspace.path / f"data/{id_}.h5")
        cls.addClassCleanup(cls.table.close)
        with h5py.File(cls.stage("02-clean/TX.h5")) as file:
            cls.bars = {key: file[key][:] for key in ("time", "open", "high", "low", "close", "volume")}
        cls.first = 20  # the mean of twenty bars, as it was known a bar before
        cls.split = json.loads((cls.workspace.path / "data/splits/TX-5m-v1.json").read_text())
        cls.scaler = json.loads((cls.workspace.path / "data/scalers/TX-5m-v1.json").read_text())
        (cls.parts,) = cls.split["splits"]
        cls.rules = {h: cls.json("05-barriers/TX-5m.json")["symbols"]["TX"]["horizons"][str(h)]["rule"] for h in HORIZONS}
        cls.labels = {h: triple_barrier(cls.bars, cls.rules[h]) for h in HORIZONS}

    @classmethod
    def stage(cls, name):
        return cls.run_folder / "stages" / name

    @classmethod
    def json(cls, name):
        return json.loads(cls.stage(name).read_text())

    def t1(self, horizon):
        """Of the table's rows."""
        label, length = self.labels[horizon][:2]
        last = np.minimum(np.arange(len(label)) + length.astype(int), len(label) - 1)
        return np.where(label == INVALID, NAT, self.bars["time"][last])[self.first:]

    def test_bars_of_five_minutes_are_those_of_one_put_together(self):
        with h5py.File(self.workspace.path / "data/bars/TX/v1.h5") as file:
            minutes = {key: file[key][:] for key in self.bars}
        used = minutes["time"] < np.datetime64("2024-12-03", "ns").astype("i8")
        stamps = minutes["time"][used] // (5 * MINUTE) * (5 * MINUTE)
        time, begin = np.unique(stamps, return_index=True)
        np.testing.assert_array_equal(self.bars["time"], time)
        end = np.append(begin[1:], len(stamps))
        for key, reduce in (("open", lambda x: x[0]), ("high", max), ("low", min), ("close", lambda x: x[-1]), ("volume", sum)):
            expected = [reduce(minutes[key][a:b]) for a, b in zip(begin, end)]
            np.testing.assert_array_equal(self.bars[key], expected, key)

    def test_a_row_holds_what_was_known_a_bar_before(self):
        np.testing.assert_array_equal(self.table["time"][:], self.bars["time"][self.first:])
        self.assertEqual(list(self.table.attrs["feature_names"]), list(COLUMNS))
        X = self.table["X"][:]
        for name, values in features(self.bars).items():
            expected = values[self.first - 1:-1]
            np.testing.assert_allclose(X[:, COLUMNS.index(name)], expected, rtol=1e-9, atol=1e-12, err_msg=name)

    def test_labels_and_their_ends_are_those_of_a_plain_scan(self):
        for h in HORIZONS:
            label = self.labels[h][0][self.first:]
            np.testing.assert_array_equal(self.table[f"label_{h}"][:], label)
            np.testing.assert_array_equal(self.table[f"t1_{h}"][:], self.t1(h))
            self.assertGreater(min((label == each).sum() for each in (-1, 0, 1)), 50)

    def test_the_parts_are_chronological_and_purged(self):
        n = len(self.table["time"])
        a, b = int(0.7 * n), int(0.85 * n)
        time, last = self.table["time"][:], np.max([self.t1(h) for h in HORIZONS], axis=0)
        train = [row for row in range(a - 60) if last[row] < time[a]]
        val = [row for row in range(a + 100, b - 60) if last[row] < time[b]]
        np.testing.assert_array_equal(rows_of(self.parts["train"]), train)
        np.testing.assert_array_equal(rows_of(self.parts["val"]), val)
        np.testing.assert_array_equal(rows_of(self.parts["test"]), np.arange(b + 100, n))
        self.assertEqual(self.split["content_sha256"], self.table.attrs["content_sha256"])
        rows = np.concatenate([rows_of(self.parts[part]) for part in ("train", "val", "test", "purged_indices", "embargoed_indices")])
        np.testing.assert_array_equal(np.sort(rows), np.arange(n))

    def test_no_train_row_depends_on_a_price_of_a_later_part(self):
        time = self.table["time"][:]
        for part, later in (("train", "val"), ("val", "test")):
            for h in HORIZONS:
                self.assertLess(self.table[f"t1_{h}"][:][rows_of(self.parts[part])].max(), time[rows_of(self.parts[later])].min())

    def test_weights_are_those_of_the_quality_among_the_train_rows(self):
        train = slice(self.first, self.first + int(0.7 * len(self.table["time"])) - 60)
        for h in HORIZONS:
            score, low, high = quality(*self.labels[h], h, train)
            np.testing.assert_allclose(self.table[f"quality_{h}"][:], score[self.first:], rtol=0, atol=2e-6)
            weight = np.where(score >= high, 1.5, np.where(score <= low, 0.5, 1))
            weight[self.labels[h][0] == INVALID] = 0
            clear = (abs(score - low) > 1e-5) & (abs(score - high) > 1e-5)
            np.testing.assert_array_equal(self.table[f"weight_{h}"][:][clear[self.first:]], weight[clear][-clear[self.first:].sum():])
            self.assertGreater(clear.mean(), 0.99)

    def test_the_barriers_have_seen_no_bar_from_the_purge_on(self):
        time, n = self.table["time"][:], len(self.table["time"])
        seen = self.table.attrs["fitted_barriers"].reshape(-1, 2)
        self.assertGreaterEqual(seen[:, 0].min(), time[0])
        self.assertLess(seen[:, 1].max(), time[int(0.7 * n) - 60])
        self.assertLess(self.table.attrs["fitted_quality"].reshape(-1, 2)[:, 1].max(), time[int(0.7 * n)])

    def test_scales_are_those_of_the_train_rows_and_bring_them_to_their_sizes(self):
        train, X = rows_of(self.parts["train"]), self.table["X"][:]
        self.assertEqual(self.scaler["content_sha256"], self.table.attrs["content_sha256"])
        np.testing.assert_array_equal(rows_of(self.scaler["fitted_on"]["rows"]), train)
        methods = {}
        for column, scale in enumerate(self.scaler["columns"]):
            name, method = scale["name"], scale["method"]
            self.assertEqual(name, COLUMNS[column])
            methods[name] = method
            x = X[train, column]
            if method == "none":
                continue
            if scale["logarithm"]:
                self.assertEqual(scale["least"], x.min())
                x = np.log1p(x)
            if method == "quantile":
                expected = np.percentile(x, np.linspace(0, 100, len(scale["knots"])))
                np.testing.assert_allclose(scale["knots"], expected, rtol=1e-12, err_msg=name)
                continue
            scaled = (x - scale["centre"]) / scale["width"]
            if method == "robust":
                low, middle, high = np.percentile(scaled, [25, 50, 75])
                self.assertAlmostEqual(middle, 0, delta=1e-9)
                self.assertAlmostEqual(high - low, 1, delta=1e-9)
            elif method == "standard":
                self.assertAlmostEqual(scaled.mean(), 0, delta=1e-9)
                self.assertAlmostEqual(scaled.std(), 1, delta=1e-9)
            elif method == "min_max":
                self.assertEqual((scaled.min(), scaled.max()), (0, 1))
        self.assertEqual(methods, {"return_1": "standard", "sma_20": "robust", "atr_14": "quantile", "volume_ratio": "robust",
                                   "rsi_14": "min_max", "hour_sin": "none"})


class SeveralSymbols(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.workspace = Workspace()
        cls.addClassCleanup(cls.workspace.close)
        random = np.random.default_rng(5)
        for symbol in ("AAA", "BBB"):
            n = 2600
            close = 100 * np.exp(np.cumsum(random.normal(0, 0.002, n)))
            opens = np.concatenate([[100], close[:-1]])
            kept = np.flatnonzero(random.random(n) > 0.01)
            stamps = 1_600_000_200 + 300 * (np.arange(n) + (np.arange(n) > 1200) * 400)  # a night that neither trades
            file = cls.workspace.path / f"{symbol}.csv"
            with open(file, "w") as out:
                out.write("time,open,high,low,close,volume\n")
                for i in kept:
                    prices = [opens[i], max(opens[i], close[i]) * 1.001, min(opens[i], close[i]) * 0.999, close[i]]
                    out.write(",".join([str(stamps[i]), *map(repr, map(float, prices)), str(random.integers(1, 900))]) + "\n")
            cls.workspace.run("data", "import", "bars", file, "--symbol", symbol)
        cls.tables = {}
        for together in (False, True):
            made = cls.workspace.run("prepare", "--quiet", "--ranks", 2, "--to", "datasets", *settings(
                data__bars=["AAA/v1", "BBB/v1"], data__multi_symbol=together, features__columns=COLUMNS, labels__horizons=HORIZONS,
                barriers__optimise=False, splits__embargo="100bars"))
            for id_ in made["datasets"]:
                with h5py.File(cls.workspace.path / f"data/{id_}.h5") as file:
                    table = {key: file[key][:] for key in file}
                    cls.tables[id_.split("/")[1]] = table | {"symbols": list(file.attrs["symbols"])}

    def test_there_is_a_table_each_or_one_of_both(self):
        self.assertEqual(sorted(self.tables), ["AAA+BBB-5m", "AAA-5m", "BBB-5m"])

    def test_rows_of_both_are_the_rows_of_each_in_the_order_of_time(self):
        both = self.tables["AAA+BBB-5m"]
        self.assertEqual(both["symbols"], ["AAA", "BBB"])
        order = np.lexsort((both["symbol"], both["time"]))
        np.testing.assert_array_equal(order, np.arange(len(order)))
        for place, symbol in enumerate(both["symbols"]):
            own, rows = self.tables[f"{symbol}-5m"], both["symbol"] == place
            for key in ("time", "X", "label_5", "label_20", "t1_5", "t1_20"):
                np.testing.assert_array_equal(both[key][rows], own[key], f"{symbol} {key}")

    def test_a_segment_is_of_one_symbol_and_crosses_no_gap(self):
        both = self.tables["AAA+BBB-5m"]
        for segment in np.unique(both["segment"]):
            rows = both["segment"] == segment
            self.assertEqual(len(np.unique(both["symbol"][rows])), 1)
            np.testing.assert_array_equal(np.diff(both["time"][rows]), 5 * MINUTE)

    def test_both_are_purged_at_one_time(self):
        both = self.tables["AAA+BBB-5m"]
        split = json.loads((self.workspace.path / "data/splits/AAA+BBB-5m-v1.json").read_text())
        (parts,) = split["splits"]
        self.assertEqual((split["purge"]["unit"], split["purge"]["value"]), ("time", 60 * 5 * MINUTE))
        time, n = both["time"], len(both["time"])
        a, b = int(0.7 * n), int(0.85 * n)
        last = np.maximum(both["t1_5"], both["t1_20"])
        rows = np.arange(n)
        train = rows[(time < time[a] - 60 * 5 * MINUTE) & (last < time[a])]
        val = rows[(time >= time[a] + 100 * 5 * MINUTE) & (time < time[b] - 60 * 5 * MINUTE) & (last < time[b])]
        test = rows[time >= time[b] + 100 * 5 * MINUTE]
        for part, expected in (("train", train), ("val", val), ("test", test)):
            np.testing.assert_array_equal(rows_of(parts[part]), expected)
            self.assertEqual(set(both["symbol"][expected]), {0, 1})


if __name__ == "__main__":
    unittest.main()
