#include "cli/observe_flags.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <filesystem>
#include <map>

#include "cli/command.h"
#include "srm/io.h"

namespace srm::cli {
namespace {

const std::map<std::string, Layout> kLayouts = {
    {"auto", Layout::kAuto}, {"last", Layout::kLast}, {"channels", Layout::kChannels}, {"flatten", Layout::kFlatten}};

std::pair<std::string, Layout> layout_of(const std::string& flag) {
  const std::size_t equals = flag.rfind('=');
  const std::string selector = equals == std::string::npos ? "" : flag.substr(0, equals);
  const auto found = kLayouts.find(equals == std::string::npos ? flag : flag.substr(equals + 1));
  if (found == kLayouts.end()) {
    throw Misuse("--layout", "a layout is auto, last, channels or flatten, after GLOB= if it is for some layers", flag,
                 "e.g. --layout 'conv*=channels'");
  }
  return {selector, found->second};
}

std::shared_ptr<const Basis> read_vectors(const std::string& spec, VectorLengths lengths) {
  const at::Tensor vectors = read_tensor(spec, "basis");
  const std::string where = "basis " + spec;
  if (vectors.dim() != 2 || c10::isComplexType(vectors.scalar_type())) {
    throw Error(where, "a basis is (num_vectors, dim) real numbers",
                fmt::format("{} ({})", c10::toString(vectors.scalar_type()), fmt::join(vectors.sizes(), ", ")),
                "give one row for each basis vector");
  }
  const at::Tensor rows = vectors.to(at::kDouble).contiguous();
  const double* data = rows.const_data_ptr<double>();
  // The name goes into the result, which holds no path.
  const std::string name = std::filesystem::path(spec).stem().string();
  return std::make_shared<const Basis>(
      Basis::from_vectors(name, rows.size(0), rows.size(1), std::vector<double>(data, data + rows.numel()), lengths));
}

}  // namespace

std::vector<std::string> split_selectors(const std::vector<std::string>& words) {
  std::vector<std::string> selectors;
  for (const std::string& word : words) {
    if (word.starts_with("re:") || word.starts_with("!re:")) {
      selectors.push_back(word);
      continue;
    }
    std::string selector;
    bool in_brackets = false;
    for (const char letter : word + ",") {
      in_brackets = letter == '[' || (in_brackets && letter != ']');
      if (letter != ',' || in_brackets) {
        selector += letter;
      } else if (!selector.empty()) {
        selectors.push_back(std::move(selector));
        selector.clear();
      }
    }
    if (!selector.empty()) selectors.push_back(std::move(selector));
  }
  return selectors;
}

ObserveOptions options_of(const ObserveFlags& flags) {
  const bool compat = flags.compat == "reference";
  ObserveOptions options;
  options.layers = flags.layers.empty() ? std::vector<std::string>{"*"} : split_selectors(flags.layers);
  if (!flags.epsilon.empty()) options.epsilon = flags.epsilon;
  options.num_angles = flags.angles.value_or(compat ? 100 : 360);
  options.grid = flags.grid.value_or(compat ? "inclusive" : "exclusive") == "inclusive" ? GridEnds::kInclusive
                                                                                        : GridEnds::kExclusive;
  options.pairs = flags.pairs.value_or(compat ? "permutation" : "combination") == "permutation" ? Pairs::kPermutation
                                                                                                : Pairs::kCombination;
  if (compat) {
    options.sense = Sense::kReference;
    options.degenerate = DegeneratePlanes::kKeptAsZeros;
  }
  for (const std::string& layout : flags.layouts) options.layouts.push_back(layout_of(layout));
  options.every = flags.every;
  options.fraction = flags.fraction;
  options.seed = flags.seed;
  options.limit = flags.limit;
  options.on_error = flags.on_error == "detach" ? OnError::kDetach : OnError::kThrow;
  try {
    require_valid(options);
  } catch (const Error& error) {
    throw Misuse(error);
  }
  return options;
}

std::shared_ptr<const Basis> read_basis(const ObserveFlags& flags) {
  if (flags.basis == "standard") return nullptr;
  auto basis =
      read_vectors(flags.basis, flags.compat == "reference" ? VectorLengths::kKept : VectorLengths::kNormalised);
  if (basis->was_rescaled()) {
    fmt::print(stderr, "note: the vectors of {} were normalised to length 1\n", flags.basis);
  }
  return basis;
}

void add_observe_flags(CLI::App& command, ObserveFlags& flags, const std::string& on_error) {
  flags.on_error = on_error;
  command.add_option("--layers", flags.layers,
                     "Addresses, globs, re:REGEX or type:CLASS, ! takes away (default: all modules; see inspect)");
  command.add_option("--epsilon", flags.epsilon, "Cosine thresholds, each in [-1, 1] (default: 0.9)")
      ->delimiter(',')
      ->check([](const std::string& text) { return text.empty() ? "a number must follow" : ""; });
  command.add_option("--angles", flags.angles, "Number of angles K (default: 360)");
  command
      .add_option("--grid", flags.grid, "exclusive: 2 pi k/K; inclusive: 2 pi k/(K-1), both ends (default: exclusive)")
      ->check(CLI::IsMember({"exclusive", "inclusive"}));
  command
      .add_option("--pairs", flags.pairs, "combination: planes i < j; permutation: both orders (default: combination)")
      ->check(CLI::IsMember({"combination", "permutation"}));
  command.add_option("--basis", flags.basis, "standard, or a file of rows: .npy, .npz[:KEY], .pt")
      ->capture_default_str();
  command.add_option("--layout", flags.layouts, "[GLOB=]auto|last|channels|flatten (default: auto)")->delimiter(',');
  command.add_option("--every", flags.every, "Take the first of so many calls of a layer")->capture_default_str();
  command.add_option("--fraction", flags.fraction, "Take this share of a layer's rows, drawn by --seed")
      ->capture_default_str();
  command.add_option("--seed", flags.seed, "Which rows --fraction takes")->capture_default_str();
  command.add_option("--limit", flags.limit, "Take no more than so many samples of a layer");
  command
      .add_option("--on-error", flags.on_error,
                  "throw: an error of the observer ends the run; detach: it takes that layer off, and is told")
      ->check(CLI::IsMember({"throw", "detach"}))
      ->capture_default_str();
  command
      .add_option("--compat", flags.compat,
                  "reference: the published code's ways: towards -b_j, inclusive grid of 100 angles, permutation, "
                  "lengths of basis vectors kept; an explicit flag wins")
      ->check(CLI::IsMember({"reference"}));
}

}  // namespace srm::cli
