"""Predictions written by h5py as docs/label-issues.md says, reviewed and cleaned, against what NumPy makes of the same numbers."""
import csv
import re
import unittest

import h5py
import numpy as np

from moola_workspace import CHECKOUT, Workspace

CLASSES = ["-1", "0", "1"]


def documented():
    """The functions content_sha256 and write_oof of the documentation."""
    names = {}
    for page in ("formats.md", "label-issues.md"):
        for block in re.findall(r"```python\n(.*?)```", (CHECKOUT / "docs" / page).read_text(), re.S):
            if "def " in block and "def seal_of" not in block:
                exec(block, names)
    return names


class LabelIssues(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.workspace = Workspace()
        cls.addClassCleanup(cls.workspace.close)
        random = np.random.default_rng(11)
        n = 3000
        label = random.integers(-1, 2, n)
        file = cls.workspace.path / "t.csv"
        with open(file, "w", newline="") as out:
            writer = csv.writer(out)
            writer.writerow(["timestamp", "a", "b", "label_h20", "t1_h20", "weight_h20"])
            start = 1_600_000_000
            writer.writerows([[start + 60 * i, *map(repr, map(float, random.normal(size=2))), "-99" if i % 10 == 0 else label[i],
                               "" if i % 10 == 0 else start + 60 * (i + 20), random.random()] for i in range(n)])
        cls.table = cls.workspace.run("data", "import", "table", file)
        cls.index = np.arange(5, n)
        # A model that is right of four in five labels, and more or less sure.
        likely = np.where(random.random(n) < 0.2, random.integers(0, 3, n), label + 1)[5:]
        proba = random.random((n - 5, 3)) + 0.05
        proba[np.arange(n - 5), likely] += 2 * random.random(n - 5)
        cls.proba = np.float32(proba / proba.sum(axis=1, keepdims=True))
        cls.functions = documented()
        cls.oof = cls.workspace.path / "data/oof/mine/v1.h5"
        cls.oof.parent.mkdir(parents=True)
        cls.functions["write_oof"](cls.oof, cls.table["file"], 20, CLASSES, "mine", cls.index, cls.proba,
                                   (cls.index - 5) * 5 // (n - 5))
        with h5py.File(cls.table["file"]) as stored:
            cls.label = stored["label_20"][:]

    def run_review(self, name, *options):
        file = self.workspace.path / name
        said = self.workspace.run("data", "review", "mine/v1", "--out", file, *options)
        with open(file) as listed:
            return said, list(csv.DictReader(listed))

    def rows_by_numpy(self):
        """Of labelled predictions: rows of the table, given class, probabilities in double precision."""
        given = self.label[self.index].astype(int)
        some = given != -99
        p = self.proba[some].astype(float)
        return self.index[some], given[some] + 1, p / p.sum(axis=1, keepdims=True)

    def test_the_documented_file_is_a_data_set(self):
        self.assertEqual(self.workspace.run("data", "verify")["bad"], 0)
        (parent,) = self.workspace.run("data", "lineage", "oof/mine/v1")["parents"]
        self.assertEqual(parent["state"], "present")

    def test_the_joint_is_that_of_the_definition(self):
        said, _ = self.run_review("joint.csv")
        rows, given, p = self.rows_by_numpy()
        self.assertEqual((said["labelled"], said["unlabelled"]), (len(rows), len(self.index) - len(rows)))
        threshold = np.array([p[given == c, c].mean() for c in range(3)])
        np.testing.assert_allclose(said["noise"]["threshold"], threshold, rtol=1e-12)
        above = p >= threshold - 1e-6
        confident = np.where(above.sum(axis=1) > 1, p.argmax(axis=1), above.argmax(axis=1))
        count = np.zeros((3, 3))
        np.add.at(count, (given[above.any(axis=1)], confident[above.any(axis=1)]), 1)
        joint = count / count.sum(axis=1, keepdims=True) * np.bincount(given)[:, None] / len(rows)
        np.testing.assert_allclose(said["noise"]["joint"], joint, atol=2 / len(rows))  # rounded to whole rows there

    def test_rows_of_another_predicted_class_are_listed_worst_first(self):
        said, listed = self.run_review("predicted.csv", "--filter", "predicted_neq_given")
        rows, given, p = self.rows_by_numpy()
        own = p[np.arange(len(rows)), given]
        wrong = p.argmax(axis=1) != given
        order = np.argsort(own[wrong], kind="stable")
        self.assertEqual([int(row["index"]) for row in listed], list(rows[wrong][order]))
        self.assertEqual(said["filters"]["predicted_neq_given"], wrong.sum())
        np.testing.assert_allclose([float(row["quality"]) for row in listed], own[wrong][order], atol=1e-6)
        self.assertEqual([row["suggested_label"] for row in listed], [CLASSES[c] for c in p.argmax(axis=1)[wrong][order]])

    def test_the_cleaned_table_differs_in_the_decided_rows_alone(self):
        _, listed = self.run_review("decided.csv", "--limit", "40")
        for at, row in enumerate(listed):
            row["decision"] = ["drop", row["suggested_label"], "keep", ""][at % 4]
        reviewed = self.workspace.path / "reviewed.csv"
        with open(reviewed, "w", newline="") as out:
            writer = csv.DictWriter(out, listed[0].keys())
            writer.writeheader()
            writer.writerows(sorted(listed, key=lambda row: int(row["index"])))
        said = self.workspace.run("data", "clean", reviewed, "--oof", "mine/v1")
        self.assertEqual((said["dropped"], sum(said["relabelled"].values()), said["kept"]), (10, 10, 20))
        label = self.label.copy()
        for row in listed:
            decision = row["decision"]
            if decision not in ("", "keep"):
                label[int(row["index"])] = -99 if decision == "drop" else int(decision)
        with h5py.File(self.table["file"]) as before, h5py.File(said["file"]) as after:
            np.testing.assert_array_equal(after["label_20"][:], label)
            self.assertEqual(sorted(before), sorted(after))
            gone = np.isin(np.arange(len(label)), [int(row["index"]) for row in listed if row["decision"] == "drop"])
            for name in set(before) - {"label_20"}:
                np.testing.assert_array_equal(after[name][:][~gone], before[name][:][~gone], name)
            np.testing.assert_array_equal(after["X"][:], before["X"][:])
            self.assertTrue((after["weight_20"][:][gone] == 0).all())
            self.assertEqual(list(after.attrs["fitted_labels"]), [after["time"][0], before["t1_20"][:].max()])
        self.assertEqual(self.functions["content_sha256"](said["file"]), said["content_sha256"])
        self.assertEqual(self.workspace.run("data", "verify")["bad"], 0)


if __name__ == "__main__":
    unittest.main()
