#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "srm/basis_learning.h"

namespace srm::cli {

/// The basis that was learned of one layer, and where it was written.
struct LearnedLayer {
  std::string address;
  LearnedBasis learned;
  std::int64_t num_rows_offered = 0;
  std::string file;
};

/// A row a layer: score, convergence, and agreement beside chance.
std::string learned_table(const std::vector<LearnedLayer>& layers, const LearnOptions& options);

/// What the table means, what to do next, and where the files are.
std::string learned_words(const std::vector<LearnedLayer>& layers, const LearnOptions& options);

}  // namespace srm::cli
