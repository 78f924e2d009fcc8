"""What jobs may rely on in Slurm, as our scripts and programs do: each claim on a real one."""
from slurm_bed import BedTest, main, wait_for

PREEMPTED = """
trap 'echo warned' USR2
echo "attempt ${SLURM_RESTART_COUNT:-0}"
if [ "${SLURM_RESTART_COUNT:-0}" -eq 0 ]; then for i in $(seq 600); do sleep 0.2; done; fi
"""


class Jobs(BedTest):
    up = ("--requeue-exit", "85", "--preempt", "partition", "--grace", "2", "--max-array-size", "11")

    def test_a_script_and_its_arguments_arrive_unchanged(self):
        script = self.bed.script("say.sh", 'printf "<%s>" "$0" "$@" | sed "s/^<[^>]*>//"\n')
        words = ["two words", "it's \"quoted\"", "$HOME `id` a,b=c", "two\nlines", "%j", ""]
        job = self.bed.submit("--wait", "--mem=10", script, *words)
        self.assertEqual("".join(f"<{word}>" for word in words), self.bed.output(job))

    def test_a_job_without_enough_memory_anywhere_is_refused(self):
        script = self.bed.script("true.sh", "true\n")
        self.assertEqual(0, self.bed.call("sbatch", "--test-only", "--mem=4000", script).returncode)
        refused = self.bed.call("sbatch", "--mem=4001", script)
        self.assertEqual(1, refused.returncode)
        self.assertIn("Memory", refused.stderr)

    def test_a_test_of_a_call_says_when_it_would_start_and_submits_nothing(self):
        script = self.bed.script("true.sh", "true\n")
        before = self.bed.run("squeue", "-h", "-t", "all", "-o", "%i")
        possible = self.bed.call("sbatch", "--test-only", "--nodes=2", "--mem=10", script)
        self.assertEqual((0, ""), (possible.returncode, possible.stdout))
        self.assertIn("to start at", possible.stderr)
        for words in (["--nodes=3"], ["--partition=nowhere"], ["--gpus-per-node=3"]):
            with self.subTest(words=words):
                impossible = self.bed.call("sbatch", "--test-only", "--mem=10", *words, script)
                self.assertEqual(1, impossible.returncode)
                self.assertIn("allocation failure", impossible.stderr)
        self.assertEqual(before, self.bed.run("squeue", "-h", "-t", "all", "-o", "%i"))

    def test_each_element_of_an_array_runs_once_and_one_may_fail(self):
        script = self.bed.script("element.sh", 'echo "$SLURM_ARRAY_TASK_ID of $SLURM_ARRAY_TASK_COUNT"\n[ $SLURM_ARRAY_TASK_ID != 3 ]\n')
        job = self.bed.submit("--array=1-5%2", "--mem=10", script)
        states = [self.bed.wait_for_state(f"{job}_{i}", "COMPLETED", "FAILED") for i in range(1, 6)]
        self.assertEqual(["COMPLETED", "COMPLETED", "FAILED", "COMPLETED", "COMPLETED"], states)
        self.assertEqual("1:0", self.bed.job(f"{job}_3")["ExitCode"])
        self.assertEqual([f"{i} of 5" for i in range(1, 6)], sorted(self.bed.output(job).splitlines()))

    def test_an_array_ends_below_the_largest_size(self):
        script = self.bed.script("true.sh", "true\n")
        self.assertEqual(0, self.bed.call("sbatch", "--test-only", "--array=10", "--mem=10", script).returncode)
        refused = self.bed.call("sbatch", "--array=11", "--mem=10", script)
        self.assertEqual(1, refused.returncode)
        self.assertIn("Invalid job array", refused.stderr)

    def test_a_job_that_ends_with_85_runs_again_and_knows_it(self):
        script = self.bed.script("again.sh", 'echo "attempt ${SLURM_RESTART_COUNT:-0}"\n[ "${SLURM_RESTART_COUNT:-0}" = 1 ] || exit 85\n')
        job = self.bed.submit("--mem=10", script)
        self.bed.wait_for_state(job, "COMPLETED", "FAILED", "CANCELLED")
        self.assertEqual("attempt 0\nattempt 1\n", self.bed.output(job))
        self.assertEqual(("COMPLETED", "1", "0:0"), tuple(self.bed.job(job)[key] for key in ("JobState", "Restarts", "ExitCode")))

    def test_the_batch_shell_alone_gets_the_signal_before_its_limit(self):
        # Only a shell that waits is reached by a trap; what it waits for hears nothing of a signal for B.
        script = self.bed.script("warned.sh", """
trap 'echo shell heard; ended=yes' USR2
srun --ntasks=1 bash -c 'trap "echo step heard" USR2; for i in $(seq 600); do sleep 0.2; done' &
while [ -z "${ended:-}" ]; do wait; done
exit 0
""")
        job = self.bed.submit("--wait", "--mem=10", "--time=1", "--signal=B:USR2@55", script)
        self.assertEqual("COMPLETED", self.bed.state(job))
        self.assertIn("shell heard", self.bed.output(job))
        self.assertNotIn("step heard", self.bed.output(job))

    def test_a_job_that_is_in_the_way_is_warned_and_runs_again_afterwards(self):
        low = self.bed.submit("--partition=low", "--exclusive", "--nodes=2", "--mem=10", "--signal=B:USR2@1",
                              self.bed.script("low.sh", PREEMPTED))
        wait_for("the first attempt", lambda: "attempt 0" in self.bed.output(low))
        main_job = self.bed.submit("--exclusive", "--nodes=2", "--mem=10", self.bed.script("main.sh", "sleep 1\n"))
        self.bed.wait_for_state(main_job, "COMPLETED")
        self.bed.wait_for_state(low, "COMPLETED")
        said = self.bed.output(low)
        self.assertIn("warned", said)
        self.assertIn("attempt 1", said)
        self.assertEqual("1", self.bed.job(low)["Restarts"])

    def test_gpus_are_given_out_by_number(self):
        self.assertEqual("0,1", self.bed.run("srun", "--mem=10", "--gpus-per-node=2", "printenv", "CUDA_VISIBLE_DEVICES"))
        each = self.bed.run("srun", "--mem=10", "--ntasks=2", "--nodes=1", "--gpus-per-task=1", "printenv", "CUDA_VISIBLE_DEVICES")
        self.assertEqual(["0", "1"], sorted(each.split()))


class NodeDeath(BedTest):
    up = ("--node-timeout", "5")

    def test_slurm_sees_a_dead_node_runs_its_job_elsewhere_and_takes_the_node_back(self):
        script = self.bed.script("long.sh", 'echo "on $SLURMD_NODENAME"\n[ "$SLURMD_NODENAME" = n1 ] || sleep 600\n')
        # The first node is drained until the job has gone to the second.
        self.bed.run("scontrol", "update", "NodeName=n1", "State=DRAIN", "Reason=test")
        job = self.bed.submit("--mem=10", "--requeue", script)
        wait_for("the job on n2", lambda: "on n2" in self.bed.output(job))
        self.bed.run("scontrol", "update", "NodeName=n1", "State=RESUME")

        self.bed.tool("kill-node", 2)
        wait_for("n2 down", lambda: self.bed.node_state("n2").startswith("down"))
        self.assertIn("Not responding", self.bed.run("scontrol", "show", "node", "n2"))
        self.bed.wait_for_state(job, "COMPLETED")
        self.assertEqual("on n2\non n1\n", self.bed.output(job))
        self.assertEqual("1", self.bed.job(job)["Restarts"])

        self.bed.tool("start-node", 2)
        wait_for("n2 idle", lambda: self.bed.node_state("n2") == "idle")
        self.assertEqual("n2", self.bed.run("srun", "--nodelist=n2", "--mem=10", "hostname"))


class NoAccounting(BedTest):
    def test_sacct_says_that_there_is_none_and_scontrol_still_knows(self):
        job = self.bed.submit("--wait", "--mem=10", self.bed.script("true.sh", "true\n"))
        asked = self.bed.call("sacct", "-j", job)
        self.assertEqual(1, asked.returncode)
        self.assertIn("accounting storage is disabled", asked.stderr)
        self.assertEqual("COMPLETED", self.bed.state(job))


if __name__ == "__main__":
    main()
