#include "srm/neuron_table.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <iterator>
#include <limits>
#include <string>
#include <tuple>

#include "srm/error.h"
#include "value_checks.h"

namespace srm {
namespace {

std::size_t to_size(std::int64_t number) { return static_cast<std::size_t>(number); }

void require_counts(const std::vector<std::int64_t>& counts, std::int64_t most, std::string_view where,
                    std::string_view name) {
  for (const std::int64_t count : counts) {
    require(count >= 0 && count <= most, where, fmt::format("{} must be between 0 and {}", name, most),
            fmt::format("{}", count));
  }
}

void require_class_counts(const NeuronTableParts& parts, std::string_view where) {
  auto of_class = parts.class_counts.begin();
  for (const std::int64_t count : parts.counts) {
    std::int64_t rest = count;
    for (const std::int64_t total : parts.class_totals) {
      require(*of_class >= 0 && *of_class <= std::min(total, rest), where,
              "class_counts must be at least 0, at most the rows of the class and together at most the rows inside",
              fmt::format("{} of {} with {} left of {} inside", *of_class, total, rest, count));
      rest -= *of_class++;
    }
  }
}

void require_nearest(const NeuronTableParts& parts, std::string_view where) {
  const std::int64_t num_kept = std::min(parts.num_nearest, parts.num_rows);
  require_size(parts.nearest.size(), product({parts.num_vectors, 2, num_kept}), where, "nearest");
  for (std::size_t k = 0; k < parts.nearest.size(); ++k) {
    const NearestRow& row = parts.nearest[k];
    require(std::abs(row.cosine) <= 1 + 1e-9 && row.label >= -1, where,
            "the nearest rows must have cosines in [-1, 1] and labels from -1",
            fmt::format("cosine {} and label {}", row.cosine, row.label));
    const bool is_first = k % to_size(num_kept) == 0;
    require(is_first || !is_nearer(row, parts.nearest[k - 1]), where, "the nearest rows must be in order",
            fmt::format("a cosine of {} after {}", row.cosine, is_first ? 0 : parts.nearest[k - 1].cosine));
  }
}

double share(std::int64_t part, std::int64_t whole) {
  return whole == 0 ? std::numeric_limits<double>::quiet_NaN() : static_cast<double>(part) / static_cast<double>(whole);
}

// The class counts of `parts` as they would be with `num_classes` classes.
std::vector<std::int64_t> widened(const NeuronTableParts& parts, std::size_t num_classes) {
  const std::size_t before = parts.class_totals.size();
  std::vector<std::int64_t> wide(parts.counts.size() * num_classes, 0);
  for (std::size_t k = 0; k < parts.class_counts.size(); ++k) {
    wide[k / before * num_classes + k % before] = parts.class_counts[k];
  }
  return wide;
}

}  // namespace

const char* to_string(Side side) { return side == Side::kPlus ? "+" : "-"; }

bool is_nearer(const NearestRow& a, const NearestRow& b) {
  return std::tie(b.cosine, a.sample, a.position, a.label) < std::tie(a.cosine, b.sample, b.position, b.label);
}

NeuronTable::NeuronTable(NeuronTableParts parts, std::string_view where) : parts_(std::move(parts)) {
  require(parts_.num_vectors >= 0 && parts_.num_nearest >= 0, where, "num_vectors and num_nearest must not be negative",
          fmt::format("{} and {}", parts_.num_vectors, parts_.num_nearest));
  require(!parts_.epsilon.empty(), where, "there must be an epsilon", "none");
  for (auto it = parts_.epsilon.begin(); it != parts_.epsilon.end(); ++it) {
    require(*it >= -1 && *it <= 1 && std::find(parts_.epsilon.begin(), it, *it) == it, where,
            "each epsilon must be in [-1, 1] and none be there twice", fmt::format("{}", *it));
  }
  require(parts_.num_rows >= 0 && parts_.num_rows <= parts_.num_samples_seen, where,
          "the rows with a direction must be among the samples seen",
          fmt::format("{} of {}", parts_.num_rows, parts_.num_samples_seen));
  require(parts_.class_totals.empty() || parts_.class_totals.back() != 0, where, "the last class must have been seen",
          fmt::format("no row of class {}", num_classes() - 1));
  for (const std::int64_t total : parts_.class_totals) {
    require(total >= 0 && total <= parts_.num_samples_seen - num_labelled_, where,
            "the rows of all classes must be among the samples seen",
            fmt::format("{} after {} of {}", total, num_labelled_, parts_.num_samples_seen));
    num_labelled_ += total;
  }
  require_size(parts_.counts.size(), product({num_epsilons(), num_vectors(), 2}), where, "counts");
  require_counts(parts_.counts, parts_.num_samples_seen, where, "counts");
  require_size(parts_.class_counts.size(), product({num_epsilons(), num_vectors(), 2, num_classes()}), where,
               "class_counts");
  require_class_counts(parts_, where);
  require_nearest(parts_, where);
}

std::span<const std::int64_t> NeuronTable::class_counts(std::int64_t epsilon_index, std::int64_t vector,
                                                        Side side) const {
  if (epsilon_index < 0 || epsilon_index >= num_epsilons() || vector < 0 || vector >= num_vectors()) {
    throw Error("neurons", fmt::format("indices must be below ({}, {})", num_epsilons(), num_vectors()),
                fmt::format("({}, {})", epsilon_index, vector), "ask num_epsilons() and num_vectors()");
  }
  const std::int64_t place = (epsilon_index * num_vectors() + vector) * 2 + (side == Side::kMinus ? 1 : 0);
  return std::span(parts_.class_counts).subspan(to_size(place * num_classes()), to_size(num_classes()));
}

NeuronReading NeuronTable::reading(std::int64_t epsilon_index, std::int64_t vector, Side side) const {
  const auto of_class = class_counts(epsilon_index, vector, side);
  const std::int64_t place = (epsilon_index * num_vectors() + vector) * 2 + (side == Side::kMinus ? 1 : 0);
  NeuronReading reading;
  reading.count = parts_.counts[to_size(place)];
  std::int64_t total = 0;
  for (std::size_t k = 0; k < of_class.size(); ++k) {
    reading.num_labelled += of_class[k];
    if (of_class[k] <= reading.num_majority) continue;
    reading.num_majority = of_class[k];
    reading.majority_class = static_cast<std::int64_t>(k);
    total = parts_.class_totals[k];
  }
  reading.purity = share(reading.num_majority, reading.num_labelled);
  reading.recall = share(reading.num_majority, total);
  reading.base_rate = total == 0 ? share(0, 0) : share(total, num_labelled_);
  reading.lift = reading.purity / reading.base_rate;
  return reading;
}

std::span<const NearestRow> NeuronTable::nearest(std::int64_t vector, Side side) const {
  if (vector < 0 || vector >= num_vectors()) {
    throw Error("neurons", fmt::format("the basis vector must be from 0 and below {}", num_vectors()),
                fmt::format("{}", vector), "ask num_vectors()");
  }
  const std::size_t num_kept = parts_.nearest.size() / to_size(2 * num_vectors());
  return std::span(parts_.nearest).subspan((to_size(vector) * 2 + (side == Side::kMinus ? 1 : 0)) * num_kept, num_kept);
}

NeuronTable merge(const NeuronTable& a, const NeuronTable& b, std::string_view where) {
  const NeuronTableParts& other = b.parts();
  NeuronTableParts sum = a.parts();
  require_same("num_vectors of neurons", fmt::format("{}", sum.num_vectors), fmt::format("{}", other.num_vectors),
               where);
  require_same("epsilon of neurons", fmt::format("{}", fmt::join(sum.epsilon, " ")),
               fmt::format("{}", fmt::join(other.epsilon, " ")), where);
  require_same("num_nearest of neurons", fmt::format("{}", sum.num_nearest), fmt::format("{}", other.num_nearest),
               where);
  add_exactly(sum.num_samples_seen, other.num_samples_seen, where);
  add_exactly(sum.num_rows, other.num_rows, where);
  add_exactly(sum.counts, other.counts, where);
  const std::size_t num_classes = std::max(sum.class_totals.size(), other.class_totals.size());
  sum.class_counts = widened(sum, num_classes);
  add_exactly(sum.class_counts, widened(other, num_classes), where);
  sum.class_totals.resize(num_classes, 0);
  add_exactly(sum.class_totals, other.class_totals, where);

  sum.nearest.clear();
  std::vector<NearestRow> both;
  for (std::int64_t vector = 0; vector < sum.num_vectors; ++vector) {
    for (const Side side : {Side::kPlus, Side::kMinus}) {
      const auto in_a = a.nearest(vector, side);
      const auto in_b = b.nearest(vector, side);
      both.clear();
      std::merge(in_a.begin(), in_a.end(), in_b.begin(), in_b.end(), std::back_inserter(both), is_nearer);
      both.resize(to_size(std::min(sum.num_nearest, sum.num_rows)));
      sum.nearest.insert(sum.nearest.end(), both.begin(), both.end());
    }
  }
  return NeuronTable(std::move(sum), where);
}

}  // namespace srm
