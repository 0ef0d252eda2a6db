"""Figures of results and of a training without a browser, and curves in the terminal."""

import os
import pathlib
import struct
import subprocess
import sys
import tempfile
import unittest
import xml.etree.ElementTree as xml

from command_case import HELD_OUT, TANH, CommandCase, gaussian_rows

MONITOR = str(pathlib.Path(sys.argv.pop(1)).resolve())  # the third argument: the example that leaves a history
SVG = "{http://www.w3.org/2000/svg}"


def png_size(path):
    data = path.read_bytes()
    assert data[:8] == b"\x89PNG\r\n\x1a\n" and data[12:16] == b"IHDR" and data[-8:-4] == b"IEND", path
    return struct.unpack(">II", data[16:24])


class FiguresTest(CommandCase):
    @classmethod
    def setUpClass(cls):
        keep = tempfile.TemporaryDirectory()
        cls.addClassCleanup(keep.cleanup)
        case = CommandCase()
        case.folder = cls.results = pathlib.Path(keep.name)
        case.run_command("observe", TANH, "--data", HELD_OUT, "--layers", "encoder.bottleneck*", "--centre", "--epsilon",
                         "0.4", "0.6", "--signed", "--rotations", "20", "--out", "tanh")
        subprocess.run([MONITOR, HELD_OUT, cls.results / "code.srmh"], check=True, timeout=300)

    def files(self, folder):
        return sorted(path.name for path in (self.folder / folder).iterdir())

    def test_figures_are_pictures_and_the_same_each_time(self):
        said = self.run_command("report", self.results / "tanh", "--figures", "a/deep/folder").stdout
        self.assertEqual(said.splitlines(), ["9 figures written to a/deep/folder"])
        names = self.files("a/deep/folder")
        stems = {name.rsplit(".", 1)[0] for name in names}
        layers = ("encoder.bottleneck", "encoder.bottleneck_activation")
        kinds = ("curve", "polar", "signed", "planes")
        self.assertEqual(stems, {"layers", *(f"{layer}-{kind}" for layer in layers for kind in kinds)})
        self.run_command("report", self.results / "tanh", "--figures", "again")
        for name in names:
            path = self.folder / "a/deep/folder" / name
            self.assertEqual(path.read_bytes(), (self.folder / "again" / name).read_bytes(), name)
            if name.endswith(".svg"):
                root = xml.parse(path).getroot()
                self.assertEqual((root.tag, root.get("role")), (f"{SVG}svg", "img"))
                self.assertEqual(root[0].tag, f"{SVG}title")
                if not name.startswith("layers"):
                    self.assertIn(name.rsplit("-", 1)[0], root[0].text)
            else:
                self.assertEqual(png_size(path)[0] // 980, 1, name)
        self.assertEqual(png_size(self.folder / "again" / "encoder.bottleneck-curve.png"), (980, 692))

    def test_a_page_and_figures_can_be_written_at_once(self):
        said = self.run_command("report", self.results / "tanh", "-o", "page.html", "--figures", "f", "--training",
                                self.results / "code.srmh").stdout
        self.assertIn("written to page.html", said)
        self.assertIn("--figures f", (self.folder / "page.html").read_text())
        self.assertIn("training-timeline.svg", self.files("f"))

    def test_several_results_have_a_folder_each(self):
        other = self.folder / "other"
        self.run_command("observe", "--activations", self.npy(gaussian_rows(60, 3)), "--epsilon", "0.5", "--rotations", "0",
                         "--planes", "none", "--out", other)
        said = self.run_command("report", self.results / "tanh", "other", "--figures", "f").stdout.splitlines()
        self.assertEqual(said[0], "12 figures written to f")
        self.assertIn("activations: no map of its planes", said[1])
        self.assertEqual(self.files("f"), ["other", "tanh"])
        self.assertEqual(self.files("f/other"), ["activations-curve.png", "activations-curve.svg", "activations-polar.png",
                                                 "activations-polar.svg", "layers.png", "layers.svg"])

    def test_a_history_has_its_timelines(self):
        said = self.run_command("report", self.results / "code.srmh", "--figures", "f").stdout
        self.assertIn("figures written to f", said)
        self.assertIn("training-timeline.png", self.files("f"))
        self.assertIn("A4 by step", xml.parse(self.folder / "f" / "training-timeline.svg").getroot()[0].text)

    def test_what_cannot_be_is_told(self):
        (self.folder / "taken").write_text("")
        result = self.results / "tanh"
        self.assertIn("--figures taken", self.error_of("report", result, "--figures", "taken"))
        self.assertIn("neither -o nor --figures", self.error_of("report", result, code=2))
        self.assertIn("give -o too", self.error_of("report", result, "--figures", "f", "--inputs", HELD_OUT, code=2))
        self.assertIn("gone", self.error_of("report", "gone", "--figures", "f"))
        self.assertFalse((self.folder / "f").exists())  # a folder that was made for nothing is gone

    def test_curves_in_the_terminal(self):
        utf8 = {**os.environ, "LC_ALL": "C.UTF-8"}
        lines = self.run_command("show", self.results / "tanh", "--curves", env=utf8).stdout.splitlines()
        self.assertEqual(lines[0], "encoder.bottleneck: 450 samples, 120 planes")
        self.assertIn("epsilon 0.4: peak ", lines[1])
        self.assertIn("; evenly spread rows 5.58%", lines[1])
        text = "\n".join(lines)
        self.assertTrue(any("\u2801" <= letter <= "\u28ff" for letter in text))
        self.assertNotIn("\x1b", text)  # no colour in a pipe
        self.assertLessEqual(max(map(len, lines)), 120)
        self.assertIn("+b_i", text)
        plain = self.run_command("show", self.results / "tanh", "--curves", env={**os.environ, "LC_ALL": "C"}).stdout
        self.assertTrue(plain.isascii())
        self.assertIn("*", plain)
        self.assertIn("curves, planes or tests", self.error_of("show", self.results / "code.srmh", "--curves", code=2))


if __name__ == "__main__":
    unittest.main()
