"""A pack in a machine that has nothing but a C library and a shell: it unfolds there, finds LibTorch in another folder than
at home, trains on two ranks by the Open MPI that it brought, and writes the bytes that are written at home. Prints how long
the set-up takes."""
import hashlib
import json
import os
import pathlib
import re
import resource
import shutil
import subprocess
import sys
import tempfile
import time
import unittest

CHECKOUT = pathlib.Path(__file__).resolve().parents[3]
BUILD = pathlib.Path(os.environ.get("MOOLA_BUILD", CHECKOUT / "build/release"))
MOOLA = BUILD / "bin/moola"
TOOLS = """sh env sha256sum sort cut comm wc head tail cp ln mv mkdir chmod readlink mktemp df date du uname nproc cat rm
           dirname tr xargs sed grep awk touch ls""".split()


def libraries_of(program):
    listed = subprocess.run(["/lib64/ld-linux-x86-64.so.2", "--list", program], capture_output=True, text=True).stdout
    return re.findall(r"=> (/\S+)", listed)


def bare_machine(root):
    """A root folder with the shell's tools and what they load: no C++ run time, HDF5, Open MPI, Python."""
    def put(source, target):
        target = root / str(target).lstrip("/")
        target.parent.mkdir(parents=True, exist_ok=True)
        if not target.exists():
            shutil.copyfile(os.path.realpath(source), target)
            target.chmod(0o755)
    put("/lib64/ld-linux-x86-64.so.2", "/lib64/ld-linux-x86-64.so.2")
    for name in TOOLS:
        found = shutil.which(name, path="/usr/bin:/bin")
        put(found, f"/bin/{name}")
        for library in libraries_of(found):
            put(library, library)
    # What the C library opens by itself, for names of hosts and threads that end; and parts of it that other programs name.
    for name in ("libnss_files.so.2", "libgcc_s.so.1", "libpthread.so.0", "libdl.so.2", "librt.so.1", "libm.so.6",
                 "libutil.so.1", "libresolv.so.2", "libmvec.so.1"):
        for folder in ("/lib/x86_64-linux-gnu", "/usr/lib/x86_64-linux-gnu"):
            if name != "libgcc_s.so.1" and os.path.exists(f"{folder}/{name}"):
                put(f"{folder}/{name}", f"{folder}/{name}")
                break
    for folder in ("tmp", "proc", "sys", "dev", "etc", "work"):
        (root / folder).mkdir(exist_ok=True)
    (root / "etc/hosts").write_text("127.0.0.1 localhost\n")
    (root / "etc/passwd").write_text("root:x:0:0:root:/root:/bin/sh\n")


def can_change_root():
    return os.geteuid() == 0 and subprocess.run(["unshare", "--mount", "true"], capture_output=True).returncode == 0


def torch_folder():
    listed = libraries_of(BUILD / "bin/moola-pretrain-rank")
    return next(pathlib.Path(path).parent.parent for path in listed if path.endswith("libtorch_cpu.so"))


@unittest.skipUnless(can_change_root(), "SKIPPED, no other root: it takes root and a mount namespace")
class Place(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory(prefix="moola-place-")
        cls.addClassCleanup(folder.cleanup)
        cls.folder = pathlib.Path(folder.name)
        cls.home = cls.folder / "home"
        (cls.home / "configs").mkdir(parents=True)
        text = (CHECKOUT / "configs/pretrain/quickstart.toml").read_text()
        for old, new in (("max_steps = 600", "max_steps = 6"), ("warmup_steps = 20", "warmup_steps = 2"), ("hidden = 64", "hidden = 16"),
                         ("evaluate_every = 100", "evaluate_every = 3"), ("holdout_windows = 1024", "holdout_windows = 64")):
            assert old in text
            text = text.replace(old, new)
        (cls.home / "configs/small.toml").write_text(text)
        sample = next((CHECKOUT / "samples").glob("*.csv.xz"))
        cls.moola(cls, "data", "import", "bars", sample, "--symbol", "TX")
        cls.moola(cls, "data", "windows", "--bars", "TX/v1", "--name", "TX", "--version", "v1", "--length", "105", "--max-gap", "1m")
        cls.pack = cls.folder / "pack"
        cls.said = json.loads(cls.moola(cls, "pack", cls.pack, "--config", "configs/small.toml", "--json"))
        cls.root = cls.folder / "root"
        cls.root.mkdir()
        bare_machine(cls.root)
        torch = torch_folder()
        cls.mounts = {cls.pack: "work/pack", torch: "opt/conda/lib/python3.12/site-packages/torch"}
        if (torch.parent / "nvidia").is_dir():
            cls.mounts[torch.parent / "nvidia"] = "opt/conda/lib/python3.12/site-packages/nvidia"

    def moola(self, *words):
        ran = subprocess.run([MOOLA, *map(str, words)], cwd=self.home, capture_output=True, text=True)
        assert ran.returncode == 0, ran.stderr
        return ran.stdout

    def there(self, command, torch=True):
        """Runs a line of the shell in the other machine."""
        script = f"mount -t proc proc {self.root}/proc && mount --rbind /dev {self.root}/dev; mount -t sysfs -o ro sysfs {self.root}/sys; "
        for source, target in self.mounts.items():
            if torch or source == self.pack:
                (self.root / target).mkdir(parents=True, exist_ok=True)
                script += f"mount --bind {source} {self.root / target} && "
        script += f"exec env -i PATH=/bin /usr/sbin/chroot {self.root} /bin/sh -c '{command}'"
        return subprocess.run(["unshare", "--mount", "--propagation", "private", "sh", "-c", script], capture_output=True, text=True, timeout=500)

    def test_a_job_runs_on_two_ranks_and_writes_the_bytes_of_home(self):
        used = lambda: sum(resource.getrusage(resource.RUSAGE_CHILDREN)[:2])
        began, before = time.monotonic(), used()
        whole = self.there("/work/pack/start --verify")
        setup, busy = time.monotonic() - began, used() - before
        self.assertEqual(0, whole.returncode, whole.stderr)
        self.assertIn("is whole, and this place can run it", whole.stderr)
        self.assertLess(busy, 30)  # not by the clock: others may hold the cores
        print(f"set-up {setup:.1f} s, of which {busy:.1f} s of computing, for {self.said['bytes'] / 1e6:.0f} MB", file=sys.stderr)

        trained = self.there("/work/pack/start moola pretrain configs/small.toml --ranks 2")
        self.assertEqual(0, trained.returncode, trained.stderr)
        self.assertIn("2 ranks", trained.stderr)
        self.moola("pretrain", "configs/small.toml", "--ranks", "1")
        encoder = "artifacts/encoders/quickstart-v1.safetensors"
        bytes_of = lambda folder: hashlib.sha256((folder / encoder).read_bytes()).hexdigest()
        self.assertEqual(bytes_of(self.home), bytes_of(self.pack / "workspace"))

        checked = self.there("/work/pack/start moola data verify")
        self.assertEqual(0, checked.returncode, checked.stderr)
        self.assertIn("unlabeled_windows/TX/v1", checked.stdout)

    def test_without_libtorch_and_without_pip_one_line_says_what_to_do(self):
        refused = self.there("/work/pack/start --at /tmp/elsewhere moola --version", torch=False)
        self.assertEqual(2, refused.returncode, refused.stderr)
        self.assertRegex(refused.stderr, r"LibTorch \d+\.\d+ is not here, .*pip.*: take an image that has torch")

    def test_what_the_machine_is_too_old_or_too_small_for_is_said_a_line_each(self):
        older = self.folder / "older"
        shutil.copytree(self.pack, older, ignore=shutil.ignore_patterns("place", "workspace"), copy_function=os.link)
        # As a pack that asks for more would say it; its hashes fit, for this is no damage.
        contents = (older / "contents.sh").read_text()
        for was, now in ((r"need_glibc=\S+", "need_glibc=2.99"), (r"need_gpus=\d+", "need_gpus=2")):
            contents = re.sub(was, now, contents, count=1)
        before = (older / "manifest.json").read_text()
        digest = lambda text: hashlib.sha256(text.encode()).hexdigest()
        after = before.replace(digest((older / "contents.sh").read_text()), digest(contents))
        self.assertNotEqual(before, after)
        for name, text in (("contents.sh", contents), ("manifest.json", after), ("id", digest(after) + "\n")):
            (older / name).unlink()
            (older / name).write_text(text)
        self.mounts = {older: "work/pack", **{k: v for k, v in self.mounts.items() if k != self.pack}}
        refused = self.there("/work/pack/start --at /tmp/older moola --version")
        self.assertEqual(2, refused.returncode)
        self.assertRegex(refused.stderr, r"glibc here is \d\.\d+, and \S+ needs 2\.99: take an image")
        self.assertIn("0 GPUs are here, and 2 are needed", refused.stderr)
        self.assertEqual(3, refused.stderr.count("\n"), refused.stderr)


class Script(unittest.TestCase):
    def test_shellcheck_has_nothing_to_say_of_the_start_script(self):
        if not shutil.which("shellcheck"):
            self.skipTest("SKIPPED, no shellcheck")
        # contents.sh brings its variables, and calls the functions that look as if nothing did.
        found = subprocess.run(["shellcheck", "-s", "sh", "-e", "SC1091,SC2154,SC2317,SC2015,SC2016,SC3013,SC2209", CHECKOUT / "cluster/pack/start.sh"],
                               capture_output=True, text=True)
        self.assertEqual(0, found.returncode, found.stdout)


if __name__ == "__main__":
    unittest.main(verbosity=2)  # says why it skips
