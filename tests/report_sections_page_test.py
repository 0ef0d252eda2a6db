"""The page of a result in a real Chromium: single planes, grandmother neurons, training."""

import csv
import json
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest

from command_case import HELD_OUT, MODELS, TANH, CommandCase, gaussian_rows
from page_case import PageCase

MONITOR = str(pathlib.Path(sys.argv.pop(1)).resolve())  # the third argument: the example that leaves a history

HOSTILE = "<script>document.title='run'</script><b>&amp;"
BEFORE = '<script type="application/json" id="data">'


def edited(path, change, name):
    """A copy of the page whose data `change` has altered."""
    text = path.read_text()
    begin = text.index(BEFORE) + len(BEFORE)
    end = text.index("</script>", begin)
    data = json.loads(text[begin:end])
    change(data)
    copy = path.with_name(name)
    copy.write_text(text[:begin] + json.dumps(data).replace("<", "\\u003c") + text[end:])
    return copy


class ReportSectionsTest(PageCase):
    """A classifier with the points of one plane, and an autoencoder with the history of a training."""

    @classmethod
    def setUpClass(cls):
        keep = tempfile.TemporaryDirectory()
        cls.addClassCleanup(keep.cleanup)
        case = CommandCase()
        case.folder = folder = pathlib.Path(keep.name)
        case.run_command("observe", MODELS / "classifier_relu.pt", "--data", HELD_OUT, "--labels",
                         MODELS / "data" / "held_out_labels.npy", "--layers", "features_activation", "output", "--centre",
                         "--epsilon", "0.4", "0.6", "--density", "4,7", "--density", "0,1", "--out", "classifier")
        (folder / "texts.txt").write_text("".join(f"{HOSTILE} number {k} {'word ' * 40}\n" for k in range(450)))
        case.run_command("report", "classifier", "--inputs", HELD_OUT, "-o", "pictures.html")
        case.run_command("report", "classifier", "--texts", "texts.txt", "-o", "texts.html")
        case.run_command("observe", TANH, "--data", HELD_OUT, "--layers", "encoder.bottleneck*", "--centre", "--epsilon", "0.4",
                         "--rotations", "20", "--out", "tanh")
        subprocess.run([MONITOR, HELD_OUT, folder / "code.srmh"], check=True, timeout=300)
        case.run_command("report", "tanh", "--training", "code.srmh", "-o", "training.html")
        cls.folder_of_all, cls.pictures, cls.texts = folder, folder / "pictures.html", folder / "texts.html"

        # The example calls its layer otherwise than the model does.
        def rename(data):
            for series in data["training"]["series"].values():
                series["a4"][0]["name"] = "encoder.bottleneck"
            for frame in data["training"]["frames"]:
                frame["layers"][0]["name"] = "encoder.bottleneck"
        cls.training = edited(folder / "training.html", rename, "renamed.html")
        cls.start_browser()

    def click_cell(self, page, row, column, size):
        page.evaluate("document.querySelector('#map').scrollIntoView({block: 'center', behavior: 'instant'})")
        box = page.evaluate("(() => { const {x, y, width, height} = document.querySelector('#map .nsewdrag')"
                            ".getBoundingClientRect(); return {x, y, width, height}; })()")
        page.click_at(box["x"] + box["width"] * (column + 0.5) / size, box["y"] + box["height"] * (row + 0.5) / size)

    def test_a_plane_is_chosen_by_mouse(self):
        page = self.open(self.pictures)
        self.click_cell(page, 12, 2, 16)
        page.wait_for("document.querySelector('#plane-heading').innerText === 'Plane (2, 12)'")
        self.assertIn("plane=2,12", page.evaluate("location.hash"))
        self.assertEqual(page.evaluate("[document.querySelector('#plane-i').value, document.querySelector('#plane-j').value]"),
                         ["2", "12"])
        self.assertEqual(page.evaluate("document.querySelector('#plane-chart').data[0].name"), "plane (2, 12)")
        self.assertRegex(page.text("#plane-facts"), r"(?s)c4\s.*hits at \S+ = 0.4\s+\d+ \(\d.*isotropic rows would hit")
        row = "#strongest-planes tbody tr:nth-child(2)"
        name = page.text(row + " td")
        page.click(row + " button")
        self.assertEqual(page.text("#plane-heading"), f"Plane {name}")
        self.assertEqual(page.evaluate("document.activeElement.innerText"), name, "the focus stays")
        self.clean(page)

    def test_a_plane_is_chosen_by_keyboard(self):
        page = self.open(self.pictures, "#layer=features_activation&plane=4,7")
        self.assertEqual(page.text("#plane-heading"), "Plane (4, 7)")
        page.evaluate("document.querySelector('#map').focus()")
        for key, plane in (("ArrowRight", "(4, 8)"), ("ArrowDown", "(5, 8)"), ("ArrowLeft", "(5, 7)"), ("ArrowLeft", "(5, 6)"),
                           ("ArrowLeft", "(4, 5)"), ("ArrowUp", "(3, 4)")):  # over the diagonal, which is no plane
            page.key(key)
            self.assertEqual(page.text("#plane-heading"), f"Plane {plane}")
            self.assertEqual(page.evaluate("document.activeElement.id"), "map", "the focus stays")
            self.assertIn(f"plane {plane} chosen", page.evaluate("document.querySelector('#map').ariaLabel"))
        page.set_value("#plane-j", 15)
        self.assertEqual(page.text("#plane-heading"), "Plane (3, 15)")
        page.set_value("#plane-i", 15)
        self.assertIn("two different vectors", page.text("#no-curve"))
        page.set_value("#plane-i", 16)
        self.assertIn("vectors 0 to 15", page.text("#no-curve"))
        self.assertFalse(page.evaluate("document.querySelector('#plane-figure > .exports') !== null"))
        self.clean(page)

    def test_the_map_is_coloured_and_ordered(self):
        page = self.open(self.pictures)
        z = "document.querySelector('#map').data[0].z"
        names = page.evaluate("[...document.querySelectorAll('#map-measure option')].map((one) => one.innerText)")
        self.assertEqual(names, ["c4", "significance of c4", "hit rate at \u03b5 = 0.4",
                                 "significance of the hit rate at \u03b5 = 0.4"])
        c4 = page.evaluate(z)
        self.assertTrue(all(c4[a][b] == c4[b][a] for a in range(16) for b in range(16)))
        self.assertEqual([c4[a][a] for a in range(16)], [None] * 16)
        self.assertTrue(all(-1 <= value <= 1 for row in c4 for value in row if value is not None))
        page.set_value("#map-measure", "hits")
        hits = page.evaluate(z)
        with open(self.folder_of_all / "classifier" / "planes.csv") as file:
            told = {(int(row["i"]), int(row["j"])): int(row["hits"]) for row in csv.DictReader(file)
                    if row["layer"] == "features_activation" and row["epsilon"] == "0.4"}
        self.assertEqual(len(told), 120)
        for (i, j), count in told.items():
            self.assertAlmostEqual(hits[i][j], count / 450)
        page.set_value("#map-order", "strength")
        order = page.evaluate("document.querySelector('#map').layout.yaxis.ticktext").copy()
        mean = {a: sum(row[b] for b, value in enumerate(row) if b != a) for a, row in enumerate(hits)}
        self.assertEqual([int(name) for name in order], sorted(mean, key=lambda a: (-mean[a], a)))
        page.set_value("#map-measure", "q_c4")
        self.assertIn("Benjamini", page.text("#map-caption"))
        self.assertIn("q ", page.evaluate("document.querySelector('#map').data[0].colorbar.ticktext[0]"))
        page.set_value("#map-order", "index")
        signed = page.evaluate(z)
        self.assertTrue(all((signed[a][b] or 0) * (c4[a][b] or 0) >= 0 for a in range(16) for b in range(16)))
        file = page.download(lambda: page.click("#map-figure .exports button:last-child"))
        with open(file) as rows:
            rows = list(csv.DictReader(rows))
        self.assertEqual(len(rows), 120)
        self.assertEqual(list(rows[0]), ["i", "j", "c4", "q_c4", "hits_at_0.4", "q_hit_rate_at_0.4"])
        self.assertTrue(all(int(row["hits_at_0.4"]) == told[int(row["i"]), int(row["j"])] for row in rows))
        self.clean(page)

    def test_points_are_drawn_from_above(self):
        page = self.open(self.pictures, "#layer=features_activation&plane=4,7")
        heading = page.text("#density-words")
        num_points = int(re.match(r"(\d+) rows of 450", heading)[1])
        counts = page.evaluate("document.querySelector('#density').data[0].customdata.flat().reduce((sum, one) => sum + one[0], 0)")
        self.assertEqual(counts, num_points)
        points = page.evaluate("document.querySelector('#points').data.map((trace) => [trace.name, trace.x.length, trace.text[0]])")
        self.assertEqual(sum(length for _, length, _ in points), num_points)
        self.assertEqual(points[0][0], "class 0")
        self.assertRegex(points[0][2], r"^sample \d+, class 0$")
        looks = page.evaluate("document.querySelector('#points').data.map(({marker}) => marker.color + marker.symbol)")
        self.assertEqual(len(set(looks)), len(points), "classes are told apart")
        self.assertTrue(page.evaluate("document.querySelector('#density .heatmaplayer image') !== null"))
        page.click("#density-others button")
        self.assertEqual(page.text("#plane-heading"), "Plane (0, 1)")
        page.set_value("#plane-j", 9)
        self.assertIn("--density 0,9", page.text("#density-words"))
        self.assertFalse(page.evaluate("document.querySelector('#density-parts').checkVisibility()"))
        self.assertEqual(page.text("#density-others").replace("\xa0", " ").split(":")[0], "Planes with points")
        self.clean(page)

    def test_parallel_vectors_are_blank_and_said_to_be(self):
        self.npy(gaussian_rows(60, 3), "rows.npy")
        self.npy([[1, 0, 0], [0, 1, 0], [-1, 0, 0], [0, 0, 1]], "frame.npy")
        self.run_command("observe", "--activations", "rows.npy", "--basis", "frame.npy", "--epsilon", "0.5", "--out", "frame")
        page = self.open(self.folder / "frame" / "report.html", "#layer=activations&plane=0,2")
        z = page.evaluate("document.querySelector('#map').data[0].z")
        self.assertIsNone(z[0][2])
        self.assertIsNotNone(z[0][1])
        self.assertIn("1 plane is blank: of parallel vectors", page.text("#map-caption"))
        self.assertIn("parallel", page.text("#no-curve"))
        self.clean(page)

    def test_of_many_vectors_the_strongest_are_on_the_map(self):
        rows = gaussian_rows(80, 90)
        for row in rows[:50]:
            row[17], row[80] = 30, 30
        self.npy(rows, "rows.npy")
        self.run_command("observe", "--activations", "rows.npy", "--epsilon", "0.8", "--rotations", "0", "--out", "wide")
        page = self.open(self.folder / "wide" / "report.html")
        self.assertIn("64 of 90 vectors: those that come first in the planes with most hits", page.text("#map-caption"))
        self.assertEqual(page.text("#plane-heading"), "Plane (17, 80)")
        self.assertEqual(page.text("#strongest-planes tbody td"), "(17, 80)")
        self.assertEqual(page.evaluate("document.querySelector('#map-measure').length"), 1)
        self.assertEqual(page.evaluate("document.querySelector('#map').data[0].z.length"), 64)
        page.set_value("#plane-i", 2)
        self.assertIn("the result has it: torchsrm show RESULT --plane 2,80", page.text("#no-curve"))
        self.run_command("observe", "--activations", "rows.npy", "--epsilon", "0.8", "--rotations", "0", "--planes", "none",
                         "--out", "bare")
        bare = self.open(self.folder / "bare" / "report.html")
        self.assertIn("--planes all or --test-planes", bare.text("#no-planes"))
        self.clean(page)
        self.clean(bare)

    def test_neurons_have_their_samples(self):
        page = self.open(self.pictures)
        self.assertRegex(page.text("#neurons-words"), r"^\d grandmother neurons? among 32 signed vectors at \S+ = 0.4\.$")
        labels = page.evaluate("[...document.querySelectorAll('#neurons canvas')].map((one) => one.ariaLabel)")
        self.assertEqual(len(labels) % 8, 0)
        self.assertRegex(labels[0], r"^sample \d+, class \d$")
        shades = page.evaluate("""(() => { const canvas = document.querySelector('#neurons canvas');
          const {data} = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
          return [canvas.width, Math.min(...data), Math.max(...data)]; })()""")
        self.assertEqual(shades, [8, 0, 255])
        page.set_value("#layer-chooser", 1)
        self.assertRegex(page.text("#neurons-words"), "among 20 signed vectors")
        self.clean(page)

    def test_texts_are_text(self):
        page = self.open(self.texts)
        first = "#neurons .samples .text"
        self.assertTrue(page.text(first).startswith(HOSTILE))
        self.assertTrue(page.text(first).endswith("\u2026"), "shortened")
        self.assertTrue(page.evaluate(f"document.querySelector('{first}').title.length > 150"), "whole where it is pointed at")
        self.assertEqual(page.evaluate("document.querySelectorAll('#neurons script, #neurons b').length"), 0)
        self.assertNotEqual(page.evaluate("document.title"), "run")
        self.clean(page)

    def test_without_neurons_it_says_how_to_get_them(self):
        page = self.open(self.folder_of_all / "tanh" / "report.html")
        self.assertIn("--labels", page.text("#neurons-words"))
        self.assertFalse(page.evaluate("document.querySelector('#neurons-table').checkVisibility()"))
        self.assertFalse(page.evaluate("document.querySelector('#training').checkVisibility()"))
        self.clean(page)

    def test_training_is_scrubbed_through(self):
        page = self.open(self.training, "#layer=encoder.bottleneck")
        self.assertIn("12 windows of training", page.text("#training-words"))
        self.assertEqual(page.text("#step-name"), "step 600")
        late = page.evaluate("document.querySelector('#window').data[0].y")
        page.evaluate("document.querySelector('#step').focus()")
        page.key("ArrowLeft")
        self.assertEqual(page.text("#step-name"), "step 550")
        page.set_value("#step", 0)
        self.assertIn("Step 50:", page.text("#window-caption"))
        self.assertNotEqual(page.evaluate("document.querySelector('#window').data[0].y"), late)
        self.assertEqual(page.evaluate("document.querySelector('#growth').layout.shapes[0].x0"), 50)
        self.assertTrue(page.evaluate("document.querySelector('#scalars .scatterlayer path') !== null"))
        page.click("#play")
        page.wait_for("document.querySelector('#step-name').innerText === 'step 600'")
        page.wait_for("document.querySelector('#play').innerText === 'Play'")
        self.assertEqual(page.evaluate("document.querySelector('#window').data[0].y"), late)
        file = page.download(lambda: page.click("#growth-figure .exports button:last-child"))
        self.assertTrue(file.read_text().startswith("step,encoder.bottleneck\n50,"))
        page.set_value("#layer-chooser", 1)
        self.assertEqual(page.text("#window-heading"), "encoder.bottleneck")
        self.assertIn("The history has no layer called", page.text("#window-caption"))
        self.clean(page)

    def test_names_are_text(self):
        def spoil(data):
            for layer in data["layers"]:
                if layer["address"] == "encoder.bottleneck":
                    layer["address"] = layer["name"] = HOSTILE
            for series in data["training"]["series"].values():
                for column in series["a4"] + series["scalars"]:
                    column["name"] = HOSTILE
            for frame in data["training"]["frames"]:
                frame["layers"][0]["name"] = HOSTILE
        page = self.open(edited(self.training, spoil, "hostile.html"))
        page.set_value("#step", 3)
        self.assertEqual(page.text("#window-heading"), HOSTILE)
        legends = page.evaluate("[...document.querySelectorAll('#growth .legendtext, #scalars .legendtext')]"
                                ".map((one) => one.textContent)")
        self.assertEqual(legends, [HOSTILE, HOSTILE])
        self.assertNotEqual(page.evaluate("document.title"), "run")
        self.assertEqual(page.evaluate("document.querySelectorAll('main script, #training b').length"), 0)
        self.clean(page)

    def test_dark_and_small_it_is_whole(self):
        for path in (self.pictures, self.training):
            page = self.open(path, "#plane=4,7", width=390, dark=True)
            self.assertLessEqual(page.evaluate("document.documentElement.scrollWidth"), 390)
            paper = page.evaluate("document.querySelector('#map').layout.paper_bgcolor")
            page.dark(False)
            page.wait_for(f"document.querySelector('#map').layout.paper_bgcolor !== '{paper}'")
            if path == self.pictures:  # the samples stand below the numbers
                right = page.evaluate("document.querySelector('#neurons tr.below canvas').getBoundingClientRect().right")
                self.assertLess(right, 390)
            self.clean(page)


if __name__ == "__main__":
    unittest.main()
