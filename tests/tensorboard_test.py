"""What a monitor writes for TensorBoard is read back by the real `tensorboard` package, and is what its history holds.

    tensorboard_test.py HOST COMMAND PYTHON     HOST is ranks_host; PYTHON has tensorboard, pillow and numpy
"""

import json
import os
import pathlib
import struct
import subprocess
import sys
import tempfile
import unittest

HOST, COMMAND, PYTHON = (sys.argv.pop(1) for _ in range(3))
NUM_STEPS = 4

READ = """
import io, json, sys
import PIL.Image
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tensorboard.backend.event_processing.plugin_event_accumulator import EventAccumulator as PluginAccumulator
accumulator = EventAccumulator(sys.argv[1], size_guidance={"scalars": 0, "images": 0}).Reload()
tags = accumulator.Tags()
plugin = PluginAccumulator(sys.argv[1]).Reload()
images = {}
for tag in tags["images"]:
    for event in accumulator.Images(tag):
        picture = PIL.Image.open(io.BytesIO(event.encoded_image_string))
        picture.load()
        colours = len(picture.getcolors(1 << 20))
        images.setdefault(tag, []).append([event.step, event.width, event.height, *picture.size, colours])
json.dump({"scalars": {tag: [[event.step, event.value] for event in accumulator.Scalars(tag)] for tag in tags["scalars"]},
           "images": images, "shown": sorted(plugin.Tags()["tensors"])}, sys.stdout)
"""


def as_float32(value):
    return struct.unpack("f", struct.pack("f", value))[0]


class TensorboardTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def train(self, num_steps=NUM_STEPS):
        subprocess.run([HOST, self.folder, str(num_steps)], check=True, timeout=120,
                       env={**os.environ, "OMP_NUM_THREADS": "1"})

    def read(self):
        done = subprocess.run([PYTHON, "-c", READ, self.folder / "tensorboard"], capture_output=True, text=True,
                              timeout=120)
        self.assertEqual(done.returncode, 0, done.stderr)
        return json.loads(done.stdout)

    def windows(self):
        shown = subprocess.run([COMMAND, "show", self.folder / "run.srmh", "--json"], capture_output=True, check=True,
                               timeout=60)
        return json.loads(shown.stdout)[0]["windows"]

    def scalars(self, windows):
        """As they should be: tag to a list of step and value, by the windows of `torchsrm show --json`."""
        scalars = {}
        for window in windows:
            named = dict(window["scalars"])
            for layer in window["layers"]:
                prefix = f"srm/{window['phase']}/{layer['address']}/"
                named[prefix + "A4"], named[prefix + "p"] = layer["a4"], layer["p"]
                for epsilon, c4 in zip(layer["epsilon"], layer["c4"]):
                    named[f"{prefix}C4@{epsilon}"] = c4
                for name, value in layer.get("drift", {}).items():
                    if name != "chance":
                        named[f"{prefix}drift_{name.removeprefix('to_')}"] = value
            for tag, value in named.items():
                if value is not None:
                    scalars.setdefault(tag, []).append([window["step"], as_float32(value)])
        return scalars

    def test_scalars_and_curves_are_read_back(self):
        self.train()
        read, expected = self.read(), self.scalars(self.windows())
        self.assertEqual(read["scalars"], expected)
        self.assertEqual(len(expected["loss"]), NUM_STEPS)
        self.assertEqual(len(expected["srm/evaluation/code/A4"]), NUM_STEPS // 2)
        self.assertIn("srm/training/hidden/drift_standard", expected)
        curves = {f"srm/{where}/curve@{epsilon}" for epsilon in ("0.4", "0.75")
                  for where in ("training/hidden", "training/code", "evaluation/code")}
        self.assertEqual(set(read["images"]), curves)
        for tag, pictures in read["images"].items():
            self.assertEqual(len(pictures), NUM_STEPS if "training" in tag else NUM_STEPS // 2)
            for _, *size, colours in pictures:
                self.assertEqual(size, [480, 240, 480, 240])
                self.assertGreater(colours, 10, "there is something on it")
        self.assertEqual(set(read["shown"]), set(read["scalars"]) | set(read["images"]), "what its pages are made of")

    # A run that goes on from a checkpoint does steps again: they are shown once.
    def test_another_run_goes_on(self):
        self.train()
        self.train(2)
        self.assertEqual(len(list((self.folder / "tensorboard").iterdir())), 2)
        lines = [json.loads(line) for line in (self.folder / "run.jsonl").read_text().splitlines()]
        self.assertEqual([line["step"] for line in lines if line["phase"] == "training"], [1, 2, 3, 4, 1, 2])
        self.assertEqual([step for step, _ in self.read()["scalars"]["loss"]], [1, 2])
        # The lines are the windows of the history; that shows those that count.
        self.assertEqual(lines[-3:], self.windows())


if __name__ == "__main__":
    unittest.main()
