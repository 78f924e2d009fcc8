"""Features and labels under factory-d28 are those that the Python factory's state D28 computed of the same bars."""
import unittest

import h5py
import numpy as np
from moola_workspace import CHECKOUT, Workspace

VECTORS = CHECKOUT / "tests/interop/vectors/factory_d28.h5"


class Factory(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.workspace = Workspace()
        cls.addClassCleanup(cls.workspace.close)
        with h5py.File(VECTORS) as file:
            cls.names = [name.decode() for name in file["feature_names"][:]]
            cls.features = file["features"][:]
            cls.labels = {name: ({key: float(value) for key, value in group.attrs.items()},
                                 {key: group[key][:] for key in group}) for name, group in file["labels"].items()}
            bars = {key: file[f"bars/{key}"][:] for key in ("time_ns", "open", "high", "low", "close", "volume")}
        source = cls.workspace.path / "bars.csv"
        with source.open("w") as out:
            out.write("time,open,high,low,close,volume\n")
            for row in zip(*bars.values()):
                out.write(",".join([str(row[0]), *(repr(float(value)) for value in row[1:])]) + "\n")
        cls.workspace.run("data", "import", "bars", source, "--symbol", "BTCUSD")

    def test_every_column_that_the_factory_kept(self):
        made = self.workspace.run("features", "--bars", "BTCUSD/v1", "--definitions", "factory-d28", "--features",
                                  ",".join(self.names), "--out", self.workspace.path / "features.h5")
        with h5py.File(made["file"]) as file:
            ours = file["X"][:]
        self.assertEqual(ours.shape, self.features.shape)
        # The factory keeps rows without a NaN. Before those its flags are 0 where what they look at has no value yet.
        kept = ~np.isnan(self.features).any(axis=1)
        self.assertGreater(kept.sum(), 200)
        for k, name in enumerate(self.names):
            with self.subTest(column=name):
                theirs = self.features[:, k]
                self.assertFalse(np.isnan(ours[kept, k]).any())
                both = ~np.isnan(theirs) & ~np.isnan(ours[:, k])
                error = np.abs(ours[both, k] - theirs[both]) / np.maximum(1, np.abs(theirs[both]))
                self.assertLessEqual(error.max(), 1e-9)

    def test_every_set_of_labels(self):
        for name, (rule, theirs) in self.labels.items():
            with self.subTest(labels=name):
                made = self.workspace.run("label", "--bars", "BTCUSD/v1", "--up", rule["k_up"], "--down", rule["k_down"],
                                          "--max-bars", int(rule["max_bars"]), "--unknown-is-neutral",
                                          "--out", self.workspace.path / f"{name}.h5")
                with h5py.File(made["file"]) as file:
                    ours = {key: file[key][:] for key in file}
                # The vectors' last bars had later ones to look at, which this cut of them has not.
                whole = slice(0, len(ours["label"]) - int(rule["max_bars"]))
                np.testing.assert_array_equal(ours["label"][whole], theirs["label"][whole])
                np.testing.assert_array_equal(ours["touch"][whole], theirs["touch_type"][whole])
                np.testing.assert_array_equal(ours["bars"][whole], theirs["bars_to_hit"][whole])
                np.testing.assert_allclose(ours["mae"][whole], theirs["mae"][whole], atol=1e-6, rtol=0)
                np.testing.assert_allclose(ours["mfe"][whole], theirs["mfe"][whole], atol=1e-6, rtol=0)
                self.assertTrue((ours["label"][whole.stop:] == -99).all())


if __name__ == "__main__":
    unittest.main()
