"""The same by Optuna or Rustuna, whichever this python has: peer.py replay FILE | writes FILE TRIALS.

Prints "NAME-replay: S s" for opening a journal and having its trials, or "NAME-writes: S s a trial" for trials of five
parameters begun and ended by one process, the fastest way either has: more processes wait for each other."""
import sys
import time

try:
    import optuna as peer
    from optuna.storages.journal import JournalFileBackend
    peer.logging.set_verbosity(peer.logging.ERROR)
    NAME = "optuna"
except ImportError:
    import rustuna as peer
    NAME = "rustuna"


def storage(file):
    if NAME == "rustuna":
        return peer.storages.JournalFileStorage(file)
    return peer.storages.JournalStorage(JournalFileBackend(file))


def main():
    what, file = sys.argv[1:3]
    if what == "replay":
        began = time.perf_counter()
        trials = peer.load_study(study_name="demo", storage=storage(file)).trials
        print(f"{NAME}-replay: {time.perf_counter() - began:.5f} s ({len(trials)} trials)")
        return
    count = int(sys.argv[3])
    study = peer.create_study(study_name="demo", storage=storage(file), sampler=peer.samplers.RandomSampler(seed=1))
    began = time.perf_counter()
    for _ in range(count):
        trial = study.ask()
        trial.suggest_float("lr", 1e-5, 0.1, log=True)
        trial.suggest_float("momentum", 0, 1)
        trial.suggest_int("layers", 1, 16)
        trial.suggest_float("drop", 0, 0.5, step=0.05)
        trial.suggest_categorical("optimiser", ["adam", "sgd", "lion"])
        study.tell(trial.number, 0.5)
    print(f"{NAME}-writes: {(time.perf_counter() - began) / count:.7f} s a trial")


main()
