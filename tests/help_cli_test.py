"""Every command's --help has examples, and they run as they stand there."""

import json
import pathlib
import re
import shlex
import shutil
import unittest

from command_case import HELD_OUT, MODELS, TANH, CommandCase, gaussian_rows

import torch_file

# What an example names and what it needs: layers of some network of the reader's, folders of a machine that collects
# metrics, a page that is served until Ctrl-C, an experiment of minutes. These are only read as far as they can be.
NOT_HERE = re.compile(r"'block\*'|--layers act |'layers\.\*|codec\.pt|--layers conv1|/var/lib|--live|experiment|images\.npz")


class HelpTest(CommandCase):
    def setUp(self):
        super().setUp()
        for name in ("inputs.npy", "train.npy", "test.npy", "x.npy", "digits.npy"):
            shutil.copy(HELD_OUT, self.folder / name)
        shutil.copy(TANH, self.folder / "model.pt")
        self.npy(gaussian_rows(300, 16), "layer.npy")
        torch_file.write_npy(self.folder / "rotated.npy", [[float(i == j) for j in range(16)] for i in range(16)], "<f8")

    def examples(self):
        described = json.loads(self.run_command("--describe").stdout)
        commands = [described, *described["commands"], *described["commands"][-1]["commands"]]
        for command in commands:
            _, _, text = command["footer"].partition("Examples:\n")
            lines = re.findall(r"(?m)^  (torchsrm .*)$", text)
            self.assertTrue(lines, f"{command['name']} has no examples")
            yield command["name"], lines

    def test_help_says_what_describe_says(self):
        for command, lines in self.examples():
            words = [] if command == "torchsrm" else ["experiment", command] if command == "activation-basis" else [command]
            text = self.run_command(*words, "--help").stdout
            for line in lines:
                self.assertIn(line, text)

    def test_examples_run(self):
        self.run_command("observe", "model.pt", "--data", "inputs.npy", "--layers", "encoder.*", "--epsilon", "0.4", "--centre",
                         "--labels", MODELS / "data" / "held_out_labels.npy", "--density", "0,1", "--first-sample", "0", "--out", "result")
        num_run = 0
        for _, lines in self.examples():
            for line in lines:
                if NOT_HERE.search(line):
                    continue
                self.provide(line)
                with self.subTest(line):
                    self.run_command(*shlex.split(line)[1:])
                    num_run += 1
        self.assertGreater(num_run, 30)

    def provide(self, line):
        """Makes what an example names as the result of another: results, bases, instrumented models, histories."""
        for name in re.findall(r"\b(?:before|after|part\d|monday\.srm\.pt|tuesday\.srm\.pt)\b", line):
            path = self.folder / name
            if path.suffix and not path.exists():
                shutil.copy(self.folder / "result" / "results.srm.pt", path)
            elif not path.exists():
                shutil.copytree(self.folder / "result", path)


if __name__ == "__main__":
    unittest.main()
