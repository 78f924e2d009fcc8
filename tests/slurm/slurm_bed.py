"""A test bed of its own for a test class, and Slurm's commands in it."""
import os
import pathlib
import subprocess
import sys
import tempfile
import time
import unittest

CHECKOUT = pathlib.Path(__file__).resolve().parents[2]
TOOL = CHECKOUT / "tools/slurm-testbed"
DEADLINE_S = 120  # for what takes seconds on a quiet machine


def call_tool(*words):
    return subprocess.run([TOOL, *map(str, words)], capture_output=True, text=True)


def new_folder():
    """For a test bed: a short name, for its sockets; nothing is there yet."""
    return pathlib.Path(tempfile.mkdtemp(prefix="bed-", dir="/run" if os.geteuid() == 0 else None))


def wait_for(what, is_so, deadline_s=DEADLINE_S):
    """The first true answer of `is_so`."""
    deadline = time.monotonic() + deadline_s
    while not (answer := is_so()):
        if time.monotonic() > deadline:
            raise AssertionError(f"waited {deadline_s} s in vain: {what}")
        time.sleep(0.1)
    return answer


class Bed:
    """Up with `options` until close(); it ends with this process at the latest."""

    def __init__(self, *options):
        self.folder = new_folder()
        started = call_tool("up", "--dir", self.folder, "--as-long-as", os.getpid(), *options)
        assert started.returncode == 0, started.stderr
        self._files = tempfile.TemporaryDirectory()
        self.files = pathlib.Path(self._files.name)  # for scripts and what they write

    def close(self):
        ended = call_tool("down", "--dir", self.folder)
        self._files.cleanup()
        assert ended.returncode == 0, ended.stderr

    def call(self, *words):
        return subprocess.run([TOOL, "run", "--dir", self.folder, *map(str, words)], capture_output=True, text=True, cwd=self.files)

    def run(self, *words):
        """Standard output; fails with the command's own words."""
        ended = self.call(*words)
        assert ended.returncode == 0, f"{words}: {ended.stderr}"
        return ended.stdout.strip()

    def tool(self, command, *words):
        ended = call_tool(command, "--dir", self.folder, *words)
        assert ended.returncode == 0, ended.stderr

    def script(self, name, text):
        path = self.files / name
        path.write_text("#!/bin/bash\n" + text)
        return path

    def submit(self, *words):
        """The job's number. Its output goes to NUMBER.out of `files`."""
        return self.run("sbatch", "--parsable", "--open-mode=append", "--output=%A.out", *words)

    def output(self, job):
        path = self.files / f"{job}.out"
        return path.read_text() if path.exists() else ""

    def job(self, number):
        """What scontrol knows of it, by key; an array's element is named as NUMBER_INDEX."""
        fields = self.run("scontrol", "show", "--oneliner", "job", number).split()
        return dict(field.partition("=")[::2] for field in fields if "=" in field)

    def state(self, number):
        return self.job(number)["JobState"]

    def wait_for_state(self, number, *states):
        return wait_for(f"job {number} in {states}", lambda: (state := self.state(number)) in states and state)

    def node_state(self, node):
        return self.run("sinfo", "-h", "-N", "-n", node, "-o", "%T").splitlines()[0]


class BedTest(unittest.TestCase):
    """The tests of one class share a test bed with the options `up`."""

    up = ()

    @classmethod
    def setUpClass(cls):
        cls.bed = Bed(*cls.up)
        cls.addClassCleanup(cls.bed.close)


def main(accounting=False):
    """As unittest's, after a look at whether there can be a test bed at all."""
    folder = new_folder()
    looked = call_tool("check", "--dir", folder, *(["--accounting"] if accounting else []))
    if looked.returncode == 2:
        folder.rmdir()
        print(f"SKIPPED, no test bed: {looked.stderr}")
        sys.exit(0)
    unittest.main()
