"""Pythons that read journals of sweeps, and what each of them sees there.

OPTUNA_PYTHON names pythons that have Optuna, separated by colons, each of another version perhaps (default: this one);
RUSTUNA_PYTHON names one that has Rustuna."""
import os
import subprocess
import sys
import textwrap


def _can_import(python, module):
    return subprocess.run([python, "-c", f"import {module}"], capture_output=True).returncode == 0


OPTUNA = [each for each in os.environ.get("OPTUNA_PYTHON", sys.executable).split(":") if _can_import(each, "optuna")]
RUSTUNA = [each for each in os.environ.get("RUSTUNA_PYTHON", sys.executable).split(":") if _can_import(each, "rustuna")]
WITHOUT_OPTUNA = ("SKIPPED: there is no Optuna; name pythons that have it: "
                  "OPTUNA_PYTHON=/path/to/python:/another/python")
WITHOUT_RUSTUNA = "SKIPPED: there is no Rustuna; name a python that has it: RUSTUNA_PYTHON=/path/to/python"

if not OPTUNA:
    print(WITHOUT_OPTUNA, file=sys.stderr)

# The journal named first on the command line, in Optuna 3.6 to 5.
OPEN = """
    import json, math, sys, time, warnings
    warnings.simplefilter("ignore")
    import optuna
    from optuna.trial import TrialState
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    try:
        from optuna.storages.journal import JournalFileBackend
    except ImportError:
        from optuna.storages import JournalFileStorage as JournalFileBackend
    def open_journal():
        return optuna.storages.JournalStorage(JournalFileBackend(sys.argv[1]))
    storage = open_journal()
"""


def run_python(python, script, *arguments):
    """What the script prints; fails with its own words."""
    ended = subprocess.run([python, "-c", textwrap.dedent(script), *map(str, arguments)], capture_output=True, text=True)
    assert ended.returncode == 0, ended.stderr
    return ended.stdout


def start_python(python, script, *arguments):
    return subprocess.Popen([python, "-c", textwrap.dedent(script), *map(str, arguments)], stdout=subprocess.PIPE,
                            stderr=subprocess.PIPE, text=True)
