#!/usr/bin/env bash
# demo.sh [FOLDER]: observes the four shipped networks on held-out digits and shows which layers align with their basis.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
out=${1:-srm-out}

# 0.4 is wide enough for 16 dimensions: at 0.9 hardly a sample comes that near to a plane of two of them.
observe() {
  build/torchsrm observe "models/$1.pt" --data models/data/held_out.npy --centre --epsilon 0.4 --out "$out/$2" "${@:3}"
}
for model in tanh isotropic relu tanh_rotated; do
  observe "$model" "$model" --layers 'encoder.*'
done
observe tanh_rotated tanh_rotated_in_its_basis --layers 'encoder.bottleneck*' --basis models/tanh_rotated_basis.pt

build/torchsrm show "$out"/{tanh,isotropic,relu,tanh_rotated,tanh_rotated_in_its_basis}
cat <<END

A4 of encoder.bottleneck_activation: about -0.1 where tanh acts on each coordinate (on the diagonals of its basis), about 0
where the function favours no direction. The rotated network shows the same, but only in the basis its tanh acts in.

The pictures:  $out/tanh/report.html  beside  $out/isotropic/report.html
END
