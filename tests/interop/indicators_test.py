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
    usual = call.info["parameters"]
    # Kinds of averages are the simple one; VAR takes a number of deviations and does not use it.
    wanted = [key for key in usual if not key.endswith("matype") and (name, key) != ("VAR", "nbdev")]
    values = {key: type(usual[key])(value) for key, value in zip(wanted, parameters)}
    assert len(values) == len(wanted), f"{name} takes {wanted}"
    results = call(bars, **values, **{key: 0 for key in usual if key.endswith("matype")})
    outputs = call.info["output_names"]
    if name == "SUPERTREND":
        outputs = ["outReal", "outInteger"]
    if len(outputs) == 1:
        return np.asarray(results, dtype=float)
    return np.asarray(results[[plain(each) for each in outputs].index(plain(output))], dtype=float)


def typical(b):
    # Rounded as everybody rounds it: a window that hardly moves is made of its last digits.
    return (sum(b[key].astype(float) for key in ("high", "low", "close")) / 3).astype(np.longdouble)


def vwma(b, p):
    return (b["close"][-p:] * b["volume"][-p:]).sum() / b["volume"][-p:].sum()


def angle(b, p):
    from_middle = np.arange(p, dtype=np.longdouble) - np.longdouble(p - 1) / 2
    x = b["close"][-p:]
    return np.degrees(np.arctan((from_middle * (x - x.mean())).sum() / (from_middle**2).sum()))


def vortex_plus(b, p):
    high, low, close = b["high"], b["low"], b["close"]
    ranges = np.maximum.reduce([high[1:] - low[1:], abs(high[1:] - close[:-1]), abs(low[1:] - close[:-1])])
    return abs(high[1:] - low[:-1])[-p:].sum() / ranges[-p:].sum()


def cci(b, p):
    x = typical(b)[-p:]
    deviation = abs(x - x.mean()).mean()
    return (x[-1] - x.mean()) / (np.longdouble("0.015") * deviation) if deviation > 0 else np.longdouble(0)


def cci_rounding(b, p):
    """What one rounding of the window's mean makes of it: much, where the window hardly moves."""
    x = typical(b)[-p:]
    return np.finfo(float).eps * x.mean() / (0.015 * abs(x - x.mean()).mean() + 1e-300)


def mfi(b, p):
    x = typical(b)
    change, flow = np.diff(x)[-p:], (x * b["volume"])[-p:]
    moved = abs(change) > 1e-13 * x[-p:]
    up, down = flow[moved & (change > 0)].sum(), flow[moved & (change < 0)].sum()
    return 100 * up / (up + down) if up + down > 0 else np.longdouble(0)


def correl(b, p):
    x, y = b["high"][-p:] - b["high"][-p:].mean(), b["low"][-p:] - b["low"][-p:].mean()
    return (x * y).sum() / np.sqrt((x * x).sum() * (y * y).sum())


def beta(b, p):
    x, y = (b[key][1:] / b[key][:-1] - 1 for key in ("high", "low"))
    x, y = x[-p:] - x[-p:].mean(), y[-p:] - y[-p:].mean()
    return (x * y).sum() / (x * x).sum()


# TA-Lib keeps sums along the series, and in these they lose digits. Where it and we differ, the window itself decides, in
# long double.
ARBITER = {"VWMA": vwma, "LINEARREG_ANGLE": angle, "VORTEX.outPlusVI": vortex_plus, "CCI": cci, "MFI": mfi, "CORREL": correl,
           "BETA": beta}
# A place in a range that may be as narrow as 0.001: what the RSI is exact to is that much less in it.
COARSE = {"STOCHRSI.outFastK": 1e-6, "STOCHRSI.outFastD": 1e-6}
# A stop that a price meets to its last digit turns here and not there; how often that may be.
MET = {"SAR": 1e-4}


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
                first = np.argmax(~np.isnan(ours))
                self.assertFalse(np.isnan(ours[first:]).any())
                defined = np.arange(len(ours)) >= first
                defined &= ~np.isnan(theirs)  # of bars without volume TA-Lib has no VWMA
                error = np.where(defined, np.abs(ours - theirs) / np.maximum(1, np.abs(theirs)), 0)
                self.check(column, bars, ours, np.flatnonzero(error > TOLERANCE), error)

    def check(self, column, bars, ours, apart, error):
        """Rows that differ by more than the tolerance: there is a reason for each, or none are there."""
        name = column["talib"]
        if name in COARSE:
            self.assertLessEqual(error.max(), COARSE[name])
        elif name in MET:
            self.assertLessEqual(len(apart), MET[name] * len(ours))
        elif name in ARBITER:
            period = int(column["parameters"][0])
            worst = apart[np.argsort(error[apart])][-100:]
            for row in {*worst, *apart[:: max(1, len(apart) // 200)]}:
                begin = max(0, row - period - 1)
                window = {key: values[begin:row + 1].astype(np.longdouble) for key, values in bars.items()}
                want = ARBITER[name](window, period)
                slack = cci_rounding(window, period) if name == "CCI" else 0
                self.assertLessEqual(abs(ours[row] - want) / max(1, abs(want)), TOLERANCE + slack, f"at bar {row}")
        else:
            self.assertEqual(len(apart), 0, f"at bar {apart[:1]}, by {error.max()}")

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
