"""Writes the .pt files that io_test reads, as users' Python writes them. Needs torch and numpy; run it in this folder."""

import collections
import pickle

import numpy as np
import torch

NUMBERS = torch.arange(12, dtype=torch.float32).reshape(3, 4)

torch.save(NUMBERS, "tensor.pt")
torch.save({"activations": NUMBERS, "labels": torch.arange(3)}, "activations.pt")
torch.save({str(dtype).split(".")[1]: NUMBERS.to(dtype) for dtype in
            [torch.int8, torch.int16, torch.int32, torch.int64, torch.uint8, torch.uint16, torch.uint32, torch.uint64,
             torch.float16, torch.bfloat16, torch.float32, torch.float64, torch.complex64]}
           | {"bool": NUMBERS > 5}, "types.pt")
torch.save({"transposed": NUMBERS.T, "every_second": NUMBERS[:, 1::2], "last_row": NUMBERS[2],
            "expanded": NUMBERS[0, 1].expand(2, 3), "shared": NUMBERS, "one_number": torch.tensor(2.5),
            "empty": torch.zeros(0, 3)}, "views.pt")
torch.save({"list": [1, 2.5, True, None], "one_element": [7], "empty_list": [], "tuple": (1, "two", (3,)),
            "four": (1, 2, 3, 4), "nested": [{"a": [NUMBERS]}], "ordered": collections.OrderedDict(z=1, a=2),
            "text": "gr\u00fc\u00df", "integers": [0, 255, 256, 65536, -1, 2**31, 2**40, -2**40, 2**63 - 1, -2**63],
            "size": NUMBERS.shape, 3: "three"}, "containers.pt")
torch.save(torch.nn.Parameter(NUMBERS), "parameter.pt")
torch.save(NUMBERS.clone().requires_grad_(), "requires_grad.pt")
layer = torch.nn.Linear(4, 3, bias=False)
with torch.no_grad():
    layer.weight.copy_(NUMBERS)
torch.save(layer.state_dict(), "state_dict.pt")
torch.save([NUMBERS, {"a": (1,)}], "protocol_4.pt", pickle_protocol=4)

torch.save(NUMBERS, "legacy.pt", _use_new_zipfile_serialization=False)
torch.save(layer, "module.pt")
torch.save(np.arange(3), "numpy_array.pt")
torch.save({1, 2}, "set.pt")
with open("python.pkl", "wb") as file:
    pickle.dump([1, 2, 3], file)
