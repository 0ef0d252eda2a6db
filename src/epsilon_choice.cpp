#include "srm/epsilon_choice.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <numbers>
#include <vector>

#include "srm/error.h"
#include "srm/plane_choice.h"
#include "srm/statistics.h"

namespace srm {
namespace {

constexpr double kUsualRate = 0.01;
constexpr std::string_view kAuto = "auto";
constexpr std::string_view kAutoData = "auto:data";

double to_three_digits(double value) { return std::stod(fmt::format("{:.3g}", value)); }

// In each of these planes the length of each row's part in it, of rows of length 1: an arc of half-width
// acos(epsilon / length) is inside. Vectors that keep their lengths divide epsilon.
std::vector<double> lengths_in_planes(std::span<const double> rows, const Basis& basis, const PlaneSet& set,
                                      const std::vector<Plane>& planes) {
  const auto dim = static_cast<std::size_t>(basis.dim());
  const auto num_vectors = static_cast<std::size_t>(basis.num_vectors());
  const std::span<const double> vectors = basis.unit_vectors();
  std::vector<double> lengths, c(num_vectors);
  for (std::size_t begin = 0; begin < rows.size(); begin += dim) {
    const auto row = rows.subspan(begin, dim);
    double squared = 0;
    for (const double x : row) squared += x * x;
    const double scale = squared > 0 && std::isfinite(squared) ? 1 / std::sqrt(squared) : 0;
    for (std::size_t i = 0; i < num_vectors; ++i) {
      double sum = 0;
      if (vectors.empty()) {
        sum = row[i];
      } else {
        for (std::size_t k = 0; k < dim; ++k) sum += vectors[i * dim + k] * row[k];
      }
      c[i] = scale == 0 ? 0 : sum * scale;
    }
    for (const auto& [i, j] : planes) {
      const PlaneShape shape = set.shape(i, j);
      const double u = c[static_cast<std::size_t>(i)];
      const double v = (c[static_cast<std::size_t>(j)] - shape.cosine * u) * shape.inverse_sine;
      lengths.push_back(std::hypot(u, v) * basis.length(i));
    }
  }
  return lengths;
}

double mean_share_inside(const std::vector<double>& lengths, double epsilon) {
  double sum = 0;
  for (const double length : lengths) {
    if (length > epsilon) sum += std::acos(epsilon / length);
  }
  return sum / std::numbers::pi / static_cast<double>(lengths.size());
}

}  // namespace

std::string to_string(const EpsilonChoice& choice) {
  if (choice.kind == EpsilonChoice::Kind::kGiven) return fmt::format("{}", choice.number);
  const std::string_view word = choice.kind == EpsilonChoice::Kind::kData ? kAutoData : kAuto;
  return choice.number == kUsualRate ? std::string(word) : fmt::format("{}:{}", word, choice.number);
}

EpsilonChoice to_epsilon_choice(std::string_view text) {
  const auto refuse = [&] {
    throw Error("epsilon", "an epsilon is a number in [-1, 1], auto[:RATE] or auto:data[:RATE]",
                fmt::format("'{}'", text), "give e.g. 0.9, auto, auto:0.001 or auto:data");
  };
  const auto number_in = [&](std::string_view digits) {
    double number = 0;
    const auto [end, code] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
    if (code != std::errc() || end != digits.data() + digits.size()) refuse();
    return number;
  };
  EpsilonChoice choice = EpsilonChoice::isotropic(kUsualRate);
  const bool is_data = text.starts_with(kAutoData);
  if (text.starts_with(kAuto)) {
    if (is_data) choice = EpsilonChoice::of_data(kUsualRate);
    const std::string_view rest = text.substr((is_data ? kAutoData : kAuto).size());
    if (!rest.empty() && rest.front() != ':') refuse();
    if (!rest.empty()) choice.number = number_in(rest.substr(1));
  } else {
    choice = number_in(text);
  }
  require_valid(choice, "epsilon");
  return choice;
}

void require_valid(const EpsilonChoice& choice, std::string_view where) {
  const double x = choice.number;
  if (choice.kind == EpsilonChoice::Kind::kGiven) {
    if (x >= -1 && x <= 1) return;
    throw Error(where, "epsilon is a cosine and must be in [-1, 1]", fmt::format("{}", x), "0.9 is the usual one");
  }
  if (x > 0 && x < 0.5) return;
  throw Error(where, "the rate of an epsilon 'auto' must be above 0 and below 1/2", fmt::format("{}", x),
              "0.01 is the usual one");
}

double epsilon_of_width(const EpsilonChoice& choice, std::int64_t dim) {
  if (choice.kind == EpsilonChoice::Kind::kGiven) return choice.number;
  return dim < 2 ? 0.9 : to_three_digits(isotropic_epsilon(dim, choice.number));
}

double epsilon_of_rows(std::span<const double> rows, const Basis& basis, const PlaneSet& planes, double rate,
                       std::uint64_t seed) {
  constexpr std::size_t kMostRows = 1000;
  constexpr std::int64_t kMostPlanes = 2000;
  constexpr double kLeast = 0.001;
  const auto dim = static_cast<std::size_t>(basis.dim());
  if (rows.empty() || rows.size() % dim != 0 || planes.num_planes() == 0) {
    throw Error("epsilon", fmt::format("there must be rows of {} numbers, and planes", dim),
                fmt::format("{} numbers and {} planes", rows.size(), planes.num_planes()), "give --epsilon a number");
  }
  rows = rows.first(std::min(rows.size(), kMostRows * dim));
  const PlaneChoice drawn{.kind = PlaneChoice::Kind::kRandom, .num_planes = kMostPlanes, .seed = seed};
  const ChosenPlanes chosen(planes, drawn, "epsilon");
  const std::vector<double> lengths = lengths_in_planes(rows, basis, planes, chosen.planes());
  double low = 0;
  double high = *std::max_element(lengths.begin(), lengths.end());
  while (high - low > 1e-7) {
    const double middle = (low + high) / 2;
    (mean_share_inside(lengths, middle) > rate ? low : high) = middle;
  }
  return std::min(1.0, std::max(kLeast, to_three_digits(high)));
}

}  // namespace srm
