"""The files of each model: TorchScript modules that give what the eager model gives, inputs, and what its modules gave."""

import functools
import time
import warnings

import torch

import recording
import sentence_encoder
import torchvision_models

# Frozen models fold batch norms into convolutions, which rounds otherwise; measured: 2e-6 at most.
FOLDING_TOLERANCE = 1e-4


def check(name, module, inputs, expected, tolerance=0.0):
    """Refuses a module whose output is not the eager one; runs it thrice, since the executor optimises what has run."""
    for _ in range(3):
        found = recording.difference(recording.plain(module(*inputs)), expected)
        assert found <= tolerance, f"{name}: differs from the eager model by {found}; at most {tolerance} is allowed"
    foreign = [op for op in torch.jit.export_opnames(module) if not op.startswith(("aten::", "prim::"))]
    assert not foreign, f"{name}: needs operators that LibTorch does not have: {foreign}"


def export_sentence_encoder(put):
    model, inputs, small_inputs = sentence_encoder.sentence_encoder()
    traced = torch.jit.trace(model, tuple(small_inputs), check_trace=False)
    frozen = torch.jit.freeze(traced)
    expected, outputs, arguments = recording.record(model, small_inputs)
    for module in traced, frozen:
        check("sentence_encoder", module, inputs, recording.plain(model(*inputs)))
        check("sentence_encoder", module, small_inputs, expected)
    put("traced", traced)
    put("frozen", frozen)
    put("inputs", inputs)
    put("small_inputs", small_inputs)
    put("hooks", outputs)
    put("hook_inputs", arguments)


def export_torchvision_model(make, put, *, traces=True, folds=True, keeps_arguments=False):
    name = make.__name__
    model, inputs = make()
    scripted = torchvision_models.script(model)
    frozen = torch.jit.freeze(scripted, optimize_numerics=folds)
    expected, outputs, arguments = recording.record(model, inputs)
    check(name, scripted, inputs, expected)
    check(name, frozen, inputs, expected, FOLDING_TOLERANCE if folds else 0.0)
    put("scripted", scripted)
    put("frozen", frozen)
    if traces:
        traced = torch.jit.trace(model, tuple(inputs), check_trace=False)
        check(name, traced, inputs, expected)
        put("traced", traced)
    put("inputs", inputs)
    put("hooks", outputs)
    if keeps_arguments:
        put("hook_inputs", arguments)


def write(folder):
    """Writes the files of every model and prints a line for each."""
    # One thread, so that sums are taken in one order everywhere.
    torch.set_num_threads(1)
    # Tracing warns of every Python condition that it makes constant; the checks show that the outputs are right.
    warnings.simplefilter("ignore", torch.jit.TracerWarning)
    warnings.filterwarnings("ignore", category=FutureWarning, module="transformers")
    # That is how they are exported.
    warnings.filterwarnings("ignore", "(Scripted GoogleNet|SSD) always returns")

    def export(name, write):
        start, written = time.monotonic(), 0

        def put(kind, value):
            nonlocal written
            path = folder / f"{name}.{kind}.pt"
            (torch.jit.save if isinstance(value, torch.jit.ScriptModule) else torch.save)(value, path)
            written += path.stat().st_size

        torch.manual_seed(1)
        write(put)
        print(f"{name:<20}{time.monotonic() - start:6.1f} s{written / 1e6:8.1f} MB", flush=True)

    with torch.no_grad():
        export("sentence_encoder", export_sentence_encoder)
        for make, options in {
            torchvision_models.resnet18: {"keeps_arguments": True},
            torchvision_models.mobilenet_v2: {},
            torchvision_models.densenet121: {},
            torchvision_models.vision_transformer: {},
            # Tracing leaves out what is None.
            torchvision_models.googlenet: {"traces": False},
            # Folding moves boxes by 2e-4 of a pixel; on another machine that might change which of them are kept.
            torchvision_models.ssdlite: {"traces": False, "folds": False},
        }.items():
            export(make.__name__, functools.partial(export_torchvision_model, make, **options))
