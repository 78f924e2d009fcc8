"""`moola submit --to ssh://…` to an sshd on this machine: what is sent, what comes back, and what breaks on the way."""
import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest

from ssh_machine import MOOLA, Machine, can_serve


def wait_for(what, is_so, deadline_s=120):
    deadline = time.monotonic() + deadline_s
    while not (answer := is_so()):
        if time.monotonic() > deadline:
            raise AssertionError(f"waited {deadline_s} s in vain: {what}")
        time.sleep(0.1)
    return answer


@unittest.skipUnless(can_serve(), "SKIPPED, nothing was tried over ssh: it takes root, ssh and sshd (openssh-server)")
class OverSsh(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.machine = Machine()
        cls.addClassCleanup(cls.machine.close)

    def setUp(self):
        scratch = tempfile.TemporaryDirectory(prefix="moola-here-")
        self.addCleanup(scratch.cleanup)
        self.workspace = pathlib.Path(scratch.name) / "my workspace"
        self.workspace.mkdir()
        self.there = self.machine.root / "workspace"

    def moola(self, *words, **how):
        return subprocess.run([MOOLA, *map(str, words)], cwd=self.workspace, env=self.machine.environment, capture_output=True, text=True, **how)

    def ok(self, *words):
        ended = self.moola(*words)
        self.assertEqual(0, ended.returncode, f"{words}: {ended.stderr}")
        return ended.stdout.strip()

    def job(self, text, name="made"):
        (self.workspace / "job.toml").write_text(f'[job]\nname = "{name}"\n{text}')
        return self.workspace / "job.toml"

    def submit(self, text, *words, name="made"):
        return self.ok("submit", self.job(text, name), "--to", self.machine.url(), *words)

    def status(self, run):
        return json.loads(self.moola("status", run, "--json").stdout)

    def elements(self, run, step):
        return next(each for each in self.status(run)["steps"] if each["step"] == step)["elements"]

    def states(self, run, step):
        return [each["state"] for each in self.elements(run, step)]

    def wait_for_end(self, run):
        wait_for(f"the end of {run}", lambda: self.status(run)["over"])
        return self.status(run)

    def test_words_arrive_unchanged_and_results_come_back(self):
        words = ["a b", "it's $HOME", 'quo"te', "comma, semi;", "new\nline", "ünïcode", "%d", "back\\slash", "*", ""]
        listed = ", ".join(json.dumps(word, ensure_ascii=False) for word in words)
        run = self.submit(
            '[step.say]\ncommand = ["sh", "-c", "mkdir -p artifacts/said; printf %s \\"$1\\" > artifacts/said/$2", "sh", "{element}", "{index}"]\n'
            f'array = {{ list = [{listed}] }}\noutputs = ["artifacts/said/{{index}}"]\n'
            '[step.after]\ncommand = ["sh", "-c", "ls artifacts/said | wc -l > artifacts/count"]\nafter = ["say"]\noutputs = ["artifacts/count"]\n')
        self.assertTrue(self.wait_for_end(run)["succeeded"])
        self.ok("collect", run)
        for index, word in enumerate(words):
            self.assertEqual(word, (self.workspace / f"artifacts/said/{index}").read_text())
        self.assertEqual(str(len(words)), (self.workspace / "artifacts/count").read_text().strip())
        # Nothing new, nothing brought; what was changed here meanwhile stays.
        self.assertIn("brought 0 files", self.moola("collect", run).stderr)
        (self.workspace / "artifacts/count").write_text("my own")
        kept = self.moola("collect", run)
        self.assertIn("left as they are; the first is artifacts/count", kept.stderr)
        self.assertEqual("my own", (self.workspace / "artifacts/count").read_text())

    def test_a_job_that_is_done_again_replaces_its_own_results(self):
        for words in ("first", "the second"):
            run = self.submit(f'[step.make]\ncommand = ["sh", "-c", "mkdir -p artifacts/again; echo {words} > artifacts/again/made"]\n')
            self.assertTrue(self.wait_for_end(run)["succeeded"])
            self.ok("collect", run)
            self.assertEqual(words + "\n", (self.workspace / "artifacts/again/made").read_text())

    def test_what_is_in_the_way_here_loses_nothing_there(self):
        run = self.submit('[step.make]\ncommand = ["sh", "-c", "mkdir -p artifacts/way; echo well > artifacts/way/made"]\n')
        self.assertTrue(self.wait_for_end(run)["succeeded"])
        (self.workspace / "artifacts/way").write_text("a file where a folder should be")
        failed = self.moola("collect", run)
        self.assertEqual(1, failed.returncode, failed.stderr)
        self.assertIn("artifacts/way", failed.stderr)
        (self.workspace / "artifacts/way").unlink()
        self.ok("collect", run)
        self.assertEqual("well\n", (self.workspace / "artifacts/way/made").read_text())

    def test_a_second_submission_sends_only_what_is_new(self):
        self.submit('[step.a]\ncommand = ["true"]\n')
        ended = self.moola("submit", self.job('[step.a]\ncommand = ["echo", "other"]\n'), "--to", self.machine.url())
        self.assertEqual(0, ended.returncode, ended.stderr)
        self.assertRegex(ended.stderr, r"\(1 contents\)")  # the job file

    def test_inputs_and_configurations_come_along(self):
        (self.workspace / "notes").mkdir()
        (self.workspace / "notes/input file.txt").write_text("from home")
        run = self.submit('[step.read]\ncommand = ["cat", "notes/input file.txt"]\ninputs = ["notes/input file.txt"]\n')
        self.assertTrue(self.wait_for_end(run)["succeeded"])
        self.assertIn("from home", self.ok("logs", run))

    def test_status_says_running_and_failed_and_retry_goes_on(self):
        run = self.submit('[step.slow]\ncommand = ["sh", "-c", "until [ -e go ]; do sleep 0.1; done; echo why not >&2; test -e well"]\n'
                          '[step.last]\ncommand = ["true"]\nafter = ["slow"]\n')
        wait_for("slow to run", lambda: self.states(run, "slow") == ["running"])
        self.assertEqual(["waiting"], self.states(run, "last"))
        (self.there / "go").write_text("")
        self.assertEqual(1, self.moola("status", run, "--watch").returncode)
        said = self.moola("status", run)
        self.assertIn("why not", said.stdout)
        self.assertEqual(["blocked"], self.states(run, "last"))
        self.assertIn("slow: exit code 1", self.moola("diagnose", run).stdout)
        (self.there / "well").write_text("")
        self.ok("retry", run)
        self.assertTrue(self.wait_for_end(run)["succeeded"])
        self.assertEqual(2, len(self.elements(run, "slow")[0]["attempts"]))
        for name in ("go", "well"):
            (self.there / name).unlink()

    def test_cancel_reaches_what_runs(self):
        run = self.submit('[step.long]\ncommand = ["sleep", "600"]\narray = { list = [1, 2] }\n[step.after]\ncommand = ["true"]\nafter = ["long"]\n')
        wait_for("it to run", lambda: "running" in self.states(run, "long"))
        self.ok("cancel", run)
        end = self.wait_for_end(run)
        self.assertFalse(end["succeeded"])
        self.assertEqual({"cancelled"}, set(self.states(run, "long") + self.states(run, "after")))

    def test_logs_follow_to_the_end(self):
        run = self.submit('[step.count]\ncommand = ["sh", "-c", "for i in 1 2 3 4 5; do echo line $i; sleep 0.3; done"]\n')
        followed = self.moola("logs", run, "count", "--follow", timeout=120)
        self.assertEqual([f"line {i}" for i in range(1, 6)], [line for line in followed.stdout.splitlines() if line.startswith("line")])

    def test_a_machine_that_goes_away_and_comes_back(self):
        run = self.submit('[step.slow]\ncommand = ["sh", "-c", "until [ -e gone ]; do sleep 0.1; done"]\n')
        wait_for("it to run", lambda: self.states(run, "slow") == ["running"])
        self.machine.stop()
        try:
            said = self.moola("status", run)
            self.assertIn("can't be reached by ssh", said.stdout + said.stderr)
            self.assertEqual(["running"], self.states(run, "slow"))
            refused = self.moola("cancel", run)
            self.assertNotEqual(0, refused.returncode)
            self.assertIn("Nothing was changed", refused.stderr)
        finally:
            self.machine.start()
        (self.there / "gone").write_text("")
        self.assertTrue(self.wait_for_end(run)["succeeded"])
        (self.there / "gone").unlink()

    def test_a_submitter_killed_anywhere_submits_nothing_twice(self):
        text = '[step.once]\ncommand = ["sh", "-c", "echo x >> $1", "sh", "{run}.count"]\n'
        for seconds in (0.4, 0.8, 1.2, 1.6, 2.0, 2.5, 3.0, 4.0):
            with self.subTest(seconds=seconds):
                before = set((self.workspace / "artifacts/jobs").glob("*")) if (self.workspace / "artifacts/jobs").exists() else set()
                with subprocess.Popen([MOOLA, "submit", self.job(text), "--to", self.machine.url()], cwd=self.workspace, env=self.machine.environment,
                                      stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True) as submitter:
                    time.sleep(seconds)
                    os.killpg(submitter.pid, signal.SIGKILL)
                for folder in set((self.workspace / "artifacts/jobs").glob("*")) - before:
                    retried = self.moola("retry", folder.name)
                    if not (folder / "remote.json").exists():
                        self.assertEqual(2, retried.returncode)
                        self.assertIn("Submit the job again", retried.stderr)
                        continue
                    self.assertEqual(0, retried.returncode, retried.stderr)
                    self.assertTrue(self.wait_for_end(folder.name)["succeeded"])
                    self.assertEqual("x\n", (self.there / f"{folder.name}.count").read_text())

    def test_what_was_sent_damaged_is_found_and_sent_again(self):
        text = '[step.a]\ncommand = ["true"]\n'
        self.submit(text)
        shutil.rmtree(self.machine.root / "place")
        damaged = max((self.machine.root / "objects").rglob("*"), key=lambda path: path.stat().st_size if path.is_file() else 0)
        damaged.chmod(0o644)
        with damaged.open("r+b") as file:
            file.seek(1000)
            file.write(b"damage")
        self.assertTrue(self.wait_for_end(self.submit(text))["succeeded"])

    def test_the_users_environment_file_and_time_limits_hold_there(self):
        run = self.submit('[env]\nGREETING = "good day"\n[step.say]\ncommand = ["sh", "-c", "echo $GREETING"]\n'
                          '[step.long]\ncommand = ["sleep", "600"]\ntime = "1m"\nretry.time_limit = 0\nslurm.signal_before = "58s"\n')
        self.assertFalse(self.wait_for_end(run)["succeeded"])
        self.assertIn("good day", self.ok("logs", run, "say"))
        self.assertEqual("time limit", self.elements(run, "long")[0]["attempts"][-1]["end"])

    def refused(self, code, *words):
        ended = self.moola(*words)
        self.assertEqual(code, ended.returncode, ended.stdout + ended.stderr)
        self.assertFalse(list(self.workspace.glob("artifacts/jobs/*")))
        return ended.stderr

    def test_bad_addresses_and_keys(self):
        job = self.job('[step.a]\ncommand = ["true"]\n')
        for place, expected in [
            ("ssh://", "no host is given"),
            ("ssh://-oProxyCommand=x", "is no host"),
            ("ssh://a b", "is no host"),
            ("ssh://there:0", "is no port"),
            ("ssh://there:99999", "is no port"),
            ("ssh://there:port", "is no port"),
            ("ssh://[::1", "a bracket has no other"),
            ("ssh://-x@there", "is no user"),
            ("shh://there", "a job goes to"),
        ]:
            with self.subTest(place=place):
                self.assertIn(expected, self.refused(2, "submit", job, "--to", place))
        self.assertIn("No key of yours is taken there", self.refused(2, "submit", job, "--to", self.machine.url("stranger")))
        self.assertIn("Is the name right?", self.refused(2, "submit", job, "--to", "ssh://no-such-host.invalid"))
        self.assertIn("can't be reached", self.refused(1, "submit", job, "--to", "ssh://root@127.0.0.1:1"))
        self.assertIn("cannot create directory", self.refused(2, "submit", job, "--to", self.machine.url(root="/proc/nothing")))

    def test_a_job_that_could_not_run_there_is_refused_before_anything_is_sent(self):
        calls = lambda: len((self.machine.folder / "calls").read_text().splitlines())
        self.ok("submit", self.job('[step.a]\ncommand = ["true"]\n'), "--to", self.machine.url(), "--dry-run")
        before = calls()
        job = self.job('[step.a]\ncommand = ["true"]\ninputs = ["not/there"]\n')
        self.assertIn("not/there", self.refused(2, "submit", job, "--to", self.machine.url()))
        self.assertLess(calls() - before, 3)

    def test_a_full_disk_is_said_and_the_run_goes_on_after(self):
        disk = self.machine.folder / "disk"
        disk.mkdir()
        mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=20m", "tmpfs", disk], capture_output=True)
        if mounted.returncode != 0:
            self.skipTest("SKIPPED, no full disk: mounts are forbidden here")
        try:
            failed = self.moola("submit", self.job('[step.a]\ncommand = ["true"]\n'), "--to", self.machine.url(root=disk))
            self.assertEqual(1, failed.returncode)
            self.assertIn("No space left on device", failed.stderr)
            run = next((self.workspace / "artifacts/jobs").iterdir()).name
            self.assertIn(f"moola retry {run}", failed.stderr)
            subprocess.run(["mount", "-o", "remount,size=2g", disk], check=True)
            self.ok("retry", run)
            self.assertTrue(self.wait_for_end(run)["succeeded"])
        finally:
            subprocess.run(["umount", "--lazy", disk])


if __name__ == "__main__":
    result = unittest.main(exit=False).result
    sys.exit(0 if result.wasSuccessful() else 1)
