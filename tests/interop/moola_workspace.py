"""A workspace of its own for a test, and the built commands run in it."""
import json
import os
import pathlib
import subprocess
import tempfile

CHECKOUT = pathlib.Path(__file__).resolve().parents[2]
PROGRAMS = pathlib.Path(os.environ.get("MOOLA_BUILD", CHECKOUT / "build/release")) / "bin"
SAMPLE = CHECKOUT / "samples/taifex_tx_1m_20241105_20250204.csv.xz"
# More real bars than the checkout holds; tests that want them skip where they are not.
MORE_BARS = CHECKOUT.parent / "shared/data/bars"


class Workspace:
    def __init__(self):
        self._folder = tempfile.TemporaryDirectory()
        self.path = pathlib.Path(self._folder.name)

    def close(self):
        self._folder.cleanup()

    def run(self, program, *arguments):
        """What the command says with --json; fails with its own words."""
        ended = subprocess.run([PROGRAMS / f"moola-{program}", *map(str, arguments), "--json", "--workspace", self.path],
                               capture_output=True, text=True)
        assert ended.returncode == 0, ended.stderr
        return json.loads(ended.stdout)

    def import_sample(self):
        return self.run("data", "import", "bars", SAMPLE, "--symbol", "TX", "--timezone", "Asia/Taipei", "--product", "TX")
