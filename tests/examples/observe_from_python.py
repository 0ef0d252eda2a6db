import sys

import torch

torch.ops.load_library(sys.argv[1])  # build/release/src/libtorchsrm.so; no Python package is needed
callable_module = torch.jit._recursive.wrap_cpp_module

model = torch.jit.load("models/tanh.pt").eval()
observed = callable_module(torch.ops.srm.attach(model, ["encoder.bottleneck*"], epsilon=[0.4]))
for seed in range(10):
    torch.manual_seed(seed)
    observed(torch.rand(64, 64))

for layer in torch.ops.srm.collect(observed)["layers"]:
    curve = layer["counts"][0].sum(0) / layer["planes"].shape[0] / layer["num_samples_seen"]  # (K,), the mean over planes
    print(f"{layer['address']:31} {layer['num_samples_seen']} samples, peak {curve.max():.3f}")

torch.ops.srm.save(observed, "from_python.srm.pt")      # for torchsrm show
observed.save("observed.pt")                            # goes on counting wherever it is loaded with the plugin
model = callable_module(torch.ops.srm.detach(observed))  # the plain model again
