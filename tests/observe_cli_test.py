"""What `torchsrm observe` finds out beside curves, option by option, on the shipped networks and on small tables."""

import csv
import json
import math
import re
import struct
import signal
import subprocess
import unittest

import torch_file
from command_case import COMMAND, HELD_OUT, MODELS, TANH, CommandCase, gaussian_rows

LABELS = str(MODELS / "data" / "held_out_labels.npy")
BOTTLENECK = "encoder.bottleneck_activation"


def count_inside(rows, plane, epsilon, angles):
    """By the definition, in the standard basis."""
    counts = []
    for k in range(angles):
        c, s = math.cos(2 * math.pi * k / angles), math.sin(2 * math.pi * k / angles)
        counts.append(sum(row[plane[0]] * c + row[plane[1]] * s >= epsilon * math.hypot(*row) for row in rows))
    return counts


def rounded(rows):
    """What float32 keeps."""
    return [list(struct.unpack(f"{len(row)}f", struct.pack(f"{len(row)}f", *row))) for row in rows]


class PlanesTest(CommandCase):
    def setUp(self):
        super().setUp()
        self.rows = rounded(gaussian_rows(60, 6))
        self.base = ["--activations", self.npy(self.rows), "--epsilon", "0.5", "--angles", "12"]

    def test_subsets_have_the_curves_of_the_whole(self):
        whole = self.observe(*self.base)["layers"][0]
        curves = {tuple(whole["planes"].values[2 * p : 2 * p + 2]): whole["counts"].values[12 * p : 12 * p + 12]
                  for p in range(15)}
        for words, num_planes, choice in [(["random:4:7"], 4, "random:4"), (["1,3", "0,5"], 2, "listed"),
                                          (["none"], 0, "none"), (["top:3"], 3, "listed"), (["top"], 15, "listed")]:
            with self.subTest(words):
                layer = self.observe(*self.base, "--planes", *words)["layers"][0]
                self.assertEqual(layer["planes"].shape, (num_planes, 2))
                self.assertEqual(layer["plane_choice"], choice)
                for p in range(num_planes):
                    plane = tuple(layer["planes"].values[2 * p : 2 * p + 2])
                    self.assertEqual(layer["counts"].values[12 * p : 12 * p + 12], curves[plane])
                self.assertEqual(layer["holistic_counts"], whole["holistic_counts"])
                self.assertEqual(layer["num_planes_summed"], 15)
        result = self.observe(*self.base, "--planes", "random:4:7")
        self.assertEqual((result["settings"]["planes"], result["layers"][0]["plane_seed"]), ("random:4:7", 7))

    def test_a_plane_that_is_none_is_refused(self):
        self.assertIn("9", self.error_of("observe", *self.base, "--planes", "0,9"))

    def test_counts_are_those_of_the_definition_signed_too(self):
        layer = self.observe(*self.base, "--signed")["layers"][0]
        for p in range(15):
            i, j = layer["planes"].values[2 * p : 2 * p + 2]
            inside = count_inside(self.rows, (i, j), 0.5, 12)
            self.assertEqual(layer["counts"].values[12 * p : 12 * p + 12], inside)
            self.assertEqual(layer["signed_counts"].values[12 * p : 12 * p + 12],
                             [a - b for a, b in zip(inside, inside[6:] + inside[:6])])
        self.assertEqual(self.observe(*self.base, "--signed")["settings"]["signed"], "yes")

    def test_a_plane_is_shown_with_its_mean_cosine(self):
        self.observe(*self.base)
        plane = json.loads(self.run_command("show", "out", "--plane", "0,1", "--json").stdout)[0]["plane"]
        mean = [sum(row[axis] / math.hypot(*row) for row in self.rows) / 60 for axis in (0, 1)]
        self.assertAlmostEqual(plane["mean_cosine"][0], mean[0], places=6)
        self.assertAlmostEqual(plane["mean_cosine"][3], mean[1], places=6)


class EpsilonTest(CommandCase):
    def epsilons(self, *words, dim=16):
        result = self.observe("--activations", self.npy(gaussian_rows(400, dim)), "--angles", "36", *words)
        return result["layers"][0]["epsilon"].values, result["settings"]["epsilon"]

    def test_auto_is_the_default_and_follows_the_width(self):
        self.assertEqual(self.epsilons(), ([0.558], "auto"))
        self.assertEqual(self.epsilons(dim=8), ([0.75], "auto"))
        self.assertEqual(self.epsilons("--epsilon", "auto:0.001,0.9")[1], "auto:0.001 0.9")
        self.assertGreater(self.epsilons("--epsilon", "auto:0.001")[0][0], 0.6)

    def test_auto_data_follows_the_rows(self):
        values, setting = self.epsilons("--epsilon", "auto:data:0.05")
        self.assertEqual(setting, "auto:data:0.05")
        layer = json.loads(self.run_command("show", "out", "--json").stdout)[0]
        holistic = torch_file.load(self.folder / "out" / "results.srm.pt")["layers"][0]["holistic_counts"].values
        self.assertAlmostEqual(sum(holistic) / 36 / layer["num_planes"] / 400, 0.05, delta=0.003)
        self.assertEqual(layer["epsilon"], values)


class BasisTest(CommandCase):
    def layer(self, *words):
        return self.observe(*words, "--rotations", "0")["layers"][0]

    def test_every_word_makes_its_basis(self):
        data = self.npy(gaussian_rows(200, 6))
        weights = self.layer(TANH, "--data", HELD_OUT, "--layers", "encoder.hidden", "--basis",
                             "weights:encoder.bottleneck.weight")
        self.assertEqual((weights["basis"].shape, weights["basis_name"]), ((16, 48), "weights:encoder.bottleneck.weight"))
        for word, num_vectors in [("haar:3", 6), ("thomson:9", 9), ("thomson:9:2", 9), ("pca", 6),
                                  ("learned-aligned", 6), ("learned-diagonal", 6)]:
            with self.subTest(word):
                layer = self.layer("--activations", data, "--basis", word)
                self.assertEqual((layer["basis"].shape, layer["basis_name"]), ((num_vectors, 6), word))
                for k in range(num_vectors):
                    self.assertAlmostEqual(math.hypot(*layer["basis"].values[6 * k : 6 * k + 6]), 1, places=12)
        self.assertEqual(self.layer("--activations", data, "--basis", "haar:3"),
                         self.layer("--activations", data, "--basis", "haar:3"))

    def test_a_learned_basis_is_learned_on_the_first_half_and_observed_on_the_second(self):
        done = self.run_command("observe", "--activations", self.npy(gaussian_rows(201, 4)), "--basis",
                                "learned-diagonal", "--out", "out")
        self.assertIn("not stable", done.stderr)
        self.assertIn("found in the first half of the samples and observed on the second", done.stderr)
        result = torch_file.load(self.folder / "out" / "results.srm.pt")
        self.assertEqual(result["layers"][0]["num_samples_seen"], 101)
        self.assertEqual(result["findings"], [], "a learned basis is not tested by rotations")

    def test_weights_that_do_not_fit_are_refused_and_those_that_do_are_named(self):
        message = self.error_of("observe", TANH, "--data", HELD_OUT, "--layers", "encoder.hidden", "--basis",
                                "weights:encoder.hidden.weight")
        self.assertIn("as wide as", message)
        self.assertIn("encoder", self.error_of("observe", TANH, "--data", HELD_OUT, "--basis", "weights:nothing"))

    def test_a_mean_is_given_by_a_file(self):
        rows = [[3.0, 1.0], [1.0, 1.0], [2.0, 3.0]]
        base = ["--activations", self.npy(rows), "--epsilon", "0.9", "--angles", "4"]
        given = self.observe(*base, "--mean", self.npy([[2.0, 1.0]], "mean.npy"))
        self.assertEqual(given["layers"][0]["counts"].values, [1, 1, 1, 0])
        self.assertEqual(given["settings"]["centre"], "on a given mean")
        self.assertIs(given["layers"][0]["centred"], True)
        self.assertIn("the mean must have 2 numbers", self.error_of("observe", *base, "--mean", self.npy([[1.0]], "m.npy")))
        self.assertIn("finite", self.error_of("observe", *base, "--mean", self.npy([[1.0, math.nan]], "m.npy")))


class ClassesTest(CommandCase):
    def test_a_result_by_class_adds_up_and_neurons_are_told(self):
        done = self.run_command("observe", MODELS / "classifier_relu.pt", "--data", HELD_OUT, "--layers", "output",
                                "--labels", LABELS, "--by-class", "--epsilon", "0.5", "--rotations", "0", "--centre",
                                "--out", "out")
        self.assertRegex(done.stdout, r"output: \d+ grandmother neurons at epsilon 0.5 among 20 signed vectors")
        result = torch_file.load(self.folder / "out" / "results.srm.pt")
        whole, *classes = result["layers"]
        self.assertEqual([layer["group"] for layer in result["layers"]], ["", *map(str, range(10))])
        for k in range(5):
            self.assertEqual(sum(layer["counts"].values[k] for layer in classes), whole["counts"].values[k])
        self.assertEqual(sum(layer["num_samples_seen"] for layer in classes), 450)
        with open(self.folder / "out" / "neurons.csv", newline="") as file:
            rows = list(csv.DictReader(file))
        best = max((row for row in rows if row["labelled"] != "0"), key=lambda row: float(row["recall"]))
        self.assertGreater(float(best["purity"]), 0.9)

    def test_labels_that_do_not_fit_are_refused(self):
        data = self.npy(gaussian_rows(5, 3))
        for labels, dtype, words in [([[0, 1]], "<i8", "(1, 2)"), ([0, 1], "<i8", "for each of 5 samples; got 2"),
                                     ([0, 1, 2, 1, -3], "<i8", "got -3"), ([0.5] * 5, "<f4", "whole numbers")]:
            with self.subTest(words):
                torch_file.write_npy(self.folder / "labels.npy", labels, dtype)
                self.assertIn(words, self.error_of("observe", "--activations", data, "--labels", "labels.npy"))

    def test_parts_of_data_keep_the_numbers_of_their_samples(self):
        rows = gaussian_rows(40, 4)
        base = ["--epsilon", "0.5", "--nearest", "5", "--rotations", "0", "--angles", "8"]
        for name, part, first in [("a", rows[:15], 0), ("b", rows[15:], 15), ("whole", rows, 0)]:
            self.observe("--activations", self.npy(part), *base, "--first-sample", str(first), out=name)
        self.run_command("merge", "b", "a", "-o", "ab")
        merged, whole = (torch_file.load(self.folder / name / "results.srm.pt")["findings"] for name in ("ab", "whole"))
        self.assertEqual(merged, whole)

    def test_without_labels_the_nearest_samples_are_told(self):
        rows = [[0.1, 0.1, 0.1], [1.0, 0.0, 0.1], [0.0, 1.0, 1.0]]
        self.run_command("observe", "--activations", self.npy(rows), "--nearest", "1", "--out", "out")
        neurons = torch_file.load(self.folder / "out" / "results.srm.pt")["findings"][0]["neurons"]
        self.assertEqual(neurons["nearest_sample"].values[0], 1)


class TestedTest(CommandCase):
    def layer_tests(self, *words):
        self.observe(*words)
        return {layer["address"]: layer.get("tests") for layer in
                json.loads((self.folder / "out" / "layers.json").read_text())}

    def test_the_tanh_bottleneck_is_diagonal_beyond_tanhs_own_effect(self):
        tests = self.layer_tests(TANH, "--data", HELD_OUT, "--layers", "encoder.bottleneck*", "--centre")
        after, before = tests[BOTTLENECK], tests["encoder.bottleneck"]
        self.assertEqual(after["alignment"], "diagonal")
        self.assertEqual(after["beyond_nonlinearity"], "yes")
        self.assertLess(after["z"], -8)
        self.assertEqual((after["num_rows"], after["num_blocks"], after["num_rotations"]), (450, 450, 200))
        self.assertEqual(before["beyond_nonlinearity"], "not computable")
        self.assertGreater(after["planes"]["num_planes_tested"], 100)

    def test_isotropic_is_none_and_the_smallest_seen_is_told(self):
        tests = self.layer_tests(MODELS / "isotropic.pt", "--data", HELD_OUT, "--layers", BOTTLENECK, "--centre")
        self.assertEqual(tests[BOTTLENECK]["alignment"], "none beyond chance")
        self.assertIn("would have been seen", tests[BOTTLENECK]["verdict"])

    def test_a_pair_of_addresses_is_a_nonlinearity_when_it_is_named(self):
        words = [TANH, "--data", HELD_OUT, "--layers", "encoder", "--centre", "--rotations", "40"]
        self.assertEqual(self.layer_tests(*words)["encoder"]["beyond_nonlinearity"], "yes", "the encoder ends in tanh")
        named = self.layer_tests(*words, "--nonlinearity", "encoder=tanh:encoder.bottleneck")["encoder"]
        self.assertEqual(named["nonlinearity"]["m1"]["p"], self.layer_tests(*words)["encoder"]["nonlinearity"]["m1"]["p"])

    def test_rotations_rows_planes_and_seed(self):
        data = self.npy(gaussian_rows(300, 5))
        tests = self.layer_tests("--activations", data, "--rotations", "50", "--test-rows", "100", "--seed", "3",
                              "--no-test-planes")["activations"]
        self.assertEqual((tests["num_rows"], tests["num_rotations"]), (100, 50))
        self.assertIsNone(tests.get("planes"))
        self.assertIsNone(self.layer_tests("--activations", data, "--rotations", "0")["activations"])
        for name in ("a", "b"):
            self.observe("--activations", data, "--seed", "9", out=name)
        self.assertEqual((self.folder / "a" / "results.srm.pt").read_bytes(),
                         (self.folder / "b" / "results.srm.pt").read_bytes())

    def test_a_dead_layer_is_not_tested_and_costs_no_other(self):
        alike = self.npy([[1.0, 2.0, 3.0]] * 20)
        done = self.run_command("observe", "--activations", alike, "--centre", "--out", "out")
        self.assertIn("note: activations was not tested:", done.stderr)

    def test_what_is_no_function_of_its_input_is_not_tested_against_it(self):
        words = [TANH, "--data", HELD_OUT, "--layers", BOTTLENECK, "--rotations", "20"]
        for named in ["relu", "tanh:encoder.hidden"]:
            done = self.run_command("observe", *words, "--nonlinearity", f"{BOTTLENECK}={named}", "--out", "out")
            self.assertRegex(done.stderr, f"note: {BOTTLENECK} is not {named.split(':')[0]} of ")
            self.assertIn("not computable", done.stdout)

    def test_what_cannot_be_tested_is_no_error(self):
        self.assertIsNone(self.layer_tests("--activations", self.npy([[1.0, 2.0]]))["activations"])
        self.assertIsNone(self.layer_tests("--activations", self.npy([[1.0], [2.0]]))["activations"])


class InterruptTest(CommandCase):
    def test_it_is_heeded_while_a_basis_is_learned(self):
        process = subprocess.Popen([COMMAND, "observe", "--activations", self.npy(gaussian_rows(4000, 64)), "--basis",
                                    "learned-diagonal", "--out", "out"], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
                                   text=True, cwd=self.folder)
        self.addCleanup(process.stderr.close)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        self.assertTrue(any("took" in line for line in process.stderr))  # all rows are collected
        process.send_signal(signal.SIGINT)
        self.assertEqual(process.wait(timeout=60), 130)
        self.assertIn("no result was written", process.stderr.read())


class DensityTest(CommandCase):
    def test_planes_are_seen_from_above_and_merge(self):
        rows = gaussian_rows(120, 4)
        for name, part in [("a", rows[:50]), ("b", rows[50:]), ("whole", rows)]:
            self.observe("--activations", self.npy(part), "--density", "0,1", "2,3", "--density-bins", "8",
                         "--density-points", "0", "--epsilon", "0.3", "--rotations", "0", out=name)
        self.run_command("merge", "a", "b", "-o", "ab")
        merged, whole = (torch_file.load(self.folder / name / "results.srm.pt")["findings"] for name in ("ab", "whole"))
        self.assertEqual(merged, whole)
        self.assertEqual(whole[0]["densities"]["planes"][0]["counts"].shape, (8, 8))
        self.assertIn("0", self.run_command("show", "whole", "--density", "2,3").stdout)


class LoadTest(CommandCase):
    BASE = ["observe", TANH, "--data", HELD_OUT, "--layers", "encoder.bottleneck*", "--epsilon", "0.4"]

    def test_a_budget_of_overhead_tells_what_was_seen_and_what_it_cost(self):
        done = self.run_command(*self.BASE, "--batch-size", "1", "--max-overhead", "2%", "--out", "out")
        told = re.search(r"note: (\S+) % of the rows were seen, in (\d+) of 450 calls; observing added (\S+) % to the "
                         r"model's time, of 2 % that --max-overhead allows", done.stderr)
        self.assertTrue(told, done.stderr)
        result = torch_file.load(self.folder / "out" / "results.srm.pt")
        self.assertEqual(result["settings"]["max_overhead"], "0.02")
        self.assertGreater(float(told[3]), 0)
        for layer in result["layers"]:
            self.assertEqual(layer["num_samples_seen"] + layer["num_samples_skipped"], 450)
            self.assertEqual(layer["num_samples_seen"], int(told[2]))
            self.assertAlmostEqual(layer["num_samples_seen"] / 4.5, float(told[1]), delta=0.06)
        # A share is the same as a fraction.
        self.assertEqual(self.observe(*self.BASE[1:], "--max-overhead", "0.02")["settings"]["max_overhead"], "0.02")

    def test_a_budget_that_is_none_is_refused(self):
        for word in ["0", "0%", "-1%", "101%", "1.5", "2%%", "2 %", "nan", "inf", "two", "%", "0x1"]:
            with self.subTest(word):
                self.assertIn("--max-overhead", self.error_of(*self.BASE, f"--max-overhead={word}", code=2))
        for words in [["--centre"], ["--basis", "pca"], ["--planes", "top:3"], ["--epsilon", "auto:data"]]:
            with self.subTest(words):
                message = self.error_of(*self.BASE[:-2], *words, "--max-overhead", "2%", code=2)
                self.assertIn("2 passes", message)
        self.assertIn("calls of a model",
                      self.error_of("observe", "--activations", HELD_OUT, "--max-overhead", "2%", code=2))

    def test_a_queue_changes_no_count(self):
        self.observe(*self.BASE[1:], out="plain")
        # Room for all, for one batch, and for none, which is then counted in the call.
        for queue in ["64M", "6000", "600"]:
            self.run_command(*self.BASE, "--queue", queue, "--out", "queued")
            self.assertEqual((self.folder / "queued" / "results.srm.pt").read_bytes(),
                             (self.folder / "plain" / "results.srm.pt").read_bytes())

    def test_what_a_full_queue_drops_is_told(self):
        # The last batch has 2 samples, all others 64, for which there is no room.
        done = self.run_command(*self.BASE, "--queue", "2000", "--when-full", "drop", "--out", "out")
        self.assertIn("note: the queue was full: 896 rows were dropped, and counted as skipped", done.stderr)
        for layer in torch_file.load(self.folder / "out" / "results.srm.pt")["layers"]:
            self.assertEqual((layer["num_samples_seen"], layer["num_samples_skipped"]), (2, 448))

    def test_a_queue_that_is_none_is_refused(self):
        for words in [["--queue", "0"], ["--queue", "much"], ["--when-full", "drop"],
                      ["--queue", "1M", "--when-full", "fly"]]:
            with self.subTest(words):
                self.error_of(*self.BASE, *words, code=2)
        self.assertIn("calls of a model", self.error_of("observe", "--activations", HELD_OUT, "--queue", "1M", code=2))
        self.assertIn("the queue of rows", self.error_of(*self.BASE, "--queue", "2M", "--memory", "1M"))


class PrometheusTest(CommandCase):
    def parsed(self, path):
        """By Prometheus's own parser, that of Debian: {(metric, layer): value}."""
        script = ("import json, sys; from prometheus_client.parser import text_string_to_metric_families as parse\n"
                  "print(json.dumps([[s.name, s.labels, str(s.value)] for f in parse(sys.stdin.read()) for s in f.samples]))")
        done = subprocess.run(["/usr/bin/python3", "-c", script], input=path.read_text(), capture_output=True, text=True)
        self.assertEqual(done.returncode, 0, done.stderr)
        return {(name, labels["layer"], labels.get("model")): float(value) for name, labels, value in json.loads(done.stdout)}

    def test_a_model_leaves_what_it_counted(self):
        result = self.observe(TANH, "--data", HELD_OUT, "--epsilon", "0.4", "--rotations", "0", "--prom-file", "srm.prom")
        metrics = self.parsed(self.folder / "srm.prom")
        self.assertEqual(len(metrics), 11 * len(result["layers"]))
        for layer in result["layers"]:
            self.assertEqual(metrics["srm_samples_total", layer["address"], "tanh"], 450)
            self.assertEqual(metrics["srm_epsilon", layer["address"], "tanh"], 0.4)
        shown = json.loads(self.run_command("show", "out", "--json").stdout)
        for layer in shown:
            self.assertAlmostEqual(metrics["srm_quartic_alignment", layer["address"], "tanh"], layer["a4"], places=12)

    def test_it_is_kept_up_to_date_while_it_runs(self):
        data = self.npy(gaussian_rows(500, 64) * 60)
        process = subprocess.Popen([COMMAND, "observe", "--activations", data, "--epsilon", "-0.5", "--batch-size", "8",
                                    "--pairs", "permutation", "--rotations", "0", "--threads", "1", "--out", "out",
                                    "--prom-file", "srm.prom"],
                                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=self.folder)
        seen = set()
        while process.poll() is None:
            if (self.folder / "srm.prom").exists():
                metrics = self.parsed(self.folder / "srm.prom")  # whole whenever it is read
                seen.add(metrics.get(("srm_samples_total", "activations", None), 0))
        self.assertEqual(process.returncode, 0)
        final = self.parsed(self.folder / "srm.prom")
        self.assertEqual(final["srm_samples_total", "activations", None], 30000)
        self.assertTrue([number for number in seen if 0 < number < 30000], seen)

    def test_a_file_that_cannot_be_written_is_known_before_the_run(self):
        message = self.error_of("observe", TANH, "--data", HELD_OUT, "--prom-file", "none/srm.prom")
        self.assertIn("none/srm.prom", message)
        self.assertFalse((self.folder / "srm-result").exists())


if __name__ == "__main__":
    unittest.main()
