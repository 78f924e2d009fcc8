"""moola submit, status, retry, cancel, collect and logs on a real Slurm."""
import json
import os
import pathlib
import signal
import subprocess

from slurm_bed import main, wait_for
from submitted import PROGRAMS, SubmitTest

ODD = ["two words", "it's \"quoted\"", "$HOME `id` a,b=c", "two\nlines", "%j %A", "back\\slash", "{brace}", "ünï", "*?[a]"]


def toml(value):
    return json.dumps(value, ensure_ascii=False)


class Submit(SubmitTest):
    up = ("--max-array-size", "6")

    def test_words_arrive_unchanged(self):
        listed = ", ".join(map(toml, ODD))
        script = self.workspace / "say it.py"
        script.write_text("import json, os, sys\n"
                          "open(sys.argv[1], 'w').write(json.dumps([sys.argv[2:], os.environ['ODD'], os.environ['ALL']]))\n")
        run = self.submit(f'[step.say]\ncommand = ["/usr/bin/python3", {toml(str(script))}, "said {{index}}.json", "{{element}}", ""]\n'
                          f'memory = "50M"\narray = {{ list = [{listed}] }}\noutputs = ["said {{index}}.json"]\n'
                          f'env = {{ ODD = "<{{element}}>", ALL = {toml("".join(ODD).replace("{", "{{").replace("}", "}}"))} }}\n')
        self.assertTrue(self.wait_for_end(run)["succeeded"], self.moola("status", run).stdout)
        for index, word in enumerate(ODD):
            said = json.loads((self.workspace / f"said {index}.json").read_text())
            self.assertEqual([[word, ""], f"<{word}>", "".join(ODD)], said)
        # Nine elements, and an array has five at most here.
        self.assertEqual([f"moola:{run}:say:0:1", f"moola:{run}:say:5:1"], self.queue(run))
        copies = self.bed.files / "copies"
        self.ok("collect", run, "--to", copies)
        self.assertEqual(len(ODD), len(list(copies.glob("said *.json"))))

    def test_only_what_failed_is_done_again(self):
        run = self.submit('[step.one]\ncommand = ["sh", "-c", "echo run >> count{index}; test {index} != 2 || test -e mended"]\n'
                          'memory = "50M"\narray = { seeds = 4 }\n'
                          '[step.each]\ncommand = ["sh", "-c", "echo run >> each{index}"]\nmemory = "50M"\n'
                          'array = { seeds = 4 }\nafter_element = ["one"]\n'
                          '[step.last]\ncommand = ["true"]\nmemory = "50M"\nafter = ["each"]\n')
        self.wait_for_end(run)
        self.assertEqual(["succeeded", "succeeded", "failed", "succeeded"], self.states(run, "one"))
        self.assertEqual(["succeeded", "succeeded", "blocked", "succeeded"], self.states(run, "each"))
        self.assertEqual(["blocked"], self.states(run, "last"))
        (self.workspace / "mended").touch()
        self.ok("retry", run)
        self.assertTrue(self.wait_for_end(run)["succeeded"])
        for index in range(4):
            self.assertEqual("run\n" * (2 if index == 2 else 1), (self.workspace / f"count{index}").read_text())
            self.assertEqual("run\n", (self.workspace / f"each{index}").read_text())
        self.assertIn("nothing to do", self.ok("retry", run))

    def test_a_step_that_its_time_ends_goes_on_until_its_tries_are_spent(self):
        # Told five seconds after it began, by Slurm's own signal.
        stops = 'trap "echo stopped; exit 85" TERM; echo go >> gone; test $(wc -l < gone) -lt {times} || exit 0; sleep 600 & wait'
        run = self.submit(f'[step.goes]\ncommand = ["sh", "-c", {toml(stops.replace("{times}", "2"))}]\nmemory = "50M"\n'
                          'time = "1m"\nslurm.signal_before = "55s"\n')
        spent = self.submit(f'[step.ends]\ncommand = ["sh", "-c", {toml(stops.replace("gone", "spent").replace("{times}", "9"))}]\n'
                            'memory = "50M"\ntime = "1m"\nslurm.signal_before = "55s"\nretry.time_limit = 0\n', name="spent")
        self.assertTrue(self.wait_for_end(run)["succeeded"])
        ends = [attempt["end"] for attempt in self.elements(run, "goes")[0]["attempts"]]
        self.assertEqual(["time limit", "succeeded"], ends)
        self.wait_for_end(spent)
        (element,) = self.elements(spent, "ends")
        self.assertEqual(("failed", "time limit", 1), (element["state"], element["why"], len(element["attempts"])))

    def test_what_is_cancelled_ends_with_all_that_comes_after_it(self):
        run = self.submit('[step.slow]\ncommand = ["sh", "-c", "trap \'exit 85\' TERM; sleep 600 & wait"]\nmemory = "50M"\n'
                          'array = { seeds = 2 }\n'
                          '[step.after]\ncommand = ["true"]\nmemory = "50M"\nafter = ["slow"]\n'
                          '[step.other]\ncommand = ["true"]\nmemory = "50M"\n')
        wait_for("both", lambda: self.states(run, "slow") == ["running", "running"])
        self.ok("cancel", run, "slow")
        status = self.wait_for_end(run)
        self.assertEqual(["cancelled", "cancelled"], self.states(run, "slow"))
        self.assertEqual(["cancelled"], self.states(run, "after"))
        self.assertEqual(["succeeded"], self.states(run, "other"))
        self.assertFalse(status["succeeded"])
        self.assertNotIn("R", self.bed.run("squeue", "-h", "-o", "%t"))

    def test_a_submitter_that_is_killed_submits_nothing_twice(self):
        # An sbatch that kills whoever called it, after the third job is Slurm's and before anybody knows.
        tools = self.bed.files / f"tools {self.count}"
        tools.mkdir()
        real = self.bed.run("sh", "-c", "command -v sbatch")
        (tools / "sbatch").write_text(f'#!/bin/bash\ncase "$*" in *--test-only*) exec {real} "$@" ;; esac\nout=$({real} "$@") || exit\nn=$(ls "{tools}" | wc -l); touch "{tools}/called$n"\n'
                                      'if [ $n = 3 ]; then kill -9 $PPID; fi\necho "$out"\n')
        (tools / "sbatch").chmod(0o755)
        text = "".join(f'[step.s{i}]\ncommand = ["sh", "-c", "echo run >> ran{i}"]\nmemory = "50M"\n'
                       + (f'after = ["s{i - 1}"]\n' if i else "") for i in range(5))
        path = self.bed.run("printenv", "PATH")
        ended = self.moola("submit", self.job_file(text), "--to", "slurm", env=[f"PATH={tools}:{path}"])
        self.assertNotEqual(0, ended.returncode)
        (folder,) = (self.workspace / "artifacts/jobs").iterdir()
        run = folder.name
        status = self.moola("status", run).stdout
        self.assertIn("retry", status)
        self.assertEqual(["not submitted"], self.states(run, "s3"))
        self.assertNotIn("not submitted", self.states(run, "s2"))  # found by its comment
        self.ok("retry", run)
        self.assertTrue(self.wait_for_end(run)["succeeded"])
        self.assertEqual([f"moola:{run}:s{i}:0:1" for i in range(5)], self.queue(run))
        for i in range(5):
            self.assertEqual("run\n", (self.workspace / f"ran{i}").read_text())

    def test_scripts_of_a_dry_run_are_run_by_hand(self):
        plan = self.bed.files / "plan 1"
        said = self.ok("submit", self.job_file('[step.hand]\ncommand = ["sh", "-c", "echo by hand > hand"]\nmemory = "50M"\n'),
                       "--to", "slurm", "--dry-run", "--out", plan)
        self.assertIn("to start at", said)
        self.assertEqual([], self.queue("plan 1"))
        self.bed.run("sbatch", "--wait", plan / "scripts/hand.sbatch")
        self.assertEqual("by hand\n", (self.workspace / "hand").read_text())

    def test_ranks_are_on_all_nodes_whatever_starts_them(self):
        for mpi in ("pmix", "mpirun"):
            with self.subTest(mpi=mpi):
                run = self.submit('[step.ranks]\ncommand = ["sh", "-c", "hostname > on.$(hostname)"]\nnodes = 2\nmemory = "50M"\n'
                                  f'slurm.mpi = "{mpi}"\n')
                self.assertTrue(self.wait_for_end(run)["succeeded"], self.moola("logs", run).stdout)
                hosts = sorted(each.name for each in self.workspace.glob("on.*"))
                self.assertEqual(["on.n1", "on.n2"], hosts)
                for each in hosts:
                    (self.workspace / each).unlink()

    def test_a_log_that_can_not_be_written_is_named(self):
        # Slurm alone says nothing of it: the script never runs.
        run = self.submit('[step.mute]\ncommand = ["true"]\nmemory = "50M"\nslurm.extra = ["--hold"]\n')
        self.assertIn("held", self.elements(run, "mute")[0]["why"])
        (self.run_folder(run) / "logs").rmdir()
        self.bed.run("scontrol", "release", self.queue_ids(run)[0])
        self.wait_for_end(run)
        (element,) = self.elements(run, "mute")
        self.assertEqual("failed", element["state"])
        self.assertIn("folder of its log", element["why"])

    def test_a_user_who_is_not_root_submits_too(self):
        # In a workspace of theirs, and their own jobs alone are looked for.
        os.chmod(self.bed.files, 0o755)
        os.chown(self.workspace, 65534, 65534)
        job = self.job_file('[step.who]\ncommand = ["sh", "-c", "id -u > who"]\nmemory = "50M"\n')
        words = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", PROGRAMS / "moola"]
        run = self.bed.run(*words, "submit", job, "--to", "slurm", "--workspace", self.workspace)
        wait_for("its end", lambda: json.loads(self.bed.run(*words, "status", run, "--json", "--workspace", self.workspace))["over"])
        self.assertEqual("65534\n", (self.workspace / "who").read_text())

    def test_the_log_of_each_element_is_found(self):
        run = self.submit('[step.talks]\ncommand = ["sh", "-c", "echo this is {index}"]\nmemory = "50M"\narray = { seeds = 2 }\n')
        self.wait_for_end(run)
        self.assertIn("this is 1", self.ok("logs", run, "talks", "--elements", "1"))
        self.assertIn("talks 0 | this is 0", self.ok("logs", run))


class Refused(SubmitTest):
    STEP = '[step.s]\ncommand = ["true"]\nmemory = "50M"\n'

    def nothing_is_left(self):
        self.assertEqual("", self.bed.run("squeue", "-h"))
        self.assertEqual([], list(self.workspace.glob("artifacts/jobs/*")))

    def test_what_slurm_does_not_have(self):
        for line, said in (('slurm.partition = "nowhere"', "partition"), ("gpus = 7", "s.sbatch"), ('gpus = 1\nslurm.gpu_type = "h999"', "s.sbatch"), ("nodes = 3", "s.sbatch")):
            with self.subTest(line=line):
                self.assertIn(said, self.refused("submit", self.job_file(self.STEP + line + "\n"), "--to", "slurm"))
                self.nothing_is_left()

    def test_no_slurm(self):
        said = self.refused("submit", self.job_file(self.STEP), "--to", "slurm", env=["PATH=/nowhere"])
        self.assertIn("sbatch is not on the PATH", said)
        self.nothing_is_left()

    def test_files_that_no_place_takes(self):
        for text, said in (('[step.s]\ncommand = ["true"]\n', "memory"),
                           (self.STEP + 'time = "1:30"\n', "unit"),
                           (self.STEP + 'after = ["s"]\n', "s"),
                           (self.STEP + "array = { list = [] }\n", "nothing"),
                           (self.STEP + 'outputs = ["/etc/passwd"]\n', "workspace")):
            with self.subTest(text=text):
                self.assertIn(said, self.refused("submit", self.job_file(text), "--to", "slurm"))
                self.nothing_is_left()
        for name in ("a/b", "a%b", "", "two\\nlines"):
            with self.subTest(name=name):
                self.assertIn("job.name", self.refused("submit", self.job_file(self.STEP, name), "--to", "slurm"))
                self.nothing_is_left()


class FullQueue(SubmitTest):
    up = ("--set", "MaxJobCount=12")

    def test_a_full_queue_keeps_what_it_has_and_takes_the_rest_later(self):
        text = "".join(f'[step.s{i:02}]\ncommand = ["sh", "-c", "echo run >> ran{i:02}"]\nmemory = "50M"\n' for i in range(20))
        ended = self.moola("submit", self.job_file(text), "--to", "slurm")
        self.assertNotEqual(0, ended.returncode)
        self.assertIn("retry", ended.stderr)
        (folder,) = (self.workspace / "artifacts/jobs").iterdir()
        self.assertEqual("not submitted", self.states(folder.name, "s19")[0])
        done = [f"s{i:02}" for i in range(20) if self.states(folder.name, f"s{i:02}") != ["not submitted"]]
        self.assertGreater(len(done), 0)
        for step in done:
            wait_for(step, lambda: self.states(folder.name, step) == ["succeeded"])
            self.assertEqual("run\n", (self.workspace / step.replace("s", "ran")).read_text())


class NodeDeath(SubmitTest):
    up = ("--node-timeout", "5")

    def test_a_step_whose_node_dies_runs_again_on_another(self):
        self.bed.run("scontrol", "update", "NodeName=n1", "State=DRAIN", "Reason=test")
        run = self.submit('[step.long]\ncommand = ["sh", "-c", "hostname >> hosts; test $(wc -l < hosts) = 2 || sleep 600"]\nmemory = "50M"\n')
        wait_for("the step on n2", lambda: self.states(run, "long") == ["running"])
        self.bed.run("scontrol", "update", "NodeName=n1", "State=RESUME")
        self.bed.tool("kill-node", 2)
        self.assertTrue(self.wait_for_end(run)["succeeded"])
        attempts = self.elements(run, "long")[0]["attempts"]
        self.assertEqual([("n2", "node failure"), ("n1", "succeeded")], [(each["host"], each["end"]) for each in attempts])
        self.bed.tool("start-node", 2)


if __name__ == "__main__":
    main()
