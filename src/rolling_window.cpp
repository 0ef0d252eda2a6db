#include "srm/rolling_window.h"

#include <fmt/format.h>

#include <charconv>
#include <cmath>
#include <optional>

#include "srm/error.h"
#include "srm/merge.h"
#include "value_checks.h"

namespace srm {
namespace {

constexpr std::int64_t kLooksByWindow = 32;
constexpr std::int64_t kLooksByHalfLife = 8;
constexpr std::int64_t kLargestWeight = 1024;  // what the newest rows weigh; below one of it rows are forgotten

std::int64_t product(std::int64_t times, std::int64_t value, std::string_view where) {
  std::int64_t result = 0;
  if (__builtin_mul_overflow(times, value, &result)) {
    throw Error(where, "every sum must fit into 64 bits", "an overflow", "take a shorter half-life");
  }
  return result;
}

// sum += times * value in every number that adds up; a negative `times` takes off what is in the sum.
class WeightedSum {
 public:
  WeightedSum(ResonanceParts& sum, std::int64_t times) : sum_(sum), times_(times), where_("window " + sum.address) {}

  void add(const ResonanceParts& other) const {
    add(sum_.holistic_counts, other.holistic_counts);
    add(sum_.holistic_signed_counts, other.holistic_signed_counts);
    add(sum_.num_samples_seen, other.num_samples_seen);
    add(sum_.num_samples_zero_norm, other.num_samples_zero_norm);
    add(sum_.num_samples_nonfinite, other.num_samples_nonfinite);
    add(sum_.num_samples_skipped, other.num_samples_skipped);
    add(sum_.num_calls, other.num_calls);
    Scores& scores = sum_.scores;
    add(scores.num_rows, other.scores.num_rows);
    add(scores.quartic_sum, other.scores.quartic_sum);
    add(scores.cosine_sum, other.scores.cosine_sum);
    add(scores.num_hits, other.scores.num_hits);
    add(scores.direction_sum, other.scores.direction_sum);
    add(scores.quartic_by_vector, other.scores.quartic_by_vector);
    // Sums of squares: a block of rows that weigh w counts w^2. Modulo 2^128, in which the result fits.
    const auto square = static_cast<UInt128>(times_ < 0 ? -1 : times_ * times_);
    scores.blocks.num_blocks += times_ < 0 ? -other.scores.blocks.num_blocks : other.scores.blocks.num_blocks;
    scores.blocks.rows_squared += square * other.scores.blocks.rows_squared;
    scores.blocks.rows_by_quartic += square * other.scores.blocks.rows_by_quartic;
    scores.blocks.quartic_squared += square * other.scores.blocks.quartic_squared;
  }

 private:
  void add(std::int64_t& sum, std::int64_t value) const { add_exactly(sum, product(times_, value, where_), where_); }
  void add(std::vector<std::int64_t>& sum, const std::vector<std::int64_t>& values) const {
    for (std::size_t k = 0; k < values.size(); ++k) add(sum[k], values[k]);
  }

  ResonanceParts& sum_;
  std::int64_t times_;
  std::string where_;
};

// What was counted between two looks.
ResonanceParts difference(const Resonance& now, const Resonance& before) {
  require_mergeable(now, before);
  ResonanceParts parts = now.parts();
  WeightedSum(parts, -1).add(before.parts());
  return parts;
}

std::optional<std::int64_t> rows_of(std::string_view text) {
  std::int64_t rows = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), rows);
  if (error != std::errc() || end != text.data() + text.size() || rows < 1) return std::nullopt;
  return rows;
}

}  // namespace

std::string to_string(const LookWindow& window) {
  if (window.kind == LookWindow::Kind::kCumulative) return "cumulative";
  return fmt::format("{}:{}", window.kind == LookWindow::Kind::kLast ? "last" : "half-life", window.num_rows);
}

LookWindow to_look_window(const std::string& text) {
  if (text == "cumulative") return {};
  const std::size_t colon = text.find(':');
  const std::string kind = text.substr(0, colon);
  const auto rows = colon == std::string::npos ? std::nullopt : rows_of(std::string_view(text).substr(colon + 1));
  if (rows && kind == "last") return {LookWindow::Kind::kLast, *rows};
  if (rows && kind == "half-life") return {LookWindow::Kind::kHalfLife, *rows};
  throw Error("window", "a window is cumulative, last:ROWS or half-life:ROWS, with one row or more", text,
              "e.g. last:100000");
}

WindowView RollingWindow::look(const Resonance& cumulative) {
  if (window_.kind == LookWindow::Kind::kCumulative) return {cumulative.without_tables(), 1};
  if (!looks_.empty() && cumulative.num_samples_seen() < looks_.back().num_samples_seen()) {
    looks_.clear();
    forgotten_.reset();
  }
  return window_.kind == LookWindow::Kind::kLast ? last(cumulative) : half_life(cumulative);
}

WindowView RollingWindow::last(const Resonance& cumulative) {
  Resonance now = cumulative.without_tables();
  const std::int64_t num_rows = now.num_samples_seen();
  while (looks_.size() > 1 && num_rows - looks_[1].num_samples_seen() >= window_.num_rows) looks_.pop_front();
  const bool is_full = !looks_.empty() && num_rows - looks_.front().num_samples_seen() >= window_.num_rows;
  WindowView view{is_full ? Resonance(difference(now, looks_.front()), "window") : now, 1};
  keep(std::move(now), window_.num_rows / kLooksByWindow);
  return view;
}

WindowView RollingWindow::half_life(const Resonance& cumulative) {
  Resonance now = cumulative.without_tables();
  const auto num_rows = static_cast<double>(now.num_samples_seen());
  const auto weight = [&](const Resonance& look) {
    const double age = num_rows - static_cast<double>(look.num_samples_seen());
    return std::llround(kLargestWeight * std::exp2(-age / static_cast<double>(window_.num_rows)));
  };
  while (!looks_.empty() && weight(looks_.front()) == 0) {
    forgotten_ = std::move(looks_.front());
    looks_.pop_front();
  }
  // What came between two looks weighs what the last of it does.
  ResonanceParts sum = difference(now, now);
  const Resonance* before = forgotten_ ? &*forgotten_ : nullptr;
  const auto add = [&](const Resonance& look) {
    WeightedSum(sum, weight(look)).add(before == nullptr ? look.parts() : difference(look, *before));
    before = &look;
  };
  for (const Resonance& look : looks_) add(look);
  add(now);
  WindowView view{Resonance(std::move(sum), "window"), static_cast<double>(kLargestWeight)};
  keep(std::move(now), window_.num_rows / kLooksByHalfLife);
  return view;
}

void RollingWindow::keep(Resonance look, std::int64_t apart) {
  if (looks_.empty() || look.num_samples_seen() - looks_.back().num_samples_seen() > apart) {
    looks_.push_back(std::move(look));
  }
}

}  // namespace srm
