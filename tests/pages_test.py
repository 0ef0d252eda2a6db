"""The man page and the completions tell of every command and option, and shells take them.
Arguments: the command, the folder that its pages were written to."""

import json
import os
import pathlib
import pty
import re
import select
import subprocess
import sys
import tempfile
import time
import unittest

COMMAND, PAGES = sys.argv.pop(1), pathlib.Path(sys.argv.pop(1))


def run(*words, **options):
    done = subprocess.run([str(word) for word in words], capture_output=True, text=True, timeout=60, **options)
    if done.returncode != 0:
        raise AssertionError(f"{words}: exit code {done.returncode}\n{done.stdout}\n{done.stderr}")
    return done


def leaves(command, words=()):
    """What is typed for each command that does something: "observe", "experiment activation-basis"."""
    inner = [leaf for part in command["commands"] for leaf in leaves(part, (*words, part["name"]))]
    return inner or [" ".join(words)]


COMMANDS = leaves(json.loads(run(COMMAND, "--describe").stdout))


def options_in_help(command):
    """The long options that --help lists at the beginning of its lines."""
    text = run(COMMAND, *command.split(), "--help").stdout
    heads = re.findall(r"(?m)^  (-\S+)", text.split("Options:\n", 1)[1])
    return {name for head in heads for name in re.findall(r"--[a-z-]+", head)}


class ManPage(unittest.TestCase):
    def test_formats_without_a_warning_and_holds_every_option(self):
        done = run("groff", "-man", "-Tascii", "-P-c", "-rLL=200n", "-ww", PAGES / "torchsrm.1")
        self.assertEqual(done.stderr, "")
        text = re.sub(r".\x08", "", done.stdout)
        for section in ("NAME", "SYNOPSIS", "EXIT STATUS", "ENVIRONMENT"):
            self.assertRegex(text, rf"(?m)^{section}$")
        self.assertGreater(len(COMMANDS), 10)
        for command in COMMANDS:
            self.assertRegex(text, rf"(?m)^TORCHSRM {command.upper()}$")
            part = re.split(r"(?m)^TORCHSRM [A-Z -]+$|^EXIT STATUS$", text.split(f"\nTORCHSRM {command.upper()}\n")[1])[0]
            for name in options_in_help(command) - {"--help"}:
                self.assertRegex(part, rf"(?m)^ +(-[a-z], )?.*{name}\b", command)
        # What begins with a letter that means something to roff is shown as it is.
        self.assertIn("'encoder.*' '!*.dropout'", text)
        self.assertIn(r"'re:layers\.[0-3]'", text)


class Bash(unittest.TestCase):
    def completed(self, *words):
        script = f"source {PAGES}/torchsrm.bash; " + \
            'COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)); _torchsrm; printf "%s\\n" "${COMPREPLY[@]}"'
        return run("bash", "--norc", "-c", script, "bash", "torchsrm", *words).stdout.split()

    def test_the_first_word_is_a_command(self):
        self.assertEqual(self.completed("ins"), ["inspect", "instrument"])
        self.assertLessEqual({command.split()[0] for command in COMMANDS}, set(self.completed("")))
        self.assertEqual(self.completed("experiment", ""), ["activation-basis", "-h", "--help"])

    def test_every_option_of_every_command_is_offered(self):
        for command in COMMANDS:
            self.assertLessEqual(options_in_help(command), set(self.completed(*command.split(), "-")), command)

    def test_an_option_with_choices_offers_those(self):
        self.assertEqual(self.completed("observe", "m.pt", "--grid", ""), ["exclusive", "inclusive"])
        self.assertEqual(self.completed("learn-basis", "--method", "p"), ["pca"])

    def test_elsewhere_files_are_left_to_the_shell(self):
        self.assertEqual(self.completed("observe", "m"), [])
        self.assertEqual(self.completed("observe", "model.pt", "--data", "x"), [])


class Fish(unittest.TestCase):
    def completed(self, line):
        with tempfile.TemporaryDirectory() as home:
            text = run("fish", "--no-config", "-c", f"source {PAGES}/torchsrm.fish; complete -C '{line}'",
                       env={**os.environ, "HOME": home, "XDG_CONFIG_HOME": home, "XDG_DATA_HOME": home}, cwd=home).stdout
        return dict(row.split("\t") if "\t" in row else (row, "") for row in text.splitlines())

    def test_commands_options_and_choices_are_offered(self):
        self.assertEqual(self.completed("torchsrm ins")["inspect"], "List the addresses of a model's layers")
        self.assertEqual(set(self.completed("torchsrm observe --grid ")), {"exclusive", "inclusive"})
        for command in COMMANDS:
            self.assertLessEqual(options_in_help(command), set(self.completed(f"torchsrm {command} --")), command)


class Zsh(unittest.TestCase):
    def setUp(self):
        """An interactive shell with its completion system, and nobody's own settings."""
        home = tempfile.TemporaryDirectory()
        self.addCleanup(home.cleanup)
        self.process, self.terminal = pty.fork()
        if self.process == 0:
            os.chdir(home.name)
            os.execvpe("zsh", ["zsh", "-f", "-i"], {"PATH": os.environ["PATH"], "HOME": home.name, "TERM": "dumb"})
        self.addCleanup(os.waitpid, self.process, 0)
        self.addCleanup(os.close, self.terminal)
        self.type(f"PS1=; fpath=({PAGES} $fpath); autoload -U compinit; compinit -u -d dump; echo rea''dy\n")
        self.wait_for("ready")

    def type(self, keys):
        os.write(self.terminal, keys.encode())

    def wait_for(self, words):
        text, end = "", time.monotonic() + 30
        while words not in text:
            if not select.select([self.terminal], [], [], max(0, end - time.monotonic()))[0]:
                self.fail(f"no {words!r} in {text!r}")
            text += os.read(self.terminal, 4096).decode(errors="replace")

    def test_commands_options_and_choices_are_completed(self):
        for keys, words in (("insp", "inspect "), ("observe --no-ro", "--no-row-sums "), ("observe --grid e", "exclusive ")):
            self.type(f"\x15torchsrm {keys}\t")
            self.wait_for(words)


if __name__ == "__main__":
    unittest.main()
