#!/usr/bin/env bash
# doc.sh FOLDER: writes the documentation of the public headers to FOLDER/html; fails at the first thing undocumented.
set -euo pipefail
folder=$(realpath -m "$1")
cd "$(dirname "${BASH_SOURCE[0]}")/.."
mkdir -p "$folder"
TORCHSRM_VERSION=$(sed -nE 's/^project\(torchsrm VERSION ([0-9.]+).*/\1/p' CMakeLists.txt)
TORCHSRM_DOC=$folder
export TORCHSRM_VERSION TORCHSRM_DOC
doxygen cmake/Doxyfile
# The pictures of the README stand beside its page as they stand beside it here.
sed -nE 's/.*!\[[^]]*\]\(([^):]+)\).*/\1/p' README.md | while IFS= read -r picture; do
  install -D -m 644 "$picture" "$folder/html/$picture"
done
