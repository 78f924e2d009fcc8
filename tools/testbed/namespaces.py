"""Linux namespaces: processes that see their own host name, process numbers and mounts, and end together."""
import ctypes
import os
import pathlib
import signal

NEW_MOUNTS, NEW_HOST_NAME, NEW_IPC, NEW_PROCESSES = 0x00020000, 0x04000000, 0x08000000, 0x20000000
_MS_NOSUID, _MS_NODEV, _MS_NOEXEC, _MS_SLAVE = 2, 4, 8, 1 << 19
_PR_SET_DEATH_SIGNAL, _PR_SET_NAME = 1, 15

_libc = ctypes.CDLL(None, use_errno=True)
_libc.mount.argtypes = [ctypes.c_char_p, ctypes.c_char_p, ctypes.c_char_p, ctypes.c_ulong, ctypes.c_char_p]


def _checked(result, what):
    if result != 0:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code), what)


def unshare(kinds):
    """New namespaces of `kinds` for this process; NEW_PROCESSES holds for the children it will have. Throws OSError."""
    _checked(_libc.unshare(kinds), "unshare")


def mount(kind, target, options=""):
    """A file system of `kind` over `target`. Throws OSError."""
    flags = _MS_NOSUID | _MS_NODEV | (_MS_NOEXEC if kind == "proc" else 0)
    _checked(_libc.mount(kind.encode(), str(target).encode(), kind.encode(), flags, options.encode()), f"mount on {target}")


def keep_mounts_to_ourselves():
    """What is mounted here stays here; what the system mounts later is still seen. To be called in new mounts.

    One by one: in a chroot, "/" need not be a mount and can't be asked to pass this on. Throws OSError.
    """
    for line in pathlib.Path("/proc/self/mountinfo").read_text().splitlines():
        fields = line.split()
        if any(field.startswith("shared:") for field in fields[6:fields.index("-")]):
            target = fields[4].encode().decode("unicode_escape").encode("latin-1")
            _checked(_libc.mount(b"none", target, None, _MS_SLAVE, None), f"mount on {fields[4]}")


def die_with_parent():
    """To be called in a child between fork and exec."""
    _libc.prctl(_PR_SET_DEATH_SIGNAL, signal.SIGKILL, 0, 0, 0)


def name_process(name):
    """What ps shows for this process, at most 15 characters."""
    _libc.prctl(_PR_SET_NAME, name.encode(), 0, 0, 0)
