"""Ranks of a data-parallel training, each a process with a part of the rows, are one: in bytes, and when one dies.

    ranks_test.py HOST [PYTHON]     HOST is ranks_host; PYTHON has a torch of the same version, for its torchrun
"""

import filecmp
import json
import os
import pathlib
import re
import signal
import socket
import subprocess
import sys
import tempfile
import unittest

HOST = sys.argv.pop(1)
PYTHON = sys.argv.pop(1) if len(sys.argv) > 1 else ""
NUM_STEPS = 5


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


class RanksTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.environment = {name: value for name, value in os.environ.items()
                            if name not in ("RANK", "WORLD_SIZE", "MASTER_ADDR", "MASTER_PORT")}
        self.environment["OMP_NUM_THREADS"] = "1"

    def out(self, name):
        (self.folder / name).mkdir()
        return self.folder / name

    def run_whole(self, folder, num_steps=NUM_STEPS):
        subprocess.run([HOST, folder, str(num_steps)], env=self.environment, check=True, timeout=120)

    def run_ranks(self, folder, *words, num_ranks=4, **environment):
        """Exit codes, and what each wrote to stderr."""
        port = str(free_port())
        processes = [subprocess.Popen(
            [HOST, folder, *map(str, words or (NUM_STEPS,))], text=True, stderr=subprocess.PIPE,
            env={**self.environment, **environment, "RANK": str(rank), "WORLD_SIZE": str(num_ranks),
                 "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": port}) for rank in range(num_ranks)]
        errors = [process.communicate(timeout=120)[1] for process in processes]
        return [process.returncode for process in processes], errors

    def assert_same_files(self, a, b):
        names = sorted(path.relative_to(a).as_posix() for path in a.rglob("*") if path.is_file())
        names = [name for name in names if "tfevents" not in name]  # those have times in them
        self.assertEqual(len(names), 2 + NUM_STEPS + NUM_STEPS // 2, names)
        for name in names:
            self.assertTrue(filecmp.cmp(a / name, b / name, shallow=False), name)

    def test_ranks_leave_the_bytes_of_one_process(self):
        whole = self.out("whole")
        self.run_whole(whole)
        for num_ranks in (4, 2):
            ranks = self.out(f"of_{num_ranks}")
            codes, errors = self.run_ranks(ranks, num_ranks=num_ranks)
            self.assertEqual(codes, [0] * num_ranks, errors)
            self.assert_same_files(whole, ranks)
            self.assertEqual(len(list((ranks / "tensorboard").iterdir())), 1, "rank 0 writes, nobody else")

    # What rests on a sample is of other rows then; all else is the same.
    def test_samples_that_are_full_are_merged(self):
        whole, ranks = self.out("whole"), self.out("ranks")
        self.environment["KEPT_ROWS"] = "60"  # of 200 of all ranks, and 50 of each
        self.run_whole(whole, num_steps=1)
        self.assertEqual(self.run_ranks(ranks, 1)[0], [0] * 4)
        windows = [json.loads((folder / "run.jsonl").read_text()) for folder in (whole, ranks)]
        for layer in (layer for window in windows for layer in window["layers"]):
            self.assertGreater(layer.pop("p"), 0)
            self.assertGreater(layer.pop("drift")["to_standard"], 0.3)
        self.assertEqual(*windows)

    def test_a_rank_that_dies_is_named_in_time_and_what_was_saved_is_whole(self):
        for how, rank, longest, environment in (("before", 2, 2, {}), ("within", 3, 4, {"SUM_AT_STEP": "4"}),
                                                ("before", 0, 2, {})):
            with self.subTest(f"rank {rank}, {how}"):
                folder = self.out(f"dead_{rank}")
                codes, errors = self.run_ranks(folder, NUM_STEPS, 2000, rank, 4, how, **environment)
                self.assertEqual(codes, [-signal.SIGKILL if k == rank else 3 for k in range(4)], errors)
                for k in set(range(4)) - {rank}:
                    self.assertRegex(errors[k], rf"rank {rank}\b", f"what rank {k} said")
                    self.assertIn("what was saved before is whole", errors[k])
                    seconds = float(re.search(r"(?m)^after (\S+) s$", errors[k])[1])
                    self.assertLess(seconds, longest + 3, "what rank 0 waits for the others to be told, and this machine")
                before = self.out(f"before_{rank}")
                self.run_whole(before, num_steps=3)
                self.assertEqual((folder / "run.srmh").read_bytes(), (before / "run.srmh").read_bytes())
                self.assertEqual((folder / "run.jsonl").read_bytes(), (before / "run.jsonl").read_bytes())

    def test_a_rank_that_never_comes_is_named(self):
        codes, errors = self.run_ranks(self.out("few"), 1, 1500, num_ranks=1)
        self.assertEqual(codes, [0], errors)
        port = str(free_port())
        done = subprocess.run([HOST, self.folder, "1", "1500"], capture_output=True, text=True, timeout=60,
                              env={**self.environment, "RANK": "0", "WORLD_SIZE": "3", "MASTER_ADDR": "127.0.0.1",
                                   "MASTER_PORT": port})
        self.assertEqual(done.returncode, 3)
        self.assertRegex(done.stderr, r"all 3 ranks must start; got none of ranks 1, 2 in 1\.5 s")

    def test_options_that_differ_are_refused_naming_both_and_the_rank(self):
        codes, errors = self.run_ranks(self.out("differ"), NUM_EPSILONS_OF_RANK_2="1")
        self.assertEqual(codes, [3] * 4)
        for error in errors:
            self.assertIn("epsilon = 0.4 0.75 in rank 0 and epsilon = 0.4 in rank 2", error)

    def test_an_environment_without_its_variables_is_refused(self):
        for environment, words in (({"WORLD_SIZE": "4"}, "RANK must be in the environment"),
                                   ({"WORLD_SIZE": "4", "RANK": "4"}, "RANK must be a whole number from 0 to 3; got 4"),
                                   ({"WORLD_SIZE": "many", "RANK": "0"}, "WORLD_SIZE must be a whole number"),
                                   ({"WORLD_SIZE": "2", "RANK": "0"}, "MASTER_ADDR must be in the environment")):
            done = subprocess.run([HOST, self.folder, "1"], capture_output=True, text=True, timeout=60,
                                  env={**self.environment, **environment})
            self.assertEqual(done.returncode, 3)
            self.assertIn(words, done.stderr)

    @unittest.skipUnless(PYTHON, "torchrun is that of a torch of the same version")
    def test_torchrun_starts_them(self):
        whole, ranks = self.out("whole"), self.out("ranks")
        self.run_whole(whole)
        subprocess.run([PYTHON, "-m", "torch.distributed.run", "--nproc-per-node", "4", "--master-port",
                        str(free_port()), "--no-python", HOST, ranks, str(NUM_STEPS)],
                       env=self.environment, check=True, timeout=300, stderr=subprocess.DEVNULL)
        self.assert_same_files(whole, ranks)


if __name__ == "__main__":
    unittest.main()
