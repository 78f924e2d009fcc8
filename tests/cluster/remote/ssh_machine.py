"""A machine that ssh reaches: an sshd of our own on this one, with keys and folders of its own."""
import os
import pathlib
import shutil
import socket
import subprocess
import tempfile
import time

CHECKOUT = pathlib.Path(__file__).resolve().parents[3]
BUILD = pathlib.Path(os.environ.get("MOOLA_BUILD", CHECKOUT / "build/release"))
MOOLA = BUILD / "bin/moola"
SSHD = shutil.which("sshd", path="/usr/sbin:/usr/local/sbin:" + os.environ.get("PATH", ""))


def can_serve():
    return SSHD is not None and shutil.which("ssh") is not None and os.geteuid() == 0


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def torch_folder():
    """The LibTorch of the build, so that a machine need not install one; none where it was built without."""
    program = BUILD / "bin/moola-pretrain-rank"
    if not program.exists():
        return None
    listed = subprocess.run(["/lib64/ld-linux-x86-64.so.2", "--list", program], capture_output=True, text=True).stdout
    for line in listed.splitlines():
        if "libtorch_cpu.so" in line and "=> /" in line:
            return pathlib.Path(line.split("=> ")[1].split(" (")[0]).parent.parent
    return None


class Machine:
    """Up until close(); `environment` is that of whoever calls moola from here."""

    def __init__(self):
        self.scratch = tempfile.TemporaryDirectory(prefix="moola-ssh-")
        self.folder = pathlib.Path(self.scratch.name)
        self.root = self.folder / "far away"  # with a space: nothing may mind
        self.port = free_port()
        for name in ("host", "user", "stranger"):
            subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", self.folder / name], check=True)
        shutil.copy(self.folder / "user.pub", self.folder / "authorized")
        torch = torch_folder()
        (self.folder / "sshd.conf").write_text(
            f"Port {self.port}\nListenAddress 127.0.0.1\nHostKey {self.folder}/host\nAuthorizedKeysFile {self.folder}/authorized\n"
            f"StrictModes no\nUsePAM no\nPidFile none\n" + (f"SetEnv MOOLA_TORCH={torch}\n" if torch else ""))
        (self.folder / "config").write_text(
            f"Host there\n HostName 127.0.0.1\n Port {self.port}\n User root\n IdentityFile {self.folder}/user\n IdentitiesOnly yes\n"
            f" UserKnownHostsFile {self.folder}/known\n StrictHostKeyChecking accept-new\n"
            f"Host stranger\n HostName 127.0.0.1\n Port {self.port}\n User root\n IdentityFile {self.folder}/stranger\n IdentitiesOnly yes\n"
            f" UserKnownHostsFile {self.folder}/known\n StrictHostKeyChecking accept-new\n")
        bin = self.folder / "bin"
        bin.mkdir()
        (bin / "ssh").write_text(f'#!/bin/sh\necho x >>"{self.folder}/calls"\nexec {shutil.which("ssh")} -F "{self.folder}/config" "$@"\n')
        (bin / "ssh").chmod(0o755)
        (self.folder / "run").mkdir(mode=0o700)
        self.environment = {**os.environ, "PATH": f"{bin}:{os.environ['PATH']}", "XDG_RUNTIME_DIR": str(self.folder / "run")}
        pathlib.Path("/run/sshd").mkdir(exist_ok=True)
        self.sshd = None
        self.start()

    def start(self):
        self.sshd = subprocess.Popen([SSHD, "-D", "-f", self.folder / "sshd.conf", "-E", self.folder / "sshd.log"])
        deadline = time.monotonic() + 20
        while True:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            if time.monotonic() > deadline:
                raise AssertionError((self.folder / "sshd.log").read_text())
            time.sleep(0.05)

    def stop(self):
        """No connection any more, not even those that are there."""
        self.sshd.kill()
        self.sshd.wait()
        for word in ("check", "exit"):
            for name in (self.folder / "run/moola-ssh").glob("*"):
                subprocess.run(["ssh", "-O", word, "-o", f"ControlPath={name}", "there"], capture_output=True)

    def url(self, host="there", root=None):
        return f"ssh://{host}{root or self.root}"

    def close(self):
        self.stop()
        self.scratch.cleanup()
