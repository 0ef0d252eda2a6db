"""Rules of the source tree that no compiler checks: which room may include which, and what may not be in the tree."""

import os
import pathlib
import re
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parent.parent

# Room: (its files, the rooms it may include besides itself, whether it may include Torch).
# A file belongs to a room by its folder below src/ ("kernels/") or by its stem.
NUMERICS = ["error", "kernels", "measured", "tested", "resonance", "accumulator", "statistics"]
ROOMS = {
    "error": (["error"], [], False),
    "kernels": (["kernels/", "half_numbers"], [], False),
    "files": (["files/"], ["error"], False),
    "measured": (["angle_grid", "basis", "plane_set", "plane_choice", "memory_budget"], ["error"], False),
    "tested": (["significance", "layer_tests", "verdict"], ["error"], False),
    "resonance": (["scores", "resonance", "results", "resonance_checks", "merge", "neuron_table", "plane_density", "plane_bins",
                   "exact_sum", "value_checks", "same_settings"], ["error", "kernels", "measured", "tested"], False),
    "accumulator": (["accumulator", "accumulator_options", "row_block", "spotlight_tables", "row_mean",
                     "row_reservoir", "row_tags", "row_coordinates", "row_counts", "prepared_rows", "waiting_rows",
                     "spotlight_read_out", "batch_sweep", "batch_groups", "plane_counter", "plane_crowds", "plane_point",
                     "neuron_tally", "density_tally"], NUMERICS[:5], False),
    "statistics": (["statistics", "epsilon_choice", "grandmother_neurons", "isotropic_plane"], NUMERICS[:6], False),
    "history": (["history", "history_file", "history_records"], ["error", "files", "measured", "resonance", "statistics"], False),
    "comparison": (["comparison", "compared_layer", "comparison_pairs"],
                   ["error", "measured", "tested", "resonance", "statistics", "history"], False),
    "tensorboard": (["tensorboard/"], ["error", "files", "measured", "resonance", "statistics", "history"], False),
    "load": (["overhead_budget", "queue_options", "work_queue", "quiet_thread"], ["error"], False),
    "hook": (["hook", "call_site", "hooked_module", "activation_function", "hook/"], ["error", "load"], True),
    "observer": (["activation_rows", "observe_options", "layer_counts", "layer_preparation", "layer_fit", "row_tensor", "batch_tags",
                  "layer_observer", "site_observer", "observer", "row_queue"], NUMERICS + ["hook", "load"], True),
    "bases": (["basis_generators", "thomson_frame", "basis_learning", "basis_comparison", "bases/", "null",
               "plane_tests", "test_layer"], ["error", "kernels", "measured", "tested", "statistics"], True),
    "instrument": (["instrumented_model", "plugin", "plugin_values", "checkpoint"], NUMERICS + ["hook", "observer", "io"], True),
    "ranks": (["ranks"], ["error"], True),
    "monitor": (["monitor", "monitor_basis", "monitor_files", "rank_windows", "resonance_sums", "monitor_plugin"],
                NUMERICS + ["instrument", "files", "history", "tensorboard", "hook", "observer", "bases", "io", "report", "ranks"], True),
    "report": (["report", "neuron_pictures", "picture", "report/", "comparison_report"], ["error", "files", "measured", "tested", "resonance", "statistics", "history", "comparison"],
               False),
    "figures": (["figures", "figures/"],
                ["error", "files", "measured", "tested", "resonance", "statistics", "history", "report"], False),
    "export": (["export", "export/"], ["error", "files", "measured", "tested", "resonance", "statistics", "history", "report"], False),
    "live": (["live_server", "rolling_window", "live/"],
             ["error", "files", "load", "measured", "tested", "resonance", "statistics", "history", "report"], False),
    "live_source": (["live_source"], ["observer", "hook", "io", "live"], True),
    "io": (["io", "model_inputs", "io/"], ["error", "files", "measured", "tested", "resonance"], True),
    "models": (["activation_basis/"], NUMERICS + ["bases", "report", "files"], True),
    "cli": (["cli/"], NUMERICS + ["load", "hook", "observer", "instrument", "bases", "history", "monitor", "report", "io", "files", "models",
             "live", "live_source", "comparison", "export", "figures"],
            True),
}
TORCH_INCLUDE = re.compile(r"<(torch|ATen|c10|caffe2)/")
INCLUDE = re.compile(r'^\s*#\s*include\s*(<[^>]+>|"[^"]+")', re.MULTILINE)
TEXT = {".h", ".cpp", ".py", ".sh", ".cmake", ".txt", ".html", ".css", ".js", ".json", ".md", ""}
BANNED = re.compile("|".join(["TO" + "DO", "FIX" + "ME", "NO" + "LINT", "GTEST_" + "SKIP", "DIS" + "ABLED_"]))


def tree_files(root):
    """The files of the tree, without what git ignores and what editors leave in dot-folders."""
    for folder, folders, names in os.walk(root):
        folders[:] = sorted(name for name in folders
                            if name == ".ci" or not (name.startswith(".") or name in ("build", "srm-out", "__pycache__")))
        yield from (pathlib.Path(folder, name) for name in sorted(names))


def room_of(path):
    """The room of a path like include/srm/basis.h, src/kernels/row.cpp or kernels/row.h; None outside every room."""
    path = re.sub(r"^(include/srm|src|srm)/", "", path)
    folder, slash, _ = path.rpartition("/")
    key = folder.split("/")[0] + "/" if slash else pathlib.PurePath(path).stem
    return next((room for room, (keys, _, _) in ROOMS.items() if key in keys), None)


def include_faults(root):
    faults = []
    for path in tree_files(root):
        name = path.relative_to(root).as_posix()
        if path.suffix not in (".h", ".cpp"):
            continue
        includes = [match[1] for match in INCLUDE.finditer(path.read_text())]
        if name.startswith("tests/"):
            tested = room_of(path.stem.removesuffix("_test") + ".h")
            if tested and not ROOMS[tested][2]:
                faults += [f"{name}: the room `{tested}` is tested without Torch; got {included}"
                           for included in includes if TORCH_INCLUDE.match(included)]
        if not name.startswith(("include/", "src/")):
            continue
        room = room_of(name)
        if room is None:
            faults.append(f"{name}: belongs to no room; put it into one in tests/tree_rules_test.py")
            continue
        _, allowed, torch_allowed = ROOMS[room]
        for included in includes:
            if TORCH_INCLUDE.match(included) and not torch_allowed:
                faults.append(f"{name}: the room `{room}` knows nothing of Torch; got {included}")
            if included.startswith('"'):
                beside = path.parent / included.strip('"')
                other = room_of(beside.relative_to(root).as_posix() if beside.exists() else included.strip('"'))
                if other != room and other not in allowed:
                    faults.append(f"{name}: the room `{room}` may include only {allowed}; got {included} of `{other}`")
    return faults


class TreeRules(unittest.TestCase):
    def test_rooms_include_only_what_they_may_know(self):
        self.assertEqual(include_faults(ROOT), [])

    def test_an_include_against_the_table_is_found(self):
        with tempfile.TemporaryDirectory() as folder:
            root = pathlib.Path(folder).resolve()
            for name, text in {
                "src/kernels/row.cpp": '#include "kernels/row.h"\n#include "srm/error.h"\n',
                "src/basis.cpp": "#include <torch/script.h>\n",
                "src/report/csv.cpp": '#include "srm/accumulator.h"\n',
                "src/helpers.cpp": "",
                "tests/basis_test.cpp": "#include <ATen/ATen.h>\n",
                "src/observer.cpp": '#include <torch/script.h>\n#include "srm/hook.h"\n#include "kernels/row.h"\n',
            }.items():
                (root / name).parent.mkdir(parents=True, exist_ok=True)
                (root / name).write_text(text)
            faults = [fault.split(":")[0] for fault in include_faults(root)]
        self.assertEqual(sorted(faults), ["src/basis.cpp", "src/helpers.cpp", "src/kernels/row.cpp",
                                          "src/report/csv.cpp", "tests/basis_test.cpp"])

    def test_every_source_is_built(self):
        lists = [(path.parent, path.read_text()) for path in tree_files(ROOT) if path.name == "CMakeLists.txt"]
        for path in tree_files(ROOT):
            if path.suffix == ".cpp" or path.name.endswith("_test.py"):
                named = any(path.is_relative_to(folder) and path.relative_to(folder).as_posix() in text
                            for folder, text in lists)
                self.assertTrue(named, f"{path.relative_to(ROOT)}: no CMakeLists.txt names it, so nothing builds it")

    def test_sources_are_ascii_and_leave_nothing_undone(self):
        for path in tree_files(ROOT):
            is_ours = not path.is_relative_to(ROOT / "tests" / "data") and "third_party" not in path.parts
            if path.suffix not in TEXT or not is_ours:
                continue
            name = path.relative_to(ROOT)
            text = path.read_text()
            self.assertEqual(BANNED.findall(text), [], name)
            if path.suffix != ".md":
                self.assertEqual([char for char in text if not char.isascii()], [], name)

    def test_root_build_file_is_short(self):
        self.assertLess(len((ROOT / "CMakeLists.txt").read_text().splitlines()), 80)

    def test_tree_is_small(self):
        self.assertLess(sum(path.stat().st_size for path in tree_files(ROOT)), 40_000_000)


if __name__ == "__main__":
    unittest.main()
