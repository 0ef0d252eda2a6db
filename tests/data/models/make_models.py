"""Makes the TorchScript files of this folder.

    python3 make_models.py [FOLDER]

Needs a Python torch; the files here were written by torch 2.11.0. FOLDER defaults to the script's own.
The weights come from one seed.
"""

import io
import pathlib
import sys
from typing import Dict, List, Optional, Tuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F


class Mlp(nn.Module):
    """Two layers of equal structure, which share one class, and a dropout between them."""

    def __init__(self):
        super().__init__()
        self.encoder = nn.Sequential(nn.Linear(6, 6), nn.Tanh(), nn.Linear(6, 6), nn.Dropout(0.5))
        self.decoder = nn.Linear(6, 3)

    def forward(self, x: Tensor) -> Tensor:
        return self.decoder(self.encoder(x))


class Reused(nn.Module):
    """One module called three times; another one under two names."""

    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(5, 5)
        self.first = nn.Linear(5, 5)
        self.second = self.first

    def forward(self, x: Tensor) -> Tensor:
        x = torch.tanh(self.layer(x))
        x = torch.tanh(self.layer(x))
        return self.layer(self.second(self.first(x)))


class InPlace(nn.Module):
    """What the layer gives is overwritten right after it, also through a view."""

    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(4, 4)
        self.activation = nn.ReLU(inplace=True)
        self.last = nn.Linear(4, 4)

    def forward(self, x: Tensor) -> Tensor:
        y = self.last(self.activation(self.layer(x)))
        y[:, 0].mul_(2.0)
        return y + 1.0


class Containers(nn.Module):
    def __init__(self):
        super().__init__()
        self.blocks = nn.ModuleList([nn.Linear(4, 4) for _ in range(3)])
        self.heads = nn.ModuleDict({"left": nn.Linear(4, 2), "right": nn.Linear(4, 2)})

    def forward(self, x: Tensor) -> Tensor:
        for block in self.blocks:
            x = torch.relu(block(x))
        parts: List[Tensor] = []
        for head in self.heads.values():
            parts.append(head(x))
        return torch.cat(parts, dim=-1)


class Branches(nn.Module):
    """One side of an if, and a loop whose number of turns is an argument with a default."""

    def __init__(self):
        super().__init__()
        self.positive = nn.Linear(4, 4)
        self.negative = nn.Linear(4, 4)
        self.step = nn.Linear(4, 4)

    def forward(self, x: Tensor, turns: int = 2) -> Tensor:
        if bool(x.sum() > 0):
            x = self.positive(x)
        else:
            x = self.negative(x)
        i = 0
        while i < turns:
            x = torch.tanh(self.step(x))
            i += 1
        return x


class Split(nn.Module):
    def __init__(self):
        super().__init__()
        self.left = nn.Linear(4, 2)
        self.right = nn.Linear(4, 2)

    def forward(self, x: Tensor) -> Tuple[Tensor, Tensor]:
        return self.left(x), self.right(x)


class Join(nn.Module):
    def forward(self, a: Tensor, b: Tensor) -> Dict[str, Tensor]:
        return {"sum": a + b, "difference": a - b}


class Structured(nn.Module):
    """Tuples and dicts pass between modules; one argument is optional."""

    def __init__(self):
        super().__init__()
        self.split = Split()
        self.join = Join()

    def forward(self, x: Tensor, scale: Optional[Tensor] = None) -> Dict[str, Tensor]:
        a, b = self.split(x)
        if scale is not None:
            a = a * scale
        return self.join(a, b)


class Forked(nn.Module):
    """A submodule runs in a fork."""

    def __init__(self):
        super().__init__()
        self.left = nn.Linear(4, 4)
        self.right = nn.Sequential(nn.Linear(4, 4), nn.Tanh())

    def forward(self, x: Tensor) -> Tensor:
        future = torch.jit.fork(self.right, x)
        return self.left(x) + torch.jit.wait(future)


class Codec(nn.Module):
    def __init__(self):
        super().__init__()
        self.inner = nn.Linear(4, 4)

    def _scaled(self, x: Tensor) -> Tensor:
        return self.inner(x) * 2.0

    @torch.jit.export
    def encode(self, x: Tensor) -> Tensor:
        return self._scaled(x) + 1.0

    def forward(self, x: Tensor) -> Tensor:
        return self._scaled(x)


class Methods(nn.Module):
    """A submodule called by another method than forward, and a second method of the model itself."""

    def __init__(self):
        super().__init__()
        self.codec = Codec()
        self.gain: float = 3.0

    def forward(self, x: Tensor) -> Tensor:
        return self.codec.encode(x) - self.codec(x)

    @torch.jit.export
    def generate(self, x: Tensor, turns: int = 2, shift: float = 0.5) -> Tensor:
        for _ in range(turns):
            x = self.forward(x) * self.gain + shift
        return x


def clamp_twice(x: Tensor) -> Tensor:
    return torch.clamp(torch.clamp(x, -1.0, 1.0), -0.5, 0.5)


class Adder(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return x + 1.0


@torch.jit.interface
class OneToOne(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        pass


class Opaque(nn.Module):
    """A call through an interface and a script function stay calls."""

    swapped: OneToOne

    def __init__(self):
        super().__init__()
        self.swapped = Adder()
        self.layer = nn.Linear(4, 4)

    def forward(self, x: Tensor) -> Tensor:
        return clamp_twice(self.layer(self.swapped(x)))


class Failing(nn.Module):
    """Refuses rows of a width that is not 4, inside of a submodule."""

    def __init__(self):
        super().__init__()
        self.body = nn.Sequential(nn.Linear(4, 4))

    def forward(self, x: Tensor) -> Tensor:
        return self.body(x)


class Attention(nn.Module):
    """Traced: shapes are those of the example, attention gives the tensor that is used."""

    def __init__(self):
        super().__init__()
        layer = nn.TransformerEncoderLayer(16, 2, dim_feedforward=32, dropout=0.1, batch_first=True)
        self.encoder = nn.TransformerEncoder(layer, 2, enable_nested_tensor=False)
        self.head = nn.Linear(16, 4)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.encoder(x).mean(dim=1))


class Recurrent(nn.Module):
    """A module of the library that puts its code in order by methods of its own, and gives a tuple."""

    def __init__(self):
        super().__init__()
        self.gru = nn.GRU(4, 3, batch_first=True)
        self.head = nn.Linear(3, 2)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.gru(x)[0])


class Masked(nn.Module):
    """Padding is told by an argument; one of two layers runs in a fork inside of a loop."""

    def __init__(self):
        super().__init__()
        self.left = nn.Linear(4, 4)
        self.right = nn.Linear(4, 4)

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        for _ in range(2):
            future = torch.jit.fork(self.right, x)
            x = torch.tanh(self.left(x)) + torch.jit.wait(future)
        return x * mask.unsqueeze(-1)


class Memory(nn.Module):
    """Gives a tuple that holds a tuple, and numbers of other kinds."""

    def __init__(self):
        super().__init__()
        self.lstm = nn.LSTM(4, 3, num_layers=2, batch_first=True)
        self.tokens = Tokens()
        self.embedding = nn.Embedding(7, 4)

    def forward(self, x: Tensor) -> Tuple[Tensor, Tuple[Tensor, Tensor]]:
        return self.lstm(self.embedding(self.tokens(x)) + x)


class Tokens(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return (x.sum(-1) * 10).long().abs() % 7


@torch.jit.script
class Box:
    def __init__(self, low: Tensor, high: Tensor):
        self.low = low
        self.high = high

    def size(self) -> Tensor:
        return self.high - self.low


class Boxes(nn.Module):
    """Gives an object of a script class."""

    def __init__(self):
        super().__init__()
        self.low = nn.Linear(4, 4)
        self.high = nn.Linear(4, 4)

    def forward(self, x: Tensor) -> Box:
        return Box(self.low(x), self.high(x))


class Measured(nn.Module):
    def __init__(self):
        super().__init__()
        self.boxes = Boxes()

    def forward(self, x: Tensor) -> Tensor:
        return self.boxes(x).size()


class Awaited(nn.Module):
    """A layer runs when its output is awaited."""

    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(4, 4)

    def forward(self, x: Tensor) -> Tensor:
        later = torch.jit._awaitable(self.work, x)
        return torch.jit._awaitable_wait(later) + x

    def work(self, x: Tensor) -> Tensor:
        return torch.tanh(self.layer(x))


class Quantised(nn.Module):
    """Layers hand on 8-bit integers with a scale."""

    def __init__(self):
        super().__init__()
        self.quant = torch.ao.quantization.QuantStub()
        self.layers = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 4))
        self.dequant = torch.ao.quantization.DeQuantStub()

    def forward(self, x: Tensor) -> Tensor:
        return self.dequant(self.layers(self.quant(x)))


def quantised() -> nn.Module:
    model = Quantised().eval()
    model.qconfig = torch.ao.quantization.get_default_qconfig("fbgemm")
    prepared = torch.ao.quantization.prepare(model)
    prepared(torch.randn(100, 4))
    return torch.ao.quantization.convert(prepared)


def write_without_source_paths(buffer, path):
    """Leaves out the debug records: they name the folders of whoever ran this."""
    reader = torch._C.PyTorchFileReader(buffer)
    writer = torch._C.PyTorchFileWriter(str(path))
    written_by_itself = ("version", "byteorder", ".data/serialization_id")
    for name in reader.get_all_records():
        if name not in written_by_itself and not name.endswith(".debug_pkl"):
            record = reader.get_record(name)
            writer.write_record(name, record, len(record))
    writer.write_end_of_file()


def main(folder):
    def put(name, model):
        buffer = io.BytesIO()
        torch.jit.save(model, buffer)
        buffer.seek(0)
        write_without_source_paths(buffer, folder / f"{name}.pt")

    torch.manual_seed(1)
    put("mlp_scripted", torch.jit.script(Mlp().eval()))
    put("mlp_traced", torch.jit.trace(Mlp().eval(), torch.randn(5, 6)))
    put("mlp_frozen", torch.jit.freeze(torch.jit.script(Mlp().eval())))
    put("linear_scripted", torch.jit.script(nn.Linear(4, 3)))
    put("reused_scripted", torch.jit.script(Reused()))
    put("reused_traced", torch.jit.trace(Reused(), torch.randn(5, 5)))
    put("in_place_scripted", torch.jit.script(InPlace()))
    put("in_place_traced", torch.jit.trace(InPlace(), torch.randn(5, 4)))
    put("containers_scripted", torch.jit.script(Containers()))
    put("branches_scripted", torch.jit.script(Branches()))
    put("structured_scripted", torch.jit.script(Structured()))
    put("forked_scripted", torch.jit.script(Forked()))
    put("methods_scripted", torch.jit.script(Methods()))
    put("opaque_scripted", torch.jit.script(Opaque()))
    put("failing_scripted", torch.jit.script(Failing()))
    put("recurrent_scripted", torch.jit.script(Recurrent()))
    put("masked_scripted", torch.jit.script(Masked()))
    put("memory_scripted", torch.jit.script(Memory()))
    put("boxes_scripted", torch.jit.script(Measured()))
    put("quantised_scripted", torch.jit.script(quantised()))
    put("awaited_scripted", torch.jit.script(Awaited()))
    # The fast path of attention is one fused operator; without it each layer is called, as while training.
    torch.backends.mha.set_fastpath_enabled(False)
    put("attention_traced", torch.jit.trace(Attention().eval(), torch.randn(3, 5, 16)))
    put("attention_scripted", torch.jit.script(Attention().eval()))


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else pathlib.Path(__file__).parent)
