"""`make doc`: every member of the public headers is documented, and one that is not is found."""

import pathlib
import shutil
import subprocess
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parent.parent


class Documentation(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def write(self, root):
        return subprocess.run([root / "cmake/doc.sh", self.folder / "doc"], capture_output=True, text=True, timeout=120)

    def test_is_written_without_a_warning_and_begins_with_the_readme(self):
        done = self.write(ROOT)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        html = self.folder / "doc/html"
        first = (html / "index.html").read_text()
        self.assertIn("shows which layers of a TorchScript model align", first)
        self.assertTrue((html / "models/report.png").exists())
        self.assertIn("Adds", (html / "classsrm_1_1Accumulator.html").read_text())

    def test_what_is_not_documented_is_an_error(self):
        root = self.folder / "tree"
        for name in ("cmake", "include"):
            shutil.copytree(ROOT / name, root / name)
        for name in ("README.md", "CMakeLists.txt"):
            shutil.copy(ROOT / name, root)
        shutil.copytree(ROOT / "models", root / "models", ignore=shutil.ignore_patterns("*.pt", "data", "*.cpp"))
        with open(root / "include/srm/error.h", "a") as header:
            header.write("namespace srm { int undocumented_here(int); }\n")
        done = self.write(root)
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("undocumented_here", done.stderr)


if __name__ == "__main__":
    unittest.main()
