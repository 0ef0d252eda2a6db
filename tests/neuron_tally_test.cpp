#include "srm/neuron_tally.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <memory>
#include <numeric>
#include <random>
#include <vector>

#include "brute_force.h"
#include "srm/accumulator.h"
#include "srm/error.h"

namespace srm {
namespace {

using testing::Each;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::ThrowsMessage;

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr double kInfinity = std::numeric_limits<double>::infinity();

struct Rows {
  std::int64_t dim = 0;
  std::vector<double> values;
  std::vector<std::int64_t> label, sample, position;

  std::int64_t size() const { return static_cast<std::int64_t>(values.size()) / dim; }
  void add(const Rows& from, std::int64_t k) {
    dim = from.dim;
    values.insert(values.end(), from.values.begin() + k * dim, from.values.begin() + (k + 1) * dim);
    label.push_back(from.label[static_cast<std::size_t>(k)]);
    sample.push_back(from.sample[static_cast<std::size_t>(k)]);
    position.push_back(from.position[static_cast<std::size_t>(k)]);
  }
};

// Random directions among which axes, diagonals, copies, zeros and non-finite rows are strewn; five rows a sample.
Rows mixed_rows(std::int64_t num_rows, std::int64_t dim, unsigned seed) {
  Rows rows{.dim = dim, .values = test::gaussian(num_rows * dim, seed), .label = {}, .sample = {}, .position = {}};
  std::mt19937 random(seed);
  for (std::int64_t k = 0; k < num_rows; ++k) {
    double* row = rows.values.data() + k * dim;
    switch (random() % 12) {
      case 0:
        std::fill_n(row, dim, 0.0);
        break;
      case 1:
        row[random() % static_cast<unsigned>(dim)] = random() % 2 == 0 ? kNan : -kInfinity;
        break;
      case 2:
        std::fill_n(row, dim, 0.0);
        row[random() % static_cast<unsigned>(dim)] = random() % 2 == 0 ? 2 : -0.5;
        break;
      case 3:
        std::fill_n(row, dim, -3.0);
        break;
      default:
        break;
    }
    rows.label.push_back(static_cast<std::int64_t>(random() % 6) - 1);
    rows.sample.push_back(k / 5);
    rows.position.push_back(k % 5);
  }
  return rows;
}

MemoryBudget& budget() {
  static MemoryBudget budget(1 << 30);
  return budget;
}

NeuronTally tally_of(const Basis& basis, const NeuronOptions& options) {
  return NeuronTally(std::make_shared<const Basis>(basis), options, budget());
}

void update(NeuronTally& tally, const Rows& rows, std::int64_t first, std::int64_t num_rows) {
  const auto part = [&](const std::vector<std::int64_t>& tags) {
    return std::span(tags).subspan(static_cast<std::size_t>(first), static_cast<std::size_t>(num_rows));
  };
  tally.update(rows.values.data() + first * rows.dim, num_rows, rows.dim, rows.dim,
               {.label = part(rows.label), .sample = part(rows.sample), .position = part(rows.position)});
}

NeuronTable table_of(const Rows& rows, const Basis& basis, const NeuronOptions& options) {
  NeuronTally tally = tally_of(basis, options);
  if (rows.size() > 0) update(tally, rows, 0, rows.size());
  return tally.table();
}

// By the definition: one dot product for each row, vector and side, and a sort. Cosines may differ in the last bits
// from the library's, so `nearest` is compared by its rows.
NeuronTableParts brute_force(const Rows& rows, const Basis& basis, const NeuronOptions& options) {
  NeuronTableParts parts;
  const std::int64_t m = basis.num_vectors();
  const std::int64_t num_classes = 5;
  parts.class_totals.assign(num_classes, 0);
  parts.counts.assign(options.epsilon.size() * 2 * static_cast<std::size_t>(m), 0);
  parts.class_counts.assign(parts.counts.size() * num_classes, 0);
  std::vector<std::vector<NearestRow>> lists(static_cast<std::size_t>(2 * m));
  const std::vector<double> vectors = basis.vectors();
  for (std::int64_t k = 0; k < rows.size(); ++k) {
    std::vector<double> x(rows.values.begin() + k * rows.dim, rows.values.begin() + (k + 1) * rows.dim);
    const bool is_finite = std::all_of(x.begin(), x.end(), [](double value) { return std::isfinite(value); });
    const bool is_zero = std::all_of(x.begin(), x.end(), [](double value) { return value == 0; });
    if (!options.mean.empty() && (!is_finite || is_zero)) continue;
    for (std::size_t d = 0; d < options.mean.size(); ++d) x[d] -= options.mean[d];
    const std::int64_t label = rows.label[static_cast<std::size_t>(k)];
    ++parts.num_samples_seen;
    if (label >= 0) ++parts.class_totals[static_cast<std::size_t>(label)];
    if (!is_finite) continue;
    const double length = std::sqrt(std::inner_product(x.begin(), x.end(), x.begin(), 0.0));
    if (length > 0) ++parts.num_rows;
    for (std::int64_t s = 0; s < 2 * m; ++s) {
      const double* b = vectors.data() + s / 2 * rows.dim;
      const double dot = std::inner_product(x.begin(), x.end(), b, 0.0) * (s % 2 == 0 ? 1 : -1);
      const double cosine = length > 0 ? dot / length : 0;  // with the vector as long as it is
      for (std::size_t e = 0; e < options.epsilon.size(); ++e) {
        if (cosine < options.epsilon[e] - 1e-11) continue;
        const std::size_t place = e * static_cast<std::size_t>(2 * m) + static_cast<std::size_t>(s);
        ++parts.counts[place];
        if (label >= 0) ++parts.class_counts[place * num_classes + static_cast<std::size_t>(label)];
      }
      if (length == 0) continue;
      // Rounded, so that rows whose cosines are equal are told apart by their samples, as they must be.
      lists[static_cast<std::size_t>(s)].push_back({std::round(cosine / basis.length(s / 2) * 1e9) / 1e9,
                                                    rows.sample[static_cast<std::size_t>(k)],
                                                    rows.position[static_cast<std::size_t>(k)], label});
    }
  }
  for (auto& list : lists) {
    std::sort(list.begin(), list.end(), is_nearer);
    list.resize(std::min(list.size(), static_cast<std::size_t>(options.num_nearest)));
    parts.nearest.insert(parts.nearest.end(), list.begin(), list.end());
  }
  return parts;
}

struct Case {
  const char* name;
  std::int64_t dim;
  std::int64_t num_vectors;  // 0: the standard basis
  std::vector<double> epsilon;
  std::int64_t num_nearest;
  VectorLengths lengths;
  bool centred;
};

class NeuronTallyCase : public testing::TestWithParam<Case> {};

TEST_P(NeuronTallyCase, EqualsTheDefinition) {
  const Case& c = GetParam();
  const Rows rows = mixed_rows(400, c.dim, 5);
  const Basis basis = c.num_vectors == 0 ? Basis::standard(c.dim)
                                         : Basis::from_vectors("random", c.num_vectors, c.dim,
                                                               test::gaussian(c.num_vectors * c.dim, 11), c.lengths);
  NeuronOptions options{.epsilon = c.epsilon, .num_nearest = c.num_nearest};
  if (c.centred) options.mean = test::gaussian(c.dim, 3);
  const NeuronTableParts parts = table_of(rows, basis, options).parts();
  const NeuronTableParts truth = brute_force(rows, basis, options);
  EXPECT_EQ(parts.num_samples_seen, truth.num_samples_seen);
  EXPECT_EQ(parts.num_rows, truth.num_rows);
  EXPECT_EQ(parts.class_totals, truth.class_totals);
  EXPECT_EQ(parts.counts, truth.counts);
  EXPECT_EQ(parts.class_counts, truth.class_counts);
  ASSERT_EQ(parts.nearest.size(), truth.nearest.size());
  for (std::size_t k = 0; k < parts.nearest.size(); ++k) {
    EXPECT_NEAR(parts.nearest[k].cosine, truth.nearest[k].cosine, 1e-8) << k;
    EXPECT_EQ(parts.nearest[k].sample, truth.nearest[k].sample) << k;
    EXPECT_EQ(parts.nearest[k].position, truth.nearest[k].position) << k;
    EXPECT_EQ(parts.nearest[k].label, truth.nearest[k].label) << k;
  }
}

constexpr auto kUnit = VectorLengths::kNormalised;
constexpr auto kKept = VectorLengths::kKept;

INSTANTIATE_TEST_SUITE_P(Cases, NeuronTallyCase,
                         testing::Values(Case{"standard", 6, 0, {0.5, 0.9, 1}, 3, kUnit, false},
                                         Case{"negative_and_zero", 3, 0, {0, -0.25, -1, 0.75}, 5, kUnit, false},
                                         Case{"overcomplete", 4, 9, {0.3, 0.6}, 4, kUnit, false},
                                         Case{"lengths_kept", 4, 3, {0.6, -0.6}, 4, kKept, false},
                                         Case{"fewer_vectors_and_none_near", 10, 2, {0.2}, 0, kUnit, false},
                                         Case{"more_near_than_rows", 3, 0, {0.9}, 1000, kUnit, false},
                                         Case{"one_dimension", 1, 0, {1, -1}, 2, kUnit, false},
                                         Case{"centred", 5, 7, {0.4, 0}, 3, kUnit, true}),
                         [](const auto& one) { return std::string(one.param.name); });

TEST(NeuronTallyTest, SplittingPermutingAndMergingChangeNothing) {
  const Rows rows = mixed_rows(600, 7, 8);
  const Basis basis = Basis::from_vectors("frame", 9, 7, test::gaussian(63, 2));
  const NeuronOptions options{.epsilon = {0.4, -0.1}, .num_nearest = 6};
  const NeuronTable once = table_of(rows, basis, options);

  NeuronTally in_pieces = tally_of(basis, options);
  for (std::int64_t first = 0; first < rows.size(); first += 7) {
    update(in_pieces, rows, first, std::min<std::int64_t>(7, rows.size() - first));
  }
  EXPECT_EQ(in_pieces.table(), once);

  std::vector<std::int64_t> order(600);
  std::iota(order.begin(), order.end(), 0);
  std::shuffle(order.begin(), order.end(), std::mt19937(4));
  Rows permuted;
  std::vector<Rows> parts(3, Rows{.dim = 7, .values = {}, .label = {}, .sample = {}, .position = {}});
  for (const std::int64_t k : order) {
    permuted.add(rows, k);
    parts[static_cast<std::size_t>(k * k % 3)].add(rows, k);
  }
  EXPECT_EQ(table_of(permuted, basis, options), once);
  const NeuronTable a = table_of(parts[0], basis, options), b = table_of(parts[1], basis, options),
                    c = table_of(parts[2], basis, options);
  EXPECT_EQ(merge(merge(a, b), c), once);
  EXPECT_EQ(merge(c, merge(b, a)), once);
}

TEST(NeuronTallyTest, GoingOnWhereAnotherEndedIsCountingOn) {
  const Rows rows = mixed_rows(600, 7, 8);
  const Basis basis = Basis::from_vectors("frame", 9, 7, test::gaussian(63, 2));
  for (const std::int64_t num_nearest : {0, 6, 1000}) {
    const NeuronOptions options{.epsilon = {0.4, -0.1}, .num_nearest = num_nearest, .max_classes = 5};
    const NeuronTable once = table_of(rows, basis, options);
    for (const std::int64_t middle : {0, 3, 250, 600}) {
      NeuronTally first = tally_of(basis, options), second = tally_of(basis, options);
      update(first, rows, 0, middle);
      second.resume(first.table());
      EXPECT_EQ(second.table(), first.table());
      update(second, rows, middle, rows.size() - middle);
      EXPECT_EQ(second.table(), once) << num_nearest << " nearest, from " << middle;
    }
  }
  NeuronTally few = tally_of(basis, {.epsilon = {0.4}, .max_classes = 2});
  EXPECT_THAT([&] { few.resume(table_of(rows, basis, {.epsilon = {0.4}})); },
              testing::ThrowsMessage<Error>(testing::HasSubstr("labels must be below 2; got 5 classes")));
  NeuronTally other = tally_of(basis, {.epsilon = {0.5}});
  EXPECT_THAT([&] { other.resume(table_of(rows, basis, {.epsilon = {0.4}})); },
              testing::ThrowsMessage<Error>(testing::HasSubstr("got 0.5 and 0.4")));
}

TEST(NeuronTallyTest, FloatsAndStridesAreTheSameNumbers) {
  const std::vector<float> wide = {3, 4, 99, -1, 0, 99};
  NeuronTally tally = tally_of(Basis::standard(2), {.epsilon = {0.8}});
  tally.update(wide.data(), 2, 2, 3);
  EXPECT_THAT(tally.table().parts().counts, ElementsAre(0, 1, 1, 0)) << "4/5 is a tie, and inside";
}

TEST(NeuronTallyTest, WithoutTagsRowsAreNumberedInTheStreamAndNoClassIsKnown) {
  const std::vector<double> rows = {0, 0, 1, 0, kNan, 0, 0.5, 0.5};
  NeuronTally tally = tally_of(Basis::standard(2), {.num_nearest = 1});
  tally.update(rows.data(), 3, 2, 2);
  tally.update(rows.data() + 6, 1, 2, 2);
  const NeuronTable table = tally.table();
  EXPECT_EQ(table.nearest(0, Side::kPlus)[0], (NearestRow{1, 1, 0, -1}));
  EXPECT_EQ(table.nearest(1, Side::kPlus)[0].sample, 3) << "the rows without a direction have numbers too";
  EXPECT_THAT(table.parts().class_totals, IsEmpty());
  EXPECT_EQ(table.reading(0, 0, Side::kPlus).count, 1);
  EXPECT_EQ(table.reading(0, 0, Side::kPlus).num_labelled, 0);
}

TEST(NeuronTallyTest, ZeroVectorHasNoSpotlight) {
  const Basis basis = Basis::from_vectors("kept", 2, 2, {0, 0, 2, 0}, VectorLengths::kKept);
  const std::vector<double> rows = {1, 0, 0, 0};
  NeuronTally tally = tally_of(basis, {.epsilon = {-1, 0}, .num_nearest = 1});
  tally.update(rows.data(), 2, 2, 2);
  EXPECT_THAT(tally.table().parts().counts, ElementsAre(0, 0, 2, 1, 0, 0, 2, 1));
  EXPECT_EQ(tally.table().nearest(0, Side::kPlus)[0].cosine, 0);
}

TEST(NeuronTallyTest, NoRowsAndNoVectorsAreEmptyTables) {
  NeuronTally none = tally_of(Basis::standard(2), {});
  none.update(static_cast<const double*>(nullptr), 0, 2, 2);
  EXPECT_THAT(none.table().parts().counts, Each(0));
  EXPECT_THAT(none.table().nearest(0, Side::kMinus), IsEmpty());
  NeuronTally flat = tally_of(Basis::from_vectors("none", 0, 2, {}), {});
  const std::vector<double> row = {1, 2};
  flat.update(row.data(), 1, 2, 2);
  EXPECT_EQ(flat.table().num_vectors(), 0);
  EXPECT_EQ(flat.table().parts().num_rows, 1);
}

TEST(NeuronTallyTest, BadUpdatesAreRefusedAndLoseNothing) {
  const Rows rows = mixed_rows(20, 3, 1);
  const NeuronOptions options{.epsilon = {0.5}, .max_classes = 5};
  NeuronTally tally = tally_of(Basis::standard(3), options);
  update(tally, rows, 0, 10);
  const NeuronTable before = tally.table();
  const std::vector<std::int64_t> labels = {0, 5}, unknown = {0, -2}, one = {0};
  const double* data = rows.values.data();
  EXPECT_THAT([&] { tally.update(data, 2, 3, 3, {.label = labels}); },
              ThrowsMessage<Error>(HasSubstr("labels must be below 5; got 5; raise the number of classes")));
  EXPECT_THAT([&] { tally.update(data, 2, 3, 3, {.label = unknown}); }, ThrowsMessage<Error>(HasSubstr("got -2")));
  EXPECT_THAT([&] { tally.update(data, 2, 3, 3, {.sample = one}); },
              ThrowsMessage<Error>(HasSubstr("a tag for each of 2 rows; got 1")));
  EXPECT_THAT([&] { tally.update(data, 2, 3, 3, {.position = one}); }, ThrowsMessage<Error>(HasSubstr("a tag")));
  EXPECT_THAT([&] { tally.update(data, 2, 2, 3); }, ThrowsMessage<Error>(HasSubstr("rows must have 3 numbers; got 2")));
  EXPECT_EQ(tally.table(), before);
  update(tally, rows, 10, 10);
  EXPECT_EQ(tally.table(), table_of(rows, Basis::standard(3), options));
}

TEST(NeuronTallyTest, OptionsOutOfRangeAreNamed) {
  const auto refused = [](NeuronOptions options, const char* words) {
    EXPECT_THAT([&] { tally_of(Basis::standard(3), options); }, ThrowsMessage<Error>(HasSubstr(words)));
  };
  refused({.epsilon = {}}, "at least one epsilon");
  refused({.epsilon = {1.5}}, "epsilon is a cosine");
  refused({.epsilon = {0.5, 0.5}}, "twice");
  refused({.mean = {1, 2}}, "the mean must have 3 numbers");
  refused({.mean = {1, 2, kNan}}, "the mean must be finite");
  refused({.num_nearest = -1}, "from 0 to 1000; got -1");
  refused({.num_nearest = 1001}, "from 0 to 1000");
  refused({.max_classes = -1}, "number of classes");
}

TEST(NeuronTallyTest, MemoryIsReservedBeforeItIsTakenAndGivenBack) {
  const Basis basis = Basis::standard(100);
  const NeuronOptions options{.epsilon = {0.5, 0.9}, .num_nearest = 4, .max_classes = 10};
  const std::int64_t bytes = NeuronTally::bytes_needed(basis, options);
  EXPECT_GT(bytes, 200 * (2 * 11 * 8 + 4 * 32));
  EXPECT_LT(bytes, 200 * (2 * 11 * 8 + 4 * 32) + 10'000);
  MemoryBudget small(bytes - 1), enough(bytes);
  EXPECT_THAT([&] { NeuronTally(std::make_shared<const Basis>(basis), options, small, "encoder.0"); },
              ThrowsMessage<Error>(
                  testing::AllOf(HasSubstr("200 signed vectors x 2 epsilons x 10 classes"), HasSubstr("'encoder.0'"))));
  EXPECT_EQ(small.reserved_bytes(), 0);
  {
    NeuronTally tally(std::make_shared<const Basis>(basis), options, enough);
    NeuronTally moved = std::move(tally);
    EXPECT_EQ(enough.reserved_bytes(), bytes);
  }
  EXPECT_EQ(enough.reserved_bytes(), 0);
  EXPECT_EQ(NeuronTally::bytes_needed(Basis::standard(2'000'000'000), {.max_classes = 2'000'000'000}),
            1'000'000'000'000'000'000);
}

// What the spotlight along a vector holds is what the spotlight at angle 0 of each of its planes holds.
TEST(NeuronTallyTest, AgreesWithTheCurvesAtTheBasisVectors) {
  const Rows rows = mixed_rows(300, 5, 21);
  const Basis basis = Basis::from_vectors("frame", 6, 5, test::gaussian(30, 2));
  const NeuronTable table = table_of(rows, basis, {.epsilon = {0.5, -0.2}});
  AccumulatorOptions options;
  options.epsilon = {0.5, -0.2};
  options.grid = AngleGrid(2);
  options.pairs = Pairs::kPermutation;
  const Resonance resonance = test::accumulate(rows.values, basis, options);
  for (std::int64_t e = 0; e < 2; ++e) {
    for (std::int64_t p = 0; p < resonance.num_planes(); ++p) {
      const std::int64_t i = resonance.parts().planes[static_cast<std::size_t>(p)].i;
      EXPECT_THAT(resonance.counts(e, p),
                  ElementsAre(table.reading(e, i, Side::kPlus).count, table.reading(e, i, Side::kMinus).count));
    }
  }
}

}  // namespace
}  // namespace srm
