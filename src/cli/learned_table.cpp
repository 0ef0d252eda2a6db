#include "cli/learned_table.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <iterator>

#include "cli/console.h"

namespace srm::cli {
namespace {

std::string agreement_text(double agreement) {
  return std::isnan(agreement) ? std::string("-") : fmt::format("{:.3f}", agreement);
}

std::string convergence_text(const LearnedBasis& learned) {
  if (learned.score_by_sweep.empty()) return "-";
  return fmt::format("{}{}", learned.converged ? "" : "no, ", learned.score_by_sweep.size());
}

std::string preparation_text(const LearnOptions& options) {
  std::string text = options.centre ? "centred" : "not centred";
  if (options.method == LearnMethod::kPca) return text;
  if (options.whiten) text += ", whitened";
  return text + (options.normalise_rows ? ", each row one direction" : ", rows weighing |x|^4");
}

template <typename Holds>
bool any(const std::vector<LearnedLayer>& layers, Holds holds) {
  return std::any_of(layers.begin(), layers.end(), [&](const LearnedLayer& layer) { return holds(layer.learned); });
}

}  // namespace

std::string learned_table(const std::vector<LearnedLayer>& layers, const LearnOptions& options) {
  std::size_t width = 5;
  for (const LearnedLayer& layer : layers) width = std::max(width, printable(layer.address).size());
  std::string text = fmt::format("{} basis of rows {}; ", to_string(options.method), preparation_text(options));
  if (options.method != LearnMethod::kPca) {
    text += fmt::format("{} {}, ", options.num_restarts, options.num_restarts == 1 ? "start" : "starts");
  }
  text += fmt::format("seed {}\n\n", options.seed);
  const auto out = std::back_inserter(text);
  fmt::format_to(out, "{:<{}}  {:>5}  {:>8}  {:>8}  {:>8}  {:>9}  {:>6}  {:>8}  {:>12}  {}\n", "layer", width, "n",
                 "rows", "method", "A4", "converged", "halves", "restarts", "chance (95%)", "stable");
  for (const LearnedLayer& layer : layers) {
    const LearnedBasis& learned = layer.learned;
    fmt::format_to(
        out, "{:<{}}  {:>5}  {:>8}  {:>8}  {:>+9.4f}  {:>9}  {:>6}  {:>8}  {:>12}  {}\n", printable(layer.address),
        width, learned.basis.size(1), learned.num_rows, to_string(options.method), learned.score,
        convergence_text(learned), agreement_text(learned.halves_agreement), agreement_text(learned.restarts_agreement),
        fmt::format("{:.2f} ({:.2f})", learned.chance, learned.chance_95), learned.is_stable ? "yes" : "not stable");
  }
  return text;
}

std::string learned_words(const std::vector<LearnedLayer>& layers, const LearnOptions& options) {
  std::string text =
      "\nhalves, restarts: mean matched |cosine| of the bases that halves of the data, and the other starts, give; 1 "
      "is the "
      "same\nup to order and signs, chance is that of random bases. converged: sweeps that the best start took.\n";
  if (any(layers, [](const LearnedBasis& learned) { return learned.is_stable; })) {
    text += fmt::format(
        "stable: halves agree at least {:.0f} % of the way from chance to 1. Score the basis on data that it was not "
        "learned on:\n  torchsrm observe MODEL --data OTHER --layers LAYER --basis FILE{}\n",
        100 * kStableShare, options.centre ? " --centre" : "");
  }
  if (any(layers, [](const LearnedBasis& learned) { return !learned.is_stable; })) {
    text +=
        "not stable: halves of the data give different bases, so there is no basis to speak of in these rows, whatever "
        "A4 says:\nlearning finds an extreme in any data. More data and --rows may help (about 1,500 rows at n = 16, "
        "10,000 at 64,\n160,000 at 256), another --method, --raw-rows for a ReLU; of isotropic activations nothing "
        "does.\n";
  }
  if (any(layers, [](const LearnedBasis& learned) { return !learned.converged; })) {
    text += "not converged: the basis still turned when the sweeps ended; raise --max-sweeps.\n";
  }
  text += "\n";
  for (const LearnedLayer& layer : layers) {
    const std::int64_t num_rows = layer.learned.num_rows + layer.learned.num_rows_left_out;
    fmt::format_to(std::back_inserter(text), "written to {}: {} of {} rows of {}\n", printable(layer.file), num_rows,
                   layer.num_rows_offered, printable(layer.address));
  }
  return text;
}

}  // namespace srm::cli
