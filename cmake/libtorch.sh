# shellcheck shell=bash disable=SC2034  # what is set here is used by those who source it
# Sourced by setup.sh and build.sh: decides which LibTorch a build uses.
#
#   TORCH_PYTHON=/path/to/python   the torch installed in that Python
#   Torch_DIR=.../share/cmake/Torch
#   CMAKE_PREFIX_PATH              if one of its folders is a LibTorch's, or what torch.utils.cmake_prefix_path says
#   TORCH=2.15.0                   else the pinned wheel of this version (default 2.11.0)
#
# Sets libtorch (the folder with include/ and lib/), libtorch_tag (ends the names of build folders, so that switching
# rebuilds nothing) and libtorch_lock (the pinned wheel's lock file; empty when the user's LibTorch is used).

say() { printf 'set-up: %s\n' "$*"; }

# stop WHAT [ADVICE...]: says what is wrong, then what to do, and ends.
stop() {
  printf 'set-up stopped: %s\n' "$1" >&2
  shift
  [ $# -eq 0 ] || printf '  %s\n' "$@" >&2
  exit 1
}

holds_libtorch() { [ -e "$1/lib/libtorch_cpu.so" ] && [ -e "$1/include/torch/script.h" ]; }

# Prints the folders where a Python keeps its torch, without importing it: a pip wheel's own folder, or conda's prefix.
python_torch_folders() {
  "$1" -c 'import importlib.util, sys
spec = importlib.util.find_spec("torch")
print(*(spec.submodule_search_locations if spec else []), sys.prefix, sep="\n")'
}

choose_libtorch() {
  local folder folders
  libtorch_tag=-own libtorch_lock=
  if [ -n "${TORCH_PYTHON:-}" ]; then
    folders=$(python_torch_folders "$TORCH_PYTHON") || stop "TORCH_PYTHON=$TORCH_PYTHON does not run." \
      "Name a Python interpreter that has torch: make TORCH_PYTHON=/path/to/python"
    while IFS= read -r folder; do
      holds_libtorch "$folder" && libtorch=$folder && return
    done <<<"$folders"
    stop "TORCH_PYTHON=$TORCH_PYTHON has no torch with C++ headers and libraries." \
      "Install torch there, or leave TORCH_PYTHON out to use the pinned LibTorch."
  fi
  if [ -n "${Torch_DIR:-}" ]; then
    libtorch=$(realpath -m "$Torch_DIR/../../..")
    holds_libtorch "$libtorch" || stop "Torch_DIR=$Torch_DIR belongs to no LibTorch (looked in $libtorch)." \
      "It is the folder share/cmake/Torch of a LibTorch or of an installed Python torch."
    return
  fi
  while IFS= read -r folder; do
    [ -n "$folder" ] || continue
    for folder in "$folder" "$folder/../.."; do
      holds_libtorch "$folder" && libtorch=$(realpath "$folder") && return
    done
  done < <(tr ':;' '\n' <<<"${CMAKE_PREFIX_PATH:-}")

  local default=2.11.0
  local version=${TORCH:-$default}
  libtorch_lock=cmake/torch-$version.lock
  [ -e "$libtorch_lock" ] || stop "TORCH=$version is not pinned here; pinned: $(cd cmake && printf '%s ' torch-*.lock)." \
    "Use one of those, or name your own LibTorch: make Torch_DIR=..., TORCH_PYTHON=... or CMAKE_PREFIX_PATH=..."
  libtorch=$PWD/.deps/libtorch-$version/torch
  libtorch_tag=-$version
  [ "$version" != "$default" ] || libtorch_tag=
}
