"""Studies of moola sweep as Optuna and Rustuna see them: finished, and while both sides work on them."""
import json
import math
import pathlib
import subprocess
import textwrap
import threading
import unittest

from moola_workspace import PROGRAMS, Workspace
from sweep_peers import OPEN, OPTUNA, RUSTUNA, WITHOUT_OPTUNA, WITHOUT_RUSTUNA, run_python, start_python

# Every way in which a trial can end, and everything that it can say.
OBJECTIVE = """
import json, os, sys, time
trial = int(os.environ["MOOLA_TRIAL"])
rate, layers, kind = os.environ["MOOLA_PARAMETER_RATE"], int(os.environ["MOOLA_PARAMETER_LAYERS"]), os.environ.get("MOOLA_PARAMETER_KIND")
loss = float(rate) * layers
if trial == 5:
    print("no value"), sys.exit(3)
if trial == 12:  # as bad as can be, and in no hurry
    print('{"step": 0, "value": -1e9}', flush=True), time.sleep(200)
for step in range(4):
    told = "NaN" if trial == 6 and step == 1 else json.dumps(loss + 1 / (step + 1))
    print('{"step": %d, "value": %s}' % (step, told), flush=True)
attributes = {"node": "gp\\u00fc \\"1\\"", "nested": {"list": [1, None, True, 0.1]}, "kind": kind, "many": list(range(50))}
value = "-Infinity" if trial == 7 else json.dumps(0.1 + loss)
print('{"value": %s, "constraint": [%s, -1], "attributes": %s}' % (value, "0.5" if trial == 8 else "0", json.dumps(attributes)))
"""
CONFIG = """
[sweep]
name = "all-ends"
direction = ["maximize"]
command = ["/usr/bin/python3", "objective.py"]
trials = 40
sampler = "tpe"
pruner = "median"
[pruner]
startup_trials = 3
[sweep.space]
rate = { float = [1e-5, 1e-1], log = true }
share = { float = [0, 0.5], step = 0.05 }
layers = { int = [1, 9], step = 2 }
width = { int = [1, 64], log = true }
kind = { choice = ["ad\\"am", {}, true, 3, 0.5, "学"] }
momentum = { float = [0.0, 0.99], when = { kind = "学" } }
enqueue = [{ rate = 0.01, kind = "学" }]
"""
# What Optuna knows of the study, in the form of `history` in moola sweep show --json.
SHOW = OPEN + """
    def as_json(value):
        if isinstance(value, float) and not math.isfinite(value):
            return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
        if isinstance(value, dict):
            return {str(key): as_json(each) for key, each in value.items()}
        return [as_json(each) for each in value] if isinstance(value, (list, tuple)) else value
    (study,) = storage.get_all_studies()
    assert study.study_name == sys.argv[2], study.study_name
    def time_of(stamp):
        return "" if stamp is None else round(stamp.timestamp() * 1e6)
    print(json.dumps([as_json({
        "number": t.number, "state": t.state.name, "values": t.values or [], "params": t.params,
        "distributions": {k: json.loads(optuna.distributions.distribution_to_json(d)) for k, d in t.distributions.items()},
        "reports": dict(sorted(t.intermediate_values.items())), "attributes": t.user_attrs,
        "started": time_of(t.datetime_start), "completed": time_of(t.datetime_complete)})
        for t in storage.get_all_trials(study._study_id)]))
"""
# Rustuna has no distributions to show, and no user attributes of a type that JSON has and it has not.
SHOW_RUSTUNA = """
    import json, math, sys
    import rustuna
    study = rustuna.load_study(study_name=sys.argv[2], storage=rustuna.storages.JournalFileStorage(sys.argv[1]))
    def as_json(value):
        if isinstance(value, float) and not math.isfinite(value):
            return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
        return value
    print(json.dumps([{"number": t.number, "state": t.state.name,
                       "values": [as_json(v) for v in t.values or []], "params": {k: as_json(v) for k, v in t.params.items()},
                       "reports": {str(k): as_json(v) for k, v in t.intermediate_values.items()}} for t in study.trials]))
"""
# A worker as Optuna's users write one: it goes on until the study has so many trials.
WORK = OPEN + """
    study = optuna.load_study(study_name="shared", storage=storage, sampler=optuna.samplers.TPESampler(seed=1))
    done = []
    def objective(trial):
        x, y = trial.suggest_float("x", -5, 5), trial.suggest_int("y", 0, 9)
        trial.report(x, 0)
        done.append(trial.number)
        return x * x + y
    states = (TrialState.COMPLETE, TrialState.PRUNED, TrialState.FAIL, TrialState.RUNNING)
    study.optimize(objective, callbacks=[optuna.study.MaxTrialsCallback(int(sys.argv[2]), states=states)])
    print(json.dumps(done))
"""
# Loads the journal from its beginning again and again until standard input ends; what was finished stays as it was.
WATCH = OPEN + """
    import select
    loads, before = 0, {}
    while not select.select([sys.stdin], [], [], 0)[0] or loads < 3:
        found = open_journal()
        trials = found.get_all_trials(found.get_study_id_from_name("shared"))
        assert len(trials) >= len(before), (len(trials), len(before))
        now = {t.number: (t.state, t.values, t.params, t.intermediate_values) for t in trials}
        for number, trial in before.items():
            assert not trial[0].is_finished() or trial == now[number], (trial, now[number])
        before = now
        loads += 1
    print(loads)
"""
SHARED = """
[sweep]
name = "shared"
command = ["sh", "shared.sh", "{x}", "{y}"]
sampler = "tpe"
[sweep.space]
x = { float = [-5, 5] }
y = { int = [0, 9] }
"""


def microseconds(text):
    """Of a time as moola writes it, UTC with nanoseconds."""
    if not text:
        return text
    import datetime
    seconds, _, fraction = text.rstrip("Z").partition(".")
    whole = datetime.datetime.fromisoformat(seconds.replace("T", " ")).replace(tzinfo=datetime.timezone.utc)
    return round(whole.timestamp()) * 1_000_000 + int((fraction + "000000")[:6])


class Study(unittest.TestCase):
    def setUp(self):
        self.workspace = Workspace()
        self.addCleanup(self.workspace.close)

    def write(self, name, content):
        (self.workspace.path / name).write_text(content)

    def journal(self, name):
        return self.workspace.path / "artifacts/studies" / name / "journal.log"

    def history(self, name):
        shown = self.workspace.run("sweep", "show", name)
        trials = shown["history"]
        for trial in trials:
            trial["started"], trial["completed"] = microseconds(trial["started"]), microseconds(trial["completed"])
        counted = {state: sum(t["state"].startswith(begin) for t in trials) for state, begin in (
            ("complete", "COMPLETE"), ("pruned", "PRUNED"), ("failed", "FAIL"), ("running", "RUNNING"), ("waiting", "WAITING"))}
        self.assertEqual(shown["trials"], counted)
        return trials


class FinishedStudy(Study):
    OBJECTIVE = OBJECTIVE

    def setUp(self):
        super().setUp()
        self.write("objective.py", self.OBJECTIVE)
        self.write("all-ends.toml", CONFIG)
        answer = self.workspace.run("sweep", self.workspace.path / "all-ends.toml", "--workers", 2)
        self.assertEqual("finished", answer["status"])
        self.trials = self.history("all-ends")
        states = [trial["state"] for trial in self.trials]
        self.assertEqual(40, len(states))
        self.assertEqual(("COMPLETE", "FAIL", "PRUNED"), (states[0], states[5], states[12]))
        self.assertEqual(("学", 0.01), (self.trials[0]["params"]["kind"], self.trials[0]["params"]["rate"]))
        self.best = answer["best"]


@unittest.skipUnless(OPTUNA, WITHOUT_OPTUNA)
class OptunaReads(FinishedStudy):
    def test_optuna_sees_the_trials_that_show_prints(self):
        for python in OPTUNA:
            with self.subTest(python):
                theirs = json.loads(run_python(python, SHOW, self.journal("all-ends"), "all-ends"))
                self.maxDiff = 4000
                for mine, read in zip(self.trials, theirs, strict=True):
                    self.assertEqual(mine, read)

    def test_optuna_finds_the_same_best_trial_and_goes_on_with_the_study(self):
        for python in OPTUNA:
            with self.subTest(python):
                best, before, after = json.loads(run_python(python, OPEN + """
    study = optuna.load_study(study_name="all-ends", storage=storage)
    best, before = study.best_trial.number, len(study.trials)
    trial = study.ask({"rate": optuna.distributions.FloatDistribution(1e-5, 0.1, log=True)})
    study.tell(trial, trial.params["rate"])
    print(json.dumps([best, before, len(study.trials)]))
""", self.journal("all-ends")))
                self.assertEqual(self.best["number"], best)
                self.assertEqual(before + 1, after)
        trials = self.history("all-ends")
        self.assertEqual(self.trials, trials[:40])
        self.assertEqual(["COMPLETE"] * len(OPTUNA), [trial["state"] for trial in trials[40:]])


@unittest.skipUnless(RUSTUNA, WITHOUT_RUSTUNA)
class RustunaReads(FinishedStudy):
    # Rustuna opens no journal with a NaN or an infinite number in it, whoever has written it.
    OBJECTIVE = OBJECTIVE.replace('"NaN"', '"0.25"').replace('"-Infinity"', '"-1e300"')

    def test_rustuna_sees_the_trials_that_show_prints(self):
        for python in RUSTUNA:
            theirs = json.loads(run_python(python, SHOW_RUSTUNA, self.journal("all-ends"), "all-ends"))
            for mine, read in zip(self.trials, theirs, strict=True):
                if mine["state"] == "PRUNED":
                    mine, read["values"] = mine | {"values": []}, []  # it says none of those
                self.assertEqual({key: mine[key] for key in read}, read)


@unittest.skipUnless(OPTUNA, WITHOUT_OPTUNA)
class Shared(Study):
    TRIALS = 500

    def test_a_worker_of_optuna_and_ours_share_a_study_and_none_is_lost_or_run_twice(self):
        self.write("shared.toml", SHARED)
        self.write("shared.sh", "echo \"$MOOLA_TRIAL\" >> done\n"
                   "awk -v x=\"$1\" -v y=\"$2\" 'BEGIN { printf \"{\\\"step\\\": 0, \\\"value\\\": %.17g}\\n{\\\"value\\\": %.17g}\\n\", x, x * x + y }'\n")
        call = [PROGRAMS / "moola-sweep", self.workspace.path / "shared.toml", "--workspace", self.workspace.path, "--quiet"]
        # Begun before anybody looks, so that there is a journal to be looked at.
        subprocess.run([*call, "--trials", "3"], check=True, capture_output=True)
        journal = self.journal("shared")
        readers = [subprocess.Popen([python, "-c", textwrap.dedent(WATCH), journal], stdin=subprocess.PIPE,
                                    stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) for python in OPTUNA]
        looks, wrong, over = 0, [], threading.Event()

        def look():
            nonlocal looks
            known = 0
            while not over.is_set():
                shown = subprocess.run([PROGRAMS / "moola-sweep", "show", "shared", "--workspace", self.workspace.path, "--json"],
                                       capture_output=True, text=True)
                if shown.returncode != 0:
                    wrong.append(shown.stderr)
                    return
                counts = json.loads(shown.stdout)["trials"]
                if sum(counts.values()) < known:
                    wrong.append(f"{counts} after {known}")
                known = sum(counts.values())
                looks += 1

        looking = threading.Thread(target=look)
        looking.start()
        theirs = start_python(OPTUNA[-1], WORK, journal, self.TRIALS)
        mine = subprocess.Popen([*call, "--trials", str(self.TRIALS), "--workers", "2"], stdout=subprocess.PIPE,
                                stderr=subprocess.PIPE, text=True)
        try:
            told, complaint = theirs.communicate(timeout=240)
            self.assertEqual(0, theirs.returncode, complaint)
            _, complaint = mine.communicate(timeout=240)
            self.assertEqual(0, mine.returncode, complaint)
        finally:
            over.set()
            looking.join()
            mine.kill()
            theirs.kill()
            watched = [reader.communicate("\n", timeout=60) for reader in readers]
        for reader, (loads, complaint) in zip(readers, watched):
            self.assertEqual(0, reader.returncode, complaint)
            self.assertGreater(int(loads), 2)
        self.assertEqual([], wrong)
        self.assertGreater(looks, 2)

        of_optuna = json.loads(told)
        ours = [int(line) for line in (self.workspace.path / "done").read_text().split()]
        self.assertGreater(len(of_optuna), 5)
        self.assertGreater(len(ours), 5)
        trials = self.history("shared")
        # Ours never begin one too many; Optuna's callback counts, and another process may begin one before it acts.
        self.assertIn(len(trials), (self.TRIALS, self.TRIALS + 1), (len(ours), len(of_optuna)))
        self.assertEqual(list(range(len(trials))), sorted(ours + of_optuna))
        for trial in trials:
            self.assertEqual("COMPLETE", trial["state"])
            x, y = trial["params"]["x"], trial["params"]["y"]
            self.assertTrue(math.isclose(x * x + y, trial["values"][0], rel_tol=1e-12, abs_tol=1e-12), trial)
            self.assertTrue(math.isclose(x, trial["reports"]["0"], rel_tol=1e-12, abs_tol=1e-12), trial)
        print(f"{len(ours)} trials of ours and {len(of_optuna)} of Optuna, looked at by us {looks} times and by Optuna "
              f"{', '.join(loads.strip() for loads, _ in watched)} times", flush=True)


unittest.main()
