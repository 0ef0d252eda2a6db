#!/usr/bin/env bash
# gallery.sh [FOLDER]: a report of each shipped model, with its figures as files, and a page that leads to them.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
out=${1:-srm-out/gallery}
data=models/data/held_out.npy
mkdir -p "$out"

observe() {  # NAME RESULT OPTION...
  echo "== $1: $2"
  build/torchsrm observe "models/$1.pt" --data $data --labels models/data/held_out_labels.npy --centre --out "$out/$2" "${@:3}"
}
cards=
card() {  # NAME TITLE SENTENCE RESULT...
  local figures=$1-figures strip
  build/torchsrm report "${@:4}" --inputs $data -o "$out/$1.html" --figures "$out/$figures"
  strip=$figures/layers.svg
  [ $# -eq 4 ] || strip=$figures/${4##*/}/layers.svg  # figures of several results lie in a folder each
  cards+="<li><a href=\"$1.html\"><h2>$2</h2><img src=\"$strip\" alt=\"Curves of its layers\"></a><p>$3</p></li>"$'\n'
}

autoencoder=(--epsilon 0.4 0.5 0.6 --signed)
for model in tanh isotropic relu tanh_rotated; do
  observe $model $model "${autoencoder[@]}" --layers 'encoder.*' 'decoder.*' --density 0,1
done
for model in tanh tanh_rotated; do
  observe $model ${model}_learned "${autoencoder[@]}" --layers 'encoder.bottleneck*' --basis learned-diagonal
done
observe tanh_rotated tanh_rotated_acting "${autoencoder[@]}" --layers 'encoder.bottleneck*' --basis models/tanh_rotated_basis.pt
for model in classifier_relu classifier_tanh; do
  observe $model $model --epsilon 0.4 0.5 0.6 --signed --layers 'hidden*' 'features*' output --by-class --density 4,7 0,1
done

card tanh 'tanh' 'Activations gather on the diagonals of the basis that tanh acts in; a basis learned from them is that one.' \
  "$out"/{tanh,tanh_learned}
card tanh_rotated 'tanh in a turned basis' 'Nothing in the standard basis; the same as above in the one that its tanh acts in.' \
  "$out"/{tanh_rotated,tanh_rotated_acting,tanh_rotated_learned}
card isotropic 'isotropic tanh' 'A function that favours no direction leaves none.' "$out/isotropic"
card relu 'ReLU' 'Activations lean to the axes.' "$out/relu"
card classifier_relu 'a classifier with ReLU' 'Neurons that stand for one digit, with the digits nearest to them.' "$out/classifier_relu"
card classifier_tanh 'a classifier with tanh' 'The same with tanh.' "$out/classifier_tanh"

{
  cat <<'END'
<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>torchsrm: the shipped models</title>
<style>
  body { max-width: 70rem; margin: 2rem auto; padding: 0 1rem; font: 1rem/1.5 system-ui, sans-serif; }
  ul { display: grid; grid-template-columns: repeat(auto-fill, minmax(19rem, 1fr)); gap: 1.2rem; padding: 0; list-style: none; }
  li { border: 1px solid #8886; border-radius: 8px; padding: 0.8rem 1rem; }
  h2 { margin: 0 0 0.5rem; font-size: 1.1rem; }
  img { width: 100%; background: #fff; border-radius: 4px; }
</style>
<h1>Spotlight resonance of the shipped models</h1>
<p>Each is one page that loads nothing; its figures are in the folder beside it.</p>
<ul>
END
  printf '%s</ul>\n</html>\n' "$cards"
} >"$out/index.html"
echo "The gallery: $out/index.html"
