"""Shards of data, observed apart and merged in whatever order and grouping, are one result, byte for byte."""

import random
import unittest

import torch_file
from command_case import MODELS, CommandCase, gaussian_rows

NUM_SHARDS, ROWS_OF_SHARD = 6, 25


class ShardsTest(CommandCase):
    def setUp(self):
        super().setUp()
        self.rows = gaussian_rows(NUM_SHARDS * ROWS_OF_SHARD, 64)
        self.labels = [k // 20 - 1 for k in range(len(self.rows))]  # no shard has all classes
        self.words = [MODELS / "classifier_relu.pt", "--layers", "output", "features_activation", "--epsilon", "0.5", "auto",
                      "--by-class", "--nearest", "5", "--density", "4,7", "0,1", "--signed", "--rotations", "0"]

    def observe_rows(self, first, last, out):
        data, labels = self.npy(self.rows[first:last], f"{out}.npy"), self.npy(self.labels[first:last], f"{out}y.npy", "<i8")
        self.run_command("observe", *self.words, "--data", data, "--labels", labels, "--first-sample", first, "--out", out)
        return out

    def shard(self, number):
        return self.observe_rows(number * ROWS_OF_SHARD, (number + 1) * ROWS_OF_SHARD, f"shard{number}")

    def merged(self, results, out):
        self.run_command("merge", *results, "-o", out)
        return out

    def files_of(self, folder):
        return {path.name: path.read_bytes() for path in (self.folder / folder).iterdir()}

    def test_any_order_and_grouping_is_the_same_and_that_of_all_data(self):
        shards = [self.shard(k) for k in range(NUM_SHARDS)]
        expected = self.files_of(self.merged(shards, "all"))
        self.assertIn("neurons.csv", expected)
        draw = random.Random(1)
        for turn in range(3):
            left = draw.sample(shards, NUM_SHARDS)
            while len(left) > 1:
                size = draw.randint(2, len(left))
                group, left = left[:size], left[size:]
                left.insert(draw.randint(0, len(left)), self.merged(group, f"turn{turn}-{len(left)}"))
            self.assertEqual(self.files_of(left[0]), expected, f"turn {turn}")
        self.observe_rows(0, len(self.rows), "once")
        merged, once = (torch_file.load(self.folder / name / "results.srm.pt") for name in ("all", "once"))
        for layers in (merged["layers"], once["layers"]):
            for layer in layers:
                layer.pop("num_calls")  # batches were cut where shards begin
        self.assertEqual(merged["layers"], once["layers"])
        self.assertEqual(merged["findings"], once["findings"])

    def test_what_differs_is_named_with_both_values(self):
        first = self.shard(0)
        for change, message in [(["--epsilon", "0.4", "auto"], "epsilon = 0.5 auto and epsilon = 0.4 auto"),
                                (["--angles", "90"], "angles = 360 and angles = 90"),
                                (["--density", "4,7"], "planes of densities must be the same in both"),
                                (["--nearest", "6"], "num_nearest of neurons must be the same in both; got 5 and 6"),
                                (["--basis", "haar:3"], "basis = standard and basis = haar:3")]:
            with self.subTest(change):
                words = list(self.words)
                if change[0] in words:
                    begin = words.index(change[0])
                    end = next(k for k in range(begin + 1, len(words)) if str(words[k]).startswith("--"))
                    del words[begin:end]
                self.words, kept = words + change, self.words
                self.shard(1)
                self.words = kept
                error = self.error_of("merge", first, "shard1", "-o", "no")
                self.assertIn(message, error)
                self.assertFalse((self.folder / "no").exists())


if __name__ == "__main__":
    unittest.main()
