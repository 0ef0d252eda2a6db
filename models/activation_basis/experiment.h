#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "activation_basis/case.h"

namespace srm::activation_basis {

/// Which networks are trained and measured.
struct ExperimentOptions {
  std::vector<std::string> networks = {};  ///< names; empty for all
  std::vector<std::int64_t> widths = {16};
  std::uint64_t first_seed = 0;
  std::int64_t num_seeds = 5;
  Settings settings;
  int num_threads = 1;  ///< cases side by side, one thread each; changes no result
};

/// How far an experiment is.
struct ExperimentProgress {
  std::int64_t num_cases = 0;
  std::int64_t num_done = 0;             ///< those found in the folder included
  std::int64_t num_found = 0;            ///< in the folder
  double share_done = 0;                 ///< of the work that was missing, in [0, 1]
  const CaseResult* finished = nullptr;  ///< the case that has just been written
};

/// Called from any thread, never twice at once; what it throws ends the experiment and is thrown.
using ExperimentCallback = std::function<void(const ExperimentProgress&)>;

/// The cases of the options, by width, network and seed. Throws srm::Error when there is none, for a network that is
/// unknown, and for numbers out of range.
std::vector<CaseKey> cases_of(const ExperimentOptions& options);

/// Runs the cases that have no file in `folder`, which must exist, and writes each as soon as it is done; an experiment
/// that was ended goes on from there. Returns all cases of the options, in the order of cases_of().
///
/// Throws srm::Error as cases_of() and write_case() do, and before anything is trained for a file in the folder that
/// read_case() refuses, whether or not it is among the cases asked for.
std::vector<CaseResult> run_experiment(const ExperimentOptions& options, const std::filesystem::path& folder,
                                       const ExperimentCallback& on_progress = {});

}  // namespace srm::activation_basis
