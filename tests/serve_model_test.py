"""The example server: real clients at once, and the probe meanwhile.

Arguments: the command, the source tree, the example.
"""

import concurrent.futures
import json
import pathlib
import re
import signal
import socket
import subprocess
import sys
import time
import unittest
import urllib.error
import urllib.request

SERVER = str(pathlib.Path(sys.argv.pop(3)).resolve())
from command_case import TANH, CommandCase, gaussian_rows  # noqa: E402

import torch_file  # noqa: E402


class ServeModelTest(CommandCase):
    def start(self, *words):
        process = subprocess.Popen([SERVER, TANH, "0", *words], stdout=subprocess.PIPE, text=True, cwd=self.folder)
        self.addCleanup(process.stdout.close)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        self.url = re.fullmatch(r"serving at (\S+)\n", process.stdout.readline())[1]
        self.probe = re.fullmatch(r"probe at (\S+)\n", process.stdout.readline())[1]
        return process

    def predict(self, rows):
        request = urllib.request.Request(self.url, json.dumps(rows).encode(), method="POST")
        with urllib.request.urlopen(request, timeout=60) as answer:
            return json.load(answer)

    def get(self, path):
        with urllib.request.urlopen(self.probe + path, timeout=60) as answer:
            return answer.read()

    def test_clients_are_answered_while_the_probe_is_read(self):
        process = self.start("4")
        batches = [gaussian_rows(4, 64, seed=k) for k in range(60)]
        alone = [self.predict(batch) for batch in batches[:5]]
        rounds = batches * 3
        with concurrent.futures.ThreadPoolExecutor(8) as clients:
            answers = [clients.submit(self.predict, batch) for batch in rounds]
            looks = []
            while not all(answer.done() for answer in answers):
                looks.append(json.loads(self.get("api/result.json")))
        for k, answer in enumerate(answers):
            if k % 60 < 5:
                self.assertEqual(answer.result(), alone[k % 60])
            self.assertEqual(len(answer.result()), 4)
        # At every look all that came up to some moment, the same from layer to layer but for calls under way.
        self.assertTrue(looks)
        counts = [look[0]["num_samples_seen"] for look in looks if look]
        self.assertEqual(counts, sorted(counts))
        # In the end exactly what the command counts of the same rows.
        (self.folder / "live.srm.pt").write_bytes(self.get("api/result.srm.pt"))
        live = torch_file.load(self.folder / "live.srm.pt")["layers"]
        rows = [row for batch in rounds + batches[:5] for row in batch]
        offline = self.observe(TANH, "--data", self.npy(rows), "--layers", "encoder.*", "--rotations", "0")["layers"]
        self.assertEqual([layer["address"] for layer in live], [layer["address"] for layer in offline])
        for one, other in zip(live, offline):
            self.assertEqual(one["num_samples_seen"], len(rows))
            self.assertEqual(one["counts"], other["counts"])
        deadline = time.monotonic() + 30
        while f"srm_samples_total{{model=\"serve_model\",layer=\"encoder.hidden\"}} {len(rows)}\n" not in self.get("metrics").decode():
            self.assertLess(time.monotonic(), deadline, self.get("metrics").decode())
            time.sleep(0.1)
        process.send_signal(signal.SIGTERM)
        self.assertEqual(process.wait(timeout=60), 0)

    def test_a_request_that_cannot_be_answered_harms_nothing(self):
        process = self.start("2")
        for rows in [[[1.0, 2.0]], [], [[1.0], [1.0, 2.0]], "text"]:
            with self.assertRaises(urllib.error.HTTPError) as refused:
                self.predict(rows)
            self.assertEqual(refused.exception.code, 400)
        self.assertEqual(len(self.predict(gaussian_rows(2, 64))), 2)
        process.send_signal(signal.SIGINT)
        self.assertEqual(process.wait(timeout=60), 0)

    def test_clients_that_say_nothing_keep_nobody_out(self):
        process = self.start("2")
        host, port = re.fullmatch(r"http://(.*):(\d+)/predict", self.url).groups()
        silent = [socket.create_connection((host, int(port))) for _ in range(8)]
        self.assertEqual(len(self.predict(gaussian_rows(2, 64))), 2)
        process.send_signal(signal.SIGTERM)
        self.assertEqual(process.wait(timeout=60), 0)
        for one in silent:
            one.close()

    def test_what_it_cannot_start_with_is_told(self):
        for words, code, expected in [(["--help"], 2, "usage: serve_model"), ([], 2, "usage"), (["none.pt"], 1, "none.pt")]:
            done = subprocess.run([SERVER, *words], capture_output=True, text=True, cwd=self.folder)
            self.assertEqual(done.returncode, code, done.stderr)
            self.assertIn(expected, done.stderr)
            self.assertNotIn("terminate called", done.stderr)


if __name__ == "__main__":
    unittest.main()
