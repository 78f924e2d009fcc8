"""A test bed with accounting: sacct knows every attempt, and qualities of service preempt."""
from slurm_bed import BedTest, main, wait_for


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


if __name__ == "__main__":
    main(accounting=True)
