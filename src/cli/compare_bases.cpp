#include <ATen/ATen.h>
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <numeric>
#include <optional>

#include "cli/basis_words.h"
#include "cli/command.h"
#include "cli/console.h"
#include "cli/model_file.h"
#include "cli/tell.h"
#include "srm/basis_comparison.h"
#include "srm/basis_learning.h"

namespace srm::cli {
namespace {

constexpr const char* kFooter =
    R"(A basis is standard, haar:SEED, thomson:M[:SEED], weights:NAME of the --model, or a file of rows: .npy, .npz[:KEY], .pt
(of a dict the entry "basis", as learn-basis writes it). Words that fit any width take that of the other basis.

Each vector of one basis gets a partner in the other, so that the mean |cosine| of the pairs is the largest there is:
1 for the same basis in another order with other signs. Chance is what random turns of the second basis give. The Amari
distance is 0 for the same basis, scaled or not, and 1 at most. "Nearly the same" is 80 % or more of the way from chance
to 1.

Examples:
  torchsrm compare-bases learned.pt rotated.npy
  torchsrm compare-bases learned.pt standard
  torchsrm compare-bases learned.pt weights:decoder.hidden.weight --model model.pt --json)";

// Files of float32 numbers are the same basis up to their rounding.
constexpr double kSame = 1 - 1e-6;

struct Flags {
  std::string a;
  std::string b;
  std::string model;
  std::int64_t num_pairs = 10;
  bool json = false;
};

struct Bases {
  std::shared_ptr<const Basis> a;
  std::shared_ptr<const Basis> b;
};

BasisWord word_of(const std::string& text, const Flags& flags) {
  const BasisWord word = parse_basis_word(text);
  if (word.needs_rows()) {
    throw Misuse("basis " + text, "a basis that is found from activations must be in a file", "the word",
                 "write it with torchsrm learn-basis first");
  }
  if (word.needs_model() && flags.model.empty()) {
    throw Misuse("basis " + text, "weights are those of a model", "no --model", "give its file as --model");
  }
  return word;
}

Bases read_bases(const Flags& flags) {
  const BasisWord a = word_of(flags.a, flags);
  const BasisWord b = word_of(flags.b, flags);
  if (!flags.model.empty() && !a.needs_model() && !b.needs_model()) {
    throw Misuse("--model", "a model belongs to weights:NAME", "none of that", "leave it out");
  }
  std::optional<torch::jit::Module> model;
  if (!flags.model.empty()) model = load_model(flags.model);
  const torch::jit::Module* const weights = model ? &*model : nullptr;
  const std::optional<std::int64_t> width_of_a = width_of(a, weights);
  const std::optional<std::int64_t> width_of_b = width_of(b, weights);
  if (!width_of_a && !width_of_b) {
    throw Misuse("compare-bases", "one of the two must have a width, which the other takes",
                 fmt::format("{} and {}", flags.a, flags.b), "give a file, or weights:NAME with --model");
  }
  if (width_of_a && width_of_b && *width_of_a != *width_of_b) {
    throw Error("compare-bases", "both bases must be of one width",
                fmt::format("vectors of {} and of {} numbers", *width_of_a, *width_of_b),
                "compare bases of the same layer");
  }
  const std::int64_t dim = width_of_a ? *width_of_a : *width_of_b;
  std::vector<std::string> notes;
  const Bases bases = {make_basis(a, dim, weights, {}, &notes), make_basis(b, dim, weights, {}, &notes)};
  for (const std::string& note : notes) tell("note: {}\n", printable(note));
  return bases;
}

at::Tensor tensor_of(const Basis& basis) {
  std::vector<double> vectors = basis.vectors();
  return at::from_blob(vectors.data(), {basis.num_vectors(), basis.dim()}, at::kDouble).clone();
}

bool is_same(const Bases& bases, const BasisMatch& match) {
  return bases.a->num_vectors() == bases.b->num_vectors() && match.mean_matched_cosine >= kSame;
}

const char* verdict_of(const Bases& bases, const BasisMatch& match) {
  if (is_same(bases, match)) return "the same up to order and signs";
  if (match.mean_matched_cosine <= match.chance_95) return "no closer than chance";
  // As near as halves of the data must be for a basis to be called stable.
  if (match.mean_matched_cosine >= match.chance + kStableShare * (1 - match.chance)) return "nearly the same";
  return "closer than chance, but not the same";
}

// The vectors of A that have a partner, the nearest pair first.
std::vector<std::size_t> pairs_by_cosine(const BasisMatch& match) {
  std::vector<std::size_t> pairs;
  for (std::size_t i = 0; i < match.match.size(); ++i) {
    if (match.match[i] >= 0) pairs.push_back(i);
  }
  std::stable_sort(pairs.begin(), pairs.end(), [&](std::size_t i, std::size_t j) {
    return std::abs(match.cosines[i]) > std::abs(match.cosines[j]);
  });
  return pairs;
}

void print_pairs(const BasisMatch& match, std::int64_t num_pairs) {
  const std::vector<std::size_t> pairs = pairs_by_cosine(match);
  const std::size_t shown = std::min(static_cast<std::size_t>(num_pairs), pairs.size());
  if (shown == 0) return;
  const auto line = [&](std::size_t i) {
    return fmt::format("{:>6} {:>6} {:>+8.4f}", i, match.match[i], match.cosines[i]);
  };
  const char* const heading = "     A      B   cosine";
  fmt::print("\n{:<22}    {}\n{}    {}\n", "nearest pairs", "farthest pairs", heading, heading);
  for (std::size_t k = 0; k < shown; ++k) {
    fmt::print("{}    {}\n", line(pairs[k]), line(pairs[pairs.size() - 1 - k]));
  }
}

void print_words(const Flags& flags, const Bases& bases, const BasisMatch& match) {
  const auto print_basis = [](const char* letter, const std::string& word, const Basis& basis) {
    fmt::print("{}  {}: {} vectors of {} numbers\n", letter, printable(word), basis.num_vectors(), basis.dim());
  };
  print_basis("A", flags.a, *bases.a);
  print_basis("B", flags.b, *bases.b);
  fmt::print("\nmean matched |cosine|  {:.4f}\n", match.mean_matched_cosine);
  fmt::print("by chance              {:.4f}, 95 % below {:.4f}\n", match.chance, match.chance_95);
  if (std::isnan(match.amari_distance)) {
    fmt::print("Amari distance         none: both must have as many vectors as numbers, and span them\n");
  } else {
    fmt::print("Amari distance         {:.4f}\n", match.amari_distance);
  }
  fmt::print("{}\n", verdict_of(bases, match));
  print_pairs(match, flags.num_pairs);
}

void print_json(const Flags& flags, const Bases& bases, const BasisMatch& match) {
  const nlohmann::ordered_json json = {
      {"a", flags.a},
      {"b", flags.b},
      {"dim", bases.a->dim()},
      {"num_vectors_a", bases.a->num_vectors()},
      {"num_vectors_b", bases.b->num_vectors()},
      {"mean_matched_cosine", match.mean_matched_cosine},
      {"chance", match.chance},
      {"chance_95", match.chance_95},
      {"amari_distance", match.amari_distance},  // null where there is none
      {"is_same", is_same(bases, match)},
      {"verdict", verdict_of(bases, match)},
      {"match", match.match},
      {"cosines", match.cosines},
  };
  fmt::print("{}\n", json.dump(2, ' ', false, nlohmann::json::error_handler_t::replace));
}

int compare(const Flags& flags) {
  const Bases bases = read_bases(flags);
  const BasisMatch match = compare_bases(tensor_of(*bases.a), tensor_of(*bases.b));
  if (flags.json) {
    print_json(flags, bases, match);
  } else {
    print_words(flags, bases, match);
  }
  return 0;
}

}  // namespace

void add_compare_bases(CLI::App& app, Action& action) {
  CLI::App* command = app.add_subcommand("compare-bases", "Compare two bases up to order and signs, beside chance");
  auto flags = std::make_shared<Flags>();
  command->footer(kFooter);
  command->add_option("A", flags->a, "A basis: a word or a file")->required();
  command->add_option("B", flags->b, "Another")->required();
  command->add_option("--model", flags->model, "TorchScript file (.pt) that has the weights of weights:NAME");
  command->add_option("--pairs", flags->num_pairs, "How many of the nearest and farthest pairs are shown")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str();
  command->add_flag("--json", flags->json, "Print an object with all pairs");
  command->callback([flags, &action] { action = [flags] { return compare(*flags); }; });
}

}  // namespace srm::cli
