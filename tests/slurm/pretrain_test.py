"""moola pretrain over two nodes, one rank on each, by `srun --mpi=pmix`: the bytes of one rank on one machine."""
import hashlib
import json
import sys

from slurm_bed import CHECKOUT, BedTest, main, wait_for

sys.path.insert(0, str(CHECKOUT / "tests/interop"))
from moola_workspace import PROGRAMS, Workspace

CONFIG = """
[data]
bars = ["TX/v1"]
[windows]
stride = 3
holdout = 0.2
holdout_windows = 24
[model]
hidden = 8
[train]
epochs = 1000
max_steps = {steps}
patience = 0
batch = 32
evaluate_every = 50
log_every = 10
[parallel]
microbatch = 5
device = "cpu"
[output]
name = "tiny"
checkpoint_steps = 500
"""


class Pretrain(BedTest):
    up = ("--requeue-exit", "85")

    def setUp(self):
        self.workspace = Workspace()
        self.addCleanup(self.workspace.close)
        self.workspace.import_sample()
        self.first_lines = {}  # of metrics, when a session was seen first

    def configure(self, steps):
        path = self.workspace.path / "tiny.toml"
        path.write_text(CONFIG.format(steps=steps))
        return path

    def submit(self, config):
        """By a job file; Slurm's number of the job."""
        # The launcher must not take the two CPUs of a task for places of ranks.
        job = self.workspace.path / "job.toml"
        job.write_text(f'[job]\nname = "tiny"\n[step.pretrain]\njob = "pretrain"\nconfig = "{config}"\nnodes = 2\nranks = 1\ncpus = 2\n'
                       'memory = "1000M"\n')
        self.job_run = self.bed.run(PROGRAMS / "moola", "submit", job, "--to", "slurm", "--workspace", self.workspace.path)
        events = self.workspace.path / "artifacts/jobs" / self.job_run / "events.jsonl"
        return json.loads(events.read_text().splitlines()[-1])["id"]

    def logs(self):
        return self.bed.call(PROGRAMS / "moola", "logs", self.job_run, "--workspace", self.workspace.path).stdout

    def runs(self):
        """Of pretraining; importing bars is a run too."""
        return sorted(metrics.parent for metrics in self.workspace.path.glob("artifacts/runs/*/metrics.jsonl"))

    def bytes_of(self, run):
        return {name: hashlib.sha256((run / name).read_bytes()).hexdigest() for name in ("encoder.safetensors", "metrics.jsonl")}

    def manifest(self, run):
        return json.loads((run / "manifest.json").read_text())

    def test_two_nodes_write_the_bytes_of_one_rank(self):
        config = self.configure(steps=20)
        job = self.submit(config)
        self.bed.wait_for_state(job, "COMPLETED", "FAILED", "CANCELLED")
        self.assertEqual("COMPLETED", self.bed.state(job), self.logs())
        (run,) = self.runs()
        self.assertEqual(2, self.manifest(run)["sessions"][-1]["ranks"])
        self.workspace.run("pretrain", config, "--ranks", "1", "--fresh")
        self.assertEqual(self.bytes_of(run), self.bytes_of(next(other for other in self.runs() if other != run)))

    def test_stopped_twice_and_requeued_it_ends_with_the_bytes_of_an_undisturbed_one(self):
        config = self.configure(steps=800)
        job = self.submit(config)
        for attempt in range(2):
            wait_for(f"steps of attempt {attempt}", lambda: self.steps_of_session(attempt) and self.bed.state(job) == "RUNNING", 300)
            self.bed.run("scancel", "--batch", "--signal=USR2", job)
            wait_for("requeueing", lambda: self.bed.job(job)["Restarts"] == str(attempt + 1), 300)
        wait_for("its end", lambda: self.bed.state(job) in ("COMPLETED", "FAILED", "CANCELLED"), 300)
        said = self.bed.call(PROGRAMS / "moola", "status", self.job_run, "--json", "--workspace", self.workspace.path)
        self.assertEqual("COMPLETED", self.bed.state(job), said.stdout + self.logs())
        (element,) = json.loads(said.stdout)["steps"][0]["elements"]
        self.assertEqual(["time limit", "time limit", "succeeded"], [each["end"] for each in element["attempts"]])
        self.assertEqual(self.runs()[0].name, element["run"])
        (run,) = self.runs()
        self.assertEqual(3, len(self.manifest(run)["sessions"]))
        self.workspace.run("pretrain", config, "--ranks", "2", "--fresh")
        self.assertEqual(self.bytes_of(run), self.bytes_of(next(other for other in self.runs() if other != run)))

    def steps_of_session(self, number):
        """Whether the session of this number has begun and its ranks have logged since."""
        for run in self.runs():
            if len(self.manifest(run)["sessions"]) > number:
                lines = len((run / "metrics.jsonl").read_text().splitlines())
                return lines > self.first_lines.setdefault(number, lines)
        return False


if __name__ == "__main__":
    if not (PROGRAMS / "moola-pretrain-rank").exists():
        sys.exit(f"there is no {PROGRAMS}/moola-pretrain-rank: build it first, or name the build folder by MOOLA_BUILD")
    main()
