"""The process that everything of a test bed lives under: process 1 of its own process numbers.

The kernel ends all of them with it, so a test bed is ended by one SIGKILL, whatever its daemons and jobs are at. A node is such
a process 1 again: killing it is what pulling the plug is to a real node.
"""
import contextlib
import errno
import json
import os
import pathlib
import select
import signal
import socket
import sys

from testbed import namespaces

CONTROL = "control"  # the socket in the test bed's folder
FOLDER_LOOK_MS = 2000


def start_keeper(folder, as_long_as=None):
    """Starts a keeper for `folder` and returns a descriptor to write "ready" to.

    When that is closed before, because the caller failed or died, the keeper ends and all that it has started. It also ends when the
    folder or the process `as_long_as` is gone. Throws OSError where the system forbids namespaces.
    """
    watched = os.pidfd_open(as_long_as) if as_long_as else None
    ready, to_keeper = os.pipe()
    answer, to_caller = os.pipe()
    sys.stdout.flush()
    if os.fork() == 0:
        try:
            _close_all_but(ready, to_caller, watched)
            _become_keeper(folder, ready, watched, to_caller)
        finally:  # the caller's frames are not this process's to return to
            os._exit(1)
    os.close(to_caller)
    os.close(ready)
    if watched is not None:
        os.close(watched)
    os.wait()
    said = os.read(answer, 4096).decode()
    os.close(answer)
    if said != "here":
        os.close(to_keeper)
        raise OSError(errno.EPERM, said or "it ended at once")
    return to_keeper


def _become_keeper(folder, ready, watched, to_caller):
    try:
        os.setsid()
        namespaces.unshare(namespaces.NEW_MOUNTS | namespaces.NEW_HOST_NAME | namespaces.NEW_PROCESSES)
        if os.fork() != 0:
            os._exit(0)
        namespaces.name_process("slurm-testbed")
        namespaces.keep_mounts_to_ourselves()
        namespaces.mount("proc", "/proc")
        socket.sethostname("ctl")
        _leave_streams(folder / "log/keeper.log")
        keeper = Keeper(folder, ready, watched)
    except OSError as error:
        os.write(to_caller, f"{error.filename or 'start'}: {error.strerror}".encode())
        return
    os.write(to_caller, b"here")
    os.close(to_caller)
    keeper.keep()


def _close_all_but(*kept):
    for descriptor in map(int, os.listdir("/proc/self/fd")):
        if descriptor > 2 and descriptor not in kept:
            with contextlib.suppress(OSError):  # the listing's own is closed already
                os.close(descriptor)


def _leave_streams(log):
    null = os.open("/dev/null", os.O_RDONLY)
    out = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    for source, stream in ((null, 0), (out, 1), (out, 2)):
        os.dup2(source, stream)
    os.close(null)
    os.close(out)


class Keeper:
    """Starts and kills services by name, and says which of them run."""

    def __init__(self, folder, ready, watched):
        self.folder = folder
        self.ready = ready
        self.watched = watched
        self.running = {}  # process number by service
        self.listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.listener.bind(str(folder / CONTROL))
        os.chmod(folder / CONTROL, 0o600)
        self.listener.listen()
        self.identity = os.stat(folder / CONTROL).st_ino

    def keep(self):
        """Never returns."""
        try:
            child_ended, self.wake = os.pipe()
            os.set_blocking(self.wake, False)
            signal.signal(signal.SIGCHLD, lambda *_: None)
            signal.set_wakeup_fd(self.wake)
            poll = select.poll()
            for source in (self.listener.fileno(), self.ready, self.watched, child_ended):
                if source is not None:
                    poll.register(source, select.POLLIN)
            while self._folder_is_there():
                for source, _ in poll.poll(FOLDER_LOOK_MS):
                    if source == child_ended:
                        os.read(child_ended, 4096)
                    elif source == self.watched or (source == self.ready and not os.read(source, 16)):
                        os._exit(0)
                    elif source == self.ready:
                        poll.unregister(source)
                        os.close(source)
                    else:
                        self._answer()
                self._reap()
        except BaseException as error:  # the parent's frames must not be returned to
            print(f"keeper: {error!r}", flush=True)
        os._exit(1)

    def _folder_is_there(self):
        try:
            return os.stat(self.folder / CONTROL).st_ino == self.identity
        except FileNotFoundError:
            return False

    def _reap(self):
        while self.running:
            try:
                process, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if process == 0:
                return
            for name in [name for name, number in self.running.items() if number == process]:
                del self.running[name]
                print(f"keeper: {name} ended with {os.waitstatus_to_exitcode(status)}", flush=True)

    def _answer(self):
        connection, _ = self.listener.accept()
        with connection:
            connection.settimeout(5)
            try:
                request = json.loads(connection.recv(65536))
                connection.sendall(json.dumps(self._do(**request)).encode())
            except (OSError, ValueError, TypeError) as error:
                print(f"keeper: a request failed: {error!r}", flush=True)

    def _do(self, action, name=None, command=None, environment=None, node=None):
        if action == "start" and name not in self.running:
            log = self.folder / f"log/{name}.log"
            self.running[name] = (_start_node if node else _start)(command, environment, log, node)
        elif action == "kill" and name in self.running:
            os.kill(self.running[name], signal.SIGKILL)
            os.waitpid(self.running.pop(name), 0)
        return sorted(self.running)


def _start(command, environment, log, _=None):
    append = os.O_WRONLY | os.O_CREAT | os.O_APPEND
    return os.posix_spawn(command[0], command, environment, setsid=True, setsigdef=[signal.SIGPIPE, signal.SIGCHLD],
                          file_actions=[(os.POSIX_SPAWN_OPEN, 1, str(log), append, 0o644), (os.POSIX_SPAWN_DUP2, 1, 2)])


def _start_node(command, environment, log, node):
    """A node: its process 1, which starts `command`, adopts what jobs leave, and goes when the last of them has gone."""
    answer, to_keeper = os.pipe()
    between = os.fork()
    if between == 0:
        try:
            signal.set_wakeup_fd(-1)
            namespaces.unshare(namespaces.NEW_MOUNTS | namespaces.NEW_HOST_NAME | namespaces.NEW_IPC | namespaces.NEW_PROCESSES)
            first = os.fork()
            if first != 0:
                os.write(to_keeper, str(first).encode())
                os._exit(0)
            _close_all_but()
            namespaces.name_process(f"testbed-{node}")
            namespaces.mount("proc", "/proc")
            # Nodes share files, not memory; and what is in memory goes with the node.
            if pathlib.Path("/dev/shm").is_dir():
                namespaces.mount("tmpfs", "/dev/shm", "mode=1777")
            socket.sethostname(node)
            _start(command, environment, log)
            while True:
                os.wait()
        except ChildProcessError:
            os._exit(0)
        except BaseException as error:
            print(f"keeper: {node}: {error!r}", flush=True)
        os._exit(1)
    os.close(to_keeper)
    os.waitpid(between, 0)
    number = os.read(answer, 16)
    os.close(answer)
    if not number:
        raise OSError(errno.EPERM, f"{node} could not be given namespaces of its own")
    return int(number)
