"""The Python of docs/formats.md, taken from there, reproduces the hashes of every kind of data set that can be made."""
import json
import os
import pathlib
import re
import subprocess
import tempfile
import unittest

import h5py
import numpy as np

CHECKOUT = pathlib.Path(__file__).resolve().parents[2]
DATA = pathlib.Path(os.environ.get("MOOLA_BUILD", CHECKOUT / "build/release")) / "bin/moola-data"
SAMPLE = CHECKOUT / "samples/taifex_tx_1m_20241105_20250204.csv.xz"


def documented():
    """The function of the page, as a reader would paste it."""
    blocks = re.findall(r"```python\n(.*?)```", (CHECKOUT / "docs/formats.md").read_text(), re.S)
    (code,) = [block for block in blocks if "def content_sha256" in block]
    lines = code[code.index("def content_sha256"):].strip().splitlines()
    assert len(lines) <= 20, f"the page promises a short function; it has {len(lines)} lines"
    names = {}
    exec(code, names)
    return names["content_sha256"]


class Formats(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.folder = pathlib.Path(folder.name)
        np.savez(cls.folder / "labelled.npz", X=np.random.default_rng(1).normal(100, 1, (6, 5, 3)).astype("f4"),
                 y=np.array([0, 1, 2, 0, 1, 2]))
        np.save(cls.folder / "plain.npy", np.random.default_rng(2).normal(100, 1, (6, 5, 3)).astype("f4"))
        cls.made = [
            cls.moola("import", "bars", SAMPLE, "--symbol", "TX", "--timezone", "Asia/Taipei", "--product", "TX", "--roll", "volume"),
            cls.moola("windows", "--bars", "TX/v1", "--length", "105", "--max-gap", "1m"),
            cls.moola("import", "windows", cls.folder / "labelled.npz"),
            cls.moola("import", "windows", cls.folder / "plain.npy"),
        ]

    @classmethod
    def moola(cls, *arguments):
        ended = subprocess.run([DATA, *map(str, arguments), "--json", "--workspace", cls.folder], capture_output=True, text=True)
        assert ended.returncode == 0, ended.stderr
        return json.loads(ended.stdout)

    def test_the_documented_function_reproduces_every_hash(self):
        content_sha256 = documented()
        for made in self.made:
            with self.subTest(made["id"]), h5py.File(made["file"]) as file:
                self.assertEqual(content_sha256(made["file"]), file.attrs["content_sha256"])

    def test_it_tells_when_a_number_was_changed(self):
        content_sha256 = documented()
        copy = self.folder / "changed.h5"
        copy.write_bytes(pathlib.Path(self.made[0]["file"]).read_bytes())
        with h5py.File(copy, "r+") as file:
            file["close"][17] += 1
        self.assertNotEqual(content_sha256(copy), h5py.File(self.made[0]["file"]).attrs["content_sha256"])

    def test_every_file_says_what_it_is_and_reads_whole(self):
        for made in self.made:
            with self.subTest(made["id"]), h5py.File(made["file"]) as file:
                self.assertEqual(file.attrs["schema"], f"moola.{made['id'].split('/')[0]}/1")
                json.loads(file.attrs["manifest"])
                for name in file:
                    self.assertTrue(file[name].fletcher32 or file[name].size == 0, name)
                    self.assertEqual(file[name][()].shape, file[name].shape)


if __name__ == "__main__":
    unittest.main()
