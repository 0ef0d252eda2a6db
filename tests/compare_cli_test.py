"""torchsrm compare as people run it."""

import json
import unittest

from command_case import HELD_OUT, MODELS, CommandCase, gaussian_rows


class CompareTest(CommandCase):
    def observe_models(self, *models):
        for model in models:
            self.run_command("observe", MODELS / f"{model}.pt", "--data", HELD_OUT, "--centre", "--layers", "encoder.*",
                             "--epsilon", "0.4", "0.6", "--out", model)

    def compared(self, *words):
        return json.loads(self.run_command("compare", *words, "--json").stdout)

    def test_two_models_differ_where_the_readme_says(self):
        self.observe_models("tanh", "isotropic")
        done = self.run_command("compare", "tanh", "isotropic", "-o", "page.html")
        self.assertIn("B - A", done.stdout)
        self.assertIn("written to page.html", done.stderr)
        self.assertIn(b"<title>Spotlight resonance compared</title>", (self.folder / "page.html").read_bytes())
        layers = {layer["a"]["address"]: layer for layer in self.compared("tanh", "isotropic")["layers"]}
        changed = layers["encoder.bottleneck_activation"]
        self.assertAlmostEqual(changed["a4"]["difference"], 0.1, delta=0.03)
        self.assertLess(changed["a4"]["q_bound"], 0.05)
        self.assertEqual(changed["a"]["alignment"], "diagonal")
        same = self.compared("tanh", "tanh")["layers"]
        self.assertEqual({layer["a4"]["p"] for layer in same}, {1})

    def test_layers_of_other_names_are_paired(self):
        self.observe_models("tanh")
        a, b = "encoder.bottleneck", "encoder.bottleneck_activation"
        by_flag = self.compared("tanh", "tanh", "--layers", f"{a}={b}")["layers"]
        by_word = self.compared(f"tanh:{a}", f"tanh/results.srm.pt:{b}")["layers"]
        self.assertEqual(len(by_flag), 1)
        self.assertEqual(by_flag, by_word)
        self.assertEqual((by_flag[0]["a"]["address"], by_flag[0]["b"]["address"]), (a, b))
        self.assertRegex(self.run_command("compare", f"tanh:{a}", f"tanh:{b}").stdout, r"(?m)^encoder\.bottleneck .*ttleneck_activation ")

    def test_a_name_with_a_colon_is_a_name(self):
        rows = self.npy(gaussian_rows(50, 3))
        self.observe("--activations", rows, "--epsilon", "0.5", out="a:b@3")
        self.assertEqual(len(self.compared("a:b@3", "a:b@3")["layers"]), 1)
        self.assertEqual(len(self.compared("a:b@3:activations", "a:b@3:activations")["layers"]), 1)

    def test_what_cannot_be_compared_is_told(self):
        self.observe("--activations", self.npy(gaussian_rows(50, 3)), "--epsilon", "0.5", out="a")
        self.observe("--activations", self.npy(gaussian_rows(50, 3, seed=2)), "--epsilon", "0.4", "--angles", "12", out="b")
        self.assertIn("no epsilon is in both", self.run_command("compare", "a", "b").stdout)
        self.assertIn("two or more", self.error_of("compare", "a", code=2))
        self.assertIn("A=B", self.error_of("compare", "a", "b", "--layers", "x", code=2))
        self.assertIn("choose from activations", self.error_of("compare", "a", "b", "--layers", "x=y"))
        self.assertIn("only a history", self.error_of("compare", "a@5", "b", code=2))
        self.assertIn("all name a layer or none", self.error_of("compare", "a:activations", "b", code=2))
        self.assertIn("missing", self.error_of("compare", "a", "missing"))
        self.assertIn("folder", self.error_of("compare", "a", "a", "-o", "no/where/page.html"))


if __name__ == "__main__":
    unittest.main()
