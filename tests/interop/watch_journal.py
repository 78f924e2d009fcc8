"""watch_journal.py JOURNAL STOP: Optuna loads the journal from its beginning again and again until there is a file STOP.

Fails when it can't be read at some moment, when a trial goes away, or when one that is over changes."""
import os
import sys
import time
import warnings

warnings.simplefilter("ignore")
import optuna

try:
    from optuna.storages.journal import JournalFileBackend
except ImportError:
    from optuna.storages import JournalFileStorage as JournalFileBackend

optuna.logging.set_verbosity(optuna.logging.ERROR)
journal, stop = sys.argv[1:]
loads, known = 0, []
while not os.path.exists(stop) or loads == 0:
    if not os.path.exists(journal):
        time.sleep(0.02)
        continue
    storage = optuna.storages.JournalStorage(JournalFileBackend(journal))
    studies = storage.get_all_studies()
    trials = storage.get_all_trials(studies[0]._study_id) if studies else []
    assert len(trials) >= len(known), f"{len(trials)} trials after {len(known)}"
    for old, new in zip(known, trials):
        if old.state.is_finished():
            assert old == new, f"was {old}\nis {new}"
    known = trials
    loads += 1
    time.sleep(0.02)
print(f"{loads} loads, {len(known)} trials")
