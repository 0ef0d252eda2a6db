"""Observers of models on a GPU: counts are those of the same numbers on the CPU, outputs the bare model's.

    cuda_test.py PLUGIN SOURCE     ends with 77 where there is no GPU, which ctest takes as skipped
"""

import io
import sys
import tempfile
import threading
import unittest

import torch
from torch import nn

PLUGIN, SOURCE = sys.argv[1:3]
del sys.argv[1:]
torch.ops.load_library(PLUGIN)
callable_module = torch.jit._recursive.wrap_cpp_module
TYPES = (torch.float32, torch.float64, torch.float16, torch.bfloat16)
PLACES = ("first", "activation", "second")


class Network(nn.Module):
    """Returns all that passes, so that what is observed is known to the bit."""

    def __init__(self):
        super().__init__()
        self.first, self.activation, self.second = nn.Linear(64, 48), nn.Tanh(), nn.Linear(48, 20)

    def forward(self, x):
        first = self.first(x)
        activation = self.activation(first * 1.7 + 0.3)
        return first, activation, self.second(activation)


class Identity(nn.Module):
    def forward(self, x):
        return x


class Masked(nn.Module):
    def forward(self, x, attention_mask):
        return x


def scripted(module, dtype=torch.float32):
    """With a graph executor of its own, which scripting alone does not give."""
    file = io.BytesIO()
    torch.jit.save(torch.jit.script(module.eval()), file)
    file.seek(0)
    return torch.jit.load(file, map_location="cuda").to(dtype)


def observe(model, layers, **options):
    return callable_module(torch.ops.srm.attach(model, list(layers), epsilon=[0.3, 0.6], on_error="throw", **options))


def counts_of(observed):
    return {layer["address"]: layer["counts"] for layer in torch.ops.srm.collect(observed)["layers"]}


def counted_on_the_cpu(batches, **options):
    observed = observe(torch.jit.script(Identity()), ["."], **options)
    for batch in batches:
        observed(batch.cpu())
    return counts_of(observed)["."]


@unittest.skipUnless(torch.cuda.is_available(), "no GPU")
class CudaTest(unittest.TestCase):
    def setUp(self):
        torch.manual_seed(1)
        torch._C._jit_set_texpr_fuser_enabled(False)  # see README, What is promised
        self.addCleanup(torch._C._jit_set_texpr_fuser_enabled, True)
        no_grad = torch.no_grad()
        no_grad.__enter__()
        self.addCleanup(no_grad.__exit__, None, None, None)

    def expect_counts(self, observed, passed):
        counts = counts_of(observed)
        for place, name in enumerate(PLACES):
            expected = counted_on_the_cpu([outputs[place] for outputs in passed])
            self.assertTrue(torch.equal(counts[name], expected), name)

    def test_counts_are_those_of_the_cpu_and_outputs_the_bare_models(self):
        for dtype in TYPES:
            network = Network()
            bare, observed = scripted(network, dtype), observe(scripted(network, dtype), PLACES)
            passed = []
            for run in range(6):
                x = torch.randn(50 + 13 * run, 64, device="cuda", dtype=dtype)
                passed.append(observed(x))
                for got, expected in zip(passed[-1], bare(x)):
                    self.assertTrue(torch.equal(got, expected), f"{dtype} run {run}")
            self.expect_counts(observed, passed)

    def test_what_a_fuser_makes_of_the_model_is_counted_as_it_passes(self):
        torch._C._jit_set_texpr_fuser_enabled(True)
        observed = observe(scripted(Network()), PLACES)
        self.expect_counts(observed, [observed(torch.randn(200, 64, device="cuda")) for _ in range(6)])

    def test_images_larger_than_a_piece_and_in_either_order_of_memory(self):
        for order in (torch.contiguous_format, torch.channels_last):
            x = torch.randn(64, 24, 64, 64, device="cuda").contiguous(memory_format=order)  # 25 MB
            observed = observe(scripted(Identity()), ["."])
            observed(x)
            self.assertTrue(torch.equal(counts_of(observed)["."], counted_on_the_cpu([x])), order)

    def test_odd_numbers_and_layouts(self):
        x = torch.randn(100, 24, device="cuda")
        for name, odd in {"sparse": (x * (x > 0.5)).to_sparse(), "compressed": (x * (x > 0.5)).to_sparse_csr(),
                          "NaN": torch.where(x > 2, torch.nan, x), "zeros": x * (x[:, :1] > 0), "tiny": x * 1e-40,
                          "tiny half": (x * 1e-6).half(), "strided": x.t().contiguous().t(),
                          "negated": torch.view_as_complex(torch.stack([x, x], -1)).conj().imag}.items():
            observed = observe(scripted(Identity()), ["."])
            observed(odd)
            self.assertTrue(torch.equal(counts_of(observed)["."], counted_on_the_cpu([odd])), name)

    def test_masks_and_fractions_take_the_rows_that_they_take_on_the_cpu(self):
        taken = {"mask": "attention_mask", "fraction": 0.25, "seed": 4, "limit": 90}
        observed = observe(scripted(Masked()), ["."], **taken)
        there = observe(torch.jit.script(Masked()), ["."], **taken)
        for _ in range(4):
            x, mask = torch.randn(9, 21, 16, device="cuda"), torch.rand(9, 21, device="cuda") > 0.4
            observed(x, mask)
            there(x.cpu(), mask.cpu())
        self.assertTrue(torch.equal(counts_of(observed)["."], counts_of(there)["."]))

    def test_a_value_that_is_made_late_on_another_stream(self):
        model = scripted(Network())
        batches = [torch.randn(512, 64, device="cuda") for _ in range(8)]
        passed = [model(batch) for batch in batches]
        observed = observe(model, PLACES)
        x = torch.full((512, 64), 5.0, device="cuda")
        torch.cuda.synchronize()
        with torch.cuda.stream(torch.cuda.Stream()):
            for batch in batches:
                torch.cuda._sleep(40_000_000)  # some 20 ms, in which x still holds other numbers
                x.copy_(batch, non_blocking=True)
                observed(x)
                x.fill_(5.0)
        torch.cuda.synchronize()
        self.expect_counts(observed, passed)

    def test_threads_with_a_stream_each(self):
        model = scripted(Network())
        batches = [torch.randn(300, 64, device="cuda") for _ in range(40)]
        passed = [model(batch) for batch in batches]
        observed = observe(model, PLACES)
        torch.cuda.synchronize()

        def work(thread):
            with torch.no_grad(), torch.cuda.stream(torch.cuda.Stream()):
                for batch in batches[thread::4]:
                    torch.cuda._sleep(2_000_000)
                    observed(batch + 0.0)

        threads = [threading.Thread(target=work, args=(thread,)) for thread in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.expect_counts(observed, passed)

    def test_a_saved_model_goes_on_on_either_device(self):
        data = torch.rand(450, 64)
        model = torch.jit.load(SOURCE + "/models/tanh.pt", map_location="cuda").eval()
        basis = torch.linalg.qr(torch.randn(16, 16, dtype=torch.float64))[0]
        observed = observe(model, ["encoder.bottleneck"], basis=basis.cuda())
        observed(data.cuda())
        counts = counts_of(observed)["encoder.bottleneck"]
        with tempfile.NamedTemporaryFile(suffix=".pt") as file:
            observed.save(file.name)
            there = torch.jit.load(file.name, map_location="cuda")
            here = torch.jit.load(file.name, map_location="cpu")
        self.assertTrue(torch.equal(counts_of(here)["encoder.bottleneck"], counts))
        here(data)
        there(data.cuda())
        self.assertTrue(torch.equal(counts_of(there)["encoder.bottleneck"], 2 * counts))


if __name__ == "__main__":
    if not torch.cuda.is_available():
        sys.exit(77)
    unittest.main()
