"""observe --live: the page and what else is served while a run goes on, by real HTTP clients."""

import json
import os
import re
import signal
import socket
import subprocess
import time
import unittest
import urllib.error
import urllib.request

from command_case import COMMAND, HELD_OUT, TANH, CommandCase, gaussian_rows


def get(url, **headers):
    with urllib.request.urlopen(urllib.request.Request(url, headers=headers), timeout=60) as answer:
        return answer.read()


class LiveTest(CommandCase):
    def start(self, *words, **options):
        process = subprocess.Popen([COMMAND, "observe", *words, "--out", "out"], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                   text=True, cwd=self.folder, **options)
        self.addCleanup(lambda: [stream.close() for stream in (process.stdout, process.stderr)])
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        said = ""
        while not said.startswith("live page: "):
            said = process.stderr.readline()
            self.assertTrue(said, "it ended before there was a page")
        self.assertNotIn("given-by-somebody", said)
        return process, said.split()[2]

    def test_the_page_stays_with_the_result_that_was_written(self):
        process, url = self.start(TANH, "--data", HELD_OUT, "--epsilon", "0.4", "--live", "0", "--live-stay")
        self.assertTrue(any("the page stays" in line for line in process.stderr))
        self.assertIn(b"Spotlight resonance", get(url))
        layers = json.loads(get(url + "api/layers"))
        self.assertEqual((layers["model"], layers["state"]), ("tanh", "finished"))
        self.assertEqual({layer["num_samples_seen"] for layer in layers["layers"]}, {450})
        self.assertEqual(get(url + "api/result.srm.pt"), (self.folder / "out" / "results.srm.pt").read_bytes())
        self.assertEqual(json.loads(get(url + "api/result.json")), json.loads((self.folder / "out" / "layers.json").read_text()))
        parse = "import sys; from prometheus_client.parser import text_string_to_metric_families as parse\n" \
                "print(len([s for f in parse(sys.stdin.read()) for s in f.samples if s.labels['model'] == 'tanh']))"
        parsed = subprocess.run(["/usr/bin/python3", "-c", parse], input=get(url + "metrics"), capture_output=True, check=True)
        self.assertEqual(int(parsed.stdout), 11 * len(layers["layers"]))
        process.send_signal(signal.SIGINT)
        self.assertEqual(process.wait(timeout=60), 0)

    def test_layers_grow_and_the_result_is_that_of_a_run_unwatched(self):
        data = self.npy(gaussian_rows(400, 64) * 120)  # some seconds, thus looks
        words = ["--activations", data, "--epsilon", "-0.5", "--batch-size", "8", "--rotations", "0", "--threads", "1"]
        process, url = self.start(*words, "--live", "127.0.0.1:0", "--live-window", "last:2000")
        seen = []
        try:
            while True:
                layers = json.loads(get(url + "api/layers"))["layers"]
                seen += [layer["num_samples_seen"] for layer in layers]
                time.sleep(0.05)
        except (urllib.error.URLError, OSError):
            pass  # it has ended
        self.assertEqual(process.wait(timeout=60), 0)
        self.assertTrue(seen)
        self.assertGreater(len(set(seen)), 1)
        self.assertTrue(all(0 < count <= 48000 for count in seen), seen)
        self.run_command("observe", *words, "--out", "unwatched")
        for name in ["results.srm.pt", "planes.csv"]:
            self.assertEqual((self.folder / "out" / name).read_bytes(), (self.folder / "unwatched" / name).read_bytes())

    def test_beyond_this_machine_there_is_a_token(self):
        environment = {**os.environ, "TORCHSRM_LIVE_TOKEN": "given-by-somebody"}
        for env, pattern in [(None, r"http://127\.0\.0\.1:\d+/\?token=([0-9a-f]{32})"), (environment, None)]:
            process, url = self.start(TANH, "--data", HELD_OUT, "--rotations", "0", "--live", "0.0.0.0:0", "--live-stay", env=env)
            token = re.fullmatch(pattern, url)[1] if pattern else "given-by-somebody"
            bare = url.split("?")[0]
            with self.assertRaises(urllib.error.HTTPError) as refused:
                get(bare + "metrics")
            self.assertEqual(refused.exception.code, 401)
            refused.exception.close()
            get(bare + "metrics", Authorization="Bearer " + token)
            process.send_signal(signal.SIGTERM)
            process.wait(timeout=60)

    def test_an_interrupt_ends_the_run_as_it_does_unwatched(self):
        data = self.npy(gaussian_rows(400, 64) * 200)
        process, url = self.start("--activations", data, "--epsilon", "-0.5", "--batch-size", "8", "--rotations", "0", "--live", "0",
                                  "--live-stay")
        while not json.loads(get(url + "api/layers"))["layers"]:
            time.sleep(0.05)
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=60)
        self.assertEqual(process.returncode, 130)
        self.assertTrue((self.folder / "out" / "results.srm.pt").exists())

    def test_what_cannot_be_is_told_before_the_run(self):
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = taken.getsockname()[1]
            message = self.error_of("observe", TANH, "--data", HELD_OUT, "--live", port)
            self.assertIn(f"port {port} of 127.0.0.1 must be free to listen at; got Address already in use", message)
        for words, expected in [(["--live", TANH, "--data", HELD_OUT], "the model comes first"),
                                ([TANH, "--data", HELD_OUT, "--live", "70000"], "--live"),
                                ([TANH, "--data", HELD_OUT, "--live", "256.0.0.1:1"], "must be an IP address"),
                                ([TANH, "--data", HELD_OUT, "--max-overhead", ""], "--max-overhead"),
                                ([TANH, "--data", HELD_OUT, "--live-stay"], "add --live"),
                                ([TANH, "--data", HELD_OUT, "--live", "0", "--live-window", "last:x"], "last:ROWS")]:
            self.assertIn(expected, self.error_of("observe", *words, code=2))
        self.assertFalse((self.folder / "srm-result").exists())


if __name__ == "__main__":
    unittest.main()
