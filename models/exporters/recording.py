"""What forward hooks see of an eager model, as plain values that torch.load(weights_only=True) reads."""

import collections.abc

import torch
from torch import Tensor


def plain(value):
    """Tensors cloned as they are now; named tuples as tuples, mappings as dicts, whatever else holds no tensor as None."""
    if isinstance(value, Tensor):
        return value.detach().clone(memory_format=torch.contiguous_format)
    if isinstance(value, collections.abc.Mapping):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, tuple):
        return tuple(plain(item) for item in value)
    if isinstance(value, list):
        return [plain(item) for item in value]
    return None


def record(model, inputs):
    """Runs the model; returns its output, and for each module path the outputs and the positional arguments of its calls.

    The root's path is "."; the calls of a path are in call order, and a module that is never called has an empty list.
    """
    outputs = {path or ".": [] for path, _ in model.named_modules()}
    arguments = {path: [] for path in outputs}
    handles = []
    for path, module in model.named_modules():
        # An operation in place may overwrite both later, so that they are cloned within the hooks.
        handles.append(module.register_forward_pre_hook(
            lambda _, given, calls=arguments[path or "."]: calls.append(plain(given))))
        handles.append(module.register_forward_hook(
            lambda _, given, output, calls=outputs[path or "."]: calls.append(plain(output))))
    output = plain(model(*inputs))
    for handle in handles:
        handle.remove()
    return output, outputs, arguments


def difference(a, b):
    """The largest absolute difference of two nested values: 0.0 where all bits are equal, infinite where structures differ."""
    if isinstance(a, Tensor) and isinstance(b, Tensor) and (a.shape, a.dtype) == (b.shape, b.dtype):
        return 0.0 if torch.equal(a, b) else (a.double() - b.double()).abs().max().item()
    if isinstance(a, dict) and isinstance(b, dict) and a.keys() == b.keys():
        return max((difference(a[key], b[key]) for key in a), default=0.0)
    if isinstance(a, (tuple, list)) and type(a) is type(b) and len(a) == len(b):
        return max(map(difference, a, b), default=0.0)
    return 0.0 if a is None and b is None else float("inf")
