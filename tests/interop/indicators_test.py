"""`moola features` gives what TA-Lib's Python package gives, on real bars."""
import pathlib
import sys
import unittest

import h5py
import numpy as np
from moola_workspace import CHECKOUT, MORE_BARS, Workspace

# After everything else, so that TA-Lib works on the NumPy that h5py works on.
sys.path += map(str, (CHECKOUT / ".venv/lib").glob("python3*/site-packages"))
try:
    import talib.abstract
except ImportError:
    talib = None

TOLERANCE = 1e-9


def plain(name):
    """TA-Lib spells its outputs one way in C and another in Python."""
    return name.lower().removeprefix("out").replace("real", "")


def talib_values(function, bars, parameters):
    """One output of "AROON.outAroonUp", with as many of `parameters` as TA-Lib takes."""
    name, _, output = function.partition(".")
    call = talib.abstract.Function(name)
    wanted = [key for key in call.info["parameters"] if not key.endswith("matype")]
    values = {key: type(call.info["parameters"][key])(value) for key, value in zip(wanted, parameters)}
    assert len(values) == len(wanted), f"{name} takes {wanted}"
    results = call(bars, **values)
    outputs = call.info["output_names"]
    if len(outputs) == 1:
        return np.asarray(results, dtype=float)
    return np.asarray(results[[plain(each) for each in outputs].index(plain(output))], dtype=float)


@unittest.skipIf(talib is None, "no TA-Lib: ./tools/setup --tests brings it")
class Indicators(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.workspace = Workspace()
        cls.addClassCleanup(cls.workspace.close)
        cls.columns = [c for c in cls.workspace.run("features", "--list")["columns"] if c["talib"]]

    def compare(self, bars_id):
        made = self.workspace.run("features", "--bars", bars_id, "--features", ",".join(c["column"] for c in self.columns),
                                  "--out", self.workspace.path / "features.h5", "--force")
        with h5py.File(made["file"]) as file:
            names, table = list(file.attrs["feature_names"]), file["X"][:]
        with h5py.File(self.workspace.path / f"data/bars/{bars_id}.h5") as file:
            bars = {key: file[key][:] for key in ("open", "high", "low", "close", "volume")}
        self.assertEqual([each.decode() if isinstance(each, bytes) else each for each in names],
                         [c["column"] for c in self.columns])
        for k, column in enumerate(self.columns):
            with self.subTest(bars=bars_id, column=column["column"], talib=column["talib"]):
                ours = table[1:, k]  # row t is of the bars before t
                theirs = talib_values(column["talib"], bars, column["parameters"])[:-1]
                # TA-Lib fills the rows before the first value of a function of whole numbers with 0.
                first = max(np.argmax(~np.isnan(ours)), np.argmax(~np.isnan(theirs)))
                self.assertEqual(first, np.argmax(~np.isnan(ours)))
                self.assertFalse(np.isnan(ours[first:]).any())
                error = np.abs(ours - theirs)[first:] / np.maximum(1, np.abs(theirs[first:]))
                self.assertLessEqual(error.max(), TOLERANCE, f"at bar {first + error.argmax()}")

    def test_there_is_something_to_compare(self):
        self.assertGreater(len(self.columns), 60)

    def test_the_sample_of_the_taiwan_index_future(self):
        self.workspace.import_sample()
        self.compare("TX/v1")

    @unittest.skipUnless(MORE_BARS.exists(), f"no {MORE_BARS}")
    def test_bitcoin_and_the_nasdaq(self):
        for file, symbol in (("bitfinex_BTCUSD_1m.csv.xz", "BTCUSD"), ("histdata_NSXUSD_M1_2018_2019.csv.zst", "NSXUSD")):
            self.workspace.run("data", "import", "bars", MORE_BARS / file, "--symbol", symbol)
            self.compare(f"{symbol}/v1")


if __name__ == "__main__":
    unittest.main()
