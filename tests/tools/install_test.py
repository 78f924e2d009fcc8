"""An installed prefix, moved elsewhere: its programs start, and nothing they load comes from the checkout."""
import os
import pathlib
import subprocess
import tempfile
import unittest

CHECKOUT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("MOOLA_BUILD", CHECKOUT / "build/release"))


class Install(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(cls.folder.cleanup)
        first = pathlib.Path(cls.folder.name, "first")
        subprocess.run(["cmake", "--install", BUILD, "--prefix", first], check=True, stdout=subprocess.DEVNULL)
        cls.prefix = first.rename(pathlib.Path(cls.folder.name, "moved"))
        cls.programs = sorted((cls.prefix / "bin").iterdir())

    def test_every_job_is_there_and_all_libraries_are_found_outside_the_checkout(self):
        self.assertIn("moola", [p.name for p in self.programs])
        self.assertEqual(sorted(p.name for p in (BUILD / "bin").iterdir() if os.access(p, os.X_OK)), [p.name for p in self.programs])
        for program in self.programs:
            loaded = subprocess.run(["ldd", program], check=True, capture_output=True, text=True).stdout
            self.assertNotIn("not found", loaded, program.name)
            self.assertNotIn(str(CHECKOUT), loaded, program.name)

    def test_the_run_path_is_relative_and_nothing_else(self):
        for binary in [*self.programs, *(self.prefix / "lib").glob("libmoola*")]:
            dynamic = subprocess.run(["readelf", "-d", binary], check=True, capture_output=True, text=True).stdout
            paths = [line.split("[")[1].rstrip("]") for line in dynamic.splitlines() if "PATH)" in line]
            self.assertIn(paths, (["$ORIGIN/../lib"], ["$ORIGIN"]), binary.name)

    def test_the_programs_start_from_another_folder_without_the_checkout_in_the_environment(self):
        for program in self.programs:
            ended = subprocess.run([program, "--help"], cwd="/", env={"PATH": "/usr/bin:/bin"}, capture_output=True, text=True)
            self.assertEqual(0, ended.returncode, f"{program.name}: {ended.stderr}")

    def test_configurations_and_the_sample_come_along(self):
        share = self.prefix / "share/moola"
        self.assertTrue((share / "configs/pretrain/bilstm_mae.toml").exists())
        self.assertTrue(list((share / "samples").glob("*.csv.xz")))
        self.assertTrue(list((share / "samples").glob("LICENSE*")))


if __name__ == "__main__":
    unittest.main()
