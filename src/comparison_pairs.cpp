#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>

#include "srm/comparison.h"
#include "srm/error.h"
#include "srm/significance.h"

namespace srm {
namespace {

// q of all p that there are; the others keep NaN.
void add_q(const std::vector<DifferenceTest*>& tests) {
  std::vector<DifferenceTest*> defined;
  std::vector<double> p, p_bound;
  for (DifferenceTest* test : tests) {
    if (std::isnan(test->p)) continue;
    defined.push_back(test);
    p.push_back(test->p);
    p_bound.push_back(test->p_bound);
  }
  const std::vector<double> q = benjamini_hochberg(p);
  const std::vector<double> q_bound = benjamini_yekutieli(p_bound);
  for (std::size_t k = 0; k < defined.size(); ++k) {
    defined[k]->q = q[k];
    defined[k]->q_bound = q_bound[k];
  }
}

std::string name_of(const ComparedLayer& layer) {
  return layer.group.empty() ? layer.layer.address : fmt::format("{} [{}]", layer.layer.address, layer.group);
}

const ComparedLayer* find(const ComparedSource& source, const std::string& address, const std::string& group) {
  const auto found = std::find_if(source.layers.begin(), source.layers.end(), [&](const ComparedLayer& layer) {
    return layer.layer.address == address && layer.group == group;
  });
  return found == source.layers.end() ? nullptr : &*found;
}

[[noreturn]] void fail_unknown(const ComparedSource& source, const std::string& address) {
  constexpr std::size_t kMostNamed = 12;
  std::vector<std::string> names;
  for (const ComparedLayer& layer : source.layers) {
    if (layer.group.empty() && names.size() < kMostNamed) names.push_back(layer.layer.address);
  }
  throw Error("compare " + source.name, "the layer must be one of the result's", address,
              names.empty() ? "it has none" : fmt::format("choose from {}", fmt::join(names, ", ")));
}

// All groups of a layer, each with the group of the same label.
void compare_pair(Comparison& comparison, std::size_t b, const std::string& address_a, const std::string& address_b) {
  const ComparedSource& first = comparison.sources.front();
  const ComparedSource& second = comparison.sources[b];
  bool is_in_a = false;
  for (const ComparedLayer& layer : first.layers) {
    if (layer.layer.address != address_a) continue;
    is_in_a = true;
    const ComparedLayer* other = find(second, address_b, layer.group);
    if (other == nullptr) {
      comparison.unmatched.push_back(fmt::format("{} is in {} alone", name_of(layer), first.name));
      continue;
    }
    comparison.layers.push_back(compare_layers(layer, *other));
    comparison.layers.back().source = b;
  }
  if (!is_in_a) fail_unknown(first, address_a);
  const bool is_in_b = std::any_of(second.layers.begin(), second.layers.end(),
                                   [&](const ComparedLayer& layer) { return layer.layer.address == address_b; });
  if (!is_in_b) fail_unknown(second, address_b);
}

void compare_all(Comparison& comparison, std::size_t b) {
  const ComparedSource& first = comparison.sources.front();
  const ComparedSource& second = comparison.sources[b];
  const auto tell_alone = [&](const ComparedSource& source, const ComparedLayer& layer) {
    comparison.unmatched.push_back(fmt::format("{} is in {} alone", name_of(layer), source.name));
  };
  for (const ComparedLayer& layer : first.layers) {
    const ComparedLayer* other = find(second, layer.layer.address, layer.group);
    if (other == nullptr) {
      tell_alone(first, layer);
      continue;
    }
    comparison.layers.push_back(compare_layers(layer, *other));
    comparison.layers.back().source = b;
  }
  for (const ComparedLayer& layer : second.layers) {
    if (find(first, layer.layer.address, layer.group) == nullptr) tell_alone(second, layer);
  }
}

}  // namespace

Comparison compare(std::vector<ComparedSource> sources, const LayerPairs& pairs) {
  if (sources.size() < 2) {
    throw Error("compare", "two or more must be compared", fmt::format("{}", sources.size()),
                "the first is what the others are compared with");
  }
  Comparison comparison{std::move(sources)};
  for (std::size_t b = 1; b < comparison.sources.size(); ++b) {
    const std::string& only_a = comparison.sources.front().only;
    const std::string& only_b = comparison.sources[b].only;
    if (!only_a.empty() && !only_b.empty()) {
      compare_pair(comparison, b, only_a, only_b);
    } else if (pairs.empty()) {
      compare_all(comparison, b);
    }
    for (const auto& [address_a, address_b] : pairs) compare_pair(comparison, b, address_a, address_b);
  }
  if (comparison.layers.empty()) {
    throw Error("compare", "a layer must be in both, or be paired with one of another name",
                fmt::format("{}", fmt::join(comparison.unmatched, "; ")), "pair them: --layers A=B");
  }
  std::vector<DifferenceTest*> a4, curves;
  for (LayerComparison& layer : comparison.layers) {
    a4.push_back(&layer.a4.test);
    for (CurveDifference& curve : layer.curves) curves.push_back(&curve.test);
  }
  add_q(a4);
  add_q(curves);
  return comparison;
}

}  // namespace srm
