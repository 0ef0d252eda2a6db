"""`torchsrm experiment` as people run it: what it leaves, how it goes on, and what it answers to what is wrong."""

import csv
import json
import signal
import subprocess
import time
import unittest

from command_case import COMMAND, CommandCase


def tiny(networks=("tanh", "linear"), epochs=2, rotations=5):
    return ["--networks", *networks, "--seeds", 1, "--widths", 4, "--epochs", epochs, "--rotations", rotations]


class ExperimentTest(CommandCase):
    def experiment(self, *words, code=0):
        return self.run_command("experiment", "activation-basis", *words, code=code)

    def files(self, out="out"):
        return {p.relative_to(self.folder / out).as_posix(): p.read_bytes()
                for p in (self.folder / out).rglob("*") if p.is_file()}

    def test_it_leaves_table_page_and_a_file_a_network(self):
        done = self.experiment(*tiny(), "--out", "out")
        self.assertIn("tanh, width 4", done.stdout)
        self.assertIn("No conclusion", done.stdout)
        self.assertIn("written to out: table.csv, experiment.json, experiment.html", done.stdout)
        self.assertIn("2 of 2 networks: ", done.stderr)
        files = self.files()
        self.assertEqual(set(files), {"cases/tanh-w4-s0.json", "cases/linear-w4-s0.json", "table.csv", "experiment.json",
                                      "experiment.html"})
        rows = list(csv.DictReader(files["table.csv"].decode().splitlines()))
        self.assertEqual(len(rows), 2 * 2 * (4 + 3))
        self.assertEqual({row["basis"] for row in rows},
                         {"standard", "acting", "learned-diagonal", "learned-aligned"})
        experiment = json.loads(files["experiment.json"])
        self.assertEqual(experiment["settings"], {"epochs": 2, "rotations": 5})
        self.assertEqual([case["network"] for case in experiment["cases"]], ["tanh", "linear"])
        self.assertAlmostEqual(float(rows[0]["a4"]), experiment["cases"][0]["scores"][0]["a4"], places=15)
        page = files["experiment.html"].decode()
        self.assertIn("Does the activation function privilege the basis it acts in?", page)
        for outside in ["src=", "@import", "<link"]:
            self.assertNotIn(outside, page.replace(page[page.index("<script>"):page.rindex("<script ")], ""), outside)

    def test_a_second_run_trains_what_is_missing_and_leaves_the_same_bytes(self):
        self.experiment(*tiny(), "--threads", "1", "--out", "whole")
        self.experiment(*tiny(["linear"]), "--out", "out")
        done = self.experiment(*tiny(), "--threads", "3", "--out", "out")
        self.assertIn("note: 1 of 2 networks were found in out/cases and not trained again", done.stderr)
        self.assertEqual(self.files("out"), self.files("whole"))
        done = self.experiment(*tiny(), "--out", "out")
        self.assertNotIn("is done", done.stderr)
        self.assertEqual(self.files("out"), self.files("whole"))

    def test_json_is_what_the_file_holds(self):
        done = self.experiment(*tiny(), "--json", "--out", "out")
        self.assertEqual(done.stdout, (self.folder / "out" / "experiment.json").read_text())

    def test_ctrl_c_keeps_what_is_done_and_says_how_to_go_on(self):
        words = ["--networks", "linear", "--seeds", "200", "--widths", "4", "--epochs", "2", "--rotations", "2",
                 "--threads", "1", "--out", "out"]
        process = subprocess.Popen([COMMAND, "experiment", "activation-basis", *words], stdout=subprocess.PIPE,
                                   stderr=subprocess.PIPE, text=True, cwd=self.folder)
        cases = self.folder / "out" / "cases"
        while process.poll() is None and len(list(cases.glob("*.json"))) < 2:
            time.sleep(0.01)
        process.send_signal(signal.SIGINT)
        output, errors = process.communicate(timeout=60)
        self.assertEqual(process.returncode, 130, errors)
        self.assertEqual(output, "")
        num_kept = len(list(cases.glob("*.json")))
        self.assertIn(f"stopped: {num_kept} of 200 networks are done and kept in out; the same command goes on", errors)
        self.assertEqual(len(list(cases.iterdir())), num_kept)
        done = self.experiment(*words[:3], "2", *words[4:])
        self.assertIn("2 of 2 networks were found", done.stderr)

    def test_other_settings_in_the_folder_are_refused_with_both_values(self):
        self.experiment(*tiny(), "--out", "out")
        before = self.files()
        message = self.experiment(*tiny(epochs=3), "--out", "out", code=1).stderr
        self.assertIn("the same --epochs; got 2 in this file and 3 now; name another --out, or give --epochs 2", message)
        message = self.experiment(*tiny(rotations=6), "--out", "out", code=1).stderr
        self.assertIn("the same --rotations; got 5 in this file and 6 now", message)
        self.assertEqual(self.files(), before)
        (self.folder / "out" / "cases" / "tanh-w4-s0.json").write_text("{}")
        self.assertIn("must be one that this command wrote", self.experiment(*tiny(), "--out", "out", code=1).stderr)

    def test_what_is_wrong_on_the_command_line_ends_with_code_2(self):
        for words, message in [
                (["--networks", "gelu"], "must be one of the experiment's; got gelu; choose from tanh, tanh-rotated"),
                (["--seeds", "0"], "there must be a seed; got 0"),
                (["--epochs", "0"], "networks must be trained; got 0"),
                (["--rotations", "1"], "takes 2 rotations or more; got 1"),
                (["--threads", "0"], "there must be a thread; got 0"),
                (["--widths", "1"], "--widths"),
                (["--networks", "tanh-frame-24", "--widths", "24"], "frames are of width 16 only"),
                (["--out", ""], "the folder must have a name"),
                (["--data", "x"], "see torchsrm experiment --help")]:
            self.assertIn(message, self.experiment(*words, code=2).stderr, words)
        self.assertEqual(list(self.folder.iterdir()), [])
        self.run_command("experiment", code=2)

    def test_help_names_networks_and_time(self):
        text = self.experiment("--help").stdout
        for words in ["tanh-turned", "--first-seed", "Examples:", "Time:", "--json"]:
            self.assertIn(words, text)


if __name__ == "__main__":
    unittest.main()
