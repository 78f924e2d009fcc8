"""A test bed with accounting: sacct knows every attempt, and qualities of service preempt."""
import json

from slurm_bed import BedTest, main, wait_for
from submitted import SubmitTest


class Accounting(BedTest):
    up = ("--accounting", "--preempt", "qos", "--requeue-exit", "85")

    def rows(self, job, *more):
        return self.bed.run("sacct", "-n", "-X", "-P", "-j", job, *more).splitlines()

    def test_every_attempt_is_a_row(self):
        script = self.bed.script("again.sh", '[ "${SLURM_RESTART_COUNT:-0}" = 1 ] || exit 85\n')
        job = self.bed.submit("--wait", "--mem=10", "--gpus-per-node=1", "--job-name=again", script)
        asked = ("-D", "-o", "JobName,State,ExitCode")
        wait_for("both rows", lambda: len(self.rows(job, *asked)) == 2 and "COMPLETED" in self.rows(job, *asked)[1])
        self.assertEqual(["again|REQUEUED|85:0", "again|COMPLETED|0:0"], self.rows(job, *asked))
        self.assertIn("gres/gpu=1", self.rows(job, "-o", "AllocTRES")[0])

    def test_the_script_is_kept(self):
        job = self.bed.submit("--wait", "--mem=10", self.bed.script("kept.sh", "echo kept\n"))
        wait_for("the script", lambda: "echo kept" in self.bed.run("sacct", "-j", job, "--batch-script"))

    def test_a_higher_quality_of_service_requeues_a_lower_one(self):
        low = self.bed.submit("--exclusive", "--nodes=2", "--mem=10", "--requeue", "--account=desk",
                              self.bed.script("low.sh", 'echo "${SLURM_RESTART_COUNT:-0}"\n[ -n "$SLURM_RESTART_COUNT" ] || sleep 600\n'))
        wait_for("the first attempt", lambda: "0\n" in self.bed.output(low))
        high = self.bed.submit("--exclusive", "--nodes=2", "--mem=10", "--account=desk", "--qos=high", self.bed.script("high.sh", "true\n"))
        self.bed.wait_for_state(high, "COMPLETED")
        self.bed.wait_for_state(low, "COMPLETED")
        self.assertIn("PREEMPTION", self.bed.output(low))
        self.assertEqual("1", self.bed.output(low).splitlines()[-1])


class Submitted(SubmitTest):
    up = ("--accounting", "--preempt", "qos", "--min-job-age", "2")

    def test_a_step_that_makes_way_goes_on_and_says_so(self):
        stops = 'trap "exit 85" TERM; echo $$ >> began; test $(wc -l < began) = 2 && exit 0; sleep 600 & wait'
        run = self.submit(f'[step.low]\ncommand = ["sh", "-c", {json.dumps(stops)}]\nmemory = "50M"\ntime = "30m"\n'
                          'slurm.account = "desk"\nslurm.extra = ["--exclusive"]\n', name="low")
        wait_for("the first attempt", lambda: (self.workspace / "began").exists())
        high = self.submit('[step.high]\ncommand = ["true"]\nnodes = 2\nmemory = "50M"\nslurm.account = "desk"\nslurm.qos = "high"\n'
                           'slurm.extra = ["--exclusive"]\n', name="high")
        self.assertTrue(self.wait_for_end(high)["succeeded"])
        self.assertTrue(self.wait_for_end(run)["succeeded"], self.moola("status", run).stdout)
        ends = [each["end"] for each in self.elements(run, "low")[0]["attempts"]]
        self.assertEqual(["preempted", "succeeded"], ends)

    def test_what_the_queue_has_forgotten_accounting_still_knows(self):
        run = self.submit('[step.killed]\ncommand = ["sh", "-c", "echo $PPID > parent; sleep 600"]\nmemory = "50M"\nslurm.account = "desk"\n', name="killed")
        parent = self.workspace / "parent"
        wait_for("it runs", lambda: parent.exists() and parent.read_text().endswith("\n"))
        # moola step itself: nobody is left to put down how it ended.
        self.bed.run("srun", f"--jobid={self.queue_ids(run)[0]}", "--overlap", "kill", "-9", parent.read_text().strip())
        wait_for("the queue has forgotten it", lambda: not self.queue(run), 300)
        (element,) = self.elements(run, "killed")
        self.assertEqual("failed", element["state"])
        self.assertNotIn("without a word", element["why"])


if __name__ == "__main__":
    main(accounting=True)
