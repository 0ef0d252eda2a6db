#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "srm/plane_choice.h"

namespace srm::cli {

/// The words below, for help texts.
constexpr const char* kPlaneWords =
    "all, none (the holistic curve alone), random:N[:SEED], top[:N] (those with most hits at the first epsilon, found "
    "in a pass before; without N as many as memory holds), or planes i,j";

/// "i,j"; throws Misuse that names `flag` for anything else.
Plane parse_plane(const std::string& text, const char* flag);
std::vector<Plane> parse_planes(const std::vector<std::string>& words, const char* flag);

/// Which planes get tables, as a command line says it.
struct PlaneWords {
  PlaneChoice choice;
  std::optional<std::int64_t> top;  ///< see ObserveOptions::top_planes
};
/// Reads kPlaneWords; no words are "all". Throws Misuse.
PlaneWords parse_plane_words(const std::vector<std::string>& words);

}  // namespace srm::cli
