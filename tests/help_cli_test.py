"""Every command's --help has examples, and they run. A third argument is the program monitor_training."""

import json
import os
import pathlib
import re
import shlex
import shutil
import subprocess
import sys
import unittest

from command_case import SOURCE, TANH, CommandCase, gaussian_rows

import torch_file

MONITOR = pathlib.Path(sys.argv.pop(1)).resolve()

# What an example names that only its reader has: layers of some other network, a folder of the machine that collects
# metrics, a page that is served until Ctrl-C, an experiment of minutes.
NOT_HERE = re.compile(r"'block\*'|--layers act |'layers\.\*|codec\.pt|--layers conv1|/var/lib|--live|experiment|inputs\.pt")
# What stands for some layer or step of the reader's.
STANDS_FOR = {"encoder.0=blocks.0": "encoder.hidden=encoder.bottleneck", "encoder.0 ": "encoder.hidden ", "@0 ": "@50 ",
              "learned-diagonal": "learned-diagonal --layers encoder.bottleneck"}
# Some examples take seconds as they stand.
QUICKER = {"observe": ["--rotations", "0"], "learn-basis": ["--restarts", "1", "--max-sweeps", "5"]}


class HelpTest(CommandCase):
    def examples(self):
        """(words of the command, its examples) of each command."""
        def walk(command, words):
            _, _, text = command["footer"].partition("Examples:\n")
            yield words, re.findall(r"(?m)^  (torchsrm .*)$", text)
            for inner in command["commands"]:
                yield from walk(inner, [*words, inner["name"]])
        return walk(json.loads(self.run_command("--describe").stdout), [])

    def test_every_help_has_examples(self):
        for words, lines in self.examples():
            self.assertTrue(lines, f"{words} has no examples")
            text = self.run_command(*words, "--help").stdout
            for line in lines:
                self.assertIn(line, text)

    def prepare(self):
        """The files that examples name: inputs, a model, results of all kinds, bases, a history of training."""
        for name in ("inputs.npy", "train.npy", "test.npy", "digits.npy", "held_out.npy"):
            self.npy(gaussian_rows(60, 64), name)
        self.npy([k % 3 for k in range(60)], "labels.npy", "<i8")
        self.npy(gaussian_rows(300, 16), "layer.npy")
        self.npy([[float(i == j) for j in range(16)] for i in range(16)], "rotated.npy", "<f8")
        shutil.copy(TANH, self.folder / "model.pt")
        self.run_command("instrument", "model.pt", "-o", "observed.pt", "--layers", "encoder.*")
        self.run_command("learn-basis", "--activations", "layer.npy", "-o", "learned.pt")
        shutil.copy(self.folder / "learned.pt", self.folder / "basis.pt")
        self.run_command("observe", "model.pt", "--data", "inputs.npy", "--layers", "encoder.*", "--epsilon", "0.4", "--centre",
                         "--labels", "labels.npy", "--density", "0,1", "--rotations", "20", "--out", "result")
        for name in ("before", "after", "part1", "part2", "part3", "standard", "rotated", "learned", "tanh", "relu", "isotropic",
                     "model_a", "model_b"):
            shutil.copytree(self.folder / "result", self.folder / name, copy_function=os.link)
        for name in ("monday.srm.pt", "tuesday.srm.pt"):
            shutil.copy(self.folder / "result/results.srm.pt", self.folder / name)
        subprocess.run([MONITOR, SOURCE / "models/data/held_out.npy", "training.srmh"], cwd=self.folder, check=True)

    def test_examples_run(self):
        lines = {line for _, lines in self.examples() for line in lines if not NOT_HERE.search(line)}
        self.assertGreater(len(lines), 35)
        self.prepare()
        prepared = self.folder.with_name(self.folder.name + "-prepared")
        self.folder.rename(prepared)
        self.addCleanup(shutil.rmtree, prepared)
        for line in sorted(lines):
            # Each begins with what was prepared; files are written beside and renamed, so that links stay what they were.
            shutil.copytree(prepared, self.folder, copy_function=os.link)
            for words, others in STANDS_FOR.items():
                line = line.replace(words, others)
            with self.subTest(line):
                _, command, *rest = shlex.split(line)
                self.run_command(command, *rest, *QUICKER.get(command, []))
            shutil.rmtree(self.folder)
        self.folder.mkdir()


if __name__ == "__main__":
    unittest.main()
