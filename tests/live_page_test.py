"""The pages that move, in a real Chromium: the live page while rows come in, and the page of a history of training."""

import pathlib
import re
import signal
import socket
import subprocess
import sys
import unittest

from browser import Browser
from command_case import COMMAND, HELD_OUT, SOURCE, TANH, CommandCase, gaussian_rows

MONITOR = str(pathlib.Path(sys.argv.pop(1)).resolve())  # the third argument: the example that leaves a history


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return taken.getsockname()[1]


class LivePageTest(CommandCase):
    def start(self, *words):
        process = subprocess.Popen([COMMAND, "observe", *map(str, words), "--rotations", "0", "--out", "out"],
                                   stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, cwd=self.folder)
        self.addCleanup(process.stderr.close)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        for line in process.stderr:
            if line.startswith("live page: "):
                return process, line.split()[2]
        self.fail("it ended before there was a page")

    def test_rows_come_in_and_the_page_goes_on_after_a_break(self):
        words = ["--activations", self.npy(gaussian_rows(400, 64) * 500), "--epsilon", "-0.5", "--batch-size", "8",
                 "--live", free_port()]
        process, address = self.start(*words)
        with Browser() as browser:
            page = browser.open(address)
            rows = "Number((document.querySelector('#layers tbody td:nth-child(7)')?.textContent ?? '').replace(/\\D/g, ''))"
            seen = page.wait_for(f"document.getElementById('lamp').className === 'observing' && {rows}")
            page.wait_for(f"{rows} > {seen}")
            page.wait_for("document.querySelector('#chart .scatterlayer path') !== null")
            page.wait_for("document.querySelector('#growth .scatterlayer path') !== null")
            self.assertEqual(page.errors, [])
            self.assertTrue(all(url.startswith(address) for url in page.requests), page.requests)
            process.kill()
            page.wait_for("document.getElementById('state').textContent.startsWith('no connection')")
            self.start(*words)
            page.wait_for("document.getElementById('lamp').className === 'observing'")

    def test_a_finished_run_stays_on_show(self):
        process, address = self.start(TANH, "--data", HELD_OUT, "--layers", "encoder.*", "--epsilon", "0.4", "0.6", "--live", "0",
                                      "--live-stay")
        with Browser(width=390, height=800, dark=True) as browser:
            page = browser.open(address)
            page.wait_for("document.getElementById('state').textContent.startsWith('finished')")
            self.assertEqual(page.evaluate("document.querySelectorAll('#layers tbody tr').length"), 4)
            self.assertLessEqual(page.evaluate("document.documentElement.scrollWidth"), 390)
            page.click("#layers tbody tr:nth-child(3) button")
            self.assertEqual(page.text("#layer-heading"), "encoder.bottleneck")
            caption = page.text("#caption")
            page.set_value("#epsilon-chooser", 1)
            self.assertNotEqual(page.text("#caption"), caption)
            self.assertIn("0.6", page.text("#caption"))
            self.assertEqual(page.errors, [])
            process.send_signal(signal.SIGTERM)
            self.assertEqual(process.wait(timeout=60), 0)


class HistoryPageTest(CommandCase):
    def test_steps_are_scrubbed_and_played(self):
        subprocess.run([MONITOR, str(SOURCE / "models" / "data" / "held_out.npy"), "training.srmh"], cwd=self.folder, check=True)
        self.run_command("report", "training.srmh", "-o", "training.html")
        with Browser() as browser:
            page = browser.open(self.folder / "training.html")
            self.assertEqual(page.text("#step-name"), "step 600")
            page.evaluate("document.getElementById('step').focus()")
            page.key("ArrowLeft")
            self.assertEqual(page.text("#step-name"), "step 550")
            page.set_value("#step", 0)
            self.assertEqual(page.text("#step-name"), "step 50")
            early = re.search(r"A4 (\S+)", page.text("#caption"))[1]
            page.click("#play")
            page.wait_for("document.getElementById('step-name').textContent === 'step 600'")
            self.assertNotEqual(re.search(r"A4 (\S+)", page.text("#caption"))[1], early)
            self.assertTrue(page.evaluate("document.querySelector('#scalars .scatterlayer path') !== null"))
            self.assertEqual((page.errors, page.requests_elsewhere()), ([], []))
            page.resize(390, 800)
            page.wait_for("document.documentElement.scrollWidth <= 390")  # the charts follow


if __name__ == "__main__":
    unittest.main()
