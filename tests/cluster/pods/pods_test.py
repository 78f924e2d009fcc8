"""`moola submit --to runpod`, with pods that really run (live_runpod.py): rented, sent to, followed, lost, spent, ended."""
import fcntl
import json
import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import time
import unittest

from live_runpod import KEY, LiveRunpod, can_run_pods


def wait_for(what, is_so, deadline_s=150):
    deadline = time.monotonic() + deadline_s
    while not (answer := is_so()):
        if time.monotonic() > deadline:
            raise AssertionError(f"waited {deadline_s} s in vain: {what}")
        time.sleep(0.2)
    return answer


def is_free(lock):
    with open(lock) as file:
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
    return True


BUDGET = 'time_budget = "1h"\n'
POD = '[runpod]\ngpu_types = ["NVIDIA B200", "NVIDIA L40S"]\n'


@unittest.skipUnless(can_run_pods(), "SKIPPED, no pods: it takes root, namespaces, ssh and sshd (openssh-server)")
class OnPods(unittest.TestCase):
    def setUp(self):
        self.runpod = LiveRunpod()
        self.addCleanup(self.runpod.close)
        scratch = tempfile.TemporaryDirectory(prefix="moola-here-", ignore_cleanup_errors=True)
        self.addCleanup(scratch.cleanup)
        self.workspace = pathlib.Path(scratch.name) / "my workspace"
        self.workspace.mkdir()
        self.addCleanup(self.end_keepers)

    def kill_keepers(self):
        """How many there were; of a process that dies the words go before its locks do."""
        found = 0
        for entry in pathlib.Path("/proc").iterdir():
            if entry.name.isdigit():
                try:
                    if str(self.workspace).encode() in (entry / "cmdline").read_bytes():
                        os.kill(int(entry.name), signal.SIGKILL)
                        found += 1
                except OSError:
                    pass
        return found

    def end_keepers(self):
        wait_for("killed processes to go", lambda: self.kill_keepers() == 0)
        locks = list((self.workspace / "artifacts/jobs").glob("*/.*runner.lock"))
        wait_for("their locks to be free", lambda: all(is_free(lock) for lock in locks))

    def moola(self, *words, **how):
        return subprocess.run([self.runpod.moola, *map(str, words)], cwd=self.workspace, env={**self.runpod.environment, **how.pop("env", {})},
                              capture_output=True, text=True, **how)

    def ok(self, *words):
        ended = self.moola(*words)
        self.assertEqual(0, ended.returncode, f"{words}: {ended.stderr}")
        return ended.stdout.strip()

    def job(self, steps, head=BUDGET, pod=POD):
        (self.workspace / "job.toml").write_text(f'[job]\nname = "made"\n{head}{pod}{steps}')
        return self.workspace / "job.toml"

    def submit(self, *job, **named):
        return self.ok("submit", self.job(*job, **named), "--to", "runpod")

    def status(self, run):
        return json.loads(self.moola("status", run, "--json").stdout)

    def states(self, run, step):
        return [each["state"] for each in next(one for one in self.status(run)["steps"] if one["step"] == step)["elements"]]

    def keeper_log(self, run):
        log = self.workspace / "artifacts/jobs" / run / "logs/runner.log"
        return log.read_text() if log.exists() else "no log"

    def wait_for_no_pods(self, run):
        try:
            wait_for("all pods to be ended", lambda: not self.runpod.pods())
        except AssertionError as error:
            logs = "".join(path.read_text(errors="replace") for path in self.runpod.folder.glob("*/log"))
            raise AssertionError(f"{error}\n{self.keeper_log(run)}\n{self.moola('status', run).stdout}\npods say:\n{logs}") from None

    def test_a_job_is_done_its_results_are_here_and_nothing_is_left(self):
        run = self.submit('[step.say]\ncommand = ["sh", "-c", "mkdir -p artifacts; echo \\"$1\\" > artifacts/said", "sh", "it\'s $x"]\n'
                          'outputs = ["artifacts/said"]\ngpus = 1\n[step.after]\ncommand = ["cat", "artifacts/said"]\nafter = ["say"]\n')
        self.wait_for_no_pods(run)
        self.assertTrue(self.status(run)["succeeded"], self.moola("status", run).stdout)
        self.assertEqual("it's $x\n", (self.workspace / "artifacts/said").read_text())
        self.assertIn("it's $x", self.ok("logs", run, "after"))
        self.assertEqual(str(self.workspace / "artifacts/said"), self.ok("collect", run))
        # No key stands anywhere in what was written or sent.
        for file in (self.workspace / "artifacts").rglob("*"):
            if file.is_file() and "pack" not in file.parts:
                self.assertNotIn(KEY.encode(), file.read_bytes(), file)
        for request in self.runpod.requests("POST"):
            self.assertNotIn(KEY, request["body"])

    def test_a_pod_that_is_lost_is_replaced_and_goes_on_from_the_volume(self):
        run = self.submit('[step.count]\ncommand = ["sh", "-c", "echo x >> tries; until [ -e enough ]; do sleep 0.2; done"]\ngpus = 1\n',
                          pod='[runpod]\ngpu_types = ["NVIDIA GeForce RTX 4090"]\nnetwork_volume = "vol-a"\ndata_centers = ["US-KS-2"]\n')
        there = self.runpod.folder / "volumes/vol-a/moola/workspace"
        wait_for("the first try", lambda: (there / "tries").exists())
        wait_for("it to be seen", lambda: self.states(run, "count") == ["running"])
        first = self.runpod.pods()[0]["id"]
        self.runpod.change(lambda account: account.pods.pop(first))
        wait_for("the second try", lambda: (there / "tries").read_text() == "x\nx\n")
        (there / "enough").write_text("")
        self.wait_for_no_pods(run)
        self.assertTrue(self.status(run)["succeeded"])
        self.assertEqual(2, len(self.runpod.requests("POST", "/v2/pods")))

    def test_results_that_were_cut_off_are_read_from_the_volume_by_another_pod(self):
        run = self.submit('[step.make]\ncommand = ["sh", "-c", "mkdir -p artifacts; until [ -e enough ]; do sleep 0.2; done; echo x > artifacts/made"]\ngpus = 1\n',
                          pod='[runpod]\ngpu_types = ["NVIDIA GeForce RTX 4090"]\nnetwork_volume = "vol-a"\ndata_centers = ["US-KS-2"]\n')
        there = self.runpod.folder / "volumes/vol-a/moola/workspace"
        wait_for("it to run", lambda: self.states(run, "make") == ["running"])
        self.end_keepers()
        (there / "enough").write_text("")
        wait_for("the pod to end itself", lambda: not self.runpod.pods())
        # As if the records had come, and the results had not.
        for name in ("state/make/000000.jsonl", "events.jsonl"):
            source = there / "artifacts/jobs" / run / name
            (self.workspace / "artifacts/jobs" / run / name).write_bytes(source.read_bytes())
        self.assertTrue(self.status(run)["succeeded"])
        self.moola("status", run, "--watch", timeout=150)
        wait_for("the results", lambda: (self.workspace / "artifacts/made").exists())
        self.wait_for_no_pods(run)

    def test_retry_rents_anew_and_runs_only_what_failed(self):
        run = self.submit('[step.well]\ncommand = ["sh", "-c", "echo x >> well"]\n'
                          '[step.fail]\ncommand = ["sh", "-c", "test -e mended"]\n',
                          pod='[runpod]\ncpu = "cpu3c"\nnetwork_volume = "vol-a"\ndata_centers = ["US-KS-2"]\n')
        self.wait_for_no_pods(run)
        self.assertEqual((["succeeded"], ["failed"]), (self.states(run, "well"), self.states(run, "fail")))
        there = self.runpod.folder / "volumes/vol-a/moola/workspace"
        (there / "mended").write_text("")
        self.ok("retry", run)
        wait_for("a pod", lambda: self.runpod.pods())
        self.wait_for_no_pods(run)
        self.assertTrue(self.status(run)["succeeded"], self.keeper_log(run))
        self.assertEqual("x\n", (there / "well").read_text())

    def test_cancel_ends_what_runs_and_the_pod(self):
        run = self.submit('[step.long]\ncommand = ["sleep", "600"]\ngpus = 1\n[step.after]\ncommand = ["true"]\nafter = ["long"]\n')
        wait_for("it to run", lambda: self.states(run, "long") == ["running"])
        self.ok("cancel", run)
        self.wait_for_no_pods(run)
        self.assertEqual((["cancelled"], ["cancelled"]), (self.states(run, "long"), self.states(run, "after")))

    def test_what_nobody_wants_any_more_writes_its_checkpoint_and_ends(self):
        run = self.submit('[step.long]\ncommand = ["sh", "-c", "trap \\"echo told > artifacts/told; exit 85\\" TERM; while :; do sleep 0.2; done"]\ngpus = 1\n')
        wait_for("it to run", lambda: self.states(run, "long") == ["running"])
        with open(self.workspace / "artifacts/jobs" / run / "pods.jsonl", "a") as book:
            book.write('{"event": "closed", "why": "enough"}\n')
        self.wait_for_no_pods(run)
        self.assertEqual("told\n", (self.workspace / "artifacts/told").read_text())
        self.assertIn("nobody wants", "".join(log.read_text() for log in self.runpod.folder.glob("*/log")))

    def test_cancel_before_there_is_a_machine_leaves_no_pod(self):
        self.runpod.change(lambda account: account.broken.update(["all"]))
        run = self.submit('[step.long]\ncommand = ["sleep", "600"]\ngpus = 1\n')
        self.ok("cancel", run)
        self.wait_for_no_pods(run)
        self.assertEqual(["cancelled"], self.states(run, "long"))

    def test_the_pod_ends_itself_when_its_time_is_up_and_nobody_looks(self):
        run = self.submit('[step.long]\ncommand = ["sh", "-c", "trap \\"touch told; exit 85\\" TERM; while :; do sleep 0.2; done"]\ngpus = 1\n',
                          head='cost_budget = 0.01\n',  # of 0.44 an hour: 81 s
                          pod='[runpod]\ngpu_types = ["NVIDIA GeForce RTX 4090"]\nnetwork_volume = "vol-a"\ndata_centers = ["US-KS-2"]\n')
        wait_for("it to run", lambda: self.states(run, "long") == ["running"])
        self.end_keepers()
        wait_for("the pod to end itself", lambda: not self.runpod.pods())
        self.assertTrue((self.runpod.folder / "volumes/vol-a/moola/workspace/told").exists())

    def test_a_submitter_or_keeper_that_is_killed_rents_nothing_twice_and_leaves_nothing(self):
        job = self.job('[step.a]\ncommand = ["sleep", "5"]\ngpus = 1\n')
        for seconds in (0.5, 1.0, 1.5, 2.0, 3.0):
            with self.subTest(seconds=seconds):
                jobs = self.workspace / "artifacts/jobs"
                before = set(jobs.glob("*"))
                with subprocess.Popen([self.runpod.moola, "submit", job, "--to", "runpod"], cwd=self.workspace, env=self.runpod.environment, stdout=subprocess.DEVNULL,
                                      stderr=subprocess.DEVNULL, start_new_session=True) as submitter:
                    time.sleep(seconds)
                    self.end_keepers()
                    os.killpg(submitter.pid, signal.SIGKILL)
                for folder in set(jobs.glob("*")) - before:
                    if not (folder / "pods.jsonl").exists():
                        continue
                    self.ok("retry", folder.name)
                    self.wait_for_no_pods(folder.name)
                    self.assertTrue(self.status(folder.name)["succeeded"], self.keeper_log(folder.name))
                self.assertEqual([], self.runpod.pods())

    def test_an_instant_cluster_runs_ranks_on_all_of_its_nodes(self):
        run = self.submit('[step.all]\ncommand = ["sh", "-c", "echo rank $OMPI_COMM_WORLD_RANK of $OMPI_COMM_WORLD_SIZE on $(hostname)"]\n'
                          'gpus = 2\nranks = 2\nnodes = 2\n',
                          pod='[runpod]\ngpu_types = ["NVIDIA H100 80GB HBM3"]\nnetwork_volume = "vol-a"\ndata_centers = ["US-KS-2"]\n')
        self.wait_for_no_pods(run)
        self.assertTrue(self.status(run)["succeeded"], self.moola("logs", run).stdout + self.keeper_log(run))
        lines = [line for line in self.ok("logs", run, "all").splitlines() if line.startswith("rank ")]
        self.assertEqual([f"rank {rank} of 4 on node-{rank // 2}" for rank in range(4)], sorted(lines))
        self.assertEqual({}, self.runpod.account.clusters)

    def test_results_on_a_stopped_pods_disk_are_fetched_and_the_pod_is_ended(self):
        run = self.submit('[step.make]\ncommand = ["sh", "-c", "mkdir -p artifacts; echo precious > artifacts/made; sleep 600"]\ngpus = 1\n',
                          head='cost_budget = 0.0155\n')  # of 0.86 an hour: 64 s
        wait_for("it to run", lambda: self.states(run, "make") == ["running"])
        self.end_keepers()
        wait_for("the pod to stop itself", lambda: [pod["status"] for pod in self.runpod.pods()] == ["EXITED"])
        said = self.moola("status", run)
        self.assertEqual(1, len(self.runpod.pods()), said.stdout)
        self.moola("collect", run)
        self.assertEqual("precious\n", (self.workspace / "artifacts/made").read_text())
        self.assertEqual([], self.runpod.pods())

    def test_a_pod_that_nobody_sends_anything_ends_itself(self):
        self.runpod.account.machine_environment = {"MOOLA_IDLE_S": "4"}
        job = self.job('[step.a]\ncommand = ["true"]\ngpus = 1\n')
        with subprocess.Popen([self.runpod.moola, "submit", job, "--to", "runpod"], cwd=self.workspace, env=self.runpod.environment,
                              stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True) as submitter:
            wait_for("a pod", lambda: self.runpod.pods())
            os.killpg(submitter.pid, signal.SIGKILL)
            self.end_keepers()
        wait_for("the pod to end itself", lambda: not self.runpod.pods())

    def test_results_that_nobody_fetches_stay_on_the_disk_of_a_stopped_pod(self):
        self.runpod.account.machine_environment = {"MOOLA_IDLE_S": "6"}
        run = self.submit('[step.make]\ncommand = ["sh", "-c", "mkdir -p artifacts; sleep 4; echo precious > artifacts/made"]\ngpus = 1\n')
        wait_for("it to run", lambda: self.states(run, "make") == ["running"])
        self.end_keepers()
        wait_for("the pod to stop itself", lambda: [pod["status"] for pod in self.runpod.pods()] == ["EXITED"])
        watched = self.moola("status", run, "--watch", timeout=150)
        self.assertEqual(0, watched.returncode, watched.stdout + self.keeper_log(run))
        self.wait_for_no_pods(run)
        self.assertEqual("precious\n", (self.workspace / "artifacts/made").read_text())

    def test_a_lost_pod_without_a_volume_is_begun_anew(self):
        run = self.submit('[step.count]\ncommand = ["sh", "-c", "echo $(hostname) tries; sleep 6; mkdir -p artifacts; echo done > artifacts/done"]\ngpus = 1\n')
        wait_for("it to run", lambda: self.states(run, "count") == ["running"])
        first = self.runpod.pods()[0]["id"]
        self.runpod.change(lambda account: account.pods.pop(first))
        wait_for("another pod", lambda: self.runpod.pods() and self.runpod.pods()[0]["id"] != first)
        self.wait_for_no_pods(run)
        self.assertTrue(self.status(run)["succeeded"], self.keeper_log(run))
        self.assertEqual("done\n", (self.workspace / "artifacts/done").read_text())

    def test_with_a_key_of_s3_nothing_waits_for_files_and_results_come_without_a_pod(self):
        self.runpod.serve_volume()
        run = self.submit('[step.make]\ncommand = ["sh", "-c", "mkdir -p artifacts; sleep 8; echo $1 > artifacts/made", "sh", "odd $name"]\n'
                          'outputs = ["artifacts/made"]\ngpus = 1\n',
                          pod='[runpod]\ngpu_types = ["NVIDIA GeForce RTX 4090"]\nnetwork_volume = "vol-a"\ndata_centers = ["US-KS-2"]\n')
        there = self.runpod.folder / "volumes/vol-a/moola"
        self.assertTrue((there / "submitted" / run / "go").exists())
        wait_for("the run there", lambda: (there / "workspace/artifacts/jobs" / run / "state/make").exists())
        self.end_keepers()  # nobody looks from here any more
        wait_for("the pod to end itself", lambda: not self.runpod.pods())
        watched = self.moola("status", run, "--watch", timeout=150)
        self.assertEqual(0, watched.returncode, watched.stdout + watched.stderr + self.keeper_log(run))
        wait_for("the results", lambda: (self.workspace / "artifacts/made").exists(), 30)
        self.assertEqual("odd $name\n", (self.workspace / "artifacts/made").read_text())
        self.assertEqual(1, len(self.runpod.requests("POST", "/v2/pods")))
        self.assertIn("make: succeeded", self.ok("logs", run, "make"))
        for file in (self.workspace / "artifacts").rglob("*"):
            if file.is_file() and "pack" not in file.parts:
                self.assertNotIn(b"rps_TESTSECRET", file.read_bytes(), file)

    def test_runpod_that_answers_badly_is_asked_again(self):
        run = self.submit('[step.slow]\ncommand = ["sleep", "5"]\ngpus = 1\n')
        pod = self.runpod.pods()[0]["id"]
        for how in ({"status": 503, "detail": "away"}, {"kind": "html"}, {"kind": "half"}, {"kind": "close"}, {"kind": "silent"}):
            self.runpod.change(lambda account, how=how: self.runpod.state.misbehaviour.append((f"GET /v2/pods/{pod}", how)))
        self.runpod.change(lambda account: self.runpod.state.misbehaviour.append((f"DELETE /v2/pods/{pod}", {"kind": "lose"})))
        self.wait_for_no_pods(run)
        wait_for("it to be known", lambda: self.status(run)["succeeded"])

    def test_status_says_what_it_costs_and_watching_keeps_it_again(self):
        run = self.submit('[step.a]\ncommand = ["sleep", "4"]\ngpus = 1\n')
        self.end_keepers()
        wait_for("it to be seen", lambda: "Nobody keeps it from here any more" in self.moola("status", run).stdout, 20)
        self.assertIn("NVIDIA L40S", self.moola("status", run).stdout)
        watched = self.moola("status", run, "--watch", timeout=150)
        self.assertEqual(0, watched.returncode, watched.stderr)
        self.wait_for_no_pods(run)
        machines = self.status(run)["machines"]
        self.assertEqual(1, len(machines))
        self.assertGreater(machines[0]["dollars"], 0)
        self.assertIn("the run is over", self.moola("status", run, "--digest").stdout)

    def test_pods_are_listed_with_their_run_and_orphans_can_be_ended(self):
        run = self.submit('[step.long]\ncommand = ["sleep", "600"]\ngpus = 1\n')
        self.assertIn(run, self.ok("runpod", "pods"))
        self.end_keepers()
        elsewhere = self.workspace / "elsewhere"
        elsewhere.mkdir()
        self.assertIn("not here", self.moola("runpod", "pods", "--workspace", elsewhere).stdout)
        self.ok("runpod", "pods", "--end-orphans", "--yes", "--workspace", elsewhere)
        self.assertEqual([], self.runpod.pods())

    def test_dry_run_shows_price_most_it_costs_and_the_requests_and_rents_nothing(self):
        job = self.job('[step.a]\ncommand = ["true"]\ngpus = 2\n', head='cost_budget = 10\n')
        said = self.ok("submit", job, "--to", "runpod", "--dry-run")
        for expected in ("NVIDIA L40S", "1.72", "10.00", "POST /v2/pods", "no stock"):
            self.assertIn(expected, said)
        self.assertFalse(self.runpod.requests("POST"))

    def test_a_template_is_made_once(self):
        job = self.job('[step.a]\ncommand = ["true"]\ngpus = 1\n')
        first = self.ok("submit", job, "--to", "runpod", "--template")
        self.assertEqual(first, self.ok("submit", job, "--to", "runpod", "--template"))
        self.assertEqual(1, len(self.runpod.requests("POST", "/v2/templates")))
        endless = self.moola("submit", self.job('[step.a]\ncommand = ["true"]\ngpus = 1\n', head="cost_budget = 5\n"), "--to", "runpod", "--template")
        self.assertEqual(2, endless.returncode)
        self.assertIn("needs job.time_budget", endless.stderr)
        self.assertFalse(self.runpod.pods())

    def test_what_can_not_run_is_refused_and_leaves_nothing(self):
        gpu = '[step.a]\ncommand = ["true"]\ngpus = 1\n'
        for head, pod, steps, expected in [
            ("", POD, gpu, "needs an end"),
            (BUDGET, "", gpu, "gpu_types is empty"),
            (BUDGET, '[runpod]\ngpu_types = ["NVIDIA L40"]\n', gpu, "L40S"),
            (BUDGET, POD + 'data_centers = ["US-KS-3"]\n', gpu, "US-KS-2"),
            (BUDGET, POD, '[step.a]\ncommand = ["true"]\ngpus = 1\nnodes = 2\n', "network_volume"),
            (BUDGET, POD, gpu + '[step.b]\ncommand = ["true"]\nrunpod.gpu_types = ["NVIDIA H200"]\n', "another machine"),
        ]:
            with self.subTest(expected=expected):
                refused = self.moola("submit", self.job(steps, head, pod), "--to", "runpod")
                self.assertEqual(2, refused.returncode, refused.stderr)
                self.assertIn(expected, refused.stderr)
                self.assertFalse(list((self.workspace / "artifacts/jobs").glob("*")) if (self.workspace / "artifacts/jobs").exists() else [])
        for key, expected in [("", "RUNPOD_API_KEY"), ("rpa_wrong0123456789", "401")]:
            refused = self.moola("submit", self.job(gpu), "--to", "runpod", env={"RUNPOD_API_KEY": key, "XDG_CONFIG_HOME": "/nowhere"})
            self.assertEqual(2, refused.returncode, refused.stderr)
            self.assertIn(expected, refused.stderr)
        self.assertFalse(self.runpod.pods())
        self.runpod.change(lambda account: account.free.update({"NVIDIA L40S": 0}))
        none = self.moola("submit", self.job(gpu), "--to", "runpod")
        self.assertNotEqual(0, none.returncode)
        self.assertIn("no stock", none.stderr)
        self.assertFalse(self.runpod.pods())


if __name__ == "__main__":
    result = unittest.main(exit=False).result
    sys.exit(0 if result.wasSuccessful() else 1)
