"""tools/slurm-testbed itself: what it starts ends with it, whatever is killed."""
import os
import pathlib
import re
import signal
import subprocess
import time
import unittest

from slurm_bed import TOOL, Bed, BedTest, call_tool, main, new_folder, wait_for


def target(link):
    try:
        return os.readlink(link)
    except OSError:  # it was closed meanwhile
        return ""


def processes(bed_folder):
    """Names of the processes that live under the keeper of a test bed or write into its folder, and the keeper's number."""
    found, keeper = {}, None
    for entry in pathlib.Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            name = (entry / "comm").read_text().strip()
            if entry.joinpath("status").read_text().find("\nState:\tZ") >= 0:
                continue
            own = str(bed_folder) + "/"
            mentioned = (entry / "cmdline").read_bytes() + b"\0" + (entry / "environ").read_bytes()
            # Of a process with mounts of its own, paths may be seen from another root than this process's.
            opened = [target(link) for link in (entry / "fd").iterdir()]
        except OSError:  # it has ended meanwhile
            continue
        if own.encode() in mentioned or any(own in link for link in opened):
            found[int(entry.name)] = name
            if name == "slurm-testbed":
                keeper = int(entry.name)
    return found, keeper


class Ends(unittest.TestCase):
    def setUp(self):
        self.folder = new_folder()
        self.addCleanup(call_tool, "down", "--dir", self.folder)

    def start(self, *options):
        started = call_tool("up", "--dir", self.folder, *options)
        self.assertEqual(0, started.returncode, started.stderr)
        found, keeper = processes(self.folder)
        self.assertLessEqual({"munged", "slurmctld", "slurmd", "slurm-testbed"}, set(found.values()))
        return keeper

    def assert_nothing_is_left(self):
        wait_for("the test bed's processes to end", lambda: not processes(self.folder)[0], 10)

    def start_a_job_that_hides(self):
        """In another session, so that no parent or terminal leads to it."""
        submitted = call_tool("run", "--dir", self.folder, "sbatch", "--mem=10", "--output=/dev/null", "--wrap",
                              f"TESTBED={self.folder}/ setsid --fork sleep 600; sleep 600")
        self.assertEqual(0, submitted.returncode, submitted.stderr)
        wait_for("the job's two sleeps", lambda: list(processes(self.folder)[0].values()).count("sleep") == 2)

    def test_down_ends_jobs_too_and_removes_the_folder(self):
        self.start()
        self.start_a_job_that_hides()
        ended = call_tool("down", "--dir", self.folder)
        self.assertEqual(0, ended.returncode, ended.stderr)
        self.assertFalse(processes(self.folder)[0])
        self.assertFalse(self.folder.exists())

    def test_a_killed_keeper_takes_all_with_it_and_down_clears_the_rest(self):
        keeper = self.start()
        self.start_a_job_that_hides()
        os.kill(keeper, signal.SIGKILL)
        self.assert_nothing_is_left()
        self.assertEqual(2, call_tool("status", "--dir", self.folder).returncode)
        self.assertEqual(0, call_tool("down", "--dir", self.folder).returncode)
        self.assertFalse(self.folder.exists())

    def test_killed_daemons_are_seen_and_down_ends_the_others(self):
        self.start()
        for number, name in processes(self.folder)[0].items():
            if name in ("munged", "slurmctld", "slurmd"):
                os.kill(number, signal.SIGKILL)
        wait_for("status to say so", lambda: "slurmctld does not answer" in call_tool("status", "--dir", self.folder).stdout)
        self.assertEqual(0, call_tool("down", "--dir", self.folder).returncode)
        self.assertFalse(processes(self.folder)[0])

    def kill_an_up_at(self, moment):
        """Whether the kill came before the test bed was up."""
        if (self.folder / moment).exists():
            (self.folder / moment).unlink() if moment != "state" else (self.folder / moment).rmdir()
        with subprocess.Popen([TOOL, "up", "--dir", self.folder], stdout=subprocess.DEVNULL) as starting:
            wait_for(moment, (self.folder / moment).exists)
            starting.kill()
        return call_tool("status", "--dir", self.folder).returncode != 0

    def test_an_up_that_is_killed_at_any_moment_leaves_no_process_and_the_next_one_clears_up(self):
        for moment in ("state", "control", "log/slurmctld.log", "log/n2.log"):
            with self.subTest(moment=moment):
                # On a busy machine it may have come up between the moment and the kill; never ten times over.
                for _ in range(10):
                    if self.kill_an_up_at(moment):
                        break
                    self.assertEqual(0, call_tool("down", "--dir", self.folder).returncode)
                self.assert_nothing_is_left()
        self.start()

    def test_without_its_folder_or_the_process_it_is_for_it_ends_by_itself(self):
        self.start()
        subprocess.run(["rm", "-rf", self.folder], check=True)
        self.assert_nothing_is_left()
        with subprocess.Popen(["sleep", "600"]) as sleeper:
            self.start("--as-long-as", sleeper.pid)
            sleeper.kill()
        self.assert_nothing_is_left()

    def test_nothing_appears_beside_its_folder(self):
        # What Slurm, munge, PMIx and Open MPI leave on such hosts, by their names or the nodes'.
        places = [pathlib.Path(place) for place in ("/run", "/run/lock", "/tmp", "/dev/shm", "/etc/slurm", "/var/log", "/var/spool")]
        names = re.compile(r"slurm|munge|pmix_appdir|\.n[12]\b|\.ctl\b")

        def ours(place):
            return {path.name for path in place.glob("*") if names.search(path.name) and path.lstat().st_mtime > began}

        began = time.time() - 1
        before = {place: ours(place) for place in places if place.is_dir()}
        self.start()
        ran = call_tool("run", "--dir", self.folder, "srun", "-N2", "--mem=10", "--mpi=pmix", "true")
        self.assertEqual(0, ran.returncode, ran.stderr)
        self.assertEqual(0, call_tool("down", "--dir", self.folder).returncode)
        for place, there in before.items():
            self.assertEqual(there, ours(place), place)


class Two(unittest.TestCase):
    def test_two_test_beds_do_not_disturb_each_other(self):
        one, other = Bed(), Bed("--nodes", "1", "--gpus", "0", "--min-job-age", "9", "--max-array-size", "33", "--set", "KillWait=11")
        try:
            self.assertEqual("n1\nn2", "\n".join(sorted(one.run("srun", "-N2", "--mem=10", "hostname").split())))
            self.assertEqual("n1", other.run("srun", "--mem=10", "hostname"))
            settings = dict(line.partition("=")[::2] for line in other.run("scontrol", "show", "config").replace(" ", "").splitlines())
            self.assertEqual(("9sec", "33", "11sec"), tuple(settings[key] for key in ("MinJobAge", "MaxArraySize", "KillWait")))
            other.close()
            self.assertEqual("1", one.run("srun", "--mem=10", "echo", "1"))
        finally:
            one.close()


class Words(BedTest):
    def test_what_is_wrong_is_said_in_a_paragraph(self):
        full = self.bed.files / "full"
        full.mkdir()
        (full / "file").write_text("")
        there = ["--dir", self.bed.folder]
        for words, expected in [
            (["up", *there], "is up in"),
            (["up", "--dir", full], "no test bed's"),
            (["up", "--dir", "/run/" + "x" * 80], "85 characters"),
            (["up", "--dir", full / "new", "--preempt", "qos"], "--accounting"),
            (["up", "--dir", full / "new", "--as-long-as", 2**22 + 1], "no such process"),
            (["up", "--gpus", "7"], "at most 6"),
            (["up", "--set", "a b"], "KEY=VALUE"),
            (["status", "--dir", full / "new"], "up --dir"),
            (["run", *there], "needs a command"),
            (["run", *there, "no-such-command"], "No such file"),
            (["kill-node", *there, "3"], "numbered from 1"),
            (["frehs"], "usage: "),
        ]:
            with self.subTest(words=words):
                ended = call_tool(*words)
                self.assertEqual(2, ended.returncode, ended.stdout)
                self.assertIn(expected, ended.stderr)
                self.assertNotIn("Traceback", ended.stderr)
        self.assertTrue((full / "file").exists())
        self.assertFalse((full / "new").exists())
        self.assertEqual(0, call_tool("down", "--dir", full).returncode)
        self.assertTrue((full / "file").exists())

    def test_run_gives_the_commands_own_code_and_hides_an_outer_job(self):
        self.assertEqual(7, self.bed.call("sh", "-c", "exit 7").returncode)
        os.environ["SLURM_JOB_ID"] = "4711"
        self.addCleanup(os.environ.pop, "SLURM_JOB_ID")
        self.assertNotIn("SLURM_JOB_ID", self.bed.run("env"))

    def test_up_says_what_a_slurm_lacks_that_can_not_start(self):
        folder = self.bed.files / "unstartable"
        failed = call_tool("up", "--dir", folder, "--set", "SelectType=select/none")
        self.assertEqual(1, failed.returncode)
        self.assertIn("slurmctld", failed.stderr)
        self.assertIn("select/none", failed.stderr)
        self.assertFalse(folder.exists())


if __name__ == "__main__":
    main()
