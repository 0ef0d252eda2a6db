"""kept_objects.py COMPILE_COMMANDS LOG COMPILER ARGUMENT...: a compiler launcher that takes the object that another build
made of the same source with the same flags, and compiles where there is none. Tests build the core a second time by it."""

import json
import os
import shlex
import shutil
import subprocess
import sys


def of_flags(words):
    """(flags, source, object) of a compiler's command line, without what names its outputs."""
    flags, outputs, rest = [], {}, iter(words)
    for word in rest:
        if word in ("-o", "-MT", "-MF", "-c"):
            outputs[word] = next(rest)
        elif word != "-MD":
            flags.append(word)
    return flags, outputs.get("-c", ""), outputs


def main(commands, log, *command):
    flags, source, outputs = of_flags(command)
    for entry in json.load(open(commands)):
        if entry["file"] != source:
            continue
        kept_flags, _, kept_outputs = of_flags(shlex.split(entry["command"]))
        kept = os.path.join(entry["directory"], kept_outputs["-o"])
        if kept_flags != flags:
            with open(log, "a") as out:
                out.write(f"{source}: {' '.join(flags)}, not {' '.join(kept_flags)}\n")
        elif os.path.exists(kept) and os.path.getmtime(kept) >= os.path.getmtime(source):
            shutil.copyfile(kept, outputs["-o"])
            with open(outputs["-MF"], "w") as depends:
                depends.write(f"{outputs['-o']}: {source}\n")
            return 0
    return subprocess.run(command).returncode


sys.exit(main(*sys.argv[1:]))
