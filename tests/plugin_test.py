"""The library as a plugin of hosts that know nothing of it: a C++ program with LibTorch alone, and Python's torch.

    plugin_test.py COMMAND HOST PLUGIN SOURCE [PYTHON]     PYTHON has a torch of the plugin's version
"""

import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

import torch_file

COMMAND, HOST, PLUGIN, SOURCE = sys.argv[1:5]
PYTHON = sys.argv[5] if len(sys.argv) > 5 else ""
del sys.argv[1:]
TANH = str(pathlib.Path(SOURCE) / "models" / "tanh.pt")


class PluginTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def run_program(self, *words, code=0, **environment):
        done = subprocess.run(list(map(str, words)), capture_output=True, text=True, timeout=300, cwd=self.folder,
                              env={**os.environ, **environment})
        self.assertEqual(done.returncode, code, f"{words}\n{done.stdout}\n{done.stderr}")
        return done

    def instrument(self):
        self.run_program(COMMAND, "instrument", TANH, "-o", "observed.pt", "--layers", "encoder.*", "encoder.*/tanh")

    def samples(self, model):
        self.run_program(COMMAND, "collect", model, "-o", "result")
        layers = torch_file.load(self.folder / "result" / "results.srm.pt")["layers"]
        return {layer["address"]: layer["num_samples_seen"] for layer in layers}


class CppHostTest(PluginTest):
    def test_counts_go_on_from_host_to_host(self):
        self.instrument()
        self.run_program(HOST, "observed.pt", "once.pt", PLUGIN)
        self.run_program(HOST, "once.pt", "twice.pt", LD_PRELOAD=PLUGIN)
        self.assertEqual(set(self.samples("once.pt").values()), {15})
        twice = self.samples("twice.pt")
        self.assertEqual(set(twice.values()), {30})
        self.assertEqual(len(twice), 6)
        self.run_program(COMMAND, "strip", "twice.pt", "-o", "plain.pt")
        self.run_program(HOST, "plain.pt", "again.pt")

    def test_a_host_without_the_plugin_gets_libtorchs_error(self):
        self.instrument()
        done = self.run_program(HOST, "observed.pt", "out.pt", code=1)
        self.assertIn("Unknown type name '__torch__.torch.classes.srm.Observer'", done.stderr)

    def test_the_plugin_needs_no_python(self):
        linked = subprocess.run(["ldd", PLUGIN], capture_output=True, text=True, check=True).stdout
        self.assertIn("libtorch_cpu.so", linked)
        self.assertNotIn("libtorch_python", linked)


@unittest.skipUnless(PYTHON, "no Python torch of this version")
class PythonHostTest(PluginTest):
    def run_python(self, text):
        script = f"import torch\ntorch.ops.load_library({PLUGIN!r})\nwrap = torch.jit._recursive.wrap_cpp_module\n" + text
        return self.run_program(PYTHON, "-W", "ignore", "-c", script).stdout.splitlines()

    def test_a_saved_model_goes_on_counting_and_copies_apart(self):
        self.instrument()
        self.assertEqual(self.run_python("""
import copy
model = torch.jit.load("observed.pt")
model(torch.rand(5, 64))
copied = copy.deepcopy(model)
copied(torch.rand(5, 64))
frozen = torch.jit.freeze(torch.jit.load("observed.pt").eval())
frozen(torch.rand(5, 64))
for each in (model, copied, frozen):
    print({layer["num_samples_seen"] for layer in torch.ops.srm.collect(each)["layers"]})
copied.save("python.pt")
"""), ["{5}", "{10}", "{5}"])
        self.run_program(HOST, "python.pt", "host.pt", PLUGIN)
        self.assertEqual(set(self.samples("host.pt").values()), {25})

    def test_attach_read_switch_and_detach(self):
        self.assertEqual(self.run_python(f"""
plain = torch.jit.load({TANH!r}).eval()
x = torch.rand(5, 64)
observed = wrap(torch.ops.srm.attach(plain, ["type:Linear", "!decoder.*"], epsilon=[0.9, 0.5], angles=12, fraction=1.0))
print(torch.equal(observed(x), plain(x)))
layers = torch.ops.srm.collect(observed)["layers"]
print([(layer["address"], tuple(layer["counts"].shape), layer["counts"].dtype) for layer in layers])
torch.ops.srm.set_enabled(observed, False)
observed(x)
torch.ops.srm.set_enabled(observed, True)
print(torch.ops.srm.collect(observed)["layers"][0]["num_samples_seen"], torch.ops.srm.failures(observed))
torch.ops.srm.save(observed, "python.srm.pt")
print(len(torch.load("python.srm.pt", weights_only=True)["layers"]))
back = wrap(torch.ops.srm.detach(observed))
print(torch.equal(back(x), plain(x)))
narrow = wrap(torch.ops.srm.attach(plain, ["encoder.hidden"], basis=torch.eye(3)))
print(torch.equal(narrow(x), plain(x)), torch.ops.srm.failures(narrow)[0].split(";")[0])
for wrong in (lambda: torch.ops.srm.attach(plain, ["encodr"]), lambda: torch.ops.srm.attach(x, ["*"]),
              lambda: torch.ops.srm.attach(plain, ["*"], pairs="triples"), lambda: torch.ops.srm.collect(plain)):
    try:
        wrong()
    except RuntimeError as error:
        print(str(error).split(";")[0])
"""), ["True",
       "[('encoder.hidden', (2, 1128, 12), torch.int64), ('encoder.bottleneck', (2, 120, 12), torch.int64)]",
       "5 []", "2", "True",
       "True [encoder.hidden: observe] the basis 'given' must be as wide as the samples, 48",
       "[hook] a selector must name a call site",
       "[srm::attach] the first argument must be a scripted, traced or loaded module",
       "[srm::attach] pairs must be one of combination, permutation",
       "[instrumented model] the model must carry observers"])
        self.run_program(COMMAND, "show", "python.srm.pt")

    def test_training_sees_nothing_of_it(self):
        self.assertEqual(self.run_python(f"""
torch._C._jit_set_profiling_mode(False), torch._C._set_graph_executor_optimize(False)
plain = torch.jit.load({TANH!r}).eval()
observed = wrap(torch.ops.srm.attach(plain, ["*"]))
x = torch.rand(5, 64)
gradients = []
for model in (plain, observed):
    for parameter in plain.parameters():
        parameter.grad = None
    model(x).square().sum().backward()
    gradients.append([parameter.grad.clone() for parameter in plain.parameters()])
print(all(torch.equal(a, b) for a, b in zip(*gradients)))
"""), ["True"])


if __name__ == "__main__":
    unittest.main()
