"""What the documents point at is there: links to files, tools and configurations."""
import pathlib
import re
import subprocess
import unittest

CHECKOUT = pathlib.Path(__file__).resolve().parents[2]


def documents():
    return [CHECKOUT / "README.md", *sorted((CHECKOUT / "docs").glob("**/*.md")), *sorted((CHECKOUT / "samples").glob("*.md"))]


class Documents(unittest.TestCase):
    def test_every_relative_link_leads_to_a_file(self):
        checked = 0
        for page in documents():
            for target in re.findall(r"\]\(([^)#\s]+)[^)]*\)", page.read_text()):
                if not re.match(r"[a-z]+:", target):
                    checked += 1
                    with self.subTest(page=page.name, target=target):
                        self.assertTrue((page.parent / target).exists())
        self.assertGreater(checked, 0)

    def test_every_tool_and_configuration_named_is_there(self):
        checked = 0
        for page in documents():
            for target in re.findall(r"(?<![\w/.])(?:\./)?((?:tools|configs|samples)/[\w./-]*[\w/])", page.read_text()):
                checked += 1
                with self.subTest(page=page.name, target=target):
                    self.assertTrue((CHECKOUT / target).exists())
        self.assertGreater(checked, 0)

    def test_the_tools_explain_themselves(self):
        for tool in ("setup", "quickstart", "check", "tidy", "sample_taifex", "check-floors", "slurm-testbed", "container"):
            with self.subTest(tool=tool):
                ended = subprocess.run([CHECKOUT / "tools" / tool, "--help"], capture_output=True, text=True)
                self.assertEqual(0, ended.returncode)
                self.assertTrue(ended.stdout.startswith("usage: "), ended.stdout)

    def test_the_tools_refuse_what_they_do_not_know(self):
        for tool in ("setup", "quickstart", "check", "slurm-testbed"):
            with self.subTest(tool=tool):
                ended = subprocess.run([CHECKOUT / "tools" / tool, "--frehs"], capture_output=True, text=True)
                self.assertEqual(2, ended.returncode)
                self.assertIn("usage: ", ended.stderr)


if __name__ == "__main__":
    unittest.main()
