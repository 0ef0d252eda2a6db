#include "srm/plane_choice.h"

#include <fmt/format.h>

#include <algorithm>
#include <random>

#include "srm/error.h"

namespace srm {
namespace {

using Kind = PlaneChoice::Kind;

bool is_before(const Plane& a, const Plane& b) { return a.i < b.i || (a.i == b.i && a.j < b.j); }

// A number below `bound`, every one as likely: what a standard library's distributions draw is its own affair.
std::int64_t draw_below(std::int64_t bound, std::mt19937_64& generator) {
  const auto range = static_cast<std::uint64_t>(bound);
  const std::uint64_t whole = std::mt19937_64::max() / range * range;
  std::uint64_t drawn = generator();
  while (drawn >= whole) drawn = generator();
  return static_cast<std::int64_t>(drawn % range);
}

// `num_drawn` different numbers below `bound`, ascending.
std::vector<std::int64_t> draw_different(std::int64_t num_drawn, std::int64_t bound, std::mt19937_64& generator) {
  std::vector<std::int64_t> drawn;
  drawn.reserve(static_cast<std::size_t>(num_drawn));
  while (std::ssize(drawn) < num_drawn) {
    while (std::ssize(drawn) < num_drawn) drawn.push_back(draw_below(bound, generator));
    std::sort(drawn.begin(), drawn.end());
    drawn.erase(std::unique(drawn.begin(), drawn.end()), drawn.end());
  }
  return drawn;
}

// Of more than half of all planes it is those not taken that are drawn, so that few draws are in vain.
std::vector<Plane> draw_planes(const PlaneSet& set, const PlaneChoice& choice) {
  std::mt19937_64 generator(choice.seed);
  const std::int64_t num_planes = set.num_planes();
  const bool draws_taken = choice.num_planes <= num_planes / 2;
  const std::int64_t num_drawn = draws_taken ? choice.num_planes : num_planes - choice.num_planes;
  const std::vector<std::int64_t> drawn = draw_different(num_drawn, num_planes, generator);
  std::vector<Plane> planes;
  planes.reserve(static_cast<std::size_t>(choice.num_planes));
  if (draws_taken) {
    for (const std::int64_t place : drawn) planes.push_back(set.plane(place));
    return planes;
  }
  auto next_drawn = drawn.begin();
  for (std::int64_t place = 0; place < num_planes; ++place) {
    if (next_drawn != drawn.end() && *next_drawn == place) {
      ++next_drawn;
    } else {
      planes.push_back(set.plane(place));
    }
  }
  return planes;
}

void require_in_set(const Plane& plane, const PlaneSet& set, std::string_view where) {
  const std::int64_t m = set.num_vectors();
  const std::string got = fmt::format("({}, {})", plane.i, plane.j);
  if (plane.i >= m || plane.j >= m) {
    throw Error(where, fmt::format("a plane is two of the {} basis vectors, which count from 0", m), got,
                "correct the list of planes");
  }
  if (set.pairs() == Pairs::kCombination && plane.i > plane.j) {
    throw Error(where, "combinations are planes (i, j) with i < j", got,
                fmt::format("write ({}, {}), or take permutations", plane.j, plane.i));
  }
  if (set.index(plane.i, plane.j) < 0) {
    throw Error(where, "a plane needs basis vectors that are not parallel", got,
                "take it from the list, or keep such planes as zeros");
  }
}

}  // namespace

std::string to_string(const PlaneChoice& choice) {
  switch (choice.kind) {
    case Kind::kRandom:
      return fmt::format("random:{}", choice.num_planes);
    case Kind::kListed:
      return "listed";
    case Kind::kNone:
      return "none";
    case Kind::kAll:
      break;
  }
  return "all";
}

void require_valid(const PlaneChoice& choice, std::string_view where) {
  if (choice.kind == Kind::kRandom && choice.num_planes < 1) {
    throw Error(where, "the number of planes drawn must be 1 or more", fmt::format("{}", choice.num_planes),
                "choose no planes to have the holistic curve alone");
  }
  if (choice.kind != Kind::kListed) return;
  if (choice.listed.empty()) {
    throw Error(where, "a list of planes must name one", "none", "choose no planes to have the holistic curve alone");
  }
  std::vector<Plane> sorted = choice.listed;
  std::sort(sorted.begin(), sorted.end(), is_before);
  for (const Plane& plane : sorted) {
    if (plane.i >= 0 && plane.j >= 0 && plane.i != plane.j) continue;
    throw Error(where, "a plane is two different basis vectors, which count from 0",
                fmt::format("({}, {})", plane.i, plane.j), "correct the list of planes");
  }
  const auto twice = std::adjacent_find(sorted.begin(), sorted.end());
  if (twice == sorted.end()) return;
  throw Error(where, "no plane may be listed twice", fmt::format("({}, {}) twice", twice->i, twice->j),
              "leave one of them out");
}

std::int64_t ChosenPlanes::num_chosen(const PlaneSet& planes, const PlaneChoice& choice) {
  switch (choice.kind) {
    case Kind::kRandom:
      return std::min(choice.num_planes, planes.num_planes());
    case Kind::kListed:
      return std::ssize(choice.listed);
    case Kind::kNone:
      return 0;
    case Kind::kAll:
      break;
  }
  return planes.num_planes();
}

std::int64_t ChosenPlanes::bytes_needed(const PlaneSet& planes, std::int64_t num_chosen) {
  if (num_chosen == planes.num_planes()) return 0;
  const double bytes = static_cast<double>(num_chosen) * 2 * sizeof(Plane) +
                       (static_cast<double>(planes.num_vectors()) + 1) * sizeof(std::int64_t);
  return static_cast<std::int64_t>(std::min(bytes, 1e18));
}

ChosenPlanes::ChosenPlanes(const PlaneSet& planes, const PlaneChoice& choice, std::string_view where)
    : set_(planes), has_all_(num_chosen(planes, choice) == planes.num_planes()) {
  require_valid(choice, where);
  for (const Plane& plane : choice.listed) require_in_set(plane, planes, where);
  if (has_all_) return;
  if (choice.kind == Kind::kRandom) chosen_ = draw_planes(planes, choice);
  if (choice.kind == Kind::kListed) {
    chosen_ = choice.listed;
    std::sort(chosen_.begin(), chosen_.end(), is_before);
  }
  row_begin_.reserve(static_cast<std::size_t>(planes.num_vectors()) + 1);
  auto next = chosen_.begin();
  for (std::int64_t i = 0; i <= planes.num_vectors(); ++i) {
    next = std::find_if(next, chosen_.end(), [i](const Plane& plane) { return plane.i >= i; });
    row_begin_.push_back(next - chosen_.begin());
  }
}

std::int64_t ChosenPlanes::index(std::int64_t i, std::int64_t j) const {
  if (has_all_) return set_.index(i, j);
  if (chosen_.empty() || i < 0 || i >= set_.num_vectors()) return -1;
  const auto first = chosen_.begin() + row_begin_[static_cast<std::size_t>(i)];
  const auto last = chosen_.begin() + row_begin_[static_cast<std::size_t>(i) + 1];
  const auto found = std::lower_bound(first, last, Plane{i, j}, is_before);
  return found != last && found->j == j ? found - chosen_.begin() : -1;
}

std::vector<Plane> ChosenPlanes::planes() const { return has_all_ ? set_.planes() : chosen_; }

}  // namespace srm
