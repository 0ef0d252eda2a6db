#include "srm/observe_options.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "layer_counts.h"
#include "srm/error.h"

namespace srm {
namespace {

constexpr const char* kWhere = "observe";

void require(bool holds, const char* rule, const std::string& got, const char* advice) {
  if (!holds) throw Error(kWhere, rule, got, advice);
}

bool follows_data(const ObserveOptions& options) {
  return std::any_of(options.epsilon.begin(), options.epsilon.end(),
                     [](const EpsilonChoice& choice) { return choice.kind == EpsilonChoice::Kind::kData; });
}

std::string planes_setting(const ObserveOptions& options) {
  if (options.top_planes) return *options.top_planes == 0 ? "top" : fmt::format("top:{}", *options.top_planes);
  if (options.planes.kind != PlaneChoice::Kind::kListed) {
    std::string word = to_string(options.planes);
    if (options.planes.kind == PlaneChoice::Kind::kRandom) word += fmt::format(":{}", options.planes.seed);
    return word;
  }
  std::vector<std::string> planes;
  for (const auto& [i, j] : options.planes.listed) planes.push_back(fmt::format("{},{}", i, j));
  return fmt::format("{}", fmt::join(planes, " "));
}

}  // namespace

void require_valid(const ObserveOptions& options) {
  require(!options.epsilon.empty(), "at least one epsilon is needed", "none", "0.9 is the usual one");
  for (const EpsilonChoice& choice : options.epsilon) require_valid(choice, kWhere);
  for (auto it = options.epsilon.begin(); it != options.epsilon.end(); ++it) {
    const bool is_twice = std::find(options.epsilon.begin(), it, *it) != it;
    require(!is_twice, "an epsilon may be there once", to_string(*it) + " twice", "leave one out");
  }
  // Whatever the widths are.
  AccumulatorOptions of_any_width = accumulator_options(options);
  of_any_width.epsilon = {0.5};
  require_valid(of_any_width, kWhere);
  const auto text = [](auto value) { return fmt::format("{}", value); };
  require(options.every >= 1, "every must be 1 or more", text(options.every), "1 takes every call");
  require(options.fraction > 0 && options.fraction <= 1, "fraction must be in (0, 1]", text(options.fraction),
          "1 takes every row");
  const std::int64_t limit = options.limit.value_or(1);
  require(limit >= 1, "limit must be 1 or more", text(limit), "leave it out for no limit");
  const std::int64_t top = options.top_planes.value_or(1);
  require(top >= 0, "the number of top planes must be 1 or more, or 0 for what memory holds", text(top),
          "give e.g. 64");
  require(!options.top_planes || options.planes.kind == PlaneChoice::Kind::kAll,
          "planes are chosen in one way, by `planes` or by `top_planes`", "both", "leave one out");
  require(!options.by_class || options.top_planes != 0, "a result per class needs planes whose number is known",
          "as many top planes as memory holds", "say how many");
  require(options.num_classes >= 0, "the number of classes must not be negative", text(options.num_classes),
          "0 is for rows without labels");
  require(!options.by_class || options.num_classes > 0, "results per class need labels", "no classes",
          "say how many classes there are");
  require(options.mean.empty() || options.centre, "a mean is for centring", "a mean without it", "say centre too");
  const bool has_sizes = options.num_test_rows >= kByWidth && options.num_nearest.value_or(0) >= 0;
  require(has_sizes, "numbers of rows to keep must not be negative",
          fmt::format("{} and {}", options.num_test_rows, options.num_nearest.value_or(0)), "0 keeps none");
  const double overhead = options.max_overhead.value_or(1);
  require(overhead > 0 && overhead <= 1, "max_overhead must be a fraction of the model's time in (0, 1]",
          text(overhead), "give e.g. 0.02");
  require(!options.max_overhead || passes_of(options).size() == 1,
          "a budget of overhead chooses calls by the clock, so that two passes would see different ones",
          fmt::format("{} passes", passes_of(options).size()),
          "give a mean, and epsilon, planes and a basis that do not follow the data");
  const std::int64_t queue_bytes = options.queue.value_or(QueueOptions()).bytes;
  require(queue_bytes >= 1, "a queue must have a byte or more", text(queue_bytes), "give e.g. 64 MB");
  require(options.counts || options.num_test_rows != 0, "something must be taken", "neither counts nor rows",
          "ask for one of the two");
}

std::int64_t test_rows_of_width(std::int64_t dim) {
  constexpr std::int64_t kMost = 4096, kLeast = 512, kFullWidth = 512;
  const double share = static_cast<double>(kFullWidth) / static_cast<double>(dim);
  return std::clamp(static_cast<std::int64_t>(share * share * static_cast<double>(kMost)), kLeast, kMost);
}

const char* to_string(Pass pass) {
  switch (pass) {
    case Pass::kLearning:
      return "collecting rows for the basis";
    case Pass::kMeasuring:
      return "taking the mean";
    case Pass::kRanking:
      return "ranking the planes";
    case Pass::kCounting:
      return "observing";
  }
  return "";
}

std::vector<Pass> passes_of(const ObserveOptions& options) {
  std::vector<Pass> passes;
  if (options.counts) {
    if (!options.basis && options.basis_rule.num_rows > 0) passes.push_back(Pass::kLearning);
    const bool finds_mean = options.centre && options.mean.empty();
    if (finds_mean || follows_data(options)) passes.push_back(Pass::kMeasuring);
    if (options.top_planes) passes.push_back(Pass::kRanking);
  }
  passes.push_back(Pass::kCounting);
  return passes;
}

std::vector<std::pair<std::string, std::string>> settings_of(const ObserveOptions& options) {
  std::vector<std::string> layouts, epsilons;
  for (const auto& [pattern, layout] : options.layouts)
    layouts.push_back((pattern.empty() ? "" : pattern + "=") + to_string(layout));
  for (const EpsilonChoice& choice : options.epsilon) epsilons.push_back(to_string(choice));
  const char* centre = !options.centre ? "no" : options.mean.empty() ? "yes" : "on a given mean";
  std::vector<std::pair<std::string, std::string>> settings = {
      {"layers", fmt::format("{}", fmt::join(options.layers, " "))},
      {"epsilon", fmt::format("{}", fmt::join(epsilons, " "))},
      {"angles", fmt::format("{}", options.num_angles)},
      {"grid", to_string(options.grid)},
      {"sense", to_string(options.sense)},
      {"pairs", to_string(options.pairs)},
      {"basis", options.basis ? options.basis->name() : options.basis_rule.name},
      {"degenerate_planes", options.degenerate == DegeneratePlanes::kLeftOut ? "left out" : "kept as zeros"},
      {"centre", centre},
      {"layout", layouts.empty() ? "auto" : fmt::format("{}", fmt::join(layouts, " "))},
  };
  const auto add = [&](bool holds, const char* name, std::string value) {
    if (holds) settings.emplace_back(name, std::move(value));
  };
  add(options.top_planes || options.planes.kind != PlaneChoice::Kind::kAll, "planes", planes_setting(options));
  add(options.is_signed, "signed", "yes");
  add(!options.row_sums, "row_sums", "no");
  add(options.by_class, "by_class", "yes");
  add(!options.mask_input.empty(), "mask", options.mask_input);
  add(options.every != 1, "every", fmt::format("{}", options.every));
  add(options.fraction != 1, "fraction", fmt::format("{}", options.fraction));
  add(options.fraction != 1, "seed", fmt::format("{}", options.seed));
  if (options.max_overhead) settings.emplace_back("max_overhead", fmt::format("{}", *options.max_overhead));
  if (options.limit) settings.emplace_back("limit", fmt::format("{}", *options.limit));
  return settings;
}

}  // namespace srm
