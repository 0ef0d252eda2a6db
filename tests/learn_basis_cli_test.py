"""`torchsrm learn-basis` and `torchsrm compare-bases` as people run them."""

import csv
import json
import math
import random
import signal
import subprocess
import time
import unittest

import torch_file
from command_case import COMMAND, HELD_OUT, MODELS, TANH, TEST_MODELS, CommandCase, gaussian_rows

ROTATED, ROTATED_BASIS = str(MODELS / "tanh_rotated.pt"), str(MODELS / "tanh_rotated_basis.pt")
BOTTLENECK = "encoder.bottleneck_activation"


def dot(a, b):
    return sum(x * y for x, y in zip(a, b))


def random_rotation(dim, seed):
    """Orthonormal rows, by Gram and Schmidt."""
    basis = []
    for row in gaussian_rows(dim, dim, seed):
        for other in basis:
            along = dot(row, other)
            row = [x - along * y for x, y in zip(row, other)]
        length = math.sqrt(dot(row, row))
        basis.append([x / length for x in row])
    return basis


def rows_in(basis, coordinates):
    columns = list(zip(*basis))
    return [[dot(row, column) for column in columns] for row in coordinates]


def planted_tanh(num_rows, basis, seed=2):
    return rows_in(basis, [[math.tanh(3 * z) for z in row] for row in gaussian_rows(num_rows, len(basis), seed)])


def digits():
    """All 1,797 images as the networks take them, but for the mean image, which is that of all."""
    with open(MODELS / "data" / "digits.csv", newline="") as file:
        lines = [line for line in csv.reader(file) if not line[0].startswith("#")]
    rows = [[float(pixel) / 16 for pixel in line[:64]] for line in lines]
    mean = [sum(column) / len(rows) for column in zip(*rows)]
    return [[x - m for x, m in zip(row, mean)] for row in rows]


class LearningCase(CommandCase):
    def learn(self, *words, out="basis.pt"):
        self.run_command("learn-basis", *words, "-o", out)
        return torch_file.load(self.folder / out)

    def compare(self, *words):
        return json.loads(self.run_command("compare-bases", *words, "--json").stdout)

    def files(self):
        return {path.relative_to(self.folder).as_posix() for path in self.folder.rglob("*") if path.is_file()}


class LearnTest(LearningCase):
    def test_a_planted_rotation_is_found_and_observe_takes_it(self):
        planted = random_rotation(8, seed=5)
        self.npy(planted, "planted.npy", dtype="<f8")
        data = self.npy(planted_tanh(1500, planted))
        done = self.run_command("learn-basis", "--activations", data, "-o", "basis.pt")
        self.assertRegex(done.stdout, r"\nactivations +8 +1500 +diagonal +-0\.\d+ +\d+ +(0\.9\d\d|1\.000) +\d\.\d\d\d .* yes\n")
        self.assertIn("diagonal basis of rows centred, each row one direction; 4 starts, seed 0\n", done.stdout)
        self.assertIn("Score the basis on data that it was not learned on", done.stdout)
        self.assertIn("written to basis.pt: 1500 of 1500 rows of activations\n", done.stdout)
        self.assertRegex(done.stderr, r"learning activations: all rows, start 4 of 4: \d+ sweeps, A4 -0\.\d+, "
                                      r"last rotation \S+ rad, \S+ s a sweep, converged\n")
        found = self.compare("basis.pt", "planted.npy")
        self.assertGreaterEqual(found["mean_matched_cosine"], 0.99)
        self.assertEqual(found["verdict"], "nearly the same")
        self.assertLess(found["chance_95"], 0.8)
        self.assertLess(found["amari_distance"], 0.05)
        basis = torch_file.load(self.folder / "basis.pt")
        self.run_command("observe", "--activations", data, "--basis", "basis.pt", "--centre", "--out", "out")
        layer = json.loads((self.folder / "out" / "layers.json").read_text())[0]
        self.assertAlmostEqual(layer["a4"], basis["score"], places=5)

    def test_the_file_holds_every_key_in_its_documented_form(self):
        rows = gaussian_rows(60, 3)
        rows[5], rows[7][1] = [0.0] * 3, math.nan
        basis = self.learn("--activations", self.npy(rows), "--rows", "50", "--seed", "7", "--restarts", "3")
        self.assertEqual(list(basis), [
            "format", "version", "basis", "layer", "method", "score", "score_by_sweep", "score_by_restart",
            "largest_rotation", "converged", "halves_agreement", "restarts_agreement", "chance", "chance_95", "stable",
            "num_rows", "num_rows_left_out", "num_rows_offered", "seed", "centre", "normalise_rows", "whiten",
            "num_restarts", "max_sweeps", "tolerance"])
        self.assertEqual((basis["format"], basis["version"], basis["layer"], basis["method"]),
                         ("torchsrm-basis", 1, "activations", "diagonal"))
        self.assertEqual(basis["basis"].shape, (3, 3))
        vectors = [basis["basis"].values[3 * i : 3 * i + 3] for i in range(3)]
        for i in range(3):
            for j in range(3):
                self.assertAlmostEqual(dot(vectors[i], vectors[j]), float(i == j))
        self.assertEqual(basis["score_by_restart"].shape, (3,))
        self.assertEqual(basis["score"], min(basis["score_by_restart"].values))
        self.assertEqual(basis["score"], basis["score_by_sweep"].values[-1])
        self.assertEqual(basis["score_by_sweep"].values, sorted(basis["score_by_sweep"].values, reverse=True))
        self.assertLessEqual(basis["largest_rotation"], basis["tolerance"])
        # Rows without a direction are never kept.
        for key, value in [("num_rows", 50), ("num_rows_left_out", 0), ("num_rows_offered", 60), ("seed", 7),
                           ("centre", True), ("normalise_rows", True), ("whiten", False), ("num_restarts", 3),
                           ("max_sweeps", 200), ("converged", True)]:
            self.assertEqual(basis[key], value, key)
            self.assertIs(type(basis[key]), type(value), key)
        for key in ["halves_agreement", "restarts_agreement", "chance", "chance_95"]:
            self.assertTrue(0 < basis[key] <= 1, key)

    def test_the_acting_basis_of_a_rotated_network_is_found(self):
        data = self.npy(digits())
        basis = self.learn(ROTATED, "--data", data, "--layers", BOTTLENECK)
        self.assertEqual((basis["layer"], basis["stable"], basis["num_rows"]), (BOTTLENECK, True, 1797))
        self.assertGreaterEqual(self.compare("basis.pt", ROTATED_BASIS)["mean_matched_cosine"], 0.99)
        self.assertEqual(self.compare("basis.pt", "standard")["verdict"], "no closer than chance")

    def test_gaussian_data_has_no_basis(self):
        data = self.npy(gaussian_rows(2000, 8))
        for method in ["aligned", "diagonal"]:
            done = self.run_command("learn-basis", "--activations", data, "--method", method, "-o", "basis.pt")
            self.assertRegex(done.stdout, r"\nactivations .* not stable\n")
            self.assertIn("there is no basis to speak of", done.stdout)
            self.assertNotIn("Score the basis", done.stdout)
            self.assertIs(torch_file.load(self.folder / "basis.pt")["stable"], False)

    def test_principal_axes(self):
        axes = random_rotation(4, seed=9)
        rows = rows_in(axes, [[8 * a, 4 * b, 2 * c, d] for a, b, c, d in gaussian_rows(500, 4)])
        self.npy(axes, "axes.npy", dtype="<f8")
        done = self.run_command("learn-basis", "--activations", self.npy(rows), "--method", "pca", "-o", "basis.pt")
        self.assertIn("pca basis of rows centred; seed 0\n", done.stdout)
        basis = torch_file.load(self.folder / "basis.pt")
        self.assertEqual((basis["method"], basis["stable"], basis["score_by_sweep"].shape), ("pca", True, (0,)))
        self.assertTrue(math.isnan(basis["restarts_agreement"]))
        self.assertGreater(abs(dot(basis["basis"].values[:4], axes[0])), 0.99)
        self.assertGreater(self.compare("basis.pt", "axes.npy")["mean_matched_cosine"], 0.98)

    def test_what_is_done_to_rows(self):
        # Rectified rows have their own basis where raw rows have the largest A4.
        planted = random_rotation(8, seed=5)
        self.npy(planted, "planted.npy", dtype="<f8")
        data = self.npy(rows_in(planted, [[max(z, 0.0) for z in row] for row in gaussian_rows(4000, 8)]))
        found = {}
        for words in [[], ["--raw-rows"], ["--raw-rows", "--no-centre"], ["--whiten"]]:
            basis = self.learn("--activations", data, "--method", "aligned", *words)
            self.assertEqual((basis["centre"], basis["normalise_rows"], basis["whiten"]),
                             ("--no-centre" not in words, "--raw-rows" not in words, "--whiten" in words))
            found[" ".join(words)] = self.compare("basis.pt", "planted.npy")["mean_matched_cosine"]
        self.assertGreater(found["--raw-rows"], 0.98)
        self.assertEqual(len(set(found.values())), 4)

    def test_rows_of_one_sample_go_into_one_half(self):
        # 30 samples of 100 tokens that are nearly the same: halves that split samples would both know all of them.
        source = random.Random(4)
        samples = [[[x + source.gauss(0, 1e-3) for x in row] for _ in range(100)] for row in gaussian_rows(30, 4)]
        basis = self.learn("--activations", self.npy(samples), "--batch-size", "5")
        self.assertIs(basis["stable"], False)
        tokens = self.npy([token for sample in samples for token in sample], "tokens.npy")
        self.assertGreater(self.learn("--activations", tokens)["halves_agreement"], basis["halves_agreement"])
        self.assertIs(torch_file.load(self.folder / "basis.pt")["stable"], True)

    def test_equal_runs_give_equal_bytes_and_batches_change_nothing(self):
        data = self.npy(gaussian_rows(300, 6))
        base = ["--activations", data, "--rows", "200", "--restarts", "2"]
        self.learn(*base)
        whole = (self.folder / "basis.pt").read_bytes()
        for words in [[], ["--batch-size", "1"], ["--batch-size", "1000"], ["--memory", "100M"]]:
            self.learn(*base, *words)
            self.assertEqual((self.folder / "basis.pt").read_bytes(), whole, words)
        self.learn(*base, "--seed", "1")
        self.assertNotEqual((self.folder / "basis.pt").read_bytes(), whole)

    def test_masks_and_limits(self):
        torch_file.write_npz(self.folder / "x.npz", {"x": [gaussian_rows(3, 4, k) for k in range(6)],
                                                     "mask": [[1.0, 1.0, 0.0]] * 5 + [[0.0, 0.0, 0.0]]})
        model = TEST_MODELS / "masked_scripted.pt"
        named = self.learn(model, "--data", "x.npz", "--layers", "left", "--mask", "mask", "--batch-size", "4")
        self.assertEqual(named["num_rows_offered"], 20)  # the model calls it twice
        filed = self.learn(model, "--data", "x.npz", "--layers", "left", "--mask", "x.npz:mask", "--batch-size", "4")
        self.assertEqual(filed["basis"], named["basis"])
        limited = self.learn("--activations", "x.npz:x", "--mask", "x.npz:mask", "--limit", "7")
        self.assertEqual(limited["num_rows_offered"], 7)

    def test_layers_that_are_named_by_turns_and_elements(self):
        data = self.npy([gaussian_rows(5, 4, seed) for seed in range(3)])
        model = TEST_MODELS / "memory_scripted.pt"
        self.assertEqual(self.learn(model, "--data", data, "--layers", "lstm:0")["num_rows_offered"], 15)
        self.assertIn("'lstm' must be a tensor of floating point; got Tuple; of a tuple, list or dict name the element",
                      self.error_of("learn-basis", model, "--data", data, "--layers", "lstm", "-o", "x.pt"))
        done = self.run_command("learn-basis", model, "--data", data, "--layers", "*", "-o", "all")
        self.assertIn("note: lstm was left out: Tuple is no tensor with rows", done.stderr)
        self.assertIn("note: tokens was left out: Long (3, 5)", done.stderr)
        self.assertNotIn("all/lstm.pt", self.files())


class FilesTest(LearningCase):
    def test_several_layers_take_a_folder_or_a_name_with_layer_in_it(self):
        layers = ["--layers", "encoder.bottleneck", "encoder.bottleneck_activation@input", "--restarts", "1"]
        base = ["learn-basis", TANH, "--data", HELD_OUT, *layers]
        message = self.error_of(*base, "-o", "basis.pt")
        self.assertIn("[-o basis.pt] a file holds the basis of one layer; got several --layers", message)
        self.assertNotIn("collecting rows", message)  # before the model runs
        done = self.run_command(*base, "-o", "bases")
        names = ["encoder.bottleneck.pt", "encoder.bottleneck_activation@input.pt"]
        self.assertEqual(self.files(), {f"bases/{name}" for name in names})
        self.assertIn("written to bases/encoder.bottleneck.pt: 450 of 450 rows of encoder.bottleneck\n", done.stdout)
        self.run_command(*base, "-o", "more/of-{layer}.pt")
        self.assertEqual((self.folder / "more" / f"of-{names[0]}").read_bytes(),
                         (self.folder / "bases" / names[0]).read_bytes())
        first, second = (torch_file.load(self.folder / "bases" / name) for name in names)
        self.assertEqual(first["layer"], "encoder.bottleneck")
        self.assertEqual(first["basis"], second["basis"])  # what goes in there is what came out here

    def test_addresses_become_names_that_no_shell_and_no_key_takes_apart(self):
        data = self.npy([gaussian_rows(5, 4, seed) for seed in range(3)])
        self.run_command("learn-basis", TEST_MODELS / "memory_scripted.pt", "--data", data, "--layers", "lstm:0", "-o", "a")
        self.run_command("learn-basis", TANH, "--data", HELD_OUT, "--layers", ".", "--restarts", "1", "-o", "a")
        self.run_command("learn-basis", TANH, "--data", HELD_OUT, "--layers", "encoder.hidden_activation/tanh",
                         "--restarts", "1", "-o", "a")
        self.assertEqual(self.files() - {"x.npy"},
                         {"a/lstm%3A0.pt", "a/%2E.pt", "a/encoder.hidden_activation%2Ftanh.pt"})

    def test_one_layer_that_cannot_be_learned_leaves_the_others(self):
        data = self.npy([[1.0, 2.0, 3.0, 4.0], [2.0, -1.0, 4.0, 3.0], [3.0, 1.0, 2.0, 8.0], [1.0, 7.0, 2.0, 3.0],
                         [-1.0, -2.0, -3.0, -4.0]])
        done = self.run_command("learn-basis", TEST_MODELS / "branches_scripted.pt", "--data", data, "--batch-size",
                                "1", "--layers", "positive", "negative", "-o", "bases", code=1)
        self.assertRegex(done.stderr, r"torchsrm: error: \[negative: learn-basis\] rows must come of two samples .* got 1 rows of one")
        self.assertEqual(self.files() - {"x.npy"}, {"bases/positive.pt"})

    def test_memory_is_asked_for_before_it_is_taken(self):
        data = self.npy(gaussian_rows(50, 100))
        (self.folder / "basis.pt").write_text("an earlier one")
        message = self.error_of("learn-basis", "--activations", data, "--memory", "1M", "-o", "basis.pt")
        self.assertRegex(message, r"50 rows of 100 numbers of 'activations' and learning from them must fit into the limit "
                                  r"of 1\.0 MB; got \S+ MB beside 0 bytes already taken; raise --memory, lower --rows")
        self.assertEqual((self.folder / "basis.pt").read_text(), "an earlier one")
        self.assertEqual(self.files(), {"x.npy", "basis.pt"})

    def test_full_disk_leaves_what_was_there(self):
        data = self.npy(gaussian_rows(200, 40))
        (self.folder / "basis.pt").write_text("an earlier one")
        done = subprocess.run(["bash", "-c", 'ulimit -f 4; exec "$@"', "bash", COMMAND, "learn-basis", "--activations",
                               data, "--restarts", "1", "-o", "basis.pt"], capture_output=True, text=True, cwd=self.folder)
        self.assertEqual(done.returncode, 1, done.stderr)
        self.assertIn("basis.pt", done.stderr)
        self.assertEqual((self.folder / "basis.pt").read_text(), "an earlier one")
        self.assertEqual(self.files(), {"x.npy", "basis.pt"})

    def test_ctrl_c_leaves_no_file(self):
        data = self.npy(gaussian_rows(3000, 64))
        process = subprocess.Popen([COMMAND, "learn-basis", "--activations", data, "--threads", "1", "--restarts", "50",
                                    "-o", "bases"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                                   cwd=self.folder)
        while not (self.folder / "bases").exists():
            time.sleep(0.01)
        time.sleep(1)
        process.send_signal(signal.SIGINT)
        output, errors = process.communicate(timeout=60)
        self.assertEqual(process.returncode, 130, errors)
        self.assertIn("interrupted: nothing was written\n", errors)
        self.assertEqual(output, "")
        self.assertEqual(self.files(), {"x.npy"})
        self.assertFalse((self.folder / "bases").exists(), "a folder that was made for nothing")


class LearnErrorTest(LearningCase):
    def test_command_line_alone_is_misuse(self):
        data = self.npy(gaussian_rows(10, 3))
        out = ["-o", "b.pt"]
        for words, line in {
            "either a model or --activations; got neither": out,
            "either a model or --activations; got both": [TANH, "--activations", data, *out],
            "needs --data": [TANH, *out],
            "belong to a model": ["--activations", data, "--layers", "a", *out],
            "--out is required": ["--activations", data],
            "--method": ["--activations", data, "--method", "ica", *out],
            "principal axes take --no-centre alone": ["--activations", data, "--method", "pca", "--whiten", *out],
            "got --raw-rows": ["--activations", data, "--method", "pca", "--raw-rows", *out],
            "--rows": ["--activations", data, "--rows", "0", *out],
            "--restarts": ["--activations", data, "--restarts", "0", *out],
            "--max-sweeps": ["--activations", data, "--max-sweeps", "-1", *out],
            "--seed": ["--activations", data, "--seed", "-1", *out],
            "above zero; got lots": ["--activations", data, "--memory", "lots", *out],
            "batch must hold a sample": ["--activations", data, "--batch-size", "0", *out],
            "limit must be 1 or more": ["--activations", data, "--limit", "0", *out],
            "a layout is auto": ["--activations", data, "--layout", "deep", *out],
            "no GLOB=": ["--activations", data, "--layout", "a=last", *out],
            "in the name of the file alone": ["--activations", data, "-o", "{layer}/b.pt"],
        }.items():
            with self.subTest(words):
                self.assertIn(words, self.error_of("learn-basis", *line, code=2))
        self.assertEqual(self.files(), {"x.npy"})

    def test_files_and_models(self):
        data = self.npy(gaussian_rows(10, 3))
        for words, line in {
            "gone.npy": ["--activations", "gone.npy", "-o", "b.pt"],
            "no-such": ["--activations", data, "-o", "no-such/b.pt"],
            "encoder.bottleneck": [TANH, "--data", HELD_OUT, "--layers", "encoder.bottlneck", "-o", "b.pt"],
            "two numbers or more": ["--activations", self.npy([[1.0], [2.0]], "thin.npy"), "-o", "b.pt"],
            "must be a row that is neither zero": ["--activations", self.npy([[1.0, 2.0], [2.0, 1.0]], "few.npy"), "-o",
                                                   "b.pt"],
            "rows must come of two samples": ["--activations", self.npy([gaussian_rows(9, 3)], "one.npy"), "-o", "b.pt"],
            "10 samples": ["--activations", data, "--mask", self.npy([[1.0]], "m.npy"), "-o", "b.pt"],
            "rows that spread in 1 of 2": ["--activations", self.npy([[x, x] for [x] in gaussian_rows(9, 1)], "flat.npy"), "--whiten",
                          "-o", "b.pt"],
        }.items():
            with self.subTest(words):
                self.assertIn(words, self.error_of("learn-basis", *line))
        self.assertNotIn("b.pt", self.files())

    def test_what_did_not_converge_is_told(self):
        data = self.npy(gaussian_rows(200, 8))
        done = self.run_command("learn-basis", "--activations", data, "--max-sweeps", "1", "-o", "b.pt")
        self.assertRegex(done.stdout, r"\nactivations .* no, 1 ")
        self.assertIn("raise --max-sweeps", done.stdout)
        self.assertIn(" rad, not converged\n", done.stderr)


class CompareTest(LearningCase):
    def test_order_signs_and_lengths_do_not_count(self):
        basis = random_rotation(5, seed=1)
        self.npy(basis, "a.npy", dtype="<f8")
        self.npy([[-2 * x for x in basis[k]] if k % 2 else basis[k] for k in [3, 0, 4, 1, 2]], "b.npy")
        found = self.compare("a.npy", "b.npy")
        self.assertIs(found["is_same"], True)
        self.assertEqual((found["verdict"], found["match"]), ("the same up to order and signs", [1, 3, 4, 0, 2]))
        self.assertEqual([round(cosine) for cosine in found["cosines"]], [1, -1, 1, -1, 1])
        self.assertAlmostEqual(found["amari_distance"], 0, places=6)
        self.assertEqual((found["dim"], found["num_vectors_a"], found["num_vectors_b"]), (5, 5, 5))
        done = self.run_command("compare-bases", "a.npy", "b.npy", "--pairs", "2")
        self.assertIn("mean matched |cosine|  1.0000\n", done.stdout)
        self.assertIn("the same up to order and signs\n", done.stdout)
        self.assertIn("the vectors of b.npy were normalised", done.stderr)
        self.assertEqual(len(done.stdout.splitlines()), 12, done.stdout)

    def test_random_bases_are_no_closer_than_chance(self):
        found = self.compare(ROTATED_BASIS, "haar:3")
        self.assertIs(found["is_same"], False)
        self.assertAlmostEqual(found["chance"], 0.51, delta=0.02)
        self.assertLess(abs(found["mean_matched_cosine"] - found["chance"]), 0.1)
        done = self.run_command("compare-bases", "haar:3", ROTATED_BASIS)
        self.assertIn("no closer than chance\n", done.stdout)
        self.assertRegex(done.stdout, r"A  haar:3: 16 vectors of 16 numbers\n")

    def test_what_lies_between_chance_and_the_same(self):
        # Planes (0, 1), (2, 3), ... turned by one angle: all cosines with the axes are its cosine.
        for degrees, verdict in [(10, "nearly the same"), (40, "closer than chance, but not the same")]:
            c, s = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
            turned = [[0.0] * 16 for _ in range(16)]
            for k in range(0, 16, 2):
                turned[k][k], turned[k][k + 1], turned[k + 1][k], turned[k + 1][k + 1] = c, s, -s, c
            found = self.compare(self.npy(turned, "turned.npy"), "standard")
            self.assertAlmostEqual(found["mean_matched_cosine"], c, places=6)
            self.assertEqual(found["verdict"], verdict)

    def test_words_take_the_width_of_the_other_basis(self):
        found = self.compare("thomson:24:1", "weights:encoder.bottleneck.weight", "--model", TANH)
        self.assertEqual((found["dim"], found["num_vectors_a"], found["num_vectors_b"]), (48, 24, 16))
        self.assertIsNone(found["amari_distance"])
        self.assertEqual(sum(partner >= 0 for partner in found["match"]), 16)
        done = self.run_command("compare-bases", ROTATED_BASIS, "thomson:32")
        self.assertIn("note: thomson:32 in 16 dimensions is a cross-polytope\n", done.stderr)
        self.assertIn("Amari distance         none", done.stdout)

    def test_what_is_wrong_is_told(self):
        narrow = self.npy([[1.0, 0.0], [0.0, 1.0]], "narrow.npy")
        for words, line, code in [
            ("one of the two must have a width", ["standard", "haar:1"], 2),
            ("write it with torchsrm learn-basis", [narrow, "pca"], 2),
            ("write it with torchsrm learn-basis", ["learned-diagonal", narrow], 2),
            ("no --model", ["weights:a", narrow], 2),
            ("a model belongs to weights:NAME", ["standard", narrow, "--model", TANH], 2),
            ("a whole number", ["haar:x", narrow], 2),
            ("B is required", [narrow], 2),
            ("--pairs", [narrow, "standard", "--pairs", "-1"], 2),
            ("vectors of 2 and of 16 numbers", [narrow, ROTATED_BASIS], 1),
            ("gone.npy", ["gone.npy", "standard"], 1),
            ("no vector may be zero", [self.npy([[0.0, 0.0]], "zero.npy"), "standard"], 1),
            ("those that fit: decoder.hidden.weight (48, 16)", ["weights:no", narrow, "--model", TANH], 1),
        ]:
            with self.subTest(line):
                self.assertIn(words, self.error_of("compare-bases", *line, code=code))


class HelpTest(LearningCase):
    def test_help(self):
        for command in ["learn-basis", "compare-bases"]:
            self.assertIn("Examples", self.run_command(command, "--help").stdout)
        self.assertIn("learn-basis, compare-bases", self.error_of("learn", code=2))


if __name__ == "__main__":
    unittest.main()
