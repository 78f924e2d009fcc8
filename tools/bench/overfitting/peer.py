"""The same by pypbo, one process, with numpy's Sharpe ratios: peer.py FILE COLUMNS BLOCKS. Prints "pypbo: S s, M MB"."""
import resource
import sys
import time

import numpy as np
import pypbo


def sharpe(returns):
    return returns.mean(axis=0) / returns.std(axis=0, ddof=1)


def main():
    if len(sys.argv) != 4:
        sys.exit("usage: peer.py FILE COLUMNS BLOCKS")
    returns = np.fromfile(sys.argv[1]).reshape(-1, int(sys.argv[2]))
    began = time.perf_counter()
    found = pypbo.pbo(returns, S=int(sys.argv[3]), metric_func=sharpe, threshold=0, n_jobs=1)
    seconds = time.perf_counter() - began
    print(f"pypbo: {seconds:.5f} s, {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB")
    print(f"  {len(found.logits)} combinations, pbo {found.pbo:.6f}, loss {found.prob_oos_loss:.6f}, "
          f"mean logit {np.mean(found.logits):.6f}, slope {found.linear_model.slope:.6f}")


main()
