"""The peers: shuffled batches of 512 log-return windows with numpy, h5py and PyTorch's DataLoader, as a user would write them.

peer.py WORKSPACE unlabeled_windows/NAME/vN prints windows per second for each of those that are installed.
"""
import argparse
import pathlib
import tempfile
import time

import h5py
import numpy as np

BATCH = 512


def timed(name, batches, gather):
    gather(0)
    best = float("inf")
    for _ in range(3):
        begin = time.perf_counter()
        for b in range(batches):
            gather(b)
        best = min(best, time.perf_counter() - begin)
    print(f"{name}: {batches * BATCH / best:.0f} windows/s", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("workspace", type=pathlib.Path)
    parser.add_argument("id")
    parser.add_argument("--stored", type=int, default=50_000, help="windows in the stored sets that h5py and DataLoader read")
    args = parser.parse_args()
    with h5py.File(args.workspace / "data" / f"{args.id}.h5") as view:
        length, stride = int(view.attrs["length"]), int(view.attrs["stride"])
        bars = view.attrs["bars"]
        bars = [b.decode() if isinstance(b, bytes) else b for b in np.atleast_1d(bars)]
        starts = np.concatenate([b + stride * np.arange(n) for s, b, n in zip(view["run_bars"], view["run_begin"], view["run_windows"]) if s == 0])
    with h5py.File(args.workspace / "data" / f"{bars[0]}.h5") as file:
        logs = np.log(np.stack([file[c][:] for c in ("open", "high", "low", "close")], axis=1))
    order = np.random.default_rng(1337).permutation(len(starts))
    offsets = np.arange(length)

    def with_numpy(b):
        first = starts[order[b * BATCH : (b + 1) * BATCH]]
        x = logs[first[:, None] + offsets]
        return (x - x[:, :1, 3:4]).astype(np.float32)

    timed("numpy", 200, with_numpy)

    stored = (logs[starts[order[: args.stored], None] + offsets]).astype(np.float32)
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "windows.h5"
        with h5py.File(path, "w") as file:
            file.create_dataset("X", data=stored)
        with h5py.File(path) as file:
            x = file["X"]
            shuffled = np.random.default_rng(1).permutation(len(x))

            def with_h5py(b):
                batch = x[np.sort(shuffled[b * BATCH % (len(x) - BATCH) :][:BATCH])]
                return batch - batch[:, :1, 3:4]

            timed("h5py", 10, with_h5py)

    # The same array, ready-made: what indexing costs when every window is stored and normalised already.
    ready = stored - stored[:, :1, 3:4]
    shuffled = np.random.default_rng(2).permutation(len(ready))
    timed("numpy_stored", 90, lambda b: ready[shuffled[b * BATCH : (b + 1) * BATCH]])

    try:
        import torch
    except ImportError:
        return
    torch.set_num_threads(1)
    dataset = torch.utils.data.TensorDataset(torch.from_numpy(ready))
    best = float("inf")
    for _ in range(3):
        begin = time.perf_counter()
        count = sum(len(batch) for (batch,) in torch.utils.data.DataLoader(dataset, batch_size=BATCH, shuffle=True))
        best = min(best, (time.perf_counter() - begin) / count)
    print(f"torch: {1 / best:.0f} windows/s", flush=True)


main()
