#!/usr/bin/env bash
# build.sh build PRESET [TARGET...]  configures and builds a preset of CMakePresets.json with the chosen LibTorch
# build.sh test PRESET [OPTION...]   runs the tests of that build; options are ctest's
# build.sh run PRESET PROGRAM [ARGUMENT...]  runs a program of that build
# build.sh install PRESET PREFIX     installs the command and the libraries of that build
# build.sh package PRESET            writes a Debian package of them to build/
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
source cmake/libtorch.sh
choose_libtorch

verb=$1 preset=$2
shift 2
case $preset in
  asan-core | tsan) folder=build/$preset ;;  # these know nothing of LibTorch
  *) folder=build/$preset$libtorch_tag ;;
esac

build() {
  # A file that includes Torch's headers takes up to 2 GB to compile.
  local jobs jobs_in_memory
  jobs=$(nproc)
  jobs_in_memory=$(($(getconf _PHYS_PAGES) * $(getconf PAGE_SIZE) / 2000000000))
  [ "$jobs" -le "$jobs_in_memory" ] || jobs=$((jobs_in_memory > 0 ? jobs_in_memory : 1))
  # Python's torch, for the tests of the plugin in it: of the same version, where there is one.
  local python=${TORCH_PYTHON:-}
  if [ -z "$libtorch_tag" ] && [ -e .deps/python-2.11.0/.whole ]; then python=$PWD/.deps/python-2.11.0/bin/python; fi
  # What LibTorch's version changes nothing in is tested with the default one.
  local torch_tests_only=ON
  [ "$folder" != "build/$preset" ] || torch_tests_only=OFF
  cmake --preset "$preset" -B "$folder" -DTorch_DIR="$libtorch/share/cmake/Torch" \
    -DTORCHSRM_TORCH_PYTHON="$python" -DTORCHSRM_TORCH_TESTS_ONLY=$torch_tests_only --log-level=WARNING
  cmake --build "$folder" --parallel "$jobs" ${1:+--target "$@"}
  [ "$preset" != release ] || ln -sfn "${folder#build/}/torchsrm" build/torchsrm
}

package() {
  rm -rf "$folder/package"
  cpack --config "$folder/CPackConfig.cmake" -B "$folder/package" >"$folder/package.log" ||
    stop "no package was made; $folder/package.log tells more." "$(tail -n 5 "$folder/package.log")"
  for deb in "$folder"/package/*.deb; do
    mv "$deb" build/
    say "build/${deb##*/} has $(du -m "build/${deb##*/}" | cut -f1) MB"
  done
}

case $verb in
  build) build "$@" ;;
  test) ctest --test-dir "$folder" --output-on-failure --no-tests=error --parallel "$(nproc)" "$@" ;;
  run) "$folder/$1" "${@:2}" ;;
  install) cmake --install "$folder" --prefix "$1" ;;
  package) package ;;
  *) stop "build.sh knows build, test, run, install and package; got $verb." ;;
esac
