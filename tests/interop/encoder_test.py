"""A pretrained encoder, read by PyTorch: the same weights under torch.nn.LSTM's names give the same output."""
import json
import os
import pathlib
import re
import subprocess
import tempfile
import unittest

import h5py
import numpy as np
import torch

from read_safetensors import read_safetensors

CHECKOUT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("MOOLA_BUILD", CHECKOUT / "build/release"))
SAMPLE = CHECKOUT / "samples/taifex_tx_1m_20241105_20250204.csv.xz"


def run(program, *arguments, **options):
    ended = subprocess.run([BUILD / program, *map(str, arguments)], capture_output=True, **options)
    assert ended.returncode == 0, f"{program} {arguments}: {ended.returncode}, {ended.stderr.decode()}"
    return ended.stdout


class Encoder(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        workspace = folder.name
        run("bin/moola-data", "import", "bars", SAMPLE, "--symbol", "TX", "--timezone", "Asia/Taipei", "--product", "TX",
            "--roll", "volume", "--workspace", workspace)
        settings = {"data.bars": "TX/v1", "windows.stride": 20, "windows.holdout_windows": 16, "model.hidden": 24, "train.max_steps": 3,
                    "train.batch": 16, "parallel.microbatch": 8, "parallel.device": "cpu", "output.name": "interop"}
        words = [word for key, value in settings.items() for word in ("--set", f"{key}={value}")]
        answer = json.loads(run("bin/moola-pretrain", "--workspace", workspace, "--ranks", 2, "--json", *words))
        cls.file = answer["encoder_file"]
        cls.workspace = pathlib.Path(workspace)
        cls.header, cls.tensors = read_safetensors(cls.file)

    def test_torch_gives_the_same_output(self):
        model = json.loads(self.header["architecture"])
        self.assertEqual((model["channels"], model["hidden"], model["layers"]), (4, 24, 2))
        length = json.loads(self.header["input"])["length"]
        windows = np.random.default_rng(3).normal(0, 1, (7, length, 4)).cumsum(axis=1).astype(np.float32)
        with torch.no_grad():
            expected, _ = self.lstm()(torch.from_numpy(windows))
        codes = np.frombuffer(run("tests/encode-windows", self.file, 7, input=windows.tobytes()), np.float32)
        np.testing.assert_allclose(codes.reshape(expected.shape), expected.numpy(), atol=1e-5, rtol=0)
        self.assertGreater(np.abs(codes).max(), 0.05)

    def lstm(self):
        model = json.loads(self.header["architecture"])
        lstm = torch.nn.LSTM(model["channels"], model["hidden"], model["layers"], bidirectional=True, batch_first=True)
        lstm.load_state_dict({name: torch.from_numpy(values.copy()) for name, values in self.tensors.items()}, strict=True)
        return lstm.eval()

    def test_torch_gives_the_same_embeddings(self):
        with h5py.File(self.workspace / "data/unlabeled_windows/TX/v1.h5") as view, h5py.File(self.workspace / "data/bars/TX/v1.h5") as bars:
            begins = np.concatenate([b + view.attrs["stride"] * np.arange(n) for b, n in zip(view["run_begin"], view["run_windows"])])
            prices = np.stack([bars[name][:] for name in ("open", "high", "low", "close")], axis=1)
            length = view.attrs["length"]
        windows = np.stack([prices[b : b + length] for b in begins])
        windows = np.log(windows / windows[:, :1, 3:]) * json.loads(self.header["input"])["scale"]
        with torch.no_grad():
            codes, _ = self.lstm()(torch.from_numpy(windows.astype(np.float32)))
        for pool, expected in {"last": codes[:, -1], "mean": codes.mean(1), "max": codes.amax(1)}.items():
            answer = json.loads(run("bin/moola-encode", "--encoder", self.file, "--data", "unlabeled_windows/TX/v1", "--pool", pool,
                                    "--device", "cpu", "--workspace", self.workspace, "--json", "--quiet"))
            with h5py.File(answer["file"]) as made:
                self.assertEqual(made.attrs["pooling"], pool)
                self.assertEqual(made.attrs["data"], "unlabeled_windows/TX/v1")
                np.testing.assert_allclose(made["Z"][:], expected.numpy(), atol=1e-5, rtol=0)

    def test_the_documented_function_reproduces_the_seal(self):
        page = (CHECKOUT / "docs/formats.md").read_text()
        (code,) = [block for block in re.findall(r"```python\n(.*?)```", page, re.S) if "def seal_of" in block]
        names = {}
        exec(code, names)
        self.assertEqual(names["seal_of"](self.file), self.header["content_sha256"])

    def test_the_header_says_what_the_encoder_was_made_from(self):
        given = json.loads(self.header["input"])
        self.assertEqual(given["channels"], ["open", "high", "low", "close"])
        self.assertEqual(given["normalize"], "window_log_return")
        self.assertGreater(given["scale"], 10)  # log returns of a hundred minutes are small
        ids = [entry["id"] for entry in json.loads(self.header["data"])]
        self.assertEqual(ids, ["unlabeled_windows/TX/v1", "bars/TX/v1"])
        seen = json.loads(self.header["seen"])
        self.assertEqual([entry["symbol"] for entry in seen], ["TX"])
        self.assertLess(seen[0]["times"][-1][1], "2025-01-20")  # the last tenth of time is held out


if __name__ == "__main__":
    unittest.main()
