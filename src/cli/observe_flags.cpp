#include "cli/observe_flags.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <map>

#include "cli/command.h"
#include "cli/plane_words.h"

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
  if (compat) options.epsilon = {0.9};
  options.is_signed = flags.is_signed;
  options.row_sums = !flags.no_row_sums;
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
  PlaneWords planes = parse_plane_words(flags.planes);
  options.planes = std::move(planes.choice);
  options.top_planes = planes.top;
  try {
    if (!flags.epsilon.empty()) options.epsilon.clear();
    for (const std::string& word : flags.epsilon) options.epsilon.push_back(to_epsilon_choice(word));
    require_valid(options);
  } catch (const Error& error) {
    throw Misuse(error);
  }
  return options;
}

BasisWord basis_word_of(const ObserveFlags& flags) {
  BasisWord word = parse_basis_word(flags.basis);
  if (flags.compat == "reference") word.lengths = VectorLengths::kKept;
  return word;
}

void add_observe_flags(CLI::App& command, ObserveFlags& flags, const std::string& on_error) {
  flags.on_error = on_error;
  command.add_option("--layers", flags.layers,
                     "Addresses, globs, re:REGEX or type:CLASS, ! takes away (default: all modules; see inspect)");
  command
      .add_option("--epsilon", flags.epsilon,
                  "Cosine thresholds, each in [-1, 1], or auto[:RATE]: where so large a share of evenly spread "
                  "directions is inside, in each layer's width; auto:data[:RATE]: of the layer's own rows "
                  "(default: auto, which is auto:0.01)")
      ->delimiter(',')
      ->check([](const std::string& text) { return text.empty() ? "a number must follow" : ""; });
  command.add_option("--angles", flags.angles, "Number of angles K (default: 360)");
  command
      .add_option("--grid", flags.grid, "exclusive: 2 pi k/K; inclusive: 2 pi k/(K-1), both ends (default: exclusive)")
      ->check(CLI::IsMember({"exclusive", "inclusive"}));
  command
      .add_option("--pairs", flags.pairs, "combination: planes i < j; permutation: both orders (default: combination)")
      ->check(CLI::IsMember({"combination", "permutation"}));
  command.add_option("--basis", flags.basis, kBasisWords)->capture_default_str();
  command.add_option("--planes", flags.planes, kPlaneWords);
  command.add_flag("--signed", flags.is_signed,
                   "Count signed too: rows inside a spotlight minus rows on its other side");
  command.add_flag("--no-row-sums", flags.no_row_sums,
                   "Leave out the sums over rows that mean cosines need: cheaper where little is hit");
  command.add_option("--layout", flags.layouts, "[GLOB=]auto|last|channels|flatten (default: auto)")->delimiter(',');
  command.add_option("--every", flags.every, "Take the first of so many calls of a layer")->capture_default_str();
  command.add_option("--fraction", flags.fraction, "Take this share of a layer's rows, drawn by --seed")
      ->capture_default_str();
  command
      .add_option("--seed", flags.seed,
                  "Of whatever is drawn: rows of --fraction, rotations, rows and points that are kept")
      ->capture_default_str();
  command.add_option("--limit", flags.limit, "Take no more than so many samples of a layer");
  command
      .add_option("--on-error", flags.on_error,
                  "throw: an error of the observer ends the run; detach: it takes that layer off, and is told")
      ->check(CLI::IsMember({"throw", "detach"}))
      ->capture_default_str();
  command
      .add_option("--compat", flags.compat,
                  "reference: the published code's ways: towards -b_j, inclusive grid of 100 angles, permutation, "
                  "epsilon 0.9, lengths of basis vectors kept; an explicit flag wins")
      ->check(CLI::IsMember({"reference"}));
}

}  // namespace srm::cli
