import sys

import torch

torch.ops.load_library(sys.argv[1])  # build/release/src/libtorchsrm.so

torch.manual_seed(1)
model = torch.jit.script(torch.nn.Sequential(torch.nn.Linear(64, 16), torch.nn.Tanh(), torch.nn.Linear(16, 64)))
monitor = torch.ops.srm.monitor(model, ["1"], epsilon=[0.4], rotations=200, history="python.srmh")
watched = torch.jit._recursive.wrap_cpp_module(torch.ops.srm.watched(monitor))  # shares the weights of `model`

data = torch.rand(512, 64)
optimiser = torch.optim.Adam(model.parameters(), lr=3e-3)
for step in range(1, 201):
    loss = (watched(data) - data).square().mean()
    optimiser.zero_grad()
    loss.backward()
    optimiser.step()
    if step % 50 == 0:
        window = monitor.step(step, {"loss": loss.item()})["training/1"]
        print(f"step {step}: loss {loss.item():.4f}, A4 {window['a4']:+.3f}, p {window['p']:.3f}")
