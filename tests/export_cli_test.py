"""torchsrm export as people run it, and its files as others read them: CSV and JSON by Python, NPZ by NumPy where it is.

A third argument is a Python that has NumPy.
"""

import csv
import json
import pathlib
import struct
import subprocess
import sys
import unittest
import zipfile

import torch_file
from command_case import COMMAND, HELD_OUT, CommandCase, gaussian_rows

NUMPY_PYTHON = sys.argv.pop(1) if len(sys.argv) > 1 and pathlib.Path(sys.argv[1]).is_file() else None


def read_npz(path):
    """The arrays of a .npz as (shape, flat list), with the standard library alone."""
    arrays = {}
    with zipfile.ZipFile(path) as archive:
        assert archive.testzip() is None
        for info in archive.infolist():
            assert info.compress_type == zipfile.ZIP_STORED and info.date_time[:3] == (1980, 1, 1)
            data = archive.read(info)
            assert data[:8] == b"\x93NUMPY\x01\x00"
            size = struct.unpack("<H", data[8:10])[0]
            head = eval(data[10 : 10 + size], {"__builtins__": {}})  # a dict of literals
            body, kind = data[10 + size :], head["descr"]
            assert (10 + size) % 64 == 0 and not head["fortran_order"]
            if kind.startswith("<U"):
                width = 4 * int(kind[2:])
                values = [body[k : k + width].decode("utf-32-le").rstrip("\0") for k in range(0, len(body), width)]
            else:
                values = list(struct.unpack(f"<{len(body) // 8}{dict(i8='q', f8='d')[kind[1:]]}", body))
            arrays[info.filename.removesuffix(".npy")] = (head["shape"], values)
    return arrays


class ExportTest(CommandCase):
    def setUp(self):
        super().setUp()
        self.result = self.observe("--activations", self.npy(gaussian_rows(300, 5)), "--epsilon", "0.6", "0.3",
                                   "--angles", "24", "--signed", "--rotations", "60")
        self.layer = self.result["layers"][0]

    def rows(self, *words, name="x.csv"):
        self.run_command("export", "out", "-o", name, *words)
        with open(self.folder / name, newline="") as lines:
            return list(csv.DictReader(lines))

    def test_csv_gives_the_counts_of_the_result_and_fractions_that_come_back(self):
        counts, planes = self.layer["counts"], self.layer["planes"].values
        mean = self.rows()
        self.assertEqual([int(row["count"]) for row in mean], self.layer["holistic_counts"].values)
        self.assertEqual({(row["i"], row["j"]) for row in mean}, {("", "")})
        self.assertEqual([float(row["fraction"]) for row in mean],
                         [count / (300 * 10) for count in self.layer["holistic_counts"].values])
        every = [row for row in self.rows("--planes", "all") if row["i"]]
        self.assertEqual([int(row["count"]) for row in every], counts.values)
        self.assertEqual([int(row["signed_count"]) for row in every], self.layer["signed_counts"].values)
        self.assertEqual([(int(row["i"]), int(row["j"])) for row in every[::24]],
                         2 * list(zip(planes[::2], planes[1::2])))
        one = [row for row in self.rows("--planes", "1,3") if row["i"]]
        self.assertEqual(len(one), 48)
        self.assertEqual([float(row["angle_deg"]) for row in one[:24]], [15.0 * k for k in range(24)])

    def test_mapping_has_the_published_columns(self):
        rows = self.rows("--format", "mapping-csv")
        self.assertEqual(list(rows[0]), ["angle_deg", "mean_similarity", "count_thresh_0.6", "signed_count_thresh_0.6",
                                         "count_thresh_0.3", "signed_count_thresh_0.3", "plane_label"])
        self.assertEqual([int(row["count_thresh_0.6"]) for row in rows], self.layer["counts"].values[: 10 * 24])
        self.assertEqual([row["plane_label"] for row in rows[::24]][:3], ["0-1", "0-2", "0-3"])
        self.assertAlmostEqual(float(rows[0]["mean_similarity"]), -float(rows[12]["mean_similarity"]), delta=1e-12)

    def test_json_is_the_whole_result(self):
        self.run_command("export", "out", "-o", "x.json")
        data = json.loads((self.folder / "x.json").read_text())
        layer = data["layers"][0]
        flat = [count for epsilon in layer["counts"] for plane in epsilon for count in plane]
        self.assertEqual(flat, self.layer["counts"].values)
        self.assertEqual(dict(data["settings"])["angles"], "24")
        self.assertIn("verdict", layer["tests"])

    def test_npz_needs_no_pickle_and_equal_results_give_equal_bytes(self):
        self.run_command("export", "out", "-o", "x.npz")
        self.run_command("export", "out", "-o", "y.npz")
        self.assertEqual((self.folder / "x.npz").read_bytes(), (self.folder / "y.npz").read_bytes())
        arrays = read_npz(self.folder / "x.npz")
        self.assertEqual(arrays["layers"], ((1,), ["activations"]))
        self.assertEqual(arrays["layer0/counts"], ((2, 10, 24), self.layer["counts"].values))
        self.assertEqual(arrays["layer0/signed_counts"], ((2, 10, 24), self.layer["signed_counts"].values))
        self.assertEqual(arrays["layer0/holistic_counts"], ((2, 24), self.layer["holistic_counts"].values))
        self.assertEqual(arrays["layer0/num_samples_seen"], ((), [300]))
        self.assertEqual(arrays["layer0/haar_null"][0], (60,))
        if NUMPY_PYTHON is None:
            return
        program = ("import numpy, sys; f = numpy.load(sys.argv[1], allow_pickle=False); "
                   "print(f['layer0/counts'].sum(), f['layer0/counts'].dtype, list(f['layers']), f['layer0/a4'].shape, "
                   "len([f[key] for key in f]))")
        done = subprocess.run([NUMPY_PYTHON, "-c", program, self.folder / "x.npz"], capture_output=True, text=True)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(done.stdout.split("]")[0],
                         f"{sum(self.layer['counts'].values)} int64 [np.str_('activations')")

    def test_hostile_names_stay_text(self):
        result = json.loads(self.run_command("show", "out", "--json").stdout)
        self.assertEqual(result[0]["address"], "activations")
        self.assertIn("choose from activations", self.error_of("export", "out", "-o", "x.csv", "--layer", "\x1b[2J"))
        self.assertNotIn("\x1b", self.error_of("export", "out", "-o", "x.csv", "--layer", "\x1b[2J"))

    def test_what_is_read_is_never_written_over(self):
        result = self.folder / "out" / "results.srm.pt"
        before = result.read_bytes()
        (self.folder / "texts").write_text("a\n" * 300)
        for words in [["export", "out", "-o", result, "--format", "csv"], ["report", "out", "-o", result],
                      ["compare", "out", result, "-o", result], ["report", "out", "--texts", "texts", "-o", "texts"]]:
            self.assertIn("the output must not be a file that is read", self.error_of(*words, code=2))
        self.assertEqual(result.read_bytes(), before)
        self.assertEqual((self.folder / "texts").read_text(), "a\n" * 300)

    def test_an_output_that_takes_no_more_is_a_failure(self):
        with open("/dev/full", "w") as full:
            done = subprocess.run([COMMAND, "show", "out", "--json"], stdout=full, stderr=subprocess.PIPE, text=True,
                                  cwd=self.folder, timeout=60)
        self.assertEqual(done.returncode, 1)
        self.assertIn("[standard output]", done.stderr)

    def test_a_log_that_takes_no_more_stops_nothing(self):
        observe = ["observe", "--activations", HELD_OUT, "--planes", "none", "--rotations", "0", "--out", "logged"]
        for words, code in [(observe, 0), ([*observe, "--epsilon", "x"], 2), (["show", "nothing"], 1)]:
            with open("/dev/full", "w") as full:
                done = subprocess.run([COMMAND, *words], stdout=subprocess.DEVNULL, stderr=full, cwd=self.folder, timeout=60)
            self.assertEqual(done.returncode, code, words)
        self.assertTrue((self.folder / "logged" / "results.srm.pt").exists())

    def test_misuse_is_told(self):
        self.assertIn("each plane may be there once",
                      self.error_of("export", "out", "-o", "x.csv", "--planes", "0,1", "0,2", "0,1", code=2))
        for words, said in [(["-o", "x.txt"], "--format"), (["-o", "x.npz", "--format", "xml"], "xml"),
                            (["-o", "x.csv", "--planes", "1"], "--planes"),
                            (["-o", "x.csv", "--format", "mapping-csv", "--planes", "none"], "of planes"), ([], "-o")]:
            self.assertIn(said, self.error_of("export", "out", *words, code=2), words)
        self.assertIn("(3, 9)", self.error_of("export", "out", "-o", "x.csv", "--planes", "3,9"))
        self.assertEqual([path.name for path in self.folder.iterdir() if path.name.startswith("x.csv")], [])


class TimelineTest(CommandCase):
    def test_a_history_has_no_planes(self):
        (self.folder / "t.srmh").write_bytes(b"")
        self.assertIn("t.srmh", self.error_of("export", "t.srmh", "-o", "x.csv"))


if __name__ == "__main__":
    unittest.main()
