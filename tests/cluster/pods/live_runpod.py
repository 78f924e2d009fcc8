"""A RunPod whose pods really run: the test server's account (../runpod/server), and for each running pod a machine of its own on
this one, with its own root, home, host name, processes and sshd, in which the first process is what the request says."""
import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time

HERE = pathlib.Path(__file__).resolve().parent
for folder in (HERE.parent / "runpod/server", HERE.parent / "http/server", HERE.parent / "remote"):
    sys.path.append(str(folder))

import runpod_server  # noqa: E402
from account import Account, Refusal  # noqa: E402
from odd_answers import Server  # noqa: E402
from ssh_machine import BUILD, free_port, torch_folder  # noqa: E402

KEY = "rpa_LIVEKEY0123456789abcdef"
SHARED = ["usr", "bin", "sbin", "lib", "lib64", "dev", "sys", "opt"]  # what a pod sees of this machine


def programs_without_cuda(folder):
    """The build's programs where their part for GPUs is not beside them: the pods' GPUs are only said to be there."""
    (folder / "bin").mkdir(parents=True)
    for program in (BUILD / "bin").glob("moola*"):
        os.link(program, folder / "bin" / program.name) if os.stat(folder).st_dev == program.stat().st_dev else shutil.copy2(program, folder / "bin")
    return folder / "bin/moola"


def can_run_pods():
    needed = all(shutil.which(name, path="/usr/sbin:/usr/bin:/sbin:/bin") for name in ("sshd", "ssh", "ssh-keygen", "unshare"))
    return needed and os.geteuid() == 0 and subprocess.run(["unshare", "--mount", "--pid", "--fork", "--uts", "true"],
                                                           capture_output=True).returncode == 0


class Machine:
    """What a pod is when it runs."""

    def __init__(self, pod, folder, volumes, url, key, cluster_addresses, more):
        self.pod, self.folder, self.port = pod, folder, free_port()
        self.address = "127.0.0.1"
        root = folder / "root"
        network = pod["mounts"].get("network")
        workspace = volumes / network[0]["volumeId"] if network else folder / "disk"
        for made in (workspace, root / "workspace", root / "root", root / "run", root / "tmp", root / "proc", root / "var/log", root / "var/lib"):
            made.mkdir(parents=True, exist_ok=True)
        if not (root / "etc").exists():
            subprocess.run(["cp", "-a", "/etc", root / "etc"], check=True)
            for name in (root / "etc/ssh").glob("ssh_host_*"):
                name.unlink()
        environment = {**pod["env"], "PATH": os.environ["PATH"], "HOME": "/root", "RUNPOD_POD_ID": pod["id"], "RUNPOD_API_KEY": key,
                       "RUNPOD_DC_ID": pod["dataCenterId"], "MOOLA_RUNPOD_URL": url, "MOOLA_LINGER_S": "10", "MOOLA_GRACE_S": "20",
                       "MOOLA_SSHD_OPTIONS": f"-p {self.port} -o UsePAM=no -o StrictModes=no"}
        environment.update(more)
        torch = torch_folder()
        if torch:
            environment["MOOLA_TORCH"] = str(torch)
        name = "pod"
        if pod["cluster"]:
            rank = pod["cluster"]["rank"]
            name, self.address = f"node-{rank}", cluster_addresses[rank][0]
            self.port = cluster_addresses[rank][1]
            environment.update(NODE_RANK=str(rank), NUM_NODES=str(len(cluster_addresses)), NODE_ADDR=f"{self.address}/8",
                               MOOLA_SSHD_OPTIONS=f"-p {self.port} -o ListenAddress={self.address} -o UsePAM=no -o StrictModes=no")
            hosts = "".join(f"{address} node-{i}\n" for i, (address, _) in enumerate(cluster_addresses))
            (root / "etc/hosts").write_text("127.0.0.1 localhost\n" + hosts)
            (root / "etc/ssh/ssh_config").write_text("".join(
                f"Host node-{i} {address}\n HostName {address}\n Port {port}\n" for i, (address, port) in enumerate(cluster_addresses)))
        # What an image has: GPUs, and a LibTorch of its own.
        (root / "root/bin").mkdir(exist_ok=True)
        smi = root / "root/bin/nvidia-smi"
        smi.write_text("#!/bin/sh\n" + "echo '580.95.05, 81559'\n" * pod.get("gpu", {}).get("count", 0) if pod.get("gpu") else "#!/bin/sh\nexit 9\n")
        smi.chmod(0o755)
        (root / "root/.bashrc").write_text(f"export PATH=/root/bin:$PATH MOOLA_TORCH={torch or ''}\n")
        environment["PATH"] = "/root/bin:" + environment["PATH"]
        command = json.loads(pod["args"])
        mounts = [f"mount --bind /{each} {root}/{each}" for each in SHARED if pathlib.Path("/" + each).is_dir()]
        for each in SHARED:
            (root / each).mkdir(exist_ok=True)
        for seen in [torch, torch and torch.parent / "nvidia"]:
            if seen and seen.is_dir() and not str(seen).startswith("/usr"):
                (root / str(seen)[1:]).mkdir(parents=True, exist_ok=True)
                mounts.append(f"mount --bind '{seen}' '{root}{seen}'")
        mounts += [f"mount --bind '{workspace}' '{root}/workspace'", f"mount -t proc proc {root}/proc", f"hostname {name}"]
        script = " && ".join(mounts) + f' && exec /usr/sbin/chroot {root} "$@"'
        with (folder / "log").open("ab") as log:
            self.process = subprocess.Popen(
                ["unshare", "--mount", "--propagation", "private", "--pid", "--fork", "--kill-child", "--uts", "--ipc", "sh", "-c", script, "sh",
                 *command["entrypoint"], *command["cmd"]], env=environment, stdout=log, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL)

    def end(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()


class LiveAccount(Account):
    """Pods run at once; what they are told to is done to their machines."""

    def __init__(self, folder):
        super().__init__()
        self.folder, self.machines, self.keys, self.url = folder, {}, {}, ""
        self.machine_environment = {}
        self.broken = set()  # pods that never get a machine
        for volume in ("vol-a",):
            self.volumes[volume] = {"id": volume, "name": volume, "size": 10, "dataCenter": "US-KS-2", "type": "STANDARD"}
            (folder / "volumes" / volume).mkdir(parents=True)

    def turn(self):
        """A second of the account's time, and what follows from it for machines."""
        self.advance(20)
        addresses = {}
        for pod in self.pods.values():
            if pod["cluster"]:
                known = addresses.setdefault(pod["cluster"]["id"], {})
                known[pod["cluster"]["rank"]] = pod.setdefault("ssh_at", (f"127.0.7.{pod['cluster']['rank'] + 1}", free_port()))
        for pod in list(self.pods.values()):
            if pod["status"] == "RUNNING" and pod["id"] not in self.machines and pod["name"] not in self.broken:
                own = addresses.get(pod["cluster"]["id"]) if pod["cluster"] else None
                if own is not None and len(own) < self.clusters[pod["cluster"]["id"]]["compute"]["podCount"]:
                    continue
                self.keys[pod["id"]] = f"rpa_pod_{pod['id']}"
                folder = self.folder / pod["id"]
                folder.mkdir(exist_ok=True)
                self.machines[pod["id"]] = Machine(pod, folder, self.folder / "volumes", self.url, self.keys[pod["id"]],
                                                   [own[i] for i in sorted(own)] if own else [], self.machine_environment)
        for id, machine in list(self.machines.items()):
            pod = self.pods.get(id)
            if pod is None or pod["status"] != "RUNNING":
                machine.end()
                del self.machines[id]
            elif machine.process.poll() is not None:
                del self.machines[id]  # RunPod starts a container that has ended anew

    def shown(self, pod):
        out = super().shown(pod)
        machine = self.machines.get(pod["id"])
        if pod["status"] == "RUNNING":
            out["ssh"]["direct"] = {"host": machine.address, "port": machine.port, "username": "root", "command": "ssh"} if machine else None
        return out


class LiveHandler(runpod_server.Handler):
    def demand_quota(self):
        said = self.headers.get("Authorization", "").removeprefix("Bearer ")
        own = next((id for id, key in self.state.account.keys.items() if key == said), None)
        if own is None:
            return super().demand_quota()
        # A pod's own key: for itself and its cluster alone.
        parts = self.url.path.split("/")
        pod = self.state.account.pods.get(own)
        cluster = pod["cluster"]["id"] if pod and pod["cluster"] else None
        if parts[2:4] not in (["pods", own], ["clusters", cluster]):
            raise Refusal(403, "this key is a pod's")


class LiveRunpod:
    def __init__(self):
        self.scratch = tempfile.TemporaryDirectory(prefix="moola-pods-", ignore_cleanup_errors=True)
        self.folder = pathlib.Path(self.scratch.name)
        self.state = runpod_server.State(KEY)
        self.account = self.state.account = LiveAccount(self.folder)
        handler = type("Handler", (LiveHandler,), {"state": self.state})
        self.server = Server(("127.0.0.1", 0), handler)
        self.account.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        self.ending, self.s3 = threading.Event(), None
        self.threads = [threading.Thread(target=self.server.serve_forever, daemon=True), threading.Thread(target=self.live, daemon=True)]
        for thread in self.threads:
            thread.start()
        (self.folder / "run").mkdir(mode=0o700)
        self.moola = programs_without_cuda(self.folder / "prefix")
        self.environment = {**os.environ, "RUNPOD_API_KEY": KEY, "MOOLA_RUNPOD_URL": self.account.url, "MOOLA_POD_LOOK_MS": "300",
                            "XDG_RUNTIME_DIR": str(self.folder / "run")}

    def live(self):
        while not self.ending.wait(0.2):
            with self.state.lock:
                self.account.turn()

    def pods(self):
        with self.state.lock:
            return list(self.account.pods.values())

    def requests(self, method, path=""):
        with self.state.lock:
            return [each for each in self.state.requests if each["method"] == method and path in each["path"]]

    def change(self, function):
        with self.state.lock:
            return function(self.account)

    def serve_volume(self):
        """The S3 interface of the volume, and a key of it for whoever calls moola."""
        self.s3 = subprocess.Popen(
            [sys.executable, "-B", HERE.parent / "s3/server/s3_server.py", "--folder", self.folder / "volumes/vol-a", "--bucket", "vol-a",
             "--region", "US-KS-2", "--access", "user_TESTACCESS", "--secret", "rps_TESTSECRET0123456789"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        url = json.loads(self.s3.stdout.readline())["url"]
        self.environment.update(RUNPOD_S3_ACCESS_KEY="user_TESTACCESS", RUNPOD_S3_SECRET_KEY="rps_TESTSECRET0123456789", MOOLA_RUNPOD_S3_URL=url)

    def close(self):
        if self.s3:
            self.s3.communicate()
        self.ending.set()
        self.threads[1].join()
        for machine in self.account.machines.values():
            machine.end()
        self.server.shutdown()
        self.server.server_close()
        time.sleep(0.2)
        self.scratch.cleanup()
