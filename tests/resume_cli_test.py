"""A run that is killed at whatever moment and resumed gives the files of the run that never stopped, byte for byte.

TORCHSRM_KILLS says how many times the run of the first test is killed, and TORCHSRM_SEED when.
"""

import os
import pathlib
import random
import shutil
import subprocess
import time
import unittest

import torch_file
from command_case import COMMAND, HELD_OUT, MODELS, TANH, TEST_MODELS, CommandCase, gaussian_rows

NUM_KILLS = int(os.environ.get("TORCHSRM_KILLS", "10"))
SEED = int(os.environ.get("TORCHSRM_SEED", "1"))
LABELS = str(MODELS / "data" / "held_out_labels.npy")
CHECKPOINT = "checkpoint.srm.pt"


def result_of(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


class ResumeCase(CommandCase):
    def repeated(self, path, times, name):
        """The samples of a small `.npy` over and over."""
        data = pathlib.Path(path).read_bytes()
        end = 10 + int.from_bytes(data[8:10], "little")
        header = data[10:end].decode()
        num = int(header.split("'shape': (")[1].split(",")[0])
        header = header.replace(f"'shape': ({num},", f"'shape': ({num * times},").strip().encode()
        header += b" " * (-(len(header) + 11) % 64) + b"\n"
        (self.folder / name).write_bytes(data[:8] + len(header).to_bytes(2, "little") + header + data[end:] * times)
        return name

    def start(self, *words):
        return subprocess.Popen([COMMAND, "observe", *map(str, words)], stdout=subprocess.DEVNULL,
                                stderr=subprocess.PIPE, text=True, cwd=self.folder)

    def written_at(self, out):
        """When the checkpoint was written; none where there is none."""
        try:
            return (out / CHECKPOINT).stat().st_mtime_ns
        except FileNotFoundError:
            return None

    def kill_at(self, moment, process):
        """Whether it still ran, and what it said."""
        try:
            return False, process.communicate(timeout=moment)[1]
        except subprocess.TimeoutExpired:
            process.kill()
            return True, process.communicate()[1]

    def require_resumable(self, *words, num_kills, save_every):
        """Kills the run `num_kills` times, and until it went on from a checkpoint often enough: at moments drawn from as
        long as it takes, every second time soon after a checkpoint. It goes on where there is one, and only there."""
        self.run_command("observe", *words, "--out", "whole")
        expected = result_of(self.folder / "whole")
        out = self.folder / "resumed"
        saving = [*words, "--save-every", save_every, "--resume", "--out", out]
        begin = time.monotonic()
        self.run_command("observe", *saving)
        seconds = time.monotonic() - begin
        moments = random.Random(SEED)
        num_killed = num_resumed = num_runs = 0
        is_whole = False
        while num_killed < num_kills or num_resumed <= num_kills // 4 or not is_whole:
            self.assertLess(num_runs, 10 * num_kills + 20, "runs end before they can be killed behind a checkpoint")
            before = self.written_at(out)
            process = self.start(*saving)
            moment = moments.uniform(0, seconds)
            if num_runs % 2 == 1:
                moment /= 5
                while process.poll() is None and self.written_at(out) in (before, None):
                    time.sleep(0.001)
            is_killed_enough = num_killed >= num_kills and num_resumed + (before is not None) > num_kills // 4
            was_killed, errors = self.kill_at(300 if is_killed_enough else moment, process)
            num_runs += 1
            num_killed += was_killed
            is_whole = not was_killed
            was_resumed = "going on behind" in errors
            num_resumed += was_resumed
            # One that is killed early enough has not said it yet.
            if is_whole or was_resumed:
                self.assertEqual(was_resumed, before is not None, f"seed {SEED}, run {num_runs}: {errors}")
            if is_whole:
                self.assertEqual(process.returncode, 0, errors)
                self.assertEqual(result_of(out), expected, f"seed {SEED}, run {num_runs}")
                shutil.rmtree(out)
        print(f"{self.id()}: seed {SEED}, killed {num_killed} times, resumed {num_resumed} times from a checkpoint, in "
              f"{num_runs} runs of at most {seconds:.1f} s", flush=True)


class KilledTest(ResumeCase):
    def test_classes_neurons_densities_and_tests(self):
        data, labels = self.repeated(HELD_OUT, 30, "x.npy"), self.repeated(LABELS, 30, "y.npy")
        self.require_resumable(
            MODELS / "classifier_relu.pt", "--data", data, "--labels", labels, "--by-class", "--layers", "output",
            "features_activation", "--centre", "--epsilon", "0.5", "--density", "4,7", "--rotations", "20",
            "--threads", "1", num_kills=NUM_KILLS, save_every="1000")

    def test_sampling_and_what_goes_into_an_activation_function(self):
        data = self.repeated(HELD_OUT, 30, "x.npy")
        self.require_resumable(TANH, "--data", data, "--layers", "encoder.bottleneck*", "encoder.hidden", "--every", "3",
                               "--fraction", "0.4", "--limit", "1500", "--rotations", "20", "--epsilon", "0.4",
                               num_kills=max(2, NUM_KILLS // 5), save_every="1500")

    def test_passes_before_and_a_learned_basis(self):
        data = self.repeated(HELD_OUT, 30, "x.npy")
        self.require_resumable(TANH, "--data", data, "--layers", "encoder.bottleneck*", "--epsilon", "auto:data",
                               "--planes", "top", "--basis", "pca", "--learn-rows", "500", "--signed",
                               num_kills=max(2, NUM_KILLS // 5), save_every="1000")

    def test_activations_with_rows_without_a_direction(self):
        rows = gaussian_rows(300, 12)
        rows[3] = [0.0] * 12
        rows[4][0] = float("nan")
        data = self.repeated(self.folder / self.npy(rows, "few.npy"), 40, "x.npy")
        labels = self.npy([k % 3 - 1 for k in range(12000)], "y.npy", "<i8")
        self.require_resumable("--activations", data, "--labels", labels, "--by-class", "--nearest", "3", "--epsilon", "0.6",
                               "-0.2", "--angles", "45", "--signed", "--planes", "random:20", "--density", "0,1", "2,5",
                               "--rotations", "20", num_kills=max(2, NUM_KILLS // 5), save_every="1000")


class ResumeTest(ResumeCase):
    def setUp(self):
        super().setUp()
        self.data = self.npy(gaussian_rows(400, 6))
        self.words = ["--activations", self.data, "--epsilon", "0.5", "--rotations", "0", "--batch-size", "10"]

    def checkpoint_of(self, *words):
        """The checkpoint, left in `out`, of a run that is killed once it has written one."""
        for _ in range(20):
            process = self.start(*words, "--save-every", "10", "--out", "out")
            while self.written_at(self.folder / "out") is None and process.poll() is None:
                pass
            process.kill()
            process.communicate()
            try:
                return (self.folder / "out" / CHECKPOINT).read_bytes()
            except FileNotFoundError:  # it ended before it was killed
                pass
        self.fail("no run could be killed in time")

    def test_the_checkpoint_is_gone_when_the_result_is_there(self):
        done = self.run_command("observe", *self.words, "--save-every", "100", "--out", "out")
        self.assertRegex(done.stderr, r"note: 3 checkpoints were written in [0-9.e-]+ s\n")
        self.assertNotIn(CHECKPOINT, result_of(self.folder / "out"))
        done = self.run_command("observe", *self.words, "--resume", "--out", "out")
        self.assertIn("there is no checkpoint in out: beginning with the first sample", done.stderr)

    def test_a_command_line_that_is_no_cadence_is_misuse(self):
        for word in ["0", "-5", "5x", "s", "", "1.5m", "99999999999h", "5m30s"]:
            with self.subTest(word):
                self.assertIn("--save-every", self.error_of("observe", *self.words, "--save-every", word, code=2))

    def test_a_changed_option_is_refused_naming_both_values(self):
        self.checkpoint_of(*self.words)
        other = ["--activations", self.data, "--epsilon", "0.6", "--rotations", "0", "--batch-size", "10"]
        for words, message in [(other, "epsilon must be what it was in the run that goes on; got 0.6 now and 0.5 then"),
                               ([*self.words, "--nearest", "2"], "--nearest must be what it was in the run that goes on; "
                                                                 "got 2 now and none then"),
                               ([*self.words[:-1], "20"], "--batch-size must be what it was")]:
            with self.subTest(words):
                self.assertIn(message, self.error_of("observe", *words, "--resume", "--out", "out"))
        # What counts the same may differ.
        self.run_command("observe", *self.words, "--threads", "1", "--memory", "1G", "--resume", "--out", "out")

    def test_other_data_or_another_model_are_refused_and_another_name_is_not(self):
        model = ["--layers", "encoder.bottleneck", "--rotations", "0", "--batch-size", "2"]
        self.checkpoint_of(TANH, "--data", HELD_OUT, *model)
        message = self.error_of("observe", MODELS / "relu.pt", "--data", HELD_OUT, *model, "--resume", "--out", "out")
        self.assertRegex(message, r"the model must be what it was in the run that goes on; got a file of \d+ bytes with "
                                  r"CRC-32 [0-9a-f]{8} now and a file of \d+ bytes with CRC-32 [0-9a-f]{8} then")
        data = bytearray(pathlib.Path(HELD_OUT).read_bytes())
        data[-2] ^= 1
        (self.folder / "other.npy").write_bytes(data)
        message = self.error_of("observe", TANH, "--data", "other.npy", *model, "--resume", "--out", "out")
        self.assertIn("--data must be what it was", message)
        shutil.copy(HELD_OUT, self.folder / "moved.npy")
        done = self.run_command("observe", TANH, "--data", "moved.npy", *model, "--resume", "--out", "out")
        self.assertIn("going on behind", done.stderr)

    def test_a_damaged_checkpoint_is_refused_or_whole(self):
        whole = self.checkpoint_of(*self.words)
        self.run_command("observe", *self.words, "--out", "whole")
        expected = result_of(self.folder / "whole")
        path = self.folder / "out" / CHECKPOINT
        draw = random.Random(SEED)
        places = [draw.randrange(len(whole)) for _ in range(12)] + [0, len(whole) // 2]
        damaged = [whole[:place] + bytes([whole[place] ^ 1 << draw.randrange(8)]) + whole[place + 1 :] for place in places]
        damaged += [whole[: len(whole) // 2], b""]
        num_refused = 0
        for bytes_ in damaged:
            path.write_bytes(bytes_)
            done = subprocess.run([COMMAND, "observe", *self.words, "--resume", "--out", "out"], capture_output=True,
                                  text=True, cwd=self.folder, timeout=60)
            if done.returncode == 0:  # a bit that says nothing, in the padding of the archive
                self.assertEqual(result_of(self.folder / "out"), expected)
                continue
            self.assertEqual(done.returncode, 1, done.stderr)
            self.assertRegex(done.stderr, r"\[--resume\] the checkpoint must be whole; got .*; delete .*checkpoint.srm.pt to "
                                          "begin anew")
            num_refused += 1
        self.assertGreater(num_refused, len(damaged) // 2)

    def test_a_checkpoint_is_not_lost_to_a_new_run(self):
        before = self.checkpoint_of(*self.words)
        message = self.error_of("observe", *self.words, "--save-every", "10", "--out", "out")
        self.assertIn("go on from it with --resume, delete it, or name another --out", message)
        self.assertEqual((self.folder / "out" / CHECKPOINT).read_bytes(), before)

    def test_what_was_half_written_is_cleared_away(self):
        self.checkpoint_of(*self.words)
        ended = subprocess.Popen(["true"])
        ended.wait()
        (self.folder / "out" / f".torchsrm-{ended.pid}-7.part").write_bytes(b"half")
        (self.folder / "out" / f".torchsrm-{os.getpid()}-7.part").write_bytes(b"still written")
        (self.folder / "out" / "mine.part").write_bytes(b"mine")
        self.run_command("observe", *self.words, "--resume", "--out", "out")
        left = {path.name for path in (self.folder / "out").iterdir() if path.name.endswith(".part")}
        self.assertEqual(left, {f".torchsrm-{os.getpid()}-7.part", "mine.part"})

    def test_a_full_disk_is_warned_of_once_and_the_run_goes_on(self):
        # Checkpoints with their samples for tests are larger than the result.
        data = self.npy(gaussian_rows(2000, 40), "wide.npy")
        words = ["--activations", data, "--epsilon", "0.5", "--planes", "none", "--rotations", "2", "--no-test-planes",
                 "--batch-size", "100"]
        done = subprocess.run(["bash", "-c", 'ulimit -f 400; exec "$@"', "bash", COMMAND, "observe", *words, "--save-every",
                               "200", "--out", "out"], capture_output=True, text=True, cwd=self.folder)
        self.assertEqual(done.stderr.count("warning: no checkpoint could be written"), 1, done.stderr)
        self.assertIn("going on", done.stderr)
        self.assertTrue((self.folder / "out" / "results.srm.pt").exists(), done.stderr)

    def test_a_folder_that_has_gone_is_made_again(self):
        process = self.start(*self.words, "--save-every", "10", "--out", "out")
        while not (self.folder / "out" / CHECKPOINT).exists() and process.poll() is None:
            pass
        shutil.rmtree(self.folder / "out", ignore_errors=True)
        _, errors = process.communicate()
        self.assertEqual(process.returncode, 0, errors)

    def test_ctrl_c_leaves_a_checkpoint_of_all_that_was_counted(self):
        data = self.npy(gaussian_rows(500, 64) * 20, "many.npy")
        words = ["--activations", data, "--epsilon", "-0.5", "--batch-size", "8", "--threads", "1", "--rotations", "0"]
        self.run_command("observe", *words, "--out", "whole")
        process = self.start(*words, "--save-every", "2h", "--out", "out")
        while not (self.folder / "out").exists():
            time.sleep(0.01)
        time.sleep(0.5)
        process.terminate()
        _, errors = process.communicate(timeout=60)
        self.assertEqual(process.returncode, 130, errors)
        partial = torch_file.load(self.folder / "out" / "results.srm.pt")["layers"][0]["num_samples_seen"]
        self.assertIn("--resume goes on from the last", errors)
        done = self.run_command("observe", *words, "--resume", "--out", "out")
        self.assertIn(f"going on behind {partial} of 10000 samples", done.stderr)
        self.assertEqual(result_of(self.folder / "out"), result_of(self.folder / "whole"))

    def test_structures_loops_and_what_was_taken_off_go_on(self):
        rows = gaussian_rows(60, 4)
        data = self.npy(rows, "four.npy")
        basis = self.npy([[1.0, 0, 0, 0], [0, 1.0, 0, 0]], "narrow.npy")
        for words in [[TEST_MODELS / "branches_scripted.pt", "--data", data, "--layers", "step[*]", "step", "step@input"],
                      [TEST_MODELS / "structured_scripted.pt", "--data", data, "--layers", "join", "split", "join@input"],
                      [TEST_MODELS / "boxes_scripted.pt", "--data", data, "--layers", "boxes"],
                      [TANH, "--data", HELD_OUT, "--layers", "encoder.*", "--basis",
                       self.npy([[1.0] * 16], "wide.npy"), "--on-error", "detach"]]:
            with self.subTest(words):
                words = [*words, "--batch-size", "1", "--rotations", "0"]
                self.run_command("observe", *words, "--out", "whole")
                shutil.rmtree(self.folder / "out", ignore_errors=True)
                self.checkpoint_of(*words)
                done = self.run_command("observe", *words, "--resume", "--out", "out")
                self.assertIn("going on behind", done.stderr)
                self.assertEqual(result_of(self.folder / "out"), result_of(self.folder / "whole"))
                self.assertEqual("taken off" in done.stderr, "--on-error" in words)


if __name__ == "__main__":
    unittest.main()
