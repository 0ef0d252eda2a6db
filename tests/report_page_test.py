"""The page of a result in a real Chromium: its frame, the overview, the chosen layer, what leaves it."""

import csv
import io
import pathlib
import re
import struct
import tempfile
import time
import unittest
import xml.dom.minidom

from command_case import COMMAND, HELD_OUT, MODELS, TANH, CommandCase
from page_case import PageCase

HOSTILE = "<script>document.title='run'</script><b>%20 \"x\" &amp; \u202e"


def chart(name, what):
    return f"document.getElementById('{name}').{what}"


class ReportPageTest(PageCase):
    """One page of a classifier at three epsilons, by class and signed, for all tests."""

    @classmethod
    def setUpClass(cls):
        cls.keep = tempfile.TemporaryDirectory()
        cls.addClassCleanup(cls.keep.cleanup)
        case = CommandCase()
        case.folder = pathlib.Path(cls.keep.name)
        case.run_command("observe", MODELS / "classifier_relu.pt", "--data", HELD_OUT, "--labels",
                         MODELS / "data" / "held_out_labels.npy", "--layers", "output", "features_activation", "--centre",
                         "--epsilon", "0.5", "0.4", "0.6", "--by-class", "--out", "classifier")
        case.run_command("observe", TANH, "--data", HELD_OUT, "--layers", "encoder.bottleneck*", "--centre", "--epsilon", "0.4",
                         "--rotations", "0", "--out", "standard")
        case.run_command("observe", TANH, "--data", HELD_OUT, "--layers", "encoder.bottleneck*", "--centre", "--epsilon", "0.4",
                         "--rotations", "0", "--basis", "haar:3", "--out", "turned")
        case.run_command("report", "standard", "turned", "-o", "bases.html")
        cls.page_of_classifier = case.folder / "classifier" / "report.html"
        cls.page_of_bases = case.folder / "bases.html"
        cls.start_browser()

    def test_each_section_is_there_and_drawn(self):
        page = self.open(self.page_of_classifier)
        for section in ("overview", "layer", "reading", "settings", "cite"):
            self.assertTrue(page.evaluate(f"document.getElementById('{section}').innerText.length > 60"), section)
        for name, mark in (("strip", ".heatmaplayer image"), ("strip", ".scatterlayer .point"), ("chart", ".scatterlayer path"),
                           ("polar", ".polarlayer path.js-line"), ("classes", ".scatterlayer path")):
            self.assertTrue(page.evaluate(chart(name, f"querySelector('{mark}') !== null")), (name, mark))
        self.assertEqual(page.evaluate(chart("strip", "data.find((one) => one.type === 'heatmap').z.length")), 2)
        self.assertIn("Aligned", page.text("#layers"))
        self.assertIn("George Bird", page.text("#cite"))
        self.assertIn("2505.13471", page.text("#bibtex"))
        self.assertIn("--epsilon 0.5 0.4 0.6", page.text("#settings"))
        self.assertRegex(page.text("#versions"), r"torchsrm \d+\.\d+\.\d+, drawn with plotly\.js \d")
        names = page.evaluate("""[...document.querySelectorAll('[role=img]')]
            .filter((one) => one.checkVisibility()).map((one) => one.ariaLabel)""")
        self.assertTrue(len(names) > 8 and all(names), "each drawn figure has a name for who does not see it")
        self.clean(page)

    def test_a_layer_is_chosen_by_keyboard_and_mouse_and_by_the_figure(self):
        page = self.open(self.page_of_classifier)
        self.assertEqual(page.text("#layer-heading"), "features_activation")
        page.evaluate("document.querySelector('#layers tbody button').focus()")
        page.key("ArrowDown")
        page.key("Enter")
        self.assertEqual(page.text("#layer-heading"), "output")
        self.assertIn("#layer=output", page.evaluate("location.hash"))
        self.assertEqual(page.evaluate("document.activeElement.textContent"), "output", "the focus stays where it was")
        page.click("#previous-layer")
        self.assertEqual(page.text("#layer-heading"), "features_activation")
        page.set_value("#layer-chooser", page.evaluate("document.querySelector('#layer-chooser option:nth-child(2)').value"))
        self.assertEqual(page.text("#layer-heading"), "output")
        page.evaluate("document.getElementById('strip').scrollIntoView()")
        box = page.evaluate("(({x, y}) => ({x, y}))(document.querySelector('#strip .heatmaplayer image').getBoundingClientRect())")
        page.click_at(box["x"] + 100, box["y"] + 10)
        page.wait_for("document.getElementById('layer-heading').innerText === 'features_activation'")
        self.clean(page)

    def test_epsilon_slides_in_order(self):
        page = self.open(self.page_of_classifier)
        self.assertEqual(page.text("#epsilon-value"), "0.5", "the first that was given")
        before = page.evaluate(chart("chart", "data[1].y[0]"))
        page.evaluate("document.getElementById('epsilon').focus()")
        page.key("ArrowRight")
        self.assertEqual(page.text("#epsilon-value"), "0.6")
        self.assertEqual(page.evaluate("document.getElementById('epsilon').getAttribute('aria-valuetext')"), "epsilon 0.6")
        self.assertNotEqual(page.evaluate(chart("chart", "data[1].y[0]")), before)
        page.key("Home")
        self.assertEqual(page.text("#epsilon-value"), "0.4")
        self.assertIn("epsilon=0.4", page.evaluate("location.hash"))
        self.assertIn("0.4", page.text("#c4-heading"))
        self.clean(page)

    # The curve of the opposite side is that of the half turn, and the signed one their difference.
    def test_positive_negative_and_signed_belong_together(self):
        page = self.open(self.page_of_classifier)
        mean = chart("chart", "data.find((one) => one.yaxis === 'y2' && one.line.width > 2).y")
        curves = {}
        for kind in ("positive", "negative", "signed"):
            page.click(f"#kind-chooser input[value={kind}]")
            curves[kind] = page.evaluate(mean)
        self.assertEqual(len(curves["positive"]), 361)
        for k in range(0, 360, 7):
            self.assertAlmostEqual(curves["negative"][k], curves["positive"][(k + 180) % 360])
            self.assertAlmostEqual(curves["signed"][k], curves["positive"][k] - curves["negative"][k])
        self.assertIn("curve=signed", page.evaluate("location.hash"))
        self.assertIn("Signed", page.text("#caption"))
        self.clean(page)

    def test_classes_lie_over_each_other_and_add_up(self):
        page = self.open(self.page_of_classifier)
        self.assertEqual(page.evaluate(chart("classes", "data.map((one) => one.name)")),
                         [str(k) for k in range(10)] + ["all samples"])
        samples = page.evaluate("[...document.querySelectorAll('#class-table tbody td:nth-child(2)')].map((one) => +one.innerText)")
        self.assertEqual(sum(samples), 450)
        weighted = page.evaluate(f"""(() => {{
          const [all, ...classes] = [{chart('classes', 'data')}].map((lines) => [lines.at(-1), ...lines.slice(0, -1)])[0];
          const samples = {samples};
          return [all.y[30], classes.reduce((sum, one, k) => sum + one.y[30] * samples[k], 0) / 450];
        }})()""")
        self.assertAlmostEqual(*weighted)
        self.clean(page)

    def test_figures_leave_as_svg_png_and_csv(self):
        page = self.open(self.page_of_classifier, dark=True)
        light = page.evaluate("getComputedStyle(document.body).backgroundColor")
        for figure in ("strip-figure", "curve-figure", "polar-figure", "classes-figure"):
            with self.subTest(figure):
                button = f"#{figure} .exports button"
                svg = page.download(lambda: page.click(f"{button}:nth-child(1)")).read_text()
                xml.dom.minidom.parseString(svg)
                self.assertIn("#0072b2" if figure == "curve-figure" else "svg", svg.replace("rgb(0, 114, 178)", "#0072b2"))
                self.assertNotIn("rgb(20, 23, 27)", svg, "the dark page's ground has no place on paper")
                png = page.download(lambda: page.click(f"{button}:nth-child(2)")).read_bytes()
                self.assertEqual(png[:8], b"\x89PNG\r\n\x1a\n")
                self.assertEqual(struct.unpack(">I", png[16:20])[0], 3 * 760)
        rows = list(csv.reader(io.StringIO(page.download(lambda: page.click("#curve-figure .exports button:nth-child(3)")).read_text())))
        self.assertEqual(rows[0][:5], ["angle_deg", "mean", "std_dev", "quantile_05", "quantile_95"])
        self.assertEqual(len(rows), 361)
        self.assertAlmostEqual(float(rows[91][1]), page.evaluate(chart("chart", "data.find((one) => one.line.width > 2).y[90]")))
        low, high = (float(x) for x in rows[91][3:5])
        planes = sorted(float(x) for x in rows[91][5:])
        self.assertEqual((low, high), (planes[int(-(-len(planes) * 5 // 100)) - 1], planes[int(-(-len(planes) * 95 // 100)) - 1])
                         if len(planes) == 120 else (low, high))
        table = page.download(lambda: page.click("#table-figure .exports button")).read_text()
        self.assertIn("features_activation", table)
        self.assertEqual(page.evaluate("getComputedStyle(document.body).backgroundColor"), light, "the page stays dark")
        self.clean(page)

    def test_dark_and_light_differ_and_follow_the_system(self):
        page = self.open(self.page_of_classifier, dark=True)
        ground = "document.querySelector('#chart .main-svg').style.background"
        self.assertIn("rgb(20, 23, 27)", page.evaluate(ground))
        page.dark(False)
        page.wait_for(f"{ground}.includes('rgb(255, 255, 255)')")
        self.clean(page)

    def test_a_link_chooses_layer_epsilon_and_plane(self):
        page = self.open(self.page_of_classifier, "#layer=output&epsilon=0.6&plane=2,1&curve=signed")
        self.assertEqual((page.text("#layer-heading"), page.text("#epsilon-value")), ("output", "0.6"))
        self.assertTrue(page.evaluate("document.querySelector('#kind-chooser input[value=signed]').checked"))
        self.assertEqual(page.evaluate("location.hash"), "#layer=output&epsilon=0.6&curve=signed&plane=1,2")
        page.evaluate("location.hash = '#layer=features_activation&epsilon=0.41&plane=99,1'")
        page.wait_for("document.getElementById('layer-heading').innerText === 'features_activation'")
        self.assertEqual(page.text("#epsilon-value"), "0.4")
        self.assertNotIn("plane=", page.evaluate("location.hash"))
        for broken in ("#layer=gone", "#%E0%A4%A", "#epsilon=x&plane=a", "#reading", "#layer=%E0"):
            page.evaluate(f"location.hash = '{broken}'")
            page.wait_for("location.hash.startsWith('#layer=features_activation')")
        self.clean(page)

    def test_bases_stand_side_by_side(self):
        page = self.open(self.page_of_bases, "#layer=encoder.bottleneck_activation&result=turned")
        self.assertIn("turned: haar:3", page.text("#layer-heading"))
        self.assertEqual(page.evaluate(chart("bases", "layout.annotations.length")), 2)
        self.assertIn("standard: standard", page.evaluate(chart("bases", "layout.annotations[0].text")))
        self.assertIn("result=turned", page.evaluate("location.hash"))
        self.assertEqual(page.evaluate("document.querySelectorAll('#layers tbody tr').length"), 4)
        self.assertIn("torchsrm report standard turned -o bases.html", page.text("#settings"))
        self.clean(page)

    def test_names_are_text_everywhere(self):
        text = self.page_of_classifier.read_text()
        head, data, tail = re.split(r'(<script type="application/json" id="data">.*?</script>)', text, flags=re.DOTALL)
        quoted = HOSTILE.replace("<", "\\u003c").replace('"', '\\"').replace("\u202e", "\\u202e")
        data = data.replace('"features_activation', f'"{quoted}').replace('"group":"3"', f'"group":"{quoted}"')
        hostile = self.folder / "hostile.html"
        hostile.write_text(head + data + tail)
        page = self.open(hostile)
        self.assertEqual(page.evaluate("document.title"), "Spotlight resonance report")
        self.assertEqual(page.evaluate("document.querySelector('#layers tbody button').textContent"), HOSTILE)
        self.assertEqual(page.evaluate("document.getElementById('layer-heading').textContent"), HOSTILE)
        self.assertEqual(page.evaluate("document.querySelector('#layer-chooser option').textContent"), HOSTILE)
        self.assertEqual(page.evaluate("document.querySelectorAll('body b script, #strip b, #classes b, main script').length"), 0)
        self.assertIn("<script>docu", page.evaluate(chart("classes", "querySelector('.legend').textContent")))
        self.assertIn("layer=" , page.evaluate("location.hash"))
        address = page.evaluate("location.hash")
        again = self.open(hostile, address)
        self.assertEqual(again.evaluate("document.getElementById('layer-heading').textContent"), HOSTILE)
        self.clean(page)
        self.clean(again)

    def test_a_phone_shows_all_of_it(self):
        for path in (self.page_of_classifier, self.page_of_bases):
            page = self.open(path, width=390, height=844)
            self.assertLessEqual(page.evaluate("document.documentElement.scrollWidth"), 390)
            self.assertTrue(page.evaluate(chart("strip", "querySelector('.heatmaplayer image') !== null")))
            caption = page.evaluate("document.getElementById('strip-caption').textContent")
            self.assertIn("C4, where there is one, is in the table", caption)
            self.clean(page)

    def test_paper_is_light(self):
        page = self.open(self.page_of_classifier, dark=True)
        page.evaluate("dispatchEvent(new Event('beforeprint'))")
        self.assertIn("rgb(255, 255, 255)", page.evaluate("document.querySelector('#chart .main-svg').style.background"))
        widths = page.evaluate("[...document.querySelectorAll('.main-svg')].map((one) => one.getBoundingClientRect().width)")
        self.assertLessEqual(max(widths), 704, "no figure is wider than a page of paper")
        page.evaluate("dispatchEvent(new Event('afterprint'))")
        self.assertGreater(page.evaluate("document.querySelector('#strip .main-svg').getBoundingClientRect().width"), 1000)
        self.assertIn("rgb(20, 23, 27)", page.evaluate("document.querySelector('#chart .main-svg').style.background"))
        self.clean(page)


class ReportCommandTest(CommandCase):
    def test_what_does_not_go_together_is_refused(self):
        self.run_command("observe", "--activations", self.npy([[1, 2], [2, 1], [3, -1]]), "--rotations", "0", "--out", "r")
        self.assertIn("--inputs", self.error_of("report", "r", "--image", "2x2", "-o", "x.html", code=2))
        self.assertIn("twice", self.error_of("report", "r", "r", "-o", "x.html"))
        self.assertIn("gone.txt", self.error_of("report", "r", "--texts", "gone.txt", "-o", "x.html"))
        (self.folder / "t.srmh").write_bytes(b"SRMHIST\x01")
        self.assertIn("a page of its own", self.error_of("report", "t.srmh", "r", "-o", "x.html", code=2))
        self.assertIn("belong to the page of a result", self.error_of("report", "t.srmh", "--texts", "r", "-o", "x.html", code=2))
        self.assertIn("r/results.srm.pt", self.error_of("report", "r", "--training", "r/results.srm.pt", "-o", "x.html"))
        self.assertFalse((self.folder / "x.html").exists())

    def test_texts_are_a_line_a_sample(self):
        self.npy([[5, 0], [0, 5], [4, 1]])
        self.run_command("observe", "--activations", "x.npy", "--rotations", "0", "--labels",
                         self.npy([0, 1, 0], "labels.npy", "<i8"), "--out", "r")
        (self.folder / "texts").write_text("first\r\n<b>second</b>\nthird\n")
        self.run_command("report", "r", "--texts", "texts", "-o", "x.html")
        page = (self.folder / "x.html").read_text()
        self.assertTrue('"first"' in page and '"\\u003cb>second\\u003c/b>"' in page)
        (self.folder / "texts").write_text("first\n")
        self.assertIn("a line for every sample", self.error_of("report", "r", "--texts", "texts", "-o", "y.html"))

    def test_results_have_their_folders_names(self):
        for name in ("a", "b"):
            self.run_command("observe", "--activations", self.npy([[1, 2], [2, 1], [3, -1]]), "--rotations", "0", "--out",
                             f"{name}/run")
        self.run_command("report", "a/run", "b/run/results.srm.pt", "-o", "two.html")
        text = (self.folder / "two.html").read_text()
        names = re.findall(r'"name":"([^"]*)","partial"', text)
        self.assertEqual(names, ["a/run", "b/run/results.srm.pt"])
        self.run_command("report", "a/run/", "-o", "one.html")
        self.assertEqual(re.findall(r'"name":"([^"]*)","partial"', (self.folder / "one.html").read_text()), ["run"])


if __name__ == "__main__":
    unittest.main()
