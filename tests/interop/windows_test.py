"""Windows as h5py and NumPy see them: what we write they read, what they write we read, number by number."""
import json
import os
import pathlib
import subprocess
import tempfile
import unittest

import h5py
import numpy as np

CHECKOUT = pathlib.Path(__file__).resolve().parents[2]
DATA = pathlib.Path(os.environ.get("MOOLA_BUILD", CHECKOUT / "build/release")) / "bin/moola-data"


def moola_data(workspace, *arguments, code=0):
    ended = subprocess.run([DATA, *map(str, arguments), "--workspace", workspace], capture_output=True, text=True)
    assert ended.returncode == code, f"{arguments}: {ended.returncode}, {ended.stderr}"
    return json.loads(ended.stdout) if "--json" in arguments else ended.stderr


def random_prices(windows, length, seed=0):
    random = np.random.default_rng(seed)
    close = 100 * np.exp(np.cumsum(random.normal(0, 1e-3, (windows, length)), axis=1))
    opened = close * np.exp(random.normal(0, 1e-3, close.shape))
    high = np.maximum(opened, close) * 1.001
    return np.stack([opened, high, np.minimum(opened, close) * 0.999, close], axis=-1)


class Windows(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def import_windows(self, name, *options):
        return moola_data(self.folder, "import", "windows", self.folder / name, "--json", *options)

    def stored(self, result, name="X"):
        with h5py.File(result["file"]) as file:
            return file[name][:]

    def test_every_form_of_npy_gives_the_same_windows(self):
        x = random_prices(7, 30)
        forms = {
            "f4": x.astype("<f4"),
            "f8": x.astype("<f8"),
            "big": x.astype(">f4"),
            "fortran": np.asfortranarray(x.astype("<f4")),
            "fortran_big": np.asfortranarray(x.astype(">f8")),
        }
        hashes = set()
        for name, array in forms.items():
            np.save(self.folder / f"{name}.npy", array)
            result = self.import_windows(f"{name}.npy")
            self.assertEqual(["open", "high", "low", "close"], result["channels"])
            np.testing.assert_array_equal(x.astype("f4"), self.stored(result), err_msg=name)
            hashes.add(result["content_sha256"])
        self.assertEqual(1, len(hashes))

    def test_half_precision_and_integers_are_converted_exactly(self):
        for name, array in {"half": random_prices(3, 9).astype("f2"), "int": np.arange(-60, 60, dtype="i2").reshape(3, 10, 4)}.items():
            np.save(self.folder / f"{name}.npy", array)
            np.testing.assert_array_equal(array.astype("f4"), self.stored(self.import_windows(f"{name}.npy")))

    def test_savez_and_savez_compressed_carry_labels_and_times(self):
        x, y = random_prices(6, 12).astype("f4"), np.array(["up", "dn", "up", "flat", "dn", "up"])
        for save in (np.savez, np.savez_compressed):
            save(self.folder / "set.npz", X=x, y=y, t0=np.arange(6) * 10, t1=np.arange(6) * 10 + 5)
            result = self.import_windows("set.npz")
            self.assertTrue(result["id"].startswith("labeled_windows/set/"))
            np.testing.assert_array_equal(x, self.stored(result))
            names = np.array(result["label_names"])
            np.testing.assert_array_equal(y, names[self.stored(result, "y")])
            np.testing.assert_array_equal(np.arange(6) * 10 + 5, self.stored(result, "t1"))

    def test_objects_are_refused_and_nothing_is_left(self):
        ragged = np.empty(2, dtype=object)
        ragged[:] = [[1.0, 2.0], [1.0]]
        np.save(self.folder / "ragged.npy", ragged, allow_pickle=True)
        error = moola_data(self.folder, "import", "windows", self.folder / "ragged.npy", code=2)
        self.assertIn("pickle", error)
        self.assertFalse(list(self.folder.glob("data/**/*.h5")))

    def test_numpy_reads_what_is_exported(self):
        x = random_prices(5, 8).astype("f4")
        np.save(self.folder / "x.npy", x)
        result = self.import_windows("x.npy")
        moola_data(self.folder, "export", result["id"], self.folder / "out.npy")
        np.testing.assert_array_equal(x, np.load(self.folder / "out.npy"))
        moola_data(self.folder, "export", result["id"], self.folder / "out.csv")
        table = np.genfromtxt(self.folder / "out.csv", delimiter=",", names=True)
        self.assertEqual(("window", "bar", "open", "high", "low", "close"), table.dtype.names)
        np.testing.assert_array_equal(x[..., 3].ravel(), table["close"].astype("f4"))

    def test_a_view_is_the_runs_that_its_attributes_describe(self):
        random = np.random.default_rng(1)
        minutes = np.cumsum(np.where(random.random(2000) < 0.02, random.integers(2, 30, 2000), 1))
        prices = random_prices(1, 2000)[0]
        with open(self.folder / "bars.csv", "w") as file:
            file.write("timestamp,open,high,low,close,volume\n")
            for minute, row in zip(minutes, prices):
                file.write(f"{1500000000 + 60 * minute}," + ",".join(f"{p:.6f}" for p in row) + ",1\n")
        moola_data(self.folder, "import", "bars", self.folder / "bars.csv", "--symbol", "SYM")
        result = moola_data(self.folder, "windows", "--bars", "SYM/v1", "--length", 20, "--stride", 3, "--max-gap", "5m", "--json")
        joined = np.diff(minutes) <= 5
        expected, stretch = [], 0
        for begin in range(2000):
            if begin > 0 and not joined[begin - 1]:
                stretch = begin
            if begin + 20 <= 2000 and joined[begin : begin + 19].all() and (begin - stretch) % 3 == 0:
                expected.append(begin)
        with h5py.File(result["file"]) as file:
            self.assertEqual([20, 3, 300 * 10**9], [file.attrs[name] for name in ("length", "stride", "max_gap_ns")])
            self.assertEqual(["bars/SYM/v1"], [b.decode() if isinstance(b, bytes) else b for b in np.atleast_1d(file.attrs["bars"])])
            begins = [b + 3 * i for b, n in zip(file["run_begin"][:], file["run_windows"][:]) for i in range(n)]
        self.assertEqual(expected, begins)
        self.assertEqual(len(expected), result["windows"])
        moola_data(self.folder, "export", result["id"], self.folder / "view.npy")
        exported = np.load(self.folder / "view.npy")
        closes = np.array([[round(p, 6) for p in prices[b : b + 20, 3]] for b in expected], dtype="f8").astype("f4")
        np.testing.assert_array_equal(closes, exported[..., 3])


if __name__ == "__main__":
    unittest.main()
