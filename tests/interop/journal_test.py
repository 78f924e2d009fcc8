"""Journals of sweeps as Optuna sees them: what we write it reads, what it writes we read, and both write one study at once.

sweep_peers.py says where Optuna is looked for; without it every test is skipped, loudly."""
import json
import os
import pathlib
import subprocess
import tempfile
import unittest

from sweep_peers import OPEN, OPTUNA, WITHOUT_OPTUNA, run_python, start_python

CHECKOUT = pathlib.Path(__file__).resolve().parents[2]
PROGRAM = pathlib.Path(os.environ.get("MOOLA_BUILD", CHECKOUT / "build/release")) / "tests/sweep-journal"

# Everything that Optuna knows of a journal, in the form of sweep-journal.
SHOW = OPEN + """
    def time(stamp):
        return None if stamp is None else round(stamp.timestamp() * 1e6)
    studies = []
    for study in sorted(storage.get_all_studies(), key=lambda s: s._study_id):
        trials = []
        for t in storage.get_all_trials(study._study_id):
            trials.append({
                "state": t.state.name, "values": t.values, "params": t.params,
                "distributions": {k: optuna.distributions.distribution_to_json(d) for k, d in t.distributions.items()},
                "reports": {str(k): v for k, v in sorted(t.intermediate_values.items())}, "user": t.user_attrs,
                "system": t.system_attrs, "started": time(t.datetime_start), "completed": time(t.datetime_complete)})
        studies.append({"name": study.study_name, "directions": [int(d) for d in study.directions],
                        "user": study.user_attrs, "system": study.system_attrs, "trials": trials})
    print(json.dumps(studies))
"""
STUDY = OPEN + """
    study = optuna.create_study(study_name="größe", storage=storage, sampler=optuna.samplers.RandomSampler(seed=1),
                                pruner=optuna.pruners.MedianPruner(n_startup_trials=3), directions=["maximize"])
    study.set_metric_names(["score"])
    study.set_user_attr("note", {"a": [1, float("nan")]})
    study.enqueue_trial({"lr": 0.01})
    def objective(trial):
        lr = trial.suggest_float("lr", 1e-5, 0.1, log=True)
        n = trial.suggest_int("n", 1, 1 + trial.number % 3 * 4, step=2)
        kind = trial.suggest_categorical("kind", ["a", None, True, 3, 0.5, "学"])
        if kind == "a":
            trial.suggest_float("drop", 0, 0.5, step=0.05)
        trial.set_user_attr("node", "gpü")
        for step in range(4):
            trial.report(float("nan") if trial.number == 6 else lr * step, step)
            if trial.should_prune():
                raise optuna.TrialPruned()
        if trial.number % 7 == 3:
            raise ValueError("planned")
        return float("inf") if trial.number == 5 else lr * n
    study.optimize(objective, n_trials=30, catch=(ValueError,))
    study.ask()
"""
WORK = OPEN + """
    study = optuna.load_study(study_name="shared", storage=storage, sampler=optuna.samplers.RandomSampler())
    ours = 0
    while len(study.get_trials(deepcopy=False)) < int(sys.argv[2]):
        trial = study.ask()
        x = trial.suggest_float("x", -5, 5)
        trial.report(x, 0)
        study.tell(trial, x * x)
        ours += 1
    print(ours)
"""


def ours(*arguments):
    ended = subprocess.run([PROGRAM, *map(str, arguments)], capture_output=True, text=True)
    assert ended.returncode == 0, ended.stderr
    return ended.stdout


@unittest.skipUnless(OPTUNA, WITHOUT_OPTUNA)
class Journal(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.file = pathlib.Path(folder.name) / "journal.log"

    def assert_same_reading(self):
        theirs, mine = json.loads(run_python(OPTUNA[0], SHOW, self.file)), json.loads(ours("show", self.file))
        # NaN is no number to compare; as text it is.
        self.assertEqual(json.dumps(theirs, sort_keys=True, indent=1), json.dumps(mine, sort_keys=True, indent=1))
        return mine

    def test_optuna_reads_what_we_write(self):
        ours("write", self.file)
        one, two = self.assert_same_reading()
        self.assertEqual(6, len(one["trials"]))
        self.assertEqual(["COMPLETE", "COMPLETE", "PRUNED", "FAIL", "WAITING", "RUNNING"], [t["state"] for t in one["trials"]])
        self.assertEqual(["COMPLETE", "WAITING"], [t["state"] for t in two["trials"]])

    def test_we_read_what_optuna_writes(self):
        run_python(OPTUNA[0], STUDY, self.file)
        (study,) = self.assert_same_reading()
        states = [t["state"] for t in study["trials"]]
        self.assertEqual(31, len(states))
        for state in ("COMPLETE", "PRUNED", "FAIL", "RUNNING"):
            self.assertIn(state, states)

    def test_both_write_one_study_at_once_and_none_is_lost(self):
        run_python(OPTUNA[0], OPEN + '    optuna.create_study(study_name="shared", storage=storage)', self.file)
        trials = 150
        theirs = [start_python(OPTUNA[0], WORK, self.file, trials) for _ in range(2)]
        mine = [subprocess.Popen([PROGRAM, "work", self.file, "shared", str(trials)], stdout=subprocess.PIPE,
                                 stderr=subprocess.PIPE, text=True) for _ in range(2)]
        counts = []
        for worker in theirs + mine:
            out, err = worker.communicate(timeout=240)
            self.assertEqual(0, worker.returncode, err)
            counts.append(int(out))
        (study,) = self.assert_same_reading()
        # Ours stop at the number exactly; each of Optuna's may be one beyond it.
        self.assertEqual(sum(counts), len(study["trials"]))
        self.assertTrue(trials <= len(study["trials"]) <= trials + 2, counts)
        for trial in study["trials"]:
            self.assertEqual(("COMPLETE", 1, 1), (trial["state"], len(trial["params"]), len(trial["reports"])))

    def test_optuna_reads_on_where_we_have_cut_off_a_torn_line(self):
        ours("write", self.file)
        with open(self.file, "ab") as file:
            file.write(b'{"op_code":4,"worker_id":"w","study')
        ours("work", self.file, "two", 4)
        self.assert_same_reading()


unittest.main()
