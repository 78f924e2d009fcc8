"""The recipes of container images are what tools/container makes, and hold to what is expected of one.

There is no linter of them among Debian's packages, so the rules are here; each is shown to find what breaks it.
"""
import pathlib
import re
import shutil
import subprocess
import unittest

CHECKOUT = pathlib.Path(__file__).resolve().parents[2]
RECIPES = {
    "Dockerfile": ["docker"],
    "Dockerfile.gpu": ["docker", "--gpu"],
    "moola.def": ["apptainer"],
    "moola-gpu.def": ["apptainer", "--gpu"],
}
INSTRUCTIONS = {"FROM", "WORKDIR", "COPY", "RUN", "LABEL", "ENV", "ARG", "USER", "CMD"}
SECTIONS = {"files", "post", "environment", "labels", "runscript", "test"}
SECRET = re.compile(r"(?i)(password|passwd|token|secret|api_?key|-----BEGIN|rpa_|hooks\.slack\.com)")
APT = re.compile(r"apt-get install (.*?)(?:&&|$)", re.S)


def output(*command):
    return subprocess.run(command, check=True, capture_output=True, text=True, cwd=CHECKOUT).stdout


def kept(name):
    return (CHECKOUT / "containers" / name).read_text()


def version():
    return re.search(r"^project\(moola VERSION ([\d.]+)", (CHECKOUT / "CMakeLists.txt").read_text(), re.M)[1]


def shell_fault(script):
    ended = subprocess.run(["sh", "-n"], input=script, capture_output=True, text=True)
    return ended.stderr.strip() or None


def packages_of(script):
    return [word for words in APT.findall(script.replace("\\\n", " ")) for word in words.split() if not word.startswith("-")]


def script_faults(script):
    faults = []
    if fault := shell_fault(script):
        faults.append(f"no shell reads this: {fault}")
    for words in APT.findall(script.replace("\\\n", " ")):
        if not {"-y", "--no-install-recommends"} <= set(words.split()):
            faults.append("apt-get install asks, or brings what is only recommended")
        if "rm -rf /var/lib/apt/lists" not in script:
            faults.append("the package lists stay in the image")
    return faults


def common_faults(text):
    faults = [f"looks like a secret: {found[0]}" for found in SECRET.finditer(text)]
    if ":latest" in text:
        faults.append("latest is another image tomorrow")
    if f'image.version="{version()}"' not in text and f"image.version {version()}" not in text:
        faults.append("no label with the version")
    return faults


def base_fault(image):
    return None if re.search(r"@sha256:[0-9a-f]{64}$|:(?!latest$)[\w.-]+$", image) else f"{image} is not pinned"


def source_faults(words):
    return [f"{word} is not there to be copied" for word in words if not (CHECKOUT / word).exists()]


def docker_faults(text):
    faults, stages, user = common_faults(text), [], "root"
    lines = re.sub(r"^#.*\n", "", text, flags=re.M).replace("\\\n", " ").splitlines()
    arguments = {}
    for line in filter(None, map(str.strip, lines)):
        instruction, _, rest = line.partition(" ")
        words = rest.split()
        if instruction not in INSTRUCTIONS:
            faults.append(f"{instruction} is not expected here")
        elif instruction == "FROM":
            if words[0] not in stages and (fault := base_fault(words[0])):
                faults.append(fault)
            stages.append(words[2] if words[1:2] == ["AS"] else "")
            user = "root"
        elif instruction == "COPY":
            stage = next((word.partition("=")[2] for word in words if word.startswith("--from=")), None)
            if stage is None:
                faults += source_faults(words[:-1])
            elif stage not in stages[:-1]:
                faults.append(f"there is no stage {stage} before this one")
        elif instruction == "RUN":
            faults += script_faults(rest)
        elif instruction == "ARG":
            arguments[words[0].partition("=")[0]] = words[0].partition("=")[2]
        elif instruction == "USER":
            user = arguments.get(words[0].removeprefix("$"), words[0])
        elif instruction == "ENV" and not all("=" in word for word in words):
            faults.append(f"ENV without a value: {rest}")
    if len(stages) < 2:
        faults.append("one stage: compilers stay in the image")
    if user in ("root", "0"):
        faults.append("runs as root")
    return faults


def parsed_definition(text):
    """Stages of a definition file: header, and sections with their arguments and text."""
    stages = []
    for line in text.splitlines():
        if line.startswith("#") and not (stages and stages[-1]["sections"]):
            continue
        if match := re.fullmatch(r"(Bootstrap|From|Stage): (\S+)", line):
            if match[1] == "Bootstrap":
                stages.append({"header": {}, "sections": []})
            stages[-1]["header"][match[1]] = match[2]
        elif match := re.fullmatch(r"%(\w+)(?: (.*))?", line):
            stages[-1]["sections"].append([match[1], match[2] or "", ""])
        elif line.strip():
            stages[-1]["sections"][-1][2] += line + "\n"
    return stages


def definition_faults(text):
    faults, names = common_faults(text), []
    stages = parsed_definition(text)
    for stage in stages:
        header = stage["header"]
        if set(header) != {"Bootstrap", "From", "Stage"} or header["Bootstrap"] != "docker":
            faults.append(f"a header that is none: {header}")
        elif fault := base_fault(header["From"]):
            faults.append(fault)
        for name, arguments, body in stage["sections"]:
            if name not in SECTIONS:
                faults.append(f"%{name} is not expected here")
            if name == "files" and arguments.startswith("from ") and arguments.split()[1] not in names:
                faults.append(f"there is no stage {arguments.split()[1]} before this one")
            if name == "files" and not arguments:
                faults += source_faults(line.split()[0] for line in body.splitlines())
            if name in ("post", "environment", "runscript", "test"):
                faults += script_faults(body)
        names.append(header.get("Stage"))
    if len(stages) < 2:
        faults.append("one stage: compilers stay in the image")
    return faults


def faults_of(name, text):
    return definition_faults(text) if name.endswith(".def") else docker_faults(text)


class Containers(unittest.TestCase):
    def test_what_is_kept_is_what_the_generator_makes(self):
        for name, words in RECIPES.items():
            with self.subTest(name):
                self.assertEqual(output("tools/container", *words), kept(name), "run ./tools/container --write")
        self.assertEqual(set(RECIPES), {path.name for path in (CHECKOUT / "containers").iterdir()})

    def test_the_recipes_have_no_fault(self):
        for name in RECIPES:
            with self.subTest(name):
                self.assertEqual([], faults_of(name, kept(name)))

    def test_each_rule_finds_what_breaks_it(self):
        breaks = {
            "Dockerfile": [
                ("debian:bookworm-slim AS run", "debian AS run", "not pinned"),
                ("debian:bookworm-slim AS build", "debian:latest AS build", "latest"),
                ("USER $RUN_AS", "USER root", "as root"),
                ("ARG RUN_AS=moola", "ARG RUN_AS=root", "as root"),
                ("--from=build", "--from=builder", "no stage builder"),
                ("COPY cmake cmake", "COPY cmaek cmake", "not there"),
                ("&& rm -rf /var/lib/apt/lists/*", "&& true", "package lists"),
                ("install -y ", "install ", "asks"),
                ("&& cmake --build", "&& && cmake --build", "no shell reads"),
                ("LC_ALL=C.UTF-8", "API_KEY=x", "secret"),
                (f'version="{version()}"', 'version="9"', "version"),
                ("CMD ", "SHELL ", "SHELL is not expected"),
            ],
            "moola.def": [
                ("From: debian:bookworm-slim", "From: debian", "not pinned"),
                ("%files from build", "%files from elsewhere", "no stage elsewhere"),
                ("set -e\n", "if true\n", "no shell reads"),
                ("%labels", "%lables", "not expected"),
                ("    cmake /src", "    cmaek /src", "not there"),
            ],
        }
        for name, changes in breaks.items():
            for old, new, expected in changes:
                with self.subTest(name, change=new):
                    self.assertIn(old, kept(name))
                    self.assertIn(expected, "; ".join(faults_of(name, kept(name).replace(old, new))))

    def test_the_build_gets_all_that_git_knows(self):
        known = {line.partition("/")[0] for line in output("git", "ls-files").splitlines()}
        if not known:
            self.skipTest("SKIPPED, no checkout of git")
        for name in RECIPES:
            with self.subTest(name):
                copied = set(re.findall(r"[\w.-]+", kept(name).partition("cmake --preset")[0]))
                self.assertEqual(set(), known - copied)

    def test_packages_are_those_of_the_set_up_and_debian_has_them(self):
        run = output("tools/setup", "--list", "run").split()
        for name in RECIPES:
            self.assertEqual(run, packages_of(kept(name)))
        if shutil.which("apt-cache") is None or not output("apt-cache", "madison", "bash").strip():
            self.skipTest("SKIPPED, no package lists of apt: whether Debian has the packages was not looked up")
        build = output("tools/setup", "--list", "build").split()
        listed = output("apt-cache", "madison", *run, *build).splitlines()
        self.assertEqual(set(), {*run, *build} - {line.partition("|")[0].strip() for line in listed})

    def test_the_tool_explains_itself_and_refuses_what_it_does_not_know(self):
        self.assertTrue(output("tools/container", "--help").startswith("usage: "))
        for words in ([], ["podman"], ["docker", "--cuda"], ["docker", "--gpu", "more"], ["--write", "docker"]):
            with self.subTest(words):
                self.assertEqual(2, subprocess.run([CHECKOUT / "tools/container", *words], capture_output=True).returncode)


if __name__ == "__main__":
    unittest.main()
