#!/usr/bin/env bash
# setup.sh [PURPOSE...]: installs what a build needs: missing system packages by apt (as root or with password-less
# sudo), with those of cmake/apt-packages-for-PURPOSE.txt (tests, package, doc), and LibTorch into .deps/ of this folder.
# Nothing else is written to. Run it as often as you like: what is there is left alone, and what an interruption left
# behind is taken up again.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
source cmake/libtorch.sh

check_machine() {
  local arch memory_mb
  arch=$(uname -m)
  [ -z "$libtorch_lock" ] || [ "$arch" = x86_64 ] || stop "the pinned LibTorch is for x86-64; this machine is $arch." \
    "Name a LibTorch of yours (nobody has tried this yet): make Torch_DIR=.../share/cmake/Torch"
  memory_mb=$(($(getconf _PHYS_PAGES) * $(getconf PAGE_SIZE) / 1048576))
  # A machine sold with 4 GB shows somewhat less.
  [ "$memory_mb" -ge 3500 ] || stop "a build needs 4 GB of memory; this machine has $memory_mb MB."
}

check_disk() {
  local needed_mb=0 free_mb
  # Measured: three wheels (0.6 GB) and what they unpack to (1.2 GB) lie side by side for a moment.
  if [ -n "$libtorch_lock" ] && ! libtorch_is_whole; then needed_mb=$((needed_mb + 2000)); fi
  if [ ! -d "build/release$libtorch_tag" ]; then needed_mb=$((needed_mb + 1500)); fi
  [ "$needed_mb" -gt 0 ] || return 0
  free_mb=$(df -Pk . | awk 'NR == 2 { print int($4 / 1024) }')
  say "needs about $((needed_mb / 1000)).$((needed_mb % 1000 / 100)) GB in $PWD; $free_mb MB are free there"
  [ "$free_mb" -ge "$needed_mb" ] || stop "too little disk: about $needed_mb MB needed in $PWD, $free_mb MB free." \
    "Make room there, or clone onto a larger disk, and run the same command again."
}

install_packages() {
  local wanted missing=() as_root=() package
  command -v dpkg-query >/dev/null || stop "this is no Debian-like system (dpkg-query is missing)." \
    "Install what cmake/apt-packages.txt lists in your system's way, then use CMake: cmake --preset release"
  set -- "${@/#/cmake/apt-packages-for-}"
  wanted=$(sed '/^#/d' cmake/apt-packages.txt "${@/%/.txt}")
  for package in $wanted; do
    [ "$(dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null)" = installed ] || missing+=("$package")
  done
  [ ${#missing[@]} -gt 0 ] || return 0

  if [ "$(id -u)" -ne 0 ]; then
    sudo -n true 2>/dev/null || stop "these system packages are missing: ${missing[*]}. Install them, then run the same command again:" \
      "sudo apt-get update && sudo apt-get install -y --no-install-recommends ${missing[*]}"
    as_root=(sudo -n)
  fi
  as_root+=(env DEBIAN_FRONTEND=noninteractive)
  say "installing system packages: ${missing[*]}"
  # An earlier run may have been cut off between unpacking and configuring.
  "${as_root[@]}" dpkg --configure -a </dev/null
  "${as_root[@]}" apt-get -o DPkg::Lock::Timeout=300 update </dev/null ||
    say "the package lists could not all be refreshed; going on with those at hand"
  "${as_root[@]}" apt-get -o DPkg::Lock::Timeout=300 install -y --no-install-recommends "${missing[@]}" </dev/null ||
    stop "apt-get could not install ${missing[*]} (its own words are above)." \
      "Check the network and the system's package sources, then run the same command again."
}

# A stamp with the lock's checksum is written last of all: a folder that has it is whole and of this lock.
libtorch_is_whole() { [ "$(cat "$libtorch_root/.whole" 2>/dev/null)" = "$(sha256sum <"$libtorch_lock")" ]; }

# pip_step WORDS ARGS...: runs pip in the private environment; a failure ends with what to do.
pip_step() {
  local words=$1 errors
  shift
  # pip keeps what it is fetching in TMPDIR: on this disk, which was checked, and not in a small /tmp.
  { errors=$(TMPDIR=$scratch/tmp PIP_USER=0 "$scratch/venv/bin/python" -m pip "$@" \
    2>&1 >&3 </dev/null | tee -a /dev/stderr); } 3>&1 && return
  if grep -qiE 'no space left|disk quota' <<<"$errors"; then
    stop "the disk is full: $words." "Make room in $PWD and run the same command again."
  elif grep -qi 'do not match the hashes' <<<"$errors"; then
    stop "a downloaded file is not the pinned one (its checksum differs): $words." \
      "Nothing was installed. If a mirror or proxy is between you and the package index, check it; then run again."
  fi
  stop "pip failed: $words (its own words are above)." \
    "Check the network and pip's settings (pip config list), then run the same command again: whole files are kept."
}

# Without a terminal pip shows no moving bar: say every ten seconds how much has arrived.
show_progress() {
  # A sleep that outlives this must not keep the reader of our output waiting.
  while sleep 10 >/dev/null 2>&1; do
    say "$1: $(du -sm "$scratch" "$wheels" 2>/dev/null | awk '{ sum += $1 } END { print sum }') MB"
  done
}

find_python() {
  for python in python3 /usr/bin/python3; do
    "$python" -c 'import ensurepip, venv' 2>/dev/null && return
  done
  stop "no python3 with the venv module was found." "Install python3-venv and run the same command again."
}

install_libtorch() {
  local root=$PWD/.deps
  scratch=$root/scratch wheels=$root/wheels-${libtorch_root##*/}
  rm -rf "$scratch"
  mkdir -p "$scratch/tmp" "$wheels"
  trap 'kill $(jobs -p) 2>/dev/null || true; rm -rf "$scratch"' EXIT
  trap 'exit 130' INT TERM
  say "installing LibTorch into $libtorch_root: a download of about 0.55 GB, checked against $libtorch_lock"
  local python
  find_python
  "$python" -m venv "$scratch/venv" || stop "python3 could not make a virtual environment (its own words are above)." \
    "Install python3-venv, check that $PWD can be written to, and run the same command again."
  # The wheels' Python version is fixed, so that any Python that has pip can fetch them.
  local target=(--no-deps --only-binary=:all: --python-version 3.11 --implementation cp --abi cp311
    --platform manylinux_2_28_x86_64 --platform manylinux_2_25_x86_64 --platform manylinux_2_17_x86_64
    --platform manylinux2014_x86_64 --require-hashes -r "$libtorch_lock")
  [ -t 1 ] || show_progress "downloaded or unpacked so far" 9>&- &
  pip_step "LibTorch could not be downloaded" download --no-cache-dir --dest "$wheels" "${target[@]}"
  pip_step "LibTorch could not be unpacked" install --no-index --find-links "$wheels" --no-compile \
    --target "$scratch/libtorch" "${target[@]}"
  # Half of the wheel is for GPUs and needs libraries that are not installed: libtorch_cpu never loads it.
  rm -rf "$scratch"/libtorch/torch/bin "$scratch"/libtorch/torch/lib/libtorch_cuda*.so
  sha256sum <"$libtorch_lock" >"$scratch/libtorch/.whole"
  rm -rf "$libtorch_root"
  mv "$scratch/libtorch" "$libtorch_root"
  rm -rf "$wheels"
  say "LibTorch is in $libtorch_root"
}

choose_libtorch
libtorch_root=${libtorch%/torch}
if [ -n "${CMAKE_PREFIX_PATH:-}" ] && [ -n "$libtorch_lock" ]; then
  say "CMAKE_PREFIX_PATH holds no LibTorch; the pinned one is used"
fi
check_machine
check_disk
install_packages "$@"
if [ -n "$libtorch_lock" ] && ! libtorch_is_whole; then
  mkdir -p .deps
  exec 9>.deps/lock
  flock -n 9 || { say "waiting for another set-up in this folder"; flock 9; }
  libtorch_is_whole || install_libtorch
fi
