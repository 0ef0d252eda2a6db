"""The page of torchsrm compare in a real Chromium: its table, figures, links and exports, and names that are markup."""

import pathlib
import subprocess
import tempfile
import unittest

import torch_file
from command_case import COMMAND, HELD_OUT, MODELS
from page_case import PageCase

ACTIVATION = "encoder.bottleneck_activation"


class ComparePageTest(PageCase):
    @classmethod
    def setUpClass(cls):
        cls.shared = tempfile.TemporaryDirectory()
        cls.addClassCleanup(cls.shared.cleanup)
        folder = pathlib.Path(cls.shared.name)
        for model in ["tanh", "isotropic", "relu"]:
            subprocess.run([COMMAND, "observe", MODELS / f"{model}.pt", "--data", HELD_OUT, "--centre", "--layers",
                            "encoder.*", "--epsilon", "0.4", "0.6", "--rotations", "60", "--out", model],
                           cwd=folder, check=True, capture_output=True)
        subprocess.run([COMMAND, "compare", "tanh", "isotropic", "-o", "two.html"], cwd=folder, check=True, capture_output=True)
        subprocess.run([COMMAND, "compare", "tanh", "isotropic", "relu", "-o", "three.html"], cwd=folder, check=True,
                       capture_output=True)
        cls.pages = folder
        cls.start_browser()

    def test_table_figure_and_numbers_of_the_chosen_layer(self):
        page = self.open(self.pages / "two.html")
        rows = page.evaluate("document.querySelectorAll('#layers tbody tr').length")
        self.assertEqual(rows, page.evaluate("document.querySelector('#layer-chooser').options.length"))
        place = page.evaluate("[...document.querySelector('#layer-chooser').options]"
                              f".findIndex((option) => option.text === '{ACTIVATION}')")
        page.click(f"#layers tbody tr:nth-child({place + 1}) button")
        page.wait_for(f"document.querySelector('#layer-heading').textContent === '{ACTIVATION}'")
        self.assertIn("layer=encoder.bottleneck_activation", page.evaluate("location.hash"))
        names = page.evaluate("document.querySelector('#chart').data.map((trace) => trace.name)")
        for name in ["A", "B", "B \u2212 A", "evenly spread directions", "95 % at most, any dependence"]:
            self.assertIn(name, names)
        self.assertIn("whatever their dependence", page.evaluate("document.querySelector('#caption').textContent"))
        self.assertIn("diagonal", page.evaluate("document.querySelector('#numbers').textContent"))
        before = page.evaluate("document.querySelector('#chart').data[0].y[0]")
        page.set_value("#epsilon-chooser", 1)
        self.assertNotEqual(page.evaluate("document.querySelector('#chart').data[0].y[0]"), before)
        self.assertIn("epsilon=0.6", page.evaluate("location.hash"))
        self.clean(page)

    def test_a_link_leads_to_its_layer_of_several(self):
        page = self.open(f"{self.pages / 'three.html'}#layer={ACTIVATION}&with=C&epsilon=0.6")
        self.assertEqual(page.evaluate("document.querySelector('#layer-heading').textContent"),
                         f"{ACTIVATION}, C beside A")
        self.assertEqual(page.evaluate("document.querySelector('#epsilon-chooser').value"), "1")
        self.assertEqual(page.evaluate("getComputedStyle(document.querySelector('#layers th.of-many')).display"),
                         "table-cell")
        self.clean(page)

    def test_export_of_the_figure_and_its_numbers(self):
        page = self.open(self.pages / "two.html")
        labels = page.evaluate("[...document.querySelectorAll('#figure .exports button')].map((b) => b.textContent)")
        self.assertEqual(labels, ["SVG", "PNG", "CSV"])
        file = page.download(lambda: page.click("#figure .exports button:nth-child(3)"))
        text = file.read_text()
        lines = text.splitlines()
        self.assertEqual(lines[0], "angle_deg,a,b,difference,error,error_bound")
        self.assertEqual(len(lines), 361)
        self.clean(page)

    def test_phone_and_dark(self):
        for width, dark in [(390, False), (1280, True)]:
            page = self.open(self.pages / "three.html", width=width, height=844, dark=dark)
            self.assertLessEqual(page.evaluate("document.documentElement.scrollWidth"), width)
            light = page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
            self.assertEqual(light, not dark)
            self.clean(page)

    def test_names_that_are_markup_are_text(self):
        torch_file.write_npy(self.folder / "x.npy", [[1.0, 0.2], [0.3, 1.0], [0.5, -1.0]], "<f4")
        hostile = "<img src=x onerror=document.title='run'>"
        self.run_command("observe", "--activations", "x.npy", "--epsilon", "0.5", "--angles", "36", "--out", hostile)
        self.run_command("compare", hostile, hostile, "-o", "page.html")
        page = self.open(self.folder / "page.html")
        self.assertEqual(page.evaluate("document.querySelector('#sources dd').textContent"), hostile)
        self.assertEqual(page.evaluate("document.querySelectorAll('img').length"), 0)
        self.assertEqual(page.evaluate("document.title"), "Spotlight resonance compared")
        self.clean(page)

    def test_without_a_common_epsilon_the_scores_are_still_compared(self):
        torch_file.write_npy(self.folder / "x.npy", [[1.0, 0.2], [0.3, 1.0], [0.5, -1.0]], "<f4")
        for name, epsilon in [("a", "0.5"), ("b", "0.4")]:
            self.run_command("observe", "--activations", "x.npy", "--epsilon", epsilon, "--angles", "36", "--out", name)
        self.run_command("compare", "a", "b", "-o", "page.html")
        page = self.open(self.folder / "page.html")
        self.assertIn("no epsilon is in both", page.text("#notes"))
        self.assertTrue(page.evaluate("document.querySelector('#chart').hidden"))
        self.assertIn("A4", page.text("#numbers"))
        self.clean(page)


if __name__ == "__main__":
    unittest.main()
