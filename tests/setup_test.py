"""What cmake/setup.sh says and does when something is missing or breaks, with the system's commands faked on PATH."""

import os
import pathlib
import shutil
import subprocess
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parent.parent
VERSION = "2.11.0"

# A machine on which nothing is missing. `python3 -m venv DIR` makes an environment whose pip does what FAKE_PIP says.
FAKES = {
    "uname": "echo x86_64",
    "getconf": 'case $1 in _PHYS_PAGES) echo 2000000 ;; PAGE_SIZE) echo 4096 ;; esac',
    "df": "printf 'Filesystem 1024-blocks Used Available Capacity Mounted\\nd 9 9 9000000 9%% /\\n'",
    "id": "echo 1000",
    "sudo": "exit 1",
    "dpkg-query": "printf installed",
    "apt-get": 'echo "apt-get $*" >>"$LOG"',
    "dpkg": 'echo "dpkg $*" >>"$LOG"',
    "python3": r"""[ "$1" = -m ] || exit 0
mkdir -p "$3/bin"
cat >"$3/bin/python" <<'PIP'
#!/bin/bash
echo "pip $3" >>"$LOG"
case $FAKE_PIP in
  hash) echo 'ERROR: THESE PACKAGES DO NOT MATCH THE HASHES FROM THE REQUIREMENTS FILE.' >&2; exit 1 ;;
  disk) echo 'ERROR: [Errno 28] No space left on device' >&2; exit 1 ;;
  network) echo 'ERROR: No matching distribution found' >&2; exit 1 ;;
  cut) kill -TERM $PPID; exit 1 ;;
esac
while [ $# -gt 0 ]; do
  if [ "$1" = --target ]; then
    mkdir -p "$2/torch/lib" "$2/torch/include/torch" "$2/torch/bin"
    touch "$2/torch/lib/libtorch_cpu.so" "$2/torch/lib/libtorch_cuda.so" "$2/torch/include/torch/script.h"
  fi
  shift
done
PIP
chmod +x "$3/bin/python"
""",
}


class Setup(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.root = pathlib.Path(self.folder.name, "clone")
        self.bin = pathlib.Path(self.folder.name, "bin")
        self.log = pathlib.Path(self.folder.name, "log")
        shutil.copytree(ROOT / "cmake", self.root / "cmake")
        self.bin.mkdir()
        for name, body in FAKES.items():
            self.fake(name, body)

    def fake(self, name, body):
        path = self.bin / name
        path.write_text("#!/bin/bash\n" + body + "\n")
        path.chmod(0o755)

    def run_setup(self, *purposes, **variables):
        """Runs setup.sh; returns (exit code, stdout, stderr, the calls of apt-get, dpkg and pip)."""
        self.log.write_text("")
        environment = {"PATH": f"{self.bin}:{os.environ['PATH']}", "LOG": str(self.log), **variables}
        done = subprocess.run([self.root / "cmake/setup.sh", *purposes], env=environment, stdin=subprocess.DEVNULL,
                              capture_output=True, text=True, timeout=60)
        return done.returncode, done.stdout, done.stderr, self.log.read_text()

    def assert_stops(self, words, **variables):
        code, _, errors, calls = self.run_setup(**variables)
        self.assertNotEqual(code, 0)
        for word in ["set-up stopped:", *words]:
            self.assertIn(word, errors)
        self.assertFalse((self.root / f".deps/libtorch-{VERSION}").exists())
        return calls

    def test_installs_libtorch_and_does_nothing_the_second_time(self):
        code, text, errors, calls = self.run_setup()
        self.assertEqual((code, errors), (0, ""))
        self.assertIn("needs about", text)
        self.assertIn("MB are free", text)
        self.assertEqual(calls, "pip download\npip install\n")
        library = self.root / f".deps/libtorch-{VERSION}/torch/lib/libtorch_cpu.so"
        self.assertTrue(library.exists())
        self.assertFalse(library.with_name("libtorch_cuda.so").exists())
        self.assertEqual(sorted(os.listdir(self.root / ".deps")), [f"libtorch-{VERSION}", "lock"])
        self.assertEqual(self.run_setup()[3], "")

    def test_each_version_has_a_folder_of_its_own(self):
        self.assertEqual(self.run_setup(TORCH="2.15.0")[0], 0)
        self.assertEqual(self.run_setup()[0], 0)
        self.assertEqual(self.run_setup(TORCH="2.15.0")[3], "")

    def test_recovers_from_an_interruption(self):
        self.assertNotEqual(self.run_setup(FAKE_PIP="cut")[0], 0)
        partial = self.root / f".deps/libtorch-{VERSION}/torch"
        partial.mkdir(parents=True)
        (self.root / ".deps/scratch/tmp").mkdir(parents=True, exist_ok=True)
        self.assertEqual(self.run_setup()[0], 0)
        self.assertTrue((partial / "lib/libtorch_cpu.so").exists())

    def test_a_changed_lock_installs_again(self):
        self.run_setup()
        with open(self.root / f"cmake/torch-{VERSION}.lock", "a") as lock:
            lock.write("# changed\n")
        self.assertEqual(self.run_setup()[3], "pip download\npip install\n")

    def test_a_failed_download_says_what_to_do(self):
        self.assert_stops(["pip failed", "could not be downloaded", "network", "run the same command again"],
                          FAKE_PIP="network")

    def test_a_wrong_checksum_is_named(self):
        self.assert_stops(["not the pinned one", "checksum", "mirror"], FAKE_PIP="hash")

    def test_a_disk_that_fills_up_is_named(self):
        self.assert_stops(["disk is full", "Make room"], FAKE_PIP="disk")

    def test_too_little_disk_stops_before_anything_is_fetched(self):
        self.fake("df", "printf 'h\\nd 9 9 1000000 9%% /\\n'")
        self.assertEqual(self.assert_stops(["too little disk", "976 MB free", "Make room"]), "")

    def test_another_processor_is_refused(self):
        self.fake("uname", "echo aarch64")
        self.assert_stops(["x86-64", "aarch64"])

    def test_too_little_memory_is_refused(self):
        self.fake("getconf", 'case $1 in _PHYS_PAGES) echo 500000 ;; PAGE_SIZE) echo 4096 ;; esac')
        self.assert_stops(["4 GB of memory", "1953 MB"])

    def test_what_only_tests_need_is_installed_for_tests_alone(self):
        self.fake("id", "echo 0")
        self.fake("dpkg-query", 'case ${@: -1} in chromium | doxygen) exit 1 ;; esac; printf installed')
        self.assertNotIn("apt-get", self.run_setup()[3])
        self.assertRegex(self.run_setup("tests")[3], r"(?m)^apt-get .*install .* chromium$")
        self.assertRegex(self.run_setup("tests", "doc")[3], r"(?m)^apt-get .*install .* chromium doxygen$")

    def test_without_root_or_sudo_the_line_to_run_is_printed_and_nothing_tried(self):
        self.fake("dpkg-query", '[ "${@: -1}" = ninja-build ] && exit 1; printf installed')
        calls = self.assert_stops(["packages are missing: ninja-build", "sudo apt-get update && sudo apt-get install -y"])
        self.assertEqual(calls, "")

    def test_with_passwordless_sudo_missing_packages_are_installed(self):
        self.fake("dpkg-query", '[ "${@: -1}" = ninja-build ] && exit 1; printf installed')
        self.fake("sudo", 'shift; [ "$1" = true ] || "$@"')
        code, _, _, calls = self.run_setup()
        self.assertEqual(code, 0)
        self.assertRegex(calls, r"dpkg --configure -a\napt-get .*update\napt-get .*install .* ninja-build\n")

    def test_a_failing_apt_is_named(self):
        self.fake("dpkg-query", "exit 1")
        self.fake("id", "echo 0")
        self.fake("apt-get", "exit 100")
        self.assert_stops(["apt-get could not install", "network"])

    def test_an_unpinned_version_is_refused_with_the_pinned_ones(self):
        self.assert_stops(["TORCH=1.0", "torch-2.11.0.lock", "torch-2.15.0.lock"], TORCH="1.0")

    def test_a_libtorch_of_the_users_is_used_and_nothing_fetched(self):
        own = pathlib.Path(self.folder.name, "own")
        (own / "lib").mkdir(parents=True)
        (own / "include/torch").mkdir(parents=True)
        (own / "lib/libtorch_cpu.so").touch()
        (own / "include/torch/script.h").touch()
        self.fake("own-python", f"echo {own}")
        for variables in ({"Torch_DIR": f"{own}/share/cmake/Torch"}, {"CMAKE_PREFIX_PATH": f"/nowhere:{own}"},
                          {"CMAKE_PREFIX_PATH": f"{own}/share/cmake"}, {"TORCH_PYTHON": str(self.bin / "own-python")}):
            (own / "share/cmake").mkdir(parents=True, exist_ok=True)
            code, _, errors, calls = self.run_setup(**variables)
            self.assertEqual((code, errors, calls), (0, "", ""), variables)
            self.assertFalse((self.root / ".deps").exists())

    def test_a_prefix_path_for_other_things_leaves_the_pinned_libtorch(self):
        code, text, _, calls = self.run_setup(CMAKE_PREFIX_PATH="/nowhere")
        self.assertEqual((code, calls), (0, "pip download\npip install\n"))
        self.assertIn("CMAKE_PREFIX_PATH holds no LibTorch", text)

    def test_a_named_libtorch_that_is_not_there_is_refused(self):
        self.assert_stops(["Torch_DIR=/nowhere", "no LibTorch"], Torch_DIR="/nowhere/share/cmake/Torch")
        self.assert_stops(["TORCH_PYTHON=/nowhere", "does not run"], TORCH_PYTHON="/nowhere")
        self.fake("own-python", "echo /nowhere")
        self.assert_stops(["has no torch"], TORCH_PYTHON=str(self.bin / "own-python"))


if __name__ == "__main__":
    unittest.main()
