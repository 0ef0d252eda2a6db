"""The command as people run it: what it prints, writes and answers to what is wrong."""

import csv
import json
import math
import os
import pathlib
import signal
import struct
import subprocess
import time
import unittest

import torch_file
from command_case import COMMAND, HELD_OUT, MODELS, SOURCE, TANH, TEST_MODELS, CommandCase, gaussian_rows


class ObserveTest(CommandCase):
    def test_shipped_models_are_told_apart_as_the_readme_says(self):
        a4 = {}
        for model in ["tanh", "isotropic"]:
            self.run_command("observe", MODELS / f"{model}.pt", "--data", HELD_OUT, "--centre", "--layers",
                             "encoder.bottleneck_activation", "--epsilon", "0.5", "--out", model)
            layers = json.loads((self.folder / model / "layers.json").read_text())
            self.assertEqual([layer["address"] for layer in layers], ["encoder.bottleneck_activation"])
            a4[model] = layers[0]["a4"]
        self.assertAlmostEqual(a4["tanh"], -0.10, delta=0.01)
        self.assertAlmostEqual(a4["isotropic"], 0.0, delta=0.02)

    def test_result_file_holds_every_key_in_its_documented_form(self):
        result = self.observe(TANH, "--data", HELD_OUT, "--layers", "encoder.*", "--epsilon", "0.9", "0.4")
        self.assertEqual(result["format"], "torchsrm-result")
        self.assertIs(result["partial"], False)
        self.assertTrue(all(isinstance(v, str) for v in result["settings"].values()))
        self.assertFalse([v for v in result["settings"].values() if str(self.folder) in v or str(SOURCE) in v])
        layer = result["layers"][-1]
        n, num_planes, num_angles = 16, 120, 360
        self.assertEqual(layer["dim"], n)
        self.assertEqual(layer["basis"].shape, (0, n))  # the standard basis is not spelled out
        self.assertEqual(layer["basis_name"], "standard")
        self.assertEqual(layer["planes"].shape, (num_planes, 2))
        self.assertEqual(layer["planes"].values[:4], [0, 1, 0, 2])
        self.assertEqual(layer["epsilon"].values, [0.9, 0.4])
        self.assertEqual(layer["angles"].values, [2 * math.pi * k / 360 for k in range(360)])
        self.assertEqual(layer["counts"].shape, (2, num_planes, num_angles))
        self.assertEqual(layer["holistic_counts"].shape, (2, num_angles))
        holistic = [sum(layer["counts"].values[(num_planes + p) * num_angles + 7] for p in range(num_planes))]
        self.assertEqual(holistic, layer["holistic_counts"].values[num_angles + 7 : num_angles + 8])
        self.assertEqual(layer["scores"]["rows"], 450)
        for key, value in [("num_samples_seen", 450), ("num_samples_zero_norm", 0), ("num_samples_nonfinite", 0),
                           ("num_calls", 8), ("sense", "natural"), ("grid", "exclusive"), ("centred", False)]:
            self.assertEqual(layer[key], value, key)

    def test_equal_runs_give_equal_bytes_and_threads_and_batches_change_no_count(self):
        rows = gaussian_rows(300, 12)
        rows[7], rows[9][3] = [0.0] * 12, math.nan
        data = self.npy(rows)
        base = ["--activations", data, "--epsilon", "0.3,-0.2", "--pairs", "permutation"]
        self.observe(*base, out="a")
        whole = (self.folder / "a" / "results.srm.pt").read_bytes()
        for words in [[], ["--threads", "1"], ["--threads", "5"], ["--batch-size", "1"], ["--batch-size", "1000"]]:
            self.observe(*base, *words, out="b")
            self.assertEqual((self.folder / "b" / "results.srm.pt").read_bytes(), whole, words)

    def test_merged_parts_equal_one_run_in_any_order(self):
        rows = gaussian_rows(90, 6)
        parts = [rows[:20], rows[20:50], rows[50:]]
        for k, part in enumerate(parts):
            self.observe("--activations", self.npy(part), "--epsilon", "0.6", out=f"p{k}")
        self.run_command("merge", "p0", "p1", "p2", "-o", "a.srm.pt")
        self.run_command("merge", "p2", "p0/results.srm.pt", "p1", "-o", "b.srm.pt")
        self.run_command("merge", "p1", "p2", "-o", "c")
        self.run_command("merge", "c", "p0", "-o", "d")
        self.assertEqual({p.name for p in (self.folder / "d").iterdir()},
                         {"results.srm.pt", "planes.csv", "layers.json", "report.html"})
        merged = (self.folder / "a.srm.pt").read_bytes()
        self.assertEqual((self.folder / "b.srm.pt").read_bytes(), merged)
        self.assertEqual((self.folder / "d" / "results.srm.pt").read_bytes(), merged)
        once = self.observe("--activations", self.npy(rows), "--epsilon", "0.6")
        together = torch_file.load(self.folder / "a.srm.pt")
        for key in ["counts", "holistic_counts", "num_samples_seen", "scores"]:
            self.assertEqual(together["layers"][0][key], once["layers"][0][key], key)

    def test_lists_take_spaces_commas_and_repetition_and_negative_numbers(self):
        data = self.npy(gaussian_rows(10, 3))
        for words in [["--epsilon", "-0.3", "0.5"], ["--epsilon", "-0.3,0.5"], ["--epsilon=-0.3", "--epsilon", "0.5"]]:
            result = self.observe("--activations", data, *words)
            self.assertEqual(result["layers"][0]["epsilon"].values, [-0.3, 0.5], words)
        result = self.observe("--data", HELD_OUT, "--layers", "encoder.hidden", "decoder.hidden", "--", TANH)
        self.assertEqual([layer["address"] for layer in result["layers"]], ["encoder.hidden", "decoder.hidden"])

    def test_compat_reference_takes_the_published_codes_ways_and_explicit_flags_win(self):
        data = self.npy([[0.0, 1.0], [2.0, 0.0]])
        layer = self.observe("--activations", data, "--compat", "reference")["layers"][0]
        self.assertEqual((layer["sense"], layer["grid"], layer["counts"].shape), ("reference", "inclusive", (1, 2, 100)))
        self.assertEqual(layer["epsilon"].values, [0.9])
        layer = self.observe("--activations", data, "--compat", "reference", "--angles", "8", "--grid", "exclusive",
                             "--pairs", "combination")["layers"][0]
        # (0, 1) is met at 270 degrees, since the reference turns towards minus b_j.
        self.assertEqual(layer["counts"].values, [1, 0, 0, 0, 0, 0, 1, 0])
        basis = self.npy([[0.5, 0.0], [0.0, 0.0]], "basis.npy")
        layer = self.observe("--activations", data, "--compat", "reference", "--basis", basis)["layers"][0]
        self.assertEqual(layer["basis"].values, [0.5, 0.0, 0.0, 0.0])
        self.assertEqual(set(layer["counts"].values), {0})
        one = self.npy([[1.0, 0.0]], "one.npy")
        layer = self.observe("--activations", data, "--compat", "reference", "--basis", one)["layers"][0]
        self.assertEqual(layer["counts"].shape, (1, 0, 100))

    def test_centring_says_so_and_counts_without_the_mean(self):
        data = self.npy([[3.0, 1.0], [1.0, 1.0], [0.0, 0.0]])
        done = self.run_command("observe", "--activations", data, "--centre", "--angles", "4", "--out", "out")
        layer = torch_file.load(self.folder / "out" / "results.srm.pt")["layers"][0]
        self.assertIs(layer["centred"], True)
        self.assertEqual(layer["mean"].values, [2.0, 1.0])
        self.assertEqual(layer["num_samples_seen"], 2)
        self.assertEqual(layer["counts"].values, [1, 0, 1, 0])
        self.assertIn("1 zero rows", done.stdout)

    def test_planes_csv_and_layers_json(self):
        self.observe("--activations", self.npy([[1.0, 0.0, 0.0], [1.0, 0.0, 0.0], [0.0, 1.0, 0.0]]), "--angles", "4")
        with open(self.folder / "out" / "planes.csv", newline="") as lines:
            rows = list(csv.DictReader(lines))
        self.assertEqual(list(rows[0]), ["layer", "i", "j", "epsilon", "hits", "peak_angle_deg", "peak", "mean", "group"])
        first = rows[0]
        self.assertEqual((first["layer"], first["i"], first["j"], first["hits"]), ("activations", "0", "1", "3"))
        self.assertEqual((float(first["peak_angle_deg"]), float(first["mean"])), (0.0, 0.25))
        self.assertAlmostEqual(float(first["peak"]), 2 / 3)

    def test_integer_activations_are_converted_and_npz_keys_chosen(self):
        layer = self.observe("--activations", self.npy([[1, 0], [0, 2]], dtype="<i8"), "--angles", "4")["layers"][0]
        self.assertEqual(layer["counts"].values, [1, 1, 0, 0])

    def test_parallel_basis_vectors_are_left_out_and_counted(self):
        basis = self.npy([[1.0, 0.0], [0.0, 1.0], [-2.0, 0.0]], "basis.npy")
        done = self.run_command("observe", "--activations", self.npy([[1.0, 0.0]]), "--basis", basis)
        self.assertIn("1 planes left out", done.stdout)
        self.assertIn("normalised to length 1", done.stderr)

    def test_silent_layers_are_told(self):
        data = self.npy([[1.0, 2.0, 3.0, 4.0]] * 5)
        done = self.run_command("observe", TEST_MODELS / "branches_scripted.pt", "--data", data)
        self.assertIn("no activation came from negative", done.stderr)
        calls = {row["address"]: row["num_calls"] for row in json.loads((self.folder / "srm-result" / "layers.json").read_text())}
        self.assertEqual(calls, {"positive": 1, "step": 2})


class BadInputTest(CommandCase):
    def test_command_line_alone_is_misuse(self):
        data = self.npy(gaussian_rows(4, 3))
        cases = {
            "in [-1, 1]; got 1.5": ["observe", "--activations", data, "--epsilon", "1.5"],
            "-1.2": ["observe", "--activations", data, "--epsilon", "-1.2"],
            "0.5 twice": ["observe", "--activations", data, "--epsilon", "0.5", "0.5"],
            "number of angles must be": ["observe", "--activations", data, "--angles", "0"],
            "at least one thread": ["observe", "--activations", data, "--threads", "0"],
            "at most 1024; got 100000": ["observe", "--activations", data, "--threads", "100000"],
            "a batch must hold a sample": ["observe", "--activations", data, "--batch-size", "0"],
            "above zero; got 0": ["observe", "--activations", data, "--memory", "0"],
            "above zero; got -1": ["observe", "--activations", data, "--memory", "-1"],
            "above zero; got lots": ["observe", "--activations", data, "--memory", "lots"],
            "a number must follow": ["observe", "--activations", data, "--epsilon", ""],
            "must have a name": ["observe", "--activations", data, "--out", ""],
            "got 'obsrve'": ["obsrve"],
            "auto:data[:RATE]; got 'abc'": ["observe", "--activations", data, "--epsilon", "abc"],
            "below 1/2; got 0.7": ["observe", "--activations", data, "--epsilon", "auto:0.7"],
            "see torchsrm observe --help": ["observe", "--activations", data, "--angles", "abc"],
            "random:N[:SEED], top[:N], or i,j each; got some": ["observe", "--activations", data, "--planes", "some"],
            "got random:0": ["observe", "--activations", data, "--planes", "random:0"],
            "e.g. --planes 0,1": ["observe", "--activations", data, "--planes", "0,1", "2"],
            "e.g. --density 0,1": ["observe", "--activations", data, "--density", "3"],
            "needs --labels": ["observe", "--activations", data, "--by-class"],
            "or 0 for no tests; got 1": ["observe", "--activations", data, "--rotations", "1"],
            "--rotations 0 leaves tests out": ["observe", "--activations", data, "--test-rows", "1"],
            "FUNCTION being one of": ["observe", TANH, "--data", data, "--nonlinearity", "a=b"],
            "names two layers of a model": ["observe", "--activations", data, "--nonlinearity", "a=relu"],
            "leave one of the two out": ["observe", "--activations", data, "--test-planes", "--rotations", "0"],
            "from four rows or more": ["observe", "--activations", data, "--learn-rows", "3"],
            "numbered from 0": ["observe", "--activations", data, "--first-sample", "-1"],
            "4096 vectors or fewer": ["observe", "--activations", data, "--basis", "thomson:100000"],
            "weights are those of a model": ["observe", "--activations", data, "--basis", "weights:w"],
            "--grid": ["observe", "--activations", data, "--grid", "open"],
            "auto, last, channels or flatten": ["observe", "--activations", data, "--layout", "rows"],
            "either a model or --activations; got neither": ["observe"],
            "got both": ["observe", TANH, "--activations", data],
            "needs --data": ["observe", TANH],
            "count from 0": ["show", "x.srm.pt", "--plane", "1"],
            "give --neurons too": ["show", "x.srm.pt", "--inputs", data],
            "got --json; leave one out": ["show", "x.srm.pt", "--neurons", "--json", "--inputs", data],
            "give --inputs too": ["show", "x.srm.pt", "--neurons", "--image", "8x8"],
            "HxW; got 8x0": ["show", "x.srm.pt", "--neurons", "--inputs", data, "--image", "8x0"],
            "--no-such-flag": ["observe", "--no-such-flag"],
            "required": ["merge", "a"],
        }
        for words, command in cases.items():
            with self.subTest(words):
                self.assertIn(words, self.error_of(*command, code=2))

    def test_models(self):
        (self.folder / "text.pt").write_text("not a model")
        (self.folder / "cut.pt").write_bytes(pathlib.Path(TANH).read_bytes()[:20000])
        (self.folder / "empty.pt").write_bytes(b"")
        data = self.npy(gaussian_rows(4, 64))
        for name, words in {"text.pt": "must be a TorchScript file", "cut.pt": "archive must be whole",
                            "empty.pt": "an empty file", "gone.pt": "must exist", ".": "a folder"}.items():
            with self.subTest(name):
                self.assertIn(words, self.error_of("observe", name, "--data", data))
                self.assertIn(words, self.error_of("inspect", name))
        self.observe("--activations", data)
        self.assertIn("torch.save", self.error_of("inspect", "out/results.srm.pt"))

    def test_data_that_the_model_refuses_names_the_argument(self):
        narrow = self.error_of("observe", TANH, "--data", self.npy(gaussian_rows(4, 63)))
        self.assertRegex(narrow, r"must accept the data; got '.*' for \w+ Float \(4, 63\)")
        wide = self.error_of("observe", TANH, "--data", self.npy(gaussian_rows(4, 64), dtype="<f8"))
        self.assertRegex(wide, r"for \w+ Double \(4, 64\).*astype\('float32'\)")
        self.assertFalse((self.folder / "srm-result").exists(), "a folder that was made for nothing")

    def test_a_run_that_counted_nothing_leaves_an_earlier_result_alone(self):
        data = self.npy(gaussian_rows(5, 3))
        self.observe("--activations", data)
        before = (self.folder / "out" / "results.srm.pt").read_bytes()
        basis = self.npy([[1.0, 0.0]], "basis.npy")
        self.error_of("observe", "--activations", data, "--basis", basis, "--out", "out")
        self.assertEqual((self.folder / "out" / "results.srm.pt").read_bytes(), before)

    def test_no_layer_matched_lists_the_nearest(self):
        message = self.error_of("observe", TANH, "--data", HELD_OUT, "--layers", "encoder.bottlneck")
        self.assertIn("encoder.bottleneck", message)

    def test_layers_without_a_tensor_of_floating_point_are_refused_by_name(self):
        data = self.npy(gaussian_rows(4, 4))
        model = TEST_MODELS / "memory_scripted.pt"
        data = self.npy([[gaussian_rows(5, 4, seed) for seed in range(3)]][0])
        message = self.error_of("observe", model, "--data", data, "--layers", "tokens")
        self.assertIn("[tokens: observe] an activation must be of floating point; got Long (3, 5)", message)
        self.assertIn("--layers '!tokens'", message)
        message = self.error_of("observe", model, "--data", data, "--layers", "lstm:2")
        self.assertIn("'lstm:2' must be in what passes; got Tuple", message)
        done = self.run_command("observe", model, "--data", data)
        self.assertIn("note: tokens was left out: Long (3, 5) has no rows to count", done.stderr)

    def test_bases(self):
        data = self.npy(gaussian_rows(5, 3))
        for rows, words in [([[1.0, 0.0]], "must be as wide as the samples, 3; got vectors of 2 numbers"), ([[0.0] * 3, [1.0] * 3], "no vector may be zero"),
                            ([[math.nan] * 3] * 2, "must be finite")]:
            with self.subTest(words):
                message = self.error_of("observe", "--activations", data, "--basis", self.npy(rows, "basis.npy"))
                self.assertIn(words, message)

    def test_data_files(self):
        (self.folder / "words.npy").write_text("hello")
        (self.folder / "cut.npy").write_bytes(pathlib.Path(HELD_OUT).read_bytes()[:500])
        for name in ["words.npy", "cut.npy", "gone.npy", "."]:
            with self.subTest(name):
                self.assertIn(name, self.error_of("observe", "--activations", name))

    def test_output_folder_that_cannot_be_written(self):
        data = self.npy(gaussian_rows(5, 3))
        (self.folder / "file").write_text("in the way")
        self.assertIn("--out", self.error_of("observe", "--activations", data, "--out", "file"))
        self.assertIn("--out", self.error_of("observe", "--activations", data, "--out", "/proc/no"))

    def test_memory_limit_gives_the_figure_and_the_way_out(self):
        message = self.error_of("observe", "--activations", self.npy(gaussian_rows(3, 300)), "--memory", "1M")
        self.assertRegex(message, r"got 1\d\d MB beside 0 bytes already taken; raise --memory")

    def test_results_that_do_not_belong_together(self):
        data = self.npy(gaussian_rows(5, 3))
        self.observe("--activations", data, "--epsilon", "0.5", out="a")
        self.observe("--activations", data, "--epsilon", "0.6", out="b")
        message = self.error_of("merge", "a", "b", "-o", "c.srm.pt")
        self.assertIn("epsilon = 0.5 and epsilon = 0.6", message)
        self.assertIn("got a/results.srm.pt twice", self.error_of("merge", "a", "a/results.srm.pt", "-o", "c.srm.pt", code=2))
        self.assertFalse((self.folder / "c.srm.pt").exists())
        self.assertIn("must hold results.srm.pt", self.error_of("show", "."))

    def test_full_disk_leaves_what_was_there(self):
        data = self.npy(gaussian_rows(50, 20))
        self.observe("--activations", data)
        before = (self.folder / "out" / "results.srm.pt").read_bytes()
        done = subprocess.run(["bash", "-c", 'ulimit -f 64; exec "$@"', "bash", COMMAND, "observe",
                               "--activations", data, "--epsilon", "0.1", "--out", "out"],
                              capture_output=True, text=True, cwd=self.folder)
        self.assertEqual(done.returncode, 1, done.stderr)
        self.assertIn("results.srm.pt", done.stderr)
        self.assertEqual((self.folder / "out" / "results.srm.pt").read_bytes(), before)
        self.assertFalse([p for p in (self.folder / "out").iterdir() if p.name not in
                          {"results.srm.pt", "planes.csv", "layers.json", "report.html"}])

    def test_failure_on_the_way_keeps_what_was_counted(self):
        # The second sample goes through a layer that no memory is left for.
        data = self.npy([[1.0, 2.0, 3.0, 4.0], [-1.0, -2.0, -3.0, -4.0]])
        message = self.error_of("observe", TEST_MODELS / "branches_scripted.pt", "--data", data, "--batch-size", "1",
                                "--layers", "positive", "negative", "--memory", "2M", "--out", "out")
        self.assertIn("'negative' must fit into the limit", message)
        result = torch_file.load(self.folder / "out" / "results.srm.pt")
        self.assertIs(result["partial"], True)
        self.assertEqual([(layer["address"], layer["num_samples_seen"]) for layer in result["layers"]], [("positive", 1)])


class InterruptTest(CommandCase):
    def test_ctrl_c_saves_what_was_seen_and_marks_it_partial(self):
        data = self.npy(gaussian_rows(500, 64) * 60)
        process = subprocess.Popen([COMMAND, "observe", "--activations", data, "--epsilon", "-0.5", "--batch-size", "8",
                                    "--pairs", "permutation", "--threads", "1", "--out", "out"],
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=self.folder)
        while not (self.folder / "out").exists():
            time.sleep(0.01)
        time.sleep(1)
        process.send_signal(signal.SIGINT)
        output, errors = process.communicate(timeout=60)
        self.assertEqual(process.returncode, 130, errors)
        result = torch_file.load(self.folder / "out" / "results.srm.pt")
        self.assertIs(result["partial"], True)
        self.assertGreater(result["layers"][0]["num_samples_seen"], 0)
        self.assertLess(result["layers"][0]["num_samples_seen"], 30000)
        self.assertIn("partial", output)


class ShowTest(CommandCase):
    def test_table_plane_and_json(self):
        self.observe(TANH, "--data", HELD_OUT, "--layers", "encoder.*", "--epsilon", "0.5")
        table = self.run_command("show", "out").stdout
        self.assertIn("encoder.bottleneck_activation", table)
        self.assertIn("450", table)
        chart = self.run_command("show", "out/results.srm.pt", "--plane", "0,1").stdout
        self.assertIn("encoder.bottleneck_activation", chart)
        layers = json.loads(self.run_command("show", "out", "--json").stdout)
        self.assertEqual(len(layers), 4)
        self.assertEqual(layers[0]["num_samples_seen"], 450)
        planes = json.loads(self.run_command("show", "out", "--json", "--plane", "0,1").stdout)
        self.assertEqual(len(planes[0]["plane"]["counts"][0]), 360)
        self.assertIn("among", self.error_of("show", "out", "--plane", "1,0"))

    def test_one_layer_alone(self):
        self.observe(TANH, "--data", HELD_OUT, "--layers", "encoder.*", "--epsilon", "0.5", "--rotations", "20")
        for words in [[], ["--curves"], ["--verdicts"], ["--plane", "0,1"]]:
            with self.subTest(words):
                shown = self.run_command("show", "out", "--layer", "encoder.hidden", *words).stdout
                self.assertIn("encoder.hidden", shown)
                self.assertNotRegex(shown, r"encoder\.(hidden_activation|bottleneck)")
        layer, = json.loads(self.run_command("show", "out", "--layer", "encoder.hidden", "--json").stdout)
        self.assertEqual(layer["address"], "encoder.hidden")
        self.assertIn("[show out] the layer must be one of the result's; got encoder; choose from encoder.hidden, ",
                      self.error_of("show", "out", "--layer", "encoder"))

    def test_what_was_found_out_is_shown_and_exported(self):
        result = self.observe(MODELS / "classifier_tanh.pt", "--data", HELD_OUT, "--layers", "features", "output",
                              "--centre", "--epsilon", "0.5", "--rotations", "40", "--density", "0,1", "--labels",
                              MODELS / "data" / "held_out_labels.npy")
        found = {entry["address"]: entry for entry in result["findings"]}
        self.assertEqual(list(found), ["features", "output"])
        self.assertEqual(found["output"]["neurons"]["class_counts"].shape, (1, 10, 2, 10))
        self.assertEqual(found["output"]["tests"]["haar"]["null_scores"].shape, (40,))
        self.assertEqual(found["output"]["densities"]["planes"][0]["counts"].shape, (128, 128))
        self.assertRegex(self.run_command("show", "out").stdout, r"(?m)^output .* aligned ")

        verdicts = self.run_command("show", "out", "--verdicts").stdout
        self.assertRegex(verdicts, r"(?m)^2 layers tested: (2 aligned|1 aligned, 1 .*)$")
        self.assertRegex(verdicts, r"(?m)^output: aligned: A4 = \+0\.\d+ \+- ")
        neurons = self.run_command("show", "out", "--neurons").stdout
        self.assertRegex(neurons, r"(?m)^output: \d+ grandmother neurons at epsilon 0\.5 among 20 signed vectors$")
        self.assertRegex(neurons, r"(?m)^ +\+4 +4 +\d+ ")
        strict = self.run_command("show", "out", "--neurons", "--min-count", "400", "--max-q", "0.01").stdout
        self.assertIn("the rule asks for 400 labelled rows, 90% of them of one class, and q <= 0.01", " ".join(strict.split()))
        self.assertIn("--min-purity", self.error_of("show", "out", "--neurons", "--min-purity", "2", code=2))
        density = self.run_command("show", "out", "--density", "0,1").stdout
        self.assertIn("output, points of the plane (0, 1), r >= 0.5 |x|\n", density)
        self.assertIn("choose one of (0, 1)", self.error_of("show", "out", "--density", "1,0"))
        self.assertIn("--density", self.error_of("show", "out", "--density", "1;0", code=2))

        layers = json.loads((self.folder / "out" / "layers.json").read_text())
        self.assertEqual(layers[1]["tests"]["alignment"], "aligned")
        classes = {neuron["class"] for neuron in layers[1]["neurons"]["by_epsilon"][0]["grandmother_neurons"]}
        self.assertLessEqual({0, 4, 6}, classes)
        shown = json.loads(self.run_command("show", "out", "--json", "--density", "0,1").stdout)
        self.assertEqual(sum(shown[1]["density"]["counts"]), layers[1]["densities"]["planes"][0]["num_points"])
        with open(self.folder / "out" / "neurons.csv", newline="") as file:
            rows = list(csv.DictReader(file))
        self.assertEqual(len(rows), 2 * (16 + 10))
        best = next(row for row in rows if row["layer"] == "output" and row["vector"] == "4" and row["side"] == "+")
        self.assertEqual(best["class"], "4")
        self.assertEqual(len(best["nearest"].split()), 8)

    def test_inputs_of_the_nearest_samples_are_drawn(self):
        self.observe(MODELS / "classifier_tanh.pt", "--data", HELD_OUT, "--layers", "output", "--centre", "--epsilon",
                     "0.5", "--rotations", "0", "--labels", MODELS / "data" / "held_out_labels.npy")
        plain = self.run_command("show", "out", "--neurons").stdout.splitlines()
        ascii_only = {**os.environ, "LC_ALL": "C"}
        show = ["show", "out", "--neurons", "--inputs"]
        lines = self.run_command(*show, HELD_OUT, env=ascii_only).stdout.splitlines()
        row = next(k for k, line in enumerate(lines) if line.split()[:2] == ["+4", "4"])
        nearest = [f"{sample} (4)" for sample in lines[row].split()[-8:]]
        self.assertEqual(lines[row + 1].split("  ")[2], nearest[0])
        titles = [title.strip() for title in lines[row + 1].split("  ") if title]
        self.assertEqual(titles, nearest[: len(titles)])
        self.assertEqual(len(titles), 6)  # 16 columns each, 2 between them and 4 before, in 120
        pixels = self.pixels(int(nearest[0].split()[0]))
        lowest, highest = min(pixels), max(pixels)
        shades = [min(9, int((pixel - lowest) / (highest - lowest) * 10 + 1e-9)) for pixel in pixels]
        for y in range(8):
            drawn = "".join(2 * " .:-=+*#%@"[shade] for shade in shades[8 * y : 8 * y + 8])
            self.assertEqual(lines[row + 2 + y][4:20].ljust(16), drawn)
        self.assertEqual([line for line in lines if line in plain], plain)  # only pictures are new

        blocks = self.run_command(*show, HELD_OUT, "--image", "8x8", env={**os.environ, "LC_ALL": "C.UTF-8"}).stdout
        self.assertRegex(blocks, "\u2592{2}")
        flat = self.run_command(*show, HELD_OUT, "--image", "4x16", env=ascii_only).stdout.splitlines()
        self.assertLess(len(flat), len(lines))
        colours = [[[[pixel] * 4] * 4 for pixel in row] for row in gaussian_rows(450, 3)]
        self.run_command(*show, self.npy(colours, "colours.npy"), env=ascii_only)

        self.assertIn("got (450, 64); say another --image than 9x9", self.error_of(*show, HELD_OUT, "--image", "9x9"))
        few = self.error_of(*show, self.npy(gaussian_rows(3, 64), "few.npy"))
        self.assertIn("there must be an input for every sample of the table; got 3 inputs and sample", few)
        self.assertIn("several files were merged", few)
        self.assertIn("say how high and wide", self.error_of(*show, self.npy(gaussian_rows(450, 6), "six.npy")))
        self.assertIn("leave --image 8x8 out", self.error_of(*show, "colours.npy", "--image", "8x8"))
        self.assertIn("(N, 1 or 3, H, W)", self.error_of(*show, self.npy([1.0, 2.0], "flat.npy")))
        self.assertIn("must exist", self.error_of(*show, "gone.npy"))

    def pixels(self, sample):
        data = pathlib.Path(HELD_OUT).read_bytes()
        return struct.unpack("<64f", data[len(data) - (450 - sample) * 256 :][:256])

    def test_results_without_findings_say_so(self):
        self.observe(TANH, "--data", HELD_OUT, "--layers", "encoder.*", "--epsilon", "0.5", "--rotations", "0")
        self.assertEqual(self.run_command("show", "out", "--verdicts").stdout, "no layer was tested\n")
        self.assertEqual(self.run_command("show", "out", "--neurons").stdout, "no layer has neurons counted\n")
        self.assertIn("no layer has points", self.run_command("show", "out", "--density", "0,1").stdout)
        self.assertFalse((self.folder / "out" / "neurons.csv").exists())


class InspectTest(CommandCase):
    def test_tree_and_json(self):
        tree = self.run_command("inspect", TANH).stdout
        self.assertRegex(tree, r"(?m)^  encoder +Encoder|^  encoder ")
        self.assertRegex(tree, r"(?m)^    encoder\.hidden +Linear +forward +- +-$")
        sites = json.loads(self.run_command("inspect", TANH, "--data", HELD_OUT, "--json").stdout)
        hidden = next(site for site in sites if site["address"] == "encoder.hidden")
        self.assertEqual((hidden["calls"], hidden["outputs"], hidden["method"]), (1, ["Float (64, 48)"], "forward"))


    def test_nodes_functions_and_what_is_closed(self):
        tree = self.run_command("inspect", TEST_MODELS / "opaque_scripted.pt", "--nodes").stdout
        self.assertRegex(tree, r"(?m)^  swapped +OneToOne +forward +- +- +closed$")
        self.assertRegex(tree, r"(?m)^  fn:clamp_twice +clamp_twice")
        self.assertRegex(tree, r"(?m)^    layer/linear +aten::linear")
        tree = self.run_command("inspect", TEST_MODELS / "branches_scripted.pt").stdout
        self.assertRegex(tree, r"(?m)^  step +Linear +forward +- +- +in a loop$")
        self.assertNotIn("tanh", tree)
        done = self.run_command("inspect", TEST_MODELS / "mlp_frozen.pt")
        self.assertRegex(done.stdout, r"(?m)^  \./tanh +aten::tanh")
        self.assertIn("frozen", done.stderr)

    def test_selectors_are_shown_before_they_are_used(self):
        words = ["inspect", TEST_MODELS / "mlp_scripted.pt", "--json", "--layers"]
        sites = json.loads(self.run_command(*words, "type:Linear", "!decoder").stdout)
        self.assertEqual([site["address"] for site in sites], ["encoder.0", "encoder.2"])
        sites = json.loads(self.run_command(*words, "encoder.1/tanh@input").stdout)
        self.assertEqual([(site["kind"], site["type"]) for site in sites], [("node", "aten::tanh")])

    def test_methods(self):
        data = self.npy(gaussian_rows(5, 4))
        words = [TEST_MODELS / "methods_scripted.pt", "--data", data, "--method"]
        sites = json.loads(self.run_command("inspect", *words, "generate", "--json").stdout)
        calls = {site["address"]: site["calls"] for site in sites}
        self.assertEqual((calls["codec"], calls[".!generate"]), (2, 1))
        self.assertIn("one with forward, generate", self.error_of("inspect", *words, "decode"))


class AddressTest(CommandCase):
    def addresses(self, *words):
        return {layer["address"]: layer["num_samples_seen"] for layer in self.observe(*words)["layers"]}

    def test_every_kind_of_address_is_observed(self):
        data = self.npy(gaussian_rows(5, 4))
        branches = TEST_MODELS / "branches_scripted.pt"
        self.assertEqual(self.addresses(branches, "--data", data, "--layers", "step[*]", "step", "./tanh[1]", "step@input"),
                         {"step@input": 10, "step[0]": 5, "step[1]": 5, "step": 10, "./tanh[1]": 5})
        self.assertEqual(self.addresses(branches, "--data", data, "--layers", "positive,step[1],step[1,0]", "re:st.{1,2}"),
                         {"positive": 5, "step[1]": 5, "step": 10})
        structured = TEST_MODELS / "structured_scripted.pt"
        self.assertEqual(self.addresses(structured, "--data", data, "--layers", "join:sum", "split", "join@input:b", "!split:0"),
                         {"split:1": 5, "join@input:b": 5, "join:sum": 5})
        methods = TEST_MODELS / "methods_scripted.pt"
        self.assertEqual(self.addresses(methods, "--data", data, "--method", "generate", "--layers", "codec!encode", ".!generate"),
                         {"codec!encode": 10, ".!generate": 5})
        opaque = TEST_MODELS / "opaque_scripted.pt"
        self.assertEqual(self.addresses(opaque, "--data", data, "--layers", "fn:clamp_twice", "swapped", "layer/linear"),
                         {"swapped": 5, "layer/linear": 5, "fn:clamp_twice": 5})
        boxes = TEST_MODELS / "boxes_scripted.pt"
        self.assertEqual(self.addresses(boxes, "--data", data, "--layers", "boxes"), {"boxes:low": 5, "boxes:high": 5})
        quantised = TEST_MODELS / "quantised_scripted.pt"
        self.assertEqual(self.addresses(quantised, "--data", data, "--layers", "layers.0"), {"layers.0": 5})

    def test_what_is_observed_is_listed(self):
        done = self.run_command("observe", TANH, "--data", HELD_OUT, "--layers", "re:encoder\\.bottle.*")
        self.assertIn("observing 2 layers: encoder.bottleneck, encoder.bottleneck_activation\n", done.stderr)

    def test_masks_leave_padding_out(self):
        model = TEST_MODELS / "masked_scripted.pt"
        torch_file.write_npz(self.folder / "x.npz", {"x": [gaussian_rows(3, 4, k) for k in range(6)],
                                                     "mask": [[1.0, 1.0, 0.0]] * 5 + [[0.0, 0.0, 0.0]]})
        named = self.observe(model, "--data", "x.npz", "--layers", "left", "--mask", "mask", "--batch-size", "4")
        layer = named["layers"][0]
        self.assertEqual((layer["num_samples_seen"], layer["num_samples_skipped"]), (20, 16))
        filed = self.observe(model, "--data", "x.npz", "--layers", "left", "--mask", "x.npz:mask", "--batch-size", "4")
        self.assertEqual(filed["layers"][0]["counts"], layer["counts"])
        rows = self.npy([gaussian_rows(3, 4, k) for k in range(6)])
        alone = self.observe("--activations", rows, "--mask", "x.npz:mask")
        self.assertEqual(alone["layers"][0]["num_samples_seen"], 10)
        self.assertIn("6 samples", self.error_of("observe", "--activations", rows, "--mask", self.npy([[1.0]], "m.npy")))

    def test_sampling_is_counted_and_kept_in_the_settings(self):
        rows = self.npy(gaussian_rows(200, 4))
        result = self.observe("--activations", rows, "--fraction", "0.5", "--seed", "3", "--limit", "50", "--epsilon", "0.5")
        layer = result["layers"][0]
        self.assertEqual((layer["num_samples_seen"], layer["num_samples_skipped"]), (50, 150))
        self.assertEqual([result["settings"][key] for key in ["fraction", "seed", "limit"]], ["0.5", "3", "50"])
        every = self.observe(TANH, "--data", HELD_OUT, "--layers", "encoder", "--every", "2")["layers"][0]
        self.assertEqual((every["num_samples_seen"], every["num_calls"]), (256, 4))
        for flag, value in [("--every", "0"), ("--fraction", "0"), ("--fraction", "1.5"), ("--limit", "0")]:
            self.assertIn(flag[2:], self.error_of("observe", "--activations", rows, flag, value, code=2))

    def test_an_observer_that_fails_can_be_taken_off(self):
        basis = self.npy([[1.0] * 16], "narrow.npy")
        words = [TANH, "--data", HELD_OUT, "--layers", "encoder.*", "--basis", basis]
        self.assertIn("must be as wide", self.error_of("observe", *words))
        done = self.run_command("observe", *words, "--on-error", "detach", "--out", "out")
        self.assertIn("warning: taken off after an error: [encoder.hidden: observe]", done.stderr)
        layers = torch_file.load(self.folder / "out" / "results.srm.pt")["layers"]
        self.assertEqual([layer["address"] for layer in layers], ["encoder.bottleneck", "encoder.bottleneck_activation"])


class InstrumentTest(CommandCase):
    def test_an_instrumented_model_counts_and_is_stripped(self):
        words = ["--layers", "encoder.*", "encoder.hidden_activation/tanh", "--epsilon", "0.4"]
        done = self.run_command("instrument", TANH, "-o", "observed.pt", *words)
        self.assertIn("observes 5 layers: encoder.hidden, encoder.hidden_activation/tanh", done.stdout)
        done = self.run_command("collect", "observed.pt", "-o", "empty")
        self.assertIn("nothing was counted yet", done.stderr)
        self.run_command("strip", "observed.pt", "-o", "plain.pt")
        # Of an instrumented model it is the plain one inside that is observed.
        for model in ["plain.pt", "observed.pt"]:
            self.observe(model, "--data", HELD_OUT, *words, out=model + ".out")
        self.observe(TANH, "--data", HELD_OUT, *words)
        expected = (self.folder / "out" / "results.srm.pt").read_bytes()
        for model in ["plain.pt", "observed.pt"]:
            self.assertEqual((self.folder / (model + ".out") / "results.srm.pt").read_bytes(), expected)

    def test_what_is_wrong_is_told(self):
        self.assertIn("torchsrm instrument", self.error_of("collect", TANH, "-o", "x"))
        self.assertIn("must carry observers", self.error_of("strip", TANH, "-o", "x.pt"))
        self.run_command("instrument", TANH, "-o", "observed.pt")
        self.assertIn("torchsrm strip", self.error_of("instrument", "observed.pt", "-o", "twice.pt"))
        self.assertIn("nearest are", self.error_of("instrument", TANH, "-o", "x.pt", "--layers", "encodr"))
        self.assertIn("epsilon", self.error_of("instrument", TANH, "-o", "x.pt", "--epsilon", "2", code=2))
        self.assertFalse((self.folder / "x.pt").exists())
        self.assertIn("no-such", self.error_of("instrument", TANH, "-o", "no-such/x.pt"))


class HelpTest(CommandCase):
    def test_help_and_version(self):
        self.assertIn("Examples", self.run_command("--help").stdout)
        for command in ["inspect", "observe", "instrument", "collect", "strip", "show", "merge"]:
            self.assertIn("Examples", self.run_command(command, "--help").stdout, command)
        self.assertRegex(self.run_command("--version").stdout, r"^torchsrm \d+\.\d+\.\d+$")
        self.assertIn("see torchsrm --help", self.error_of(code=2))


if __name__ == "__main__":
    unittest.main()
