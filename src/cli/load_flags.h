#pragma once

#include <CLI/App.hpp>
#include <string>
#include <vector>

#include "srm/observer.h"

namespace srm::cli {

/// What observing may cost the model's calls, as it was given on a command line.
struct LoadFlags {
  std::string max_overhead;
  std::string queue;
  std::string when_full;
};

/// Adds the options to a subcommand; `flags` must outlive it.
void add_load_flags(CLI::App& command, LoadFlags& flags);

/// Puts them into the options. Throws Misuse, for activations from a file too, which no model gives.
void apply(const LoadFlags& flags, bool has_model, ObserveOptions& options);

/// Throws Misuse where a budget of overhead meets more than one pass over the data.
void require_one_pass(const ObserveOptions& options);

/// What fraction of the rows was seen and what it cost, and what a full queue has left out; nothing where neither was
/// asked for.
std::vector<std::string> load_notes(const ObservedModule& observed, const Results& results);

}  // namespace srm::cli
