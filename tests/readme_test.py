"""The README keeps what it says: its C++ is the example that is compiled, its commands run and print what it shows."""

import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest

COMMAND, EXAMPLE, TENSORS = pathlib.Path(sys.argv.pop(1)), sys.argv.pop(1), sys.argv.pop(1)
MONITOR = sys.argv.pop(1)
PLUGIN, SOURCE = sys.argv.pop(1), pathlib.Path(sys.argv.pop(1))
PYTHON = sys.argv.pop(1) if len(sys.argv) > 1 else ""
README = (SOURCE / "README.md").read_text()
BLOCKS = re.findall(r"(?ms)^```(\w+)\n(.*?)^```$", README)


def blocks(language):
    return [text for name, text in BLOCKS if name == language]


class ReadmeTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        for name in ["models", "tests"]:
            (self.folder / name).symlink_to(SOURCE / name)
        self.environment = {**os.environ, "PATH": f"{COMMAND.parent}:{os.environ['PATH']}", "LC_ALL": "C.UTF-8"}

    def run_shell(self, text):
        done = subprocess.run(["bash", "-euo", "pipefail", "-c", text], cwd=self.folder, env=self.environment,
                              capture_output=True, text=True, timeout=300)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout

    def test_code_is_that_of_the_examples(self):
        examples = SOURCE / "tests" / "examples"
        self.assertEqual(blocks("cpp"), [(examples / f"{name}.cpp").read_text() for name in ("observe_model", "observe_tensors", "monitor_training")])
        self.assertEqual(blocks("python"), [(examples / f"{name}_from_python.py").read_text() for name in ("observe", "monitor")])

    def test_cmake_is_that_of_the_consumers_which_are_built(self):
        built = "".join(path.read_text() for path in (SOURCE / "tests" / "consumers").glob("*/CMakeLists.txt"))
        lines = [line.partition("#")[0].strip().replace("yours", "consumer") for line in "".join(blocks("cmake")).splitlines()]
        self.assertTrue(lines)
        self.assertEqual([line for line in lines if line not in built], [])

    def test_tensors_of_other_models_are_observed(self):
        self.assertRegex(self.run_shell(TENSORS), r"^hidden: 640 samples, A4 = [-+]0\.\d{3}$")

    def test_training_leaves_the_history_that_is_shown(self):
        printed = self.run_shell(f"{MONITOR} models/data/held_out.npy training.srmh; COLUMNS=100 torchsrm show training.srmh")
        shown = next(block for block in blocks("text") if "windows, steps" in block).splitlines()
        lines = printed.splitlines()
        self.assertEqual([line.split()[:9] for line in shown[:1]], [line.split()[:9] for line in lines[:1]])
        self.assertEqual(shown[2], lines[2])
        self.assertRegex(lines[1], r"^loss: 0\.0\d+ at first, 0\.0\d+ at last$")
        self.assertRegex(lines[3], r"^code   training  16   270000    -0\.0\d\d  -0\.0\d\d ")
        windows = json.loads(self.run_shell("torchsrm show training.srmh --json"))[0]["windows"]
        self.assertEqual([window["step"] for window in windows], list(range(50, 601, 50)))
        self.assertEqual(len(windows[0]["layers"][0]["holistic_counts"]), 360)
        self.run_shell("torchsrm report training.srmh -o training.html")
        self.assertIn("12 windows of training, steps 50 to 600", (self.folder / "training.html").read_text())
        with open(self.folder / "training.srmh", "r+b") as history:
            history.truncate(history.seek(0, 2) - 9)
        torn = self.run_shell("torchsrm show training.srmh")
        self.assertRegex(torn, r"^the last record is torn \(\d+ bytes\) and is left out")
        self.assertIn("11 windows, steps 50 to 550", torn)
        done = subprocess.run([COMMAND, "show", "training.srmh", "--plane", "0,1"], cwd=self.folder, capture_output=True, text=True)
        self.assertEqual(done.returncode, 2)
        self.assertIn("a history holds scores and holistic curves", done.stderr)

    @unittest.skipUnless(PYTHON, "no Python torch of this version")
    def test_python_example_runs(self):
        script = SOURCE / "tests" / "examples" / "observe_from_python.py"
        printed = self.run_shell(f"{PYTHON} -W ignore {script} {PLUGIN}; torchsrm collect observed.pt -o from_python")
        self.assertRegex(printed, r"(?m)^encoder\.bottleneck_activation +640 samples, peak 0\.\d{3}$")
        self.assertRegex(printed, r"(?m)^encoder\.bottleneck +16 +120 +640 ")

    @unittest.skipUnless(PYTHON, "no Python torch of this version")
    def test_python_training_is_watched(self):
        script = SOURCE / "tests" / "examples" / "monitor_from_python.py"
        printed = self.run_shell(f"{PYTHON} -W ignore {script} {PLUGIN}; torchsrm show python.srmh")
        lines = printed.splitlines()
        for line, step in zip(lines, [50, 100, 150, 200]):
            self.assertRegex(line, rf"^step {step}: loss 0\.\d{{4}}, A4 [-+]0\.\d{{3}}, p 0\.\d{{3}}$")
        self.assertEqual(lines[4], "4 windows, steps 50 to 200")
        self.assertRegex(lines[7], r"^1 +training +16 +102400 ")

    def assert_shows(self, shown, printed):
        """Line by line the same words; the numbers near, since models round differently from machine to machine."""
        lines = printed.splitlines()
        self.assertEqual(len(shown.splitlines()), len(lines), printed)
        for shown_line, line in zip(shown.splitlines(), lines):
            for shown_word, word in zip(shown_line.split()[:8], line.split()[:8]):
                try:
                    self.assertAlmostEqual(float(shown_word.rstrip("%")), float(word.rstrip("%")), delta=0.05)
                except ValueError:
                    self.assertEqual(shown_word, word)

    def test_example_prints_what_is_shown(self):
        printed = self.run_shell(f"{EXAMPLE} models/tanh.pt models/data/held_out.npy")
        self.assert_shows(next(block for block in blocks("text") if " A4 = " in block and "verdict" not in block and "p =" not in block), printed)
        self.assertTrue((self.folder / "results.srm.pt").exists())

    def test_commands_run(self):
        commands = [block for block in blocks("bash") if "torchsrm " in block]
        self.assertTrue(commands)
        for block in commands:
            self.run_shell(block)

    def test_quick_start_prints_what_is_shown(self):
        quick_start = next(block for block in blocks("bash") if "observe models/tanh.pt" in block)
        show = quick_start.splitlines()[-1]
        printed = self.run_shell(quick_start.replace(show, "") + f"echo ----; {show}").split("----\n")[1]
        self.assert_shows(next(block for block in blocks("text") if "layer " in block), printed)

    def test_verdict_is_what_is_shown(self):
        quick_start = next(block for block in blocks("bash") if "observe models/tanh.pt" in block)
        self.run_shell(quick_start)
        shown = next(block for block in blocks("text") if "p =" in block)
        lines = self.run_shell("torchsrm show tanh --verdicts").splitlines()
        begin = next(k for k, line in enumerate(lines) if line.startswith("encoder.bottleneck_activation: "))
        words = " ".join(lines[begin:]).split()
        for shown_word, word in zip(shown.split(), words):
            if not re.search(r"\d", shown_word):
                self.assertEqual(shown_word, word)

    def test_every_path_that_is_named_exists(self):
        for path in re.findall(r"\]\(([\w./-]+)\)", README):
            self.assertTrue((SOURCE / path).exists(), path)


if __name__ == "__main__":
    unittest.main()
