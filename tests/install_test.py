"""What is installed works where it is moved to, other projects build on it in each way, and the Debian package holds
what it needs. Arguments: a build folder, the source tree, Torch_DIR of the LibTorch that it was built with."""

import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

BUILD, SOURCE, TORCH_DIR = pathlib.Path(sys.argv.pop(1)), pathlib.Path(sys.argv.pop(1)), sys.argv.pop(1)
CONSUMERS = SOURCE / "tests/consumers"
OBSERVE = ["observe", "--activations", SOURCE / "models/data/held_out.npy", "--planes", "0,1", "--rotations", "0"]


def run(*words, code=0, timeout=300, **options):
    done = subprocess.run([str(word) for word in words], capture_output=True, text=True, timeout=timeout, **options)
    if done.returncode != code:
        raise AssertionError(f"{words}: exit code {done.returncode}\n{done.stdout[-4000:]}\n{done.stderr[-4000:]}")
    return done


def run_alone(*words, **options):
    """Without this process's environment: no LD_LIBRARY_PATH, no PATH."""
    return run(*words, env={}, **options)


def planes_csv(command, folder):
    run_alone(command, *OBSERVE, "--out", folder)
    return (folder / "planes.csv").read_text()


class FolderCase(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.folder = pathlib.Path(folder.name)

    def configure(self, consumer, *options, code=0):
        return run("cmake", "-G", "Ninja", "-S", CONSUMERS / consumer, "-B", self.folder / consumer, *options, code=code)

    def output_of(self, consumer, *options):
        """What a consumer of tests/consumers prints, built in a folder of its own."""
        self.configure(consumer, *options)
        run("cmake", "--build", self.folder / consumer)
        return run_alone(self.folder / consumer / "consumer").stdout


class InstalledTest(FolderCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        run("cmake", "--install", BUILD, "--prefix", cls.folder / "first")
        # What is installed can be moved.
        cls.prefix = cls.folder / "then" / "moved"
        cls.prefix.parent.mkdir()
        (cls.folder / "first").rename(cls.prefix)

    def test_holds_command_pages_libraries_and_headers(self):
        names = {path.relative_to(self.prefix).as_posix() for path in self.prefix.rglob("*") if path.is_file()}
        for name in ("bin/torchsrm", "share/man/man1/torchsrm.1", "share/bash-completion/completions/torchsrm",
                     "share/zsh/site-functions/_torchsrm", "share/fish/vendor_completions.d/torchsrm.fish",
                     "include/srm/accumulator.h", "share/doc/torchsrm/LICENSE", "share/doc/torchsrm/licences/plotly/LICENSE"):
            self.assertIn(name, names)
        for name in ("libtorchsrm.so", "libtorchsrm_core.a", "torchsrm-config.cmake", "torchsrm-config-version.cmake"):
            self.assertTrue(any(path.endswith("/" + name) for path in names), name)
        # LibTorch's own libraries go into packages alone.
        self.assertFalse(any("libtorch_cpu" in name for name in names))

    def test_the_command_counts_as_that_of_the_build(self):
        self.assertEqual(planes_csv(self.prefix / "bin/torchsrm", self.folder / "installed"),
                         planes_csv(BUILD / "torchsrm", self.folder / "built"))

    def test_another_project_finds_srm_torch(self):
        text = self.output_of("torch", f"-DCMAKE_PREFIX_PATH={self.prefix}", f"-DTorch_DIR={TORCH_DIR}")
        self.assertEqual(text, "2 1 0 0 of 3, A4 1.00\n")

    def test_another_project_finds_the_core_and_no_torch(self):
        self.assertEqual(self.output_of("core", f"-DCMAKE_PREFIX_PATH={self.prefix}"), "2 1 0 0 of 3\n")

    def test_another_libtorch_than_it_was_built_with_is_refused(self):
        other = self.folder / "other"
        for name in ("lib/libtorch_cpu.so", "lib/libc10.so", "include/torch/script.h",
                     "include/torch/csrc/api/include/torch/torch.h"):
            (other / name).parent.mkdir(parents=True, exist_ok=True)
            (other / name).touch()
        version = other / "include/torch/headeronly/version.h"
        version.parent.mkdir()
        version.write_text("#define TORCH_VERSION_MAJOR 2\n#define TORCH_VERSION_MINOR 99\n#define TORCH_VERSION_PATCH 0\n")
        shutil.rmtree(self.folder / "torch", ignore_errors=True)
        done = self.configure("torch", f"-DCMAKE_PREFIX_PATH={self.prefix}", f"-DTorch_DIR={other}/share/cmake/Torch", code=1)
        self.assertRegex(re.sub(r"\s+", " ", done.stderr), r"was built with LibTorch \d+\.\d+ and needs that; got 2\.99\.0")

    def configure_with(self, component, *lines, code=0):
        project = self.folder / component
        project.mkdir()
        (project / "CMakeLists.txt").write_text("\n".join([
            "cmake_minimum_required(VERSION 3.25)", "project(asking LANGUAGES CXX)",
            f"find_package(torchsrm REQUIRED COMPONENTS {component})", *lines]) + "\n")
        return run("cmake", "-S", project, "-B", project / "build", f"-DCMAKE_PREFIX_PATH={self.prefix}", code=code)

    def test_figures_come_with_cairo_and_without_torch(self):
        self.configure_with("figures", "if(NOT TARGET srm::figures OR NOT TARGET Cairo::Cairo OR TARGET srm::torch)",
                            "message(FATAL_ERROR figures)", "endif()")

    def test_a_component_that_is_not_there_is_named(self):
        done = self.configure_with("kernels", code=1)
        self.assertIn("has the components core, torch, figures; got kernels", re.sub(r"\s+", " ", done.stderr))


class SubprojectTest(FolderCase):
    def test_another_project_takes_the_core_in(self):
        # Objects are taken from the build where flags are the same, which they have to be: nothing of the outer project
        # may reach the core, and compiling it again would take minutes.
        log = self.folder / "log"
        launcher = f"{sys.executable};{CONSUMERS}/kept_objects.py;{BUILD}/compile_commands.json;{log}"
        text = self.output_of("subproject", f"-DTORCHSRM_SOURCE={SOURCE}", f"-DCMAKE_CXX_COMPILER_LAUNCHER={launcher}",
                              "-DCMAKE_BUILD_TYPE=Release", "-DBEFORE_CMAKE_BUILD_TYPE=Release")
        self.assertEqual(text, "2 1 0 0 of 3\n")
        self.assertEqual(log.read_text() if log.exists() else "", "")
        # Neither tests nor the command, and nothing to install that the outer project did not ask for.
        targets = run("cmake", "--build", self.folder / "subproject", "--target", "help").stdout
        self.assertNotIn("_test", targets)
        self.assertNotRegex(targets, r"(?m)^torchsrm: ")
        run("cmake", "--install", self.folder / "subproject", "--prefix", self.folder / "nothing")
        self.assertFalse((self.folder / "nothing").exists())


class PackageTest(FolderCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        run("cpack", "--config", BUILD / "CPackConfig.cmake", "-B", cls.folder / "package")
        cls.package, = (cls.folder / "package").glob("*.deb")
        cls.root = cls.folder / "root"
        run("dpkg-deb", "-x", cls.package, cls.root)

    def field(self, name):
        return run("dpkg-deb", "-f", self.package, name).stdout.strip()

    def binaries(self):
        for path in sorted(self.root.rglob("*")):
            if path.is_file() and not path.is_symlink():
                with path.open("rb") as file:
                    is_binary = file.read(4) == b"\x7fELF"
                if is_binary:
                    yield path, run("readelf", "-dW", path).stdout

    def test_is_called_torchsrm_and_is_not_too_large(self):
        self.assertRegex(self.package.name, r"^torchsrm_[0-9.]+_[a-z0-9]+\.deb$")
        self.assertEqual(self.field("Package"), "torchsrm")
        self.assertLess(self.package.stat().st_size, 180e6)
        self.assertLess(int(self.field("Installed-Size")), 600e3)

    def test_the_command_counts_from_there_alone(self):
        self.assertEqual(planes_csv(self.root / "usr/bin/torchsrm", self.folder / "packed"),
                         planes_csv(BUILD / "torchsrm", self.folder / "built"))

    def test_every_library_is_in_it_or_in_what_it_depends_on(self):
        depends = {re.match(r"[^ (]+", words.strip())[0] for words in re.split("[,|]", self.field("Depends"))}
        carried = {path.name for path, _ in self.binaries()}
        cache = dict(re.findall(r"(?m)^\s+(\S+) \(.*x86-64.*\) => (\S+)", run("/sbin/ldconfig", "-p").stdout))
        self.assertIn("libtorch_cpu.so", carried)
        for path, dynamic in self.binaries():
            for library in re.findall(r"\(NEEDED\).*\[(.*)\]", dynamic):
                if library in carried:
                    continue
                real = pathlib.Path(cache[library]).resolve()
                # Merged /usr: a package may call the same file /lib/... .
                owner = re.search(r"(?m)^([^:,]+)[:,].*", subprocess.run(
                    ["dpkg", "-S", str(real), str(real).removeprefix("/usr")], capture_output=True, text=True).stdout)[1]
                self.assertIn(owner, depends, f"{path.name} needs {library}")

    def test_libraries_are_looked_for_beside_each_other_alone(self):
        for path, dynamic in self.binaries():
            for words in re.findall(r"\((?:RPATH|RUNPATH)\).*\[(.*)\]", dynamic):
                for folder in words.split(":"):
                    self.assertRegex(folder, r"^\$ORIGIN(/\.\./lib)?(/torchsrm)?$", path.name)
                    self.assertTrue((path.parent / folder.replace("$ORIGIN", ".")).is_dir(), f"{path.name}: {folder}")

    def test_names_no_folder_of_the_machine_that_built_it(self):
        for path in (self.root / "usr/lib/cmake").rglob("*.cmake"):
            self.assertNotIn(str(SOURCE), path.read_text(), path.name)

    def test_holds_every_licence(self):
        docs = self.root / "usr/share/doc/torchsrm"
        text = (docs / "copyright").read_text()
        self.assertIn("The torchsrm authors", text)
        for folder, words in {"plotly": "Plotly", "torch": "Facebook", "nvidia_cuda_runtime": "NVIDIA",
                              "nvidia_cuda_cupti": "NVIDIA"}.items():
            self.assertIn(folder, text)
            licences = [path.read_text() for path in (docs / "licences" / folder).iterdir() if path.is_file()]
            self.assertTrue(any(words in licence for licence in licences), folder)

    def test_another_project_builds_on_what_it_installs(self):
        self.assertEqual(self.output_of("core", f"-DCMAKE_PREFIX_PATH={self.root}/usr"), "2 1 0 0 of 3\n")


if __name__ == "__main__":
    unittest.main()
