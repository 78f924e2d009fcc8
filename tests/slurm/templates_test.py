"""Every job that is shipped, small, on a real Slurm."""
import json
import sys

from slurm_bed import CHECKOUT, main
from submitted import PROGRAMS, SubmitTest

sys.path.insert(0, str(CHECKOUT / "tests/interop"))
from moola_workspace import SAMPLE

JOBS = CHECKOUT / "configs/jobs"
WAIT_S = 420
SMALL = ["gpus=0", "cpus=1", 'memory="900M"', 'time="20m"']
TINY_PRETRAIN = ["model.hidden=8", "model.layers=1", "objective.decoder_hidden=8", "train.batch=32", "parallel.microbatch=16",
                 "train.epochs=1", "train.evaluate_every=5", 'parallel.device="cpu"']


def small(step, *more):
    """Settings that make a step fit the test bed."""
    return [f"--set=step.{step}.{each}" for each in [*SMALL, *more]]


def settings(step, *values):
    return f"--set=step.{step}.settings={json.dumps(list(values))}"


class Templates(SubmitTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.data = cls.bed.files / "data of all"
        cls.data.mkdir()
        for words in (["data", "import", "bars", SAMPLE, "--symbol", "TX", "--timezone", "Asia/Taipei", "--product", "TX"],
                      ["data", "windows", "--bars", "TX/v1", "--name", "TX", "--length", "105", "--max-gap", "1m"]):
            cls.bed.run(PROGRAMS / "moola", *words, "--workspace", cls.data, "--quiet")
        cls.tried = set()

    def run_template(self, name, *words):
        self.tried.add(f"{name}.toml")
        run = self.ok("submit", JOBS / f"{name}.toml", "--to", "slurm", "--workspace", self.data, *words)
        self.workspace = self.data
        status = self.wait_for_end(run, WAIT_S)
        self.assertTrue(status["succeeded"], self.moola("status", run).stdout + self.moola("logs", run, "--lines", 8).stdout)
        return run

    def made(self, run, step):
        """The runs of moola that the step's elements were."""
        return [each["run"] for each in self.elements(run, step)]

    def test_smoke(self):
        run = self.run_template("smoke", "--set=step.pretrain.memory=\"900M\"")
        said = self.ok("logs", run, "array")
        for words in ("one", "two words", "it's $three"):
            self.assertIn(f"element {words} on n", said)
        (pretrained,) = self.made(run, "pretrain")
        manifest = json.loads((self.data / "artifacts/runs" / pretrained / "manifest.json").read_text())
        self.assertEqual("finished", manifest["status"])

    def test_pretraining_on_many_nodes(self):
        run = self.run_template("pretrain-8-nodes", *small("pretrain", "nodes=2", "ranks=1"),
                                settings("pretrain", "data.windows=TX/v1", "output.name=many", "train.max_steps=10", *TINY_PRETRAIN))
        (pretrained,) = self.made(run, "pretrain")
        manifest = json.loads((self.data / "artifacts/runs" / pretrained / "manifest.json").read_text())
        self.assertEqual(2, manifest["sessions"][-1]["ranks"])

    def trials(self, study):
        shown = json.loads(self.ok("sweep", "show", study, "--json", "--workspace", self.data))
        return shown["trials"]["complete"]

    def test_a_sweep_as_an_array(self):
        run = self.run_template("sweep-array", *small("sweep"), "--set=step.sweep.array={seeds=3}",
                                settings("sweep", "sweep.name=as_array", "sweep.trials=12"), '--set=step.best.memory="300M"')
        self.assertEqual(12, self.trials("as_array"))
        self.assertIn("as_array", self.ok("logs", run, "best"))

    def test_a_sweep_as_one_job(self):
        self.run_template("sweep-mpi", *small("sweep", "nodes=2", "ranks=1"),
                          settings("sweep", "sweep.name=as_one", "sweep.trials=12"), '--set=step.best.memory="300M"')
        self.assertEqual(12, self.trials("as_one"))

    def test_overnight(self):
        run = self.run_template(
            "overnight", *small("prepare"), *small("pretrain"), *small("evaluate", "ranks=2", "cpus=2"), '--set=step.report.memory="300M"',
            settings("prepare", "data.bars=TX/v1", "output.name=overnight", "features.columns=[\"core_full\"]"),
            settings("pretrain", "data.windows=TX/v1", "output.name=overnight", "train.max_steps=10", *TINY_PRETRAIN),
            settings("evaluate", "data.table=overnight/v1", "xgboost.trees=3", "xgboost.depth=2", "xgboost.rate=0.1", "logistic.c=0.01",
                     "splits.embargo=1h"))
        (evaluated,) = self.made(run, "evaluate")
        self.assertTrue((self.data / "artifacts/runs" / evaluated / "report.html").exists())
        self.assertIn(evaluated, self.ok("logs", run, "report"))

    def test_z_every_shipped_job_was_run(self):
        self.assertEqual({each.name for each in JOBS.glob("*.toml")}, self.tried)


if __name__ == "__main__":
    main()
