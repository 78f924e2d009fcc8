"""`moola submit` on a test bed, and what its commands say of the run."""
import json
import os
import pathlib
import subprocess

from slurm_bed import CHECKOUT, BedTest, wait_for

PROGRAMS = pathlib.Path(os.environ.get("MOOLA_BUILD", CHECKOUT / "build/release")) / "bin"


class SubmitTest(BedTest):
    """Each test has a workspace of its own."""

    def setUp(self):
        self.count = getattr(type(self), "count", 0) + 1
        type(self).count = self.count
        self.workspace = self.bed.files / f"workspace {self.count}"  # with a space: nothing may mind
        self.workspace.mkdir()

    def moola(self, *words, env=None):
        """In the test bed, as its root."""
        return subprocess.run(
            [CHECKOUT / "tools/slurm-testbed", "run", "--dir", self.bed.folder, *(["env", *env] if env else []),
             PROGRAMS / "moola", *map(str, words)], capture_output=True, text=True, cwd=self.workspace)

    def ok(self, *words):
        ended = self.moola(*words)
        self.assertEqual(0, ended.returncode, f"{words}: {ended.stderr}")
        return ended.stdout.strip()

    def refused(self, *words, env=None):
        """One paragraph on standard error, exit code 2."""
        ended = self.moola(*words, env=env)
        self.assertEqual(2, ended.returncode, f"{words}: {ended.stdout} {ended.stderr}")
        self.assertIn(": ", ended.stderr)
        return ended.stderr

    def job_file(self, text, name="made"):
        path = self.workspace / "job.toml"
        path.write_text(f'[job]\nname = "{name}"\n{text}')
        return path

    def submit(self, text, *words, name="made"):
        return self.ok("submit", self.job_file(text, name), "--to", "slurm", *words)

    def status(self, run):
        return json.loads(self.moola("status", run, "--json").stdout)

    def elements(self, run, step):
        return next(each for each in self.status(run)["steps"] if each["step"] == step)["elements"]

    def states(self, run, step):
        return [each["state"] for each in self.elements(run, step)]

    def wait_for_end(self, run, deadline_s=240):
        wait_for(f"the end of {run}", lambda: self.status(run)["over"], deadline_s)
        return self.status(run)

    def queue(self, run):
        """Every submission of the run that Slurm remembers: (array) job and comment."""
        lines = self.bed.run("squeue", "-h", "-t", "all", "-o", "%A %k").splitlines()
        return sorted(set(line.split(" ", 1)[1] for line in lines if f"moola:{run}:" in line))

    def queue_ids(self, run):
        """Slurm's numbers of the run's submissions, in their order."""
        lines = (self.run_folder(run) / "events.jsonl").read_text().splitlines()
        return [event["id"] for event in map(json.loads, lines) if event["event"] == "submitted"]

    def run_folder(self, run):
        return self.workspace / "artifacts/jobs" / run
