"""The peer: the BiLSTM masked autoencoder in eager PyTorch, as a user would write it.

Prints windows per second of its best step.
"""
import argparse
import time

import torch
from torch import nn

MASK_RATIO, PATCH = 0.15, 7


class MaskedAutoencoder(nn.Module):
    def __init__(self, channels=4, hidden=128, layers=2, dropout=0.2):
        super().__init__()
        self.mask_token = nn.Parameter(torch.randn(1, 1, channels) * 0.02)
        self.encoder = nn.LSTM(
            channels, hidden, num_layers=layers, bidirectional=True, batch_first=True, dropout=dropout
        )
        self.norm = nn.LayerNorm(2 * hidden)
        self.decoder = nn.Sequential(
            nn.Linear(2 * hidden, hidden), nn.ReLU(), nn.Dropout(dropout), nn.Linear(hidden, channels)
        )

    def forward(self, x, mask):
        masked = torch.where(mask.unsqueeze(-1), self.mask_token, x)
        encoded, _ = self.encoder(masked)
        reconstruction = self.decoder(self.norm(encoded))
        latent, _ = self.encoder(x)
        return reconstruction, latent

    @staticmethod
    def loss(x, mask, reconstruction, latent):
        mse = ((reconstruction - x) ** 2)[mask].mean()
        spread = latent.std(dim=(0, 1)).mean()
        return mse + 0.1 * torch.relu(1.0 - spread)


def patch_mask(rows, steps):
    patches = steps // PATCH
    chosen = torch.rand(rows, patches).argsort(dim=1)[:, : int(patches * MASK_RATIO)]
    mask = torch.zeros(rows, patches, dtype=torch.bool).scatter_(1, chosen, True).repeat_interleave(PATCH, dim=1)
    return nn.functional.pad(mask, (0, steps - mask.shape[1]))


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--batch", type=int, default=512)
    parser.add_argument("--steps", type=int, default=3)
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    torch.manual_seed(1337)
    model = MaskedAutoencoder()
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3, weight_decay=1e-4)
    x = torch.randn(args.batch, 105, 4)
    best = float("inf")
    for step in range(args.steps + 1):  # the first is warm-up
        begin = time.perf_counter()
        mask = patch_mask(args.batch, x.shape[1])
        optimizer.zero_grad()
        loss = model.loss(x, mask, *model(x, mask))
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        value = loss.item()
        if step:
            best = min(best, time.perf_counter() - begin)
    rate = args.batch / best
    print(f"peer: {rate:.1f} windows/s (PyTorch {torch.__version__}, {args.threads} threads, loss {value:.4f})")


if __name__ == "__main__":
    main()
