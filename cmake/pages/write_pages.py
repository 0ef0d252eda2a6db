"""write_pages.py COMMAND VERSION FOLDER: the man page and the completions of the command, from what it tells of itself."""

import json
import pathlib
import subprocess
import sys

import completion
import man_page

COMMAND, VERSION, FOLDER = sys.argv[1], sys.argv[2], pathlib.Path(sys.argv[3])

described = subprocess.run([COMMAND, "--describe"], check=True, capture_output=True, text=True).stdout
root = json.loads(described)
FOLDER.mkdir(parents=True, exist_ok=True)
for name, text in {
    "torchsrm.1": man_page.man_page(root, VERSION),
    "torchsrm.bash": completion.bash(root),
    "_torchsrm": completion.zsh(root),
    "torchsrm.fish": completion.fish(root),
}.items():
    (FOLDER / name).write_text(text)
