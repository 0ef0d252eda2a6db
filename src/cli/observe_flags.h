#pragma once

#include <CLI/App.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "cli/basis_words.h"
#include "srm/layer_observer.h"

namespace srm::cli {

/// How to observe, as it was given on a command line; what was not given is empty, since --compat changes the defaults.
struct ObserveFlags {
  std::vector<std::string> layers;
  std::vector<std::string> epsilon;
  std::optional<std::int64_t> angles;
  std::optional<std::string> grid;
  std::optional<std::string> pairs;
  std::string basis = "standard";
  std::vector<std::string> planes;
  bool is_signed = false;
  bool no_row_sums = false;
  std::vector<std::string> layouts;
  std::string compat;
  std::int64_t every = 1;
  double fraction = 1;
  std::uint64_t seed = 0;
  std::optional<std::int64_t> limit;
  std::string on_error;
};

/// Adds the options to a subcommand; `flags` must outlive it. `on_error` is the default of that option.
void add_observe_flags(CLI::App& command, ObserveFlags& flags, const std::string& on_error);

/// The selectors in these words: lists take commas, but none within the brackets of a turn or in a regular expression.
std::vector<std::string> split_selectors(const std::vector<std::string>& words);

/// The options, but for the basis, which may be read from a file and thus is no matter of the command line alone.
/// Throws Misuse.
ObserveOptions options_of(const ObserveFlags& flags);

/// The basis that --basis names; --compat reference keeps the lengths of its vectors. Throws Misuse.
BasisWord basis_word_of(const ObserveFlags& flags);

}  // namespace srm::cli
