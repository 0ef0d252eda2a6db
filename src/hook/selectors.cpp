#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cstdlib>
#include <numeric>
#include <string_view>

#include "srm/hook.h"

namespace srm {
namespace {

constexpr std::string_view kModelPath = ".";
constexpr std::size_t kMaxNearest = 3;
constexpr std::size_t kMaxListed = 12;

/// Whether `text` is what `glob` describes: on a mismatch the last `*` takes one character more. It never takes `!`, so
/// that `*` leaves out the helpers that modules call on each other (merge_masks of attention, say).
bool matches_glob(std::string_view glob, std::string_view text) {
  std::size_t g = 0, t = 0;
  std::size_t star = std::string_view::npos, star_text = 0;
  while (t < text.size()) {
    if (g < glob.size() && glob[g] == '*') {
      star = g++;
      star_text = t;
    } else if (g < glob.size() && (glob[g] == text[t] || (glob[g] == '?' && text[t] != '!'))) {
      ++g, ++t;
    } else if (star != std::string_view::npos && text[star_text] != '!') {
      g = star + 1;
      t = ++star_text;
    } else {
      return false;
    }
  }
  return glob.find_first_not_of('*', g) == std::string_view::npos;
}

bool matches(std::string_view selector, const CallSite& site) {
  if (selector == kModelPath || site.module_path == kModelPath) {
    return selector == site.address;
  }
  const std::string_view address = site.address;
  return matches_glob(selector, address) || matches_glob(selector, address.substr(0, address.rfind('#')));
}

/// Levenshtein's distance: how many characters have to be put in, taken out or changed.
std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 0; i < a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i + 1;
    for (std::size_t j = 0; j < b.size(); ++j) {
      const std::size_t changed = diagonal + (a[i] == b[j] ? 0 : 1);
      diagonal = row[j + 1];
      row[j + 1] = std::min({row[j] + 1, diagonal + 1, changed});
    }
  }
  return row.back();
}

[[noreturn]] void throw_nothing_matched(std::string_view selector, const std::vector<CallSite>& sites) {
  constexpr std::string_view kRule = "a selector must name a call site";
  if (sites.size() == 1) {
    throw Error("hook", kRule, fmt::format("'{}' for a model that calls no submodule", selector),
                "a model that was frozen or inlined has lost its calls: attach before freezing it; a model that is a "
                "single layer has the address '.'");
  }
  std::vector<std::string_view> addresses;
  for (const CallSite& site : sites) {
    addresses.push_back(site.address);
  }
  std::vector<std::string_view> nearest = addresses;
  std::stable_sort(nearest.begin(), nearest.end(), [&](std::string_view a, std::string_view b) {
    return edit_distance(selector, a) < edit_distance(selector, b);
  });
  nearest.resize(std::min(nearest.size(), kMaxNearest));
  std::string advice = fmt::format("nearest are {}", fmt::join(nearest, ", "));
  if (addresses.size() <= kMaxListed) {
    advice += fmt::format(" of all: {}", fmt::join(addresses, ", "));
  } else {
    advice += fmt::format(" of {} addresses", addresses.size());
  }
  throw Error("hook", kRule, fmt::format("'{}'", selector), advice);
}

}  // namespace

std::vector<std::size_t> select_call_sites(const std::vector<CallSite>& sites,
                                           const std::vector<std::string>& selectors) {
  if (selectors.empty()) {
    throw Error("hook", "at least one selector must be given", "none", "give '*' for every layer");
  }
  const bool only_takes_away =
      std::all_of(selectors.begin(), selectors.end(), [](const std::string& s) { return s.starts_with('!'); });
  std::vector<bool> named(sites.size()), taken(sites.size());
  const auto mark = [&](std::string_view selector, std::vector<bool>& marks) {
    bool any = false;
    for (std::size_t i = 0; i < sites.size(); ++i) {
      if (matches(selector, sites[i])) {
        marks[i] = any = true;
      }
    }
    return any;
  };
  if (only_takes_away) {
    mark("*", named);
  }
  for (const std::string& selector : selectors) {
    if (selector.starts_with('!')) {
      mark(std::string_view(selector).substr(1), taken);
    } else if (!mark(selector, named)) {
      throw_nothing_matched(selector, sites);
    }
  }
  std::vector<std::size_t> chosen;
  for (std::size_t i = 0; i < sites.size(); ++i) {
    if (named[i] && !taken[i]) {
      chosen.push_back(i);
    }
  }
  if (chosen.empty()) {
    throw Error("hook", "selectors must leave a call site", fmt::format("none after '{}'", fmt::join(selectors, "' '")),
                "take fewer away");
  }
  return chosen;
}

}  // namespace srm
