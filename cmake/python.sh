#!/usr/bin/env bash
# python.sh           makes the Python environment of models/exporters, .deps/python-2.11.0, if it is not whole
# python.sh --print   the same; the last line of its output is the path of the environment's interpreter
#
# It holds models/exporters/requirements-2.11.0.txt and what those need, importing torch the whole of its CUDA libraries
# too. Nothing outside this folder is written to. Run it as often as you like: a whole environment is left alone, and one
# that an interruption cut off is made anew.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
source cmake/libtorch.sh

requirements=models/exporters/requirements-2.11.0.txt
environment=$PWD/.deps/python-2.11.0
scratch=$PWD/.deps/scratch

# A stamp with the requirements' checksum is written last of all: an environment that has it is whole and holds these.
environment_is_whole() { [ "$(cat "$environment/.whole" 2>/dev/null)" = "$(sha256sum <"$requirements")" ]; }

check_disk() {
  # Measured: the wheels (2.8 GB) and what they unpack to (5 GB) lie side by side for a moment.
  local needed_mb=8500 free_mb
  free_mb=$(df -Pk . | awk 'NR == 2 { print int($4 / 1024) }')
  say "the exporters' Python needs about $((needed_mb / 1000)).$((needed_mb % 1000 / 100)) GB in $PWD; $free_mb MB are free there"
  [ "$free_mb" -ge "$needed_mb" ] || stop "too little disk: about $needed_mb MB needed in $PWD, $free_mb MB free." \
    "Make room there, or clone onto a larger disk, and run the same command again."
}

find_python() {
  for python in python3 /usr/bin/python3; do
    "$python" -c 'import ensurepip, sys, venv; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 14))' 2>/dev/null && return
  done
  stop "no python3 of version 3.11 to 3.14 with the venv module was found." \
    "Install python3-venv and run the same command again."
}

# Without a terminal pip shows no moving bar: say every ten seconds how much has arrived.
show_progress() {
  # A sleep that outlives this must not keep the reader of our output waiting.
  while sleep 10 >/dev/null 2>&1; do
    say "downloaded or unpacked so far: $(du -sm "$scratch" "$environment" 2>/dev/null | awk '{ sum += $1 } END { print sum }') MB"
  done
}

install_requirements() {
  local errors
  { errors=$(PIP_USER=0 "$environment/bin/python" -m pip --disable-pip-version-check install \
    --no-cache-dir --no-compile --only-binary=:all: "$@" -r "$requirements" \
    2>&1 >&3 </dev/null); } 3>&1 && return
  printf '%s\n' "$errors" >&2
  if grep -qiE 'no space left|disk quota' <<<"$errors"; then
    stop "the disk is full: the exporters' Python could not be installed." "Make room in $PWD and run the same command again."
  fi
  stop "pip failed: the exporters' Python could not be installed (its own words are above)." \
    "Check the network and pip's settings (pip config list), then run the same command again."
}

make_environment() {
  local python quietly=()
  rm -rf "$scratch" "$environment"
  mkdir -p "$scratch/tmp"
  # pip keeps what it is fetching here: on this disk, which is checked, and not in a small /tmp.
  export TMPDIR=$scratch/tmp
  trap 'kill $(jobs -p) 2>/dev/null || true; rm -rf "$scratch"' EXIT
  trap 'exit 130' INT TERM
  check_disk
  find_python
  say "installing $requirements into $environment: a download of about 2.8 GB"
  "$python" -m venv "$environment" || stop "python3 could not make a virtual environment (its own words are above)." \
    "Install python3-venv, check that $PWD can be written to, and run the same command again."
  if [ ! -t 1 ]; then
    quietly=(--quiet --progress-bar off)
    show_progress 9>&- &
  fi
  install_requirements "${quietly[@]}"
  sha256sum <"$requirements" >"$environment/.whole"
  say "the exporters' Python is $environment/bin/python"
}

case "$*" in
  "" | --print) ;;
  *) stop "python.sh knows --print and no other argument; got $*." ;;
esac
if ! environment_is_whole; then
  mkdir -p .deps
  exec 9>.deps/lock
  flock -n 9 || { say "waiting for another set-up in this folder"; flock 9; }
  environment_is_whole || make_environment
fi
[ "${1:-}" != --print ] || printf '%s\n' "$environment/bin/python"
