"""Feature tables, annotation samples and labelled versions as h5py reads them, against the files they were made from."""
import csv
import re
import unittest

import h5py
import numpy as np

from moola_workspace import CHECKOUT, Workspace

MINUTE = 60_000_000_000


def blocks_of(page):
    return re.findall(r"```python\n(.*?)```", (CHECKOUT / "docs" / page).read_text(), re.S)


def content_sha256(file):
    (code,) = [block for block in blocks_of("formats.md") if "def content_sha256" in block]
    names = {}
    exec(code, names)
    return names["content_sha256"](file)


class FeatureTables(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.workspace = Workspace()
        cls.addClassCleanup(cls.workspace.close)
        random = np.random.default_rng(3)
        rows = []
        for symbol in ("MGC", "MES"):
            minute = 0
            for _ in range(400):
                minute += 60 if random.random() < 0.02 else 1
                rows.append([minute, symbol, *random.normal(size=3), int(random.integers(-1, 2)), minute + 20, random.random()])
        random.shuffle(rows)
        cls.rows = sorted(rows, key=lambda row: (row[0], row[1]))
        file = cls.workspace.path / "t.csv"
        with open(file, "w", newline="") as out:
            writer = csv.writer(out)
            writer.writerow(["timestamp", "ticker", "a", "b", "c", "label_h20", "t1_h20", "weight_h20"])
            start = 1_600_000_000
            writer.writerows([[start + 60 * row[0], row[1], *map(repr, map(float, row[2:5])), row[5], start + 60 * row[6], row[7]]
                              for row in rows])
        cls.made = cls.workspace.run("data", "import", "table", file, "--max-gap", "10m")
        cls.start = start * 1_000_000_000

    def test_every_number_stands_where_it_should(self):
        with h5py.File(self.made["file"]) as table:
            names = list(table.attrs["symbols"])
            self.assertEqual(names, ["MES", "MGC"])
            np.testing.assert_array_equal(table["time"][:], [self.start + row[0] * MINUTE for row in self.rows])
            np.testing.assert_array_equal([names[code] for code in table["symbol"][:]], [row[1] for row in self.rows])
            np.testing.assert_array_equal(table["X"][:], np.array([row[2:5] for row in self.rows]))
            np.testing.assert_array_equal(table["label_20"][:], [row[5] for row in self.rows])
            np.testing.assert_array_equal(table["t1_20"][:], [self.start + row[6] * MINUTE for row in self.rows])
            np.testing.assert_array_equal(table["weight_20"][:], np.array([row[7] for row in self.rows], "f4"))

    def test_the_documented_windows_hold_one_symbol_and_no_gap(self):
        (code,) = [block for block in blocks_of("formats.md") if "np.bincount(segment)" in block]
        names = {"h5py": h5py, "np": np}
        exec(code.replace('"data/feature_table/TABLE/v1.h5"', repr(self.made["file"])), names)
        # By hand: maximal stretches of a symbol's rows at most 10 minutes apart.
        expected = 0
        for symbol in ("MES", "MGC"):
            minutes = np.array([row[0] for row in self.rows if row[1] == symbol])
            for part in np.split(minutes, np.flatnonzero(np.diff(minutes) > 10) + 1):
                expected += max(0, len(part) - 59)
        self.assertGreater(expected, 0)
        self.assertEqual(len(names["windows"]), expected)
        with h5py.File(self.made["file"]) as table:
            time, symbol = table["time"][:], table["symbol"][:]
        for window in names["windows"]:
            self.assertEqual(len(set(symbol[window])), 1)
            self.assertLessEqual(np.diff(time[window]).max(), 10 * MINUTE)

    def test_the_documented_hash_is_the_tables(self):
        self.assertEqual(content_sha256(self.made["file"]), self.made["content_sha256"])


class Annotation(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.workspace = Workspace()
        cls.addClassCleanup(cls.workspace.close)
        cls.workspace.import_sample()
        cls.batch = cls.workspace.path / "batch"
        cls.drawn = cls.workspace.run("data", "sample", "--bars", "TX/v1", "--out", cls.batch, "--per-cell", 2, "--max-gap", "2m",
                                      "--session", "day=00:45-05:45", "--session", "night=07:00-21:00")

    def test_a_sample_holds_the_bars_it_says(self):
        with h5py.File(self.drawn["windows"]) as sample, h5py.File(self.workspace.path / "data/bars/TX/v1.h5") as bars:
            self.assertEqual(sample["X"].shape, (8, 105, 4))
            for i, (first, last) in enumerate(zip(sample["raw_start"][:], sample["raw_end"][:])):
                ohlc = np.stack([bars[name][first : last + 1] for name in ("open", "high", "low", "close")], axis=1)
                np.testing.assert_array_equal(sample["X"][i], ohlc.astype("f4"))
                self.assertEqual(sample["t0"][i], bars["time"][first])
        self.assertEqual(content_sha256(self.drawn["windows"]), self.drawn["content_sha256"])

    def test_what_pythons_csv_module_annotates_comes_back_as_labelled_windows(self):
        with open(self.drawn["csv"], newline="") as file:
            rows = list(csv.DictReader(file))
        for i, row in enumerate(rows):
            row.update(label=("up", "down")[i % 2], expansion_start=40 + i, expansion_end=50 + i, grade="ABCD"[i % 4])
        with open(self.batch / "done.csv", "w", newline="") as file:
            writer = csv.DictWriter(file, rows[0].keys())
            writer.writeheader()
            writer.writerows(rows)
        merged = self.workspace.run("data", "merge", "--name", "tx", "--sample", self.drawn["windows"], "--annotations",
                                    self.batch / "done.csv")
        self.assertEqual(merged["changes"], {"added": 4, "blacklisted": 2, "marginal": 2})
        with h5py.File(merged["file"]) as labelled:
            kept = [i for i in range(8) if i % 4 < 2]
            self.assertEqual(list(labelled.attrs["window_ids"]), [rows[i]["window_id"] for i in kept])
            np.testing.assert_array_equal(labelled["expansion_start"][:], [40 + i for i in kept])
        self.assertEqual(content_sha256(merged["file"]), merged["content_sha256"])
        with open(merged["blacklist"], newline="") as file:
            self.assertEqual([row["window_id"] for row in csv.DictReader(file)], [rows[3]["window_id"], rows[7]["window_id"]])


if __name__ == "__main__":
    unittest.main()
