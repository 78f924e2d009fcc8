"""tools/sample_taifex on a made-up archive, and what the committed sample must hold."""
import io
import lzma
import pathlib
import subprocess
import tarfile
import tempfile
import unittest

CHECKOUT = pathlib.Path(__file__).resolve().parents[2]
SAMPLE = CHECKOUT / "samples/taifex_tx_1m_20241105_20250204.csv.xz"
HEADER = "symbol,exp_month,time,open,high,low,close,volume"


def day(*rows):
    return "\n".join([HEADER, *(f"{symbol},{month},2024-11-05 08:45:00,1.0,1.0,1.0,1.0,1" for symbol, month in rows)]) + "\n"


class SampleTaifex(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.out = pathlib.Path(self.folder.name, "out/sample.csv.xz")

    def make(self, files):
        archive = pathlib.Path(self.folder.name, "days.tar")
        with tarfile.open(archive, "w") as tar:
            for name, text in files.items():
                member = tarfile.TarInfo(name)
                member.size = len(text.encode())
                tar.addfile(member, io.BytesIO(text.encode()))
        return subprocess.run([CHECKOUT / "tools/sample_taifex", archive, "--out", self.out], capture_output=True, text=True)

    def months(self):
        return [line.split(",")[1] for line in lzma.open(self.out, "rt").read().splitlines()[1:]]

    def test_the_two_nearest_contracts_of_each_day_stay_in_the_order_of_days(self):
        ended = self.make({
            "data/Daily_2024_11_21.csv": day(("TX", "202412"), ("TX", "202501"), ("TX", "202502")),
            "data/Daily_2024_11_20.csv": day(("MTX", "202411"), ("TX", "202411"), ("TX", "202412"), ("TX", "202503")),
            "LICENSE": "MIT"})
        self.assertEqual(0, ended.returncode, ended.stderr)
        self.assertEqual(["202411", "202412", "202412", "202501"], self.months())

    def test_calendar_spreads_and_weekly_names_are_left_out(self):
        self.make({"Daily_2024_11_20.csv": day(("TX", "202411"), ("TX", "202411/202412"), ("TX", "202411W4")), "LICENSE": "MIT"})
        self.assertEqual(["202411"], self.months())

    def test_the_source_s_notice_lies_beside_the_sample(self):
        self.make({"Daily_2024_11_20.csv": day(("TX", "202411")), "LICENSE": "MIT License"})
        self.assertEqual("MIT License", (self.out.parent / "LICENSE.taiwan-futures-data").read_text())

    def test_without_the_notice_nothing_is_written(self):
        ended = self.make({"Daily_2024_11_20.csv": day(("TX", "202411"))})
        self.assertEqual(2, ended.returncode)
        self.assertIn("LICENSE", ended.stderr)
        self.assertFalse(self.out.exists())

    def test_another_header_is_refused_with_the_file_s_name(self):
        ended = self.make({"Daily_2024_11_20.csv": "a,b\n", "LICENSE": "MIT"})
        self.assertEqual(2, ended.returncode)
        self.assertIn("Daily_2024_11_20.csv: the first line should be", ended.stderr)

    def test_an_archive_without_days_is_refused(self):
        ended = self.make({"LICENSE": "MIT"})
        self.assertEqual(2, ended.returncode)
        self.assertIn("holds no Daily_", ended.stderr)

    def test_the_committed_sample_holds_the_rows_that_its_description_counts(self):
        lines = lzma.open(SAMPLE, "rt").read().splitlines()
        self.assertEqual(HEADER, lines[0])
        self.assertEqual(65634 + 31335, len(lines) - 1)
        self.assertEqual({"202411", "202412", "202501", "202502", "202503"}, {line.split(",")[1] for line in lines[1:]})
        self.assertTrue((SAMPLE.parent / "LICENSE.taiwan-futures-data").read_text().startswith("MIT License"))


if __name__ == "__main__":
    unittest.main()
