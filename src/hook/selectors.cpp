#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <functional>
#include <optional>
#include <regex>
#include <string_view>

#include "hook/edit_distance.h"
#include "srm/call_site.h"
#include "srm/error.h"

namespace srm {
namespace {

constexpr std::string_view kModelPath = ".";
constexpr std::string_view kInput = "@input";
constexpr const char* kGrammar = "`torchsrm inspect --help` tells what an address is";

/// Whether `text` is what `glob` describes: on a mismatch the last `*` takes one character more. It never takes what
/// separates the parts of an address, so that `*` names modules alone.
bool matches_glob(std::string_view glob, std::string_view text) {
  constexpr std::string_view kSeparators = "!/:@";
  std::size_t g = 0, t = 0;
  std::size_t star = std::string_view::npos, star_text = 0;
  while (t < text.size()) {
    if (g < glob.size() && glob[g] == '*') {
      star = g++;
      star_text = t;
    } else if (g < glob.size() &&
               (glob[g] == text[t] || (glob[g] == '?' && kSeparators.find(text[t]) == std::string_view::npos))) {
      ++g, ++t;
    } else if (star != std::string_view::npos && kSeparators.find(text[star_text]) == std::string_view::npos) {
      g = star + 1;
      t = ++star_text;
    } else {
      return false;
    }
  }
  return glob.find_first_not_of('*', g) == std::string_view::npos;
}

std::string_view without_place(std::string_view address) { return address.substr(0, address.rfind('#')); }

/// A selector, read: which sites it names, and what it takes there.
struct Selector {
  std::string text;  // without a `!` in front
  bool takes_away = false;
  std::function<bool(const CallSite&)> names;
  bool names_input = false;  // "@input" stands in it
  Selection takes;
};

[[noreturn]] void refuse(const std::string& selector, const std::string& rule) {
  throw Error("hook", rule, fmt::format("'{}'", selector), kGrammar);
}

std::function<bool(const CallSite&)> by_regex(const std::string& selector, const std::string& expression) {
  try {
    const std::regex regex(expression);
    const bool wants_node = expression.find('/') != std::string::npos;
    const bool wants_function = expression.starts_with("fn:");
    return [=](const CallSite& site) {
      if (site.module_path == kModelPath && site.kind == SiteKind::kModule) return false;
      if (site.kind == SiteKind::kNode && !wants_node) return false;
      if (site.kind == SiteKind::kFunction && !wants_function) return false;
      return std::regex_match(site.address, regex);
    };
  } catch (const std::regex_error& error) {
    refuse(selector, fmt::format("what follows re: must be a regular expression ({})", error.what()));
  }
}

std::function<bool(const CallSite&)> by_address(const std::string& base) {
  // `/tanh` is an operator in the model's own code, as `./tanh` is.
  const std::string pattern = base.starts_with('/') ? "." + base : base;
  const bool is_whole = pattern == kModelPath || pattern.starts_with(".!") || pattern.starts_with("./");
  return [=](const CallSite& site) {
    const bool is_of_model = site.module_path == kModelPath && site.kind != SiteKind::kFunction;
    if (is_of_model && site.kind == SiteKind::kModule && !is_whole) return false;
    // The separators in front of a glob must be met by themselves: fn:* takes functions, */* nodes.
    const auto fits = [&](std::string_view address) {
      if (!address.starts_with("fn:")) return matches_glob(pattern, address);
      return pattern.starts_with("fn:") && matches_glob(std::string_view(pattern).substr(3), address.substr(3));
    };
    return fits(site.address) || fits(without_place(site.address));
  };
}

/// "@input[2]:0:key", what may stand behind an address.
void read_suffix(const std::string& selector, std::string_view suffix, Selector& read) {
  if (suffix.starts_with(kInput)) {
    read.takes.takes_input = read.names_input = true;
    suffix.remove_prefix(kInput.size());
  }
  if (suffix.starts_with('[')) {
    const std::size_t end = suffix.find(']');
    if (end == std::string_view::npos) refuse(selector, "a turn of a loop must end with ]");
    read.takes.splits_iterations = true;
    std::string_view turns = suffix.substr(1, end - 1);
    suffix.remove_prefix(end + 1);
    while (turns != "*" && !turns.empty()) {
      std::int64_t turn = 0;
      const auto [rest, error] = std::from_chars(turns.data(), turns.data() + turns.size(), turn);
      turns.remove_prefix(static_cast<std::size_t>(rest - turns.data()));
      if (error != std::errc() || turn < 0 || (!turns.empty() && turns[0] != ',')) {
        refuse(selector, "a turn of a loop must be a number from 0, or *");
      }
      read.takes.iteration.push_back(turn);
      if (!turns.empty()) turns.remove_prefix(1);
    }
  }
  while (suffix.starts_with(':')) {
    const std::size_t end = std::min(suffix.find(':', 1), suffix.size());
    read.takes.element.emplace_back(suffix.substr(1, end - 1));
    suffix.remove_prefix(end);
  }
  const auto& element = read.takes.element;
  if (!suffix.empty() || std::find(element.begin(), element.end(), "") != element.end()) {
    refuse(selector, "behind an address may stand only @input, [turn] and :element");
  }
}

Selector read_selector(const std::string& text, const std::vector<CallSite>& sites) {
  Selector read;
  read.takes_away = text.starts_with('!');
  read.text = text.substr(read.takes_away ? 1 : 0);
  const std::string_view whole = read.text;
  const auto is_whole = [text = read.text](const CallSite& site) {
    return site.address == text || without_place(site.address) == text;
  };
  if (std::any_of(sites.begin(), sites.end(), is_whole)) {
    read.names = is_whole;
    read.takes.is_named = true;
    return read;
  }
  if (whole.starts_with("re:")) {
    read.names = by_regex(text, std::string(whole.substr(3)));
    return read;
  }
  const bool is_type = whole.starts_with("type:");
  const std::size_t prefix = is_type ? 5 : whole.starts_with("fn:") ? 3 : 0;
  const std::size_t end = std::min(whole.find_first_of("@[:", prefix), whole.size());
  read_suffix(text, whole.substr(end), read);
  const std::string base(whole.substr(is_type ? prefix : 0, end - (is_type ? prefix : 0)));
  if (is_type) {
    read.names = [base](const CallSite& site) {
      return site.kind == SiteKind::kModule && site.method.starts_with("forward") && matches_glob(base, site.type);
    };
  } else {
    read.names = by_address(base.empty() && end < whole.size() ? std::string(kModelPath) : base);
    read.takes.is_named = base.find_first_of("*?") == std::string::npos;
  }
  if (read.takes_away && read.takes.splits_iterations) refuse(text, "a single turn of a loop cannot be taken away");
  return read;
}

/// With the name of an argument in place of its number: they are a tuple, unless there is only one.
Selection take(Selection takes, std::size_t index, const CallSite& site) {
  takes.site = index;
  if (takes.takes_input && !takes.element.empty()) {
    const auto name = std::find(site.input_names.begin(), site.input_names.end(), takes.element[0]);
    if (name != site.input_names.end() && site.input_names.size() == 1) {
      takes.element.erase(takes.element.begin());
    } else if (name != site.input_names.end()) {
      takes.element[0] = std::to_string(name - site.input_names.begin());
    }
  }
  return takes;
}

[[noreturn]] void throw_nothing_matched(const std::string& selector, const std::vector<CallSite>& sites) {
  constexpr std::string_view kRule = "a selector must name a call site";
  const auto nearest_of = [&](const auto& is_candidate) {
    std::vector<std::string_view> addresses;
    for (const CallSite& site : sites) {
      if (is_candidate(site)) addresses.push_back(site.address);
    }
    return nearest_and_all(selector, std::move(addresses));
  };
  const bool has_modules = std::any_of(sites.begin(), sites.end(), [](const CallSite& site) {
    return site.kind == SiteKind::kModule && site.module_path != kModelPath;
  });
  if (selector.starts_with("type:") && has_modules) {
    std::vector<std::string> types;
    for (const CallSite& site : sites) {
      if (site.kind == SiteKind::kModule) types.push_back(site.type);
    }
    std::sort(types.begin(), types.end());
    types.erase(std::unique(types.begin(), types.end()), types.end());
    throw Error("hook", kRule, fmt::format("'{}'", selector), fmt::format("there are {}", fmt::join(types, ", ")));
  }
  if (!has_modules) {
    const std::string nodes = nearest_of([](const CallSite& site) { return site.kind == SiteKind::kNode; });
    throw Error("hook", kRule, fmt::format("'{}' for a model that calls no submodule", selector),
                "a model that was frozen or inlined has lost its calls: attach before freezing it, or choose its "
                "operators" +
                    (nodes.empty() ? std::string() : ": " + nodes) +
                    "; a model that is a single layer has the address '.'");
  }
  const bool wants_node = selector.find('/') != std::string::npos;
  const bool wants_function = selector.starts_with("fn:");
  const std::string advice = nearest_of([&](const CallSite& site) {
    return site.kind == SiteKind::kNode ? wants_node : site.kind == SiteKind::kFunction ? wants_function : !wants_node;
  });
  throw Error("hook", kRule, fmt::format("'{}'", selector),
              advice.empty() ? "this model has none of that kind: see torchsrm inspect --nodes" : advice);
}

bool starts_with(const std::vector<std::string>& path, const std::vector<std::string>& prefix) {
  return path.size() >= prefix.size() && std::equal(prefix.begin(), prefix.end(), path.begin());
}

/// Takes away what `away` names of `selection`; false when nothing of it is left.
bool is_left(Selection& selection, const Selector& away, const CallSite& site) {
  if (!away.names(site) || (away.names_input && !selection.takes_input)) return true;
  const Selection taken = take(away.takes, selection.site, site);
  if (taken.element.empty()) return false;
  // Of an element without @input, what goes in has none.
  if (taken.takes_input != selection.takes_input) return true;
  if (starts_with(selection.element, taken.element)) return false;
  if (starts_with(taken.element, selection.element)) selection.without.push_back(taken.element);
  return true;
}

}  // namespace

std::vector<Selection> select_call_sites(const std::vector<CallSite>& sites,
                                         const std::vector<std::string>& selectors) {
  if (selectors.empty()) {
    throw Error("hook", "at least one selector must be given", "none", "give '*' for every layer");
  }
  std::vector<Selector> read;
  for (const std::string& selector : selectors) read.push_back(read_selector(selector, sites));
  if (std::all_of(read.begin(), read.end(), [](const Selector& s) { return s.takes_away; })) {
    read.insert(read.begin(), read_selector("*", sites));
  }
  std::vector<Selection> chosen;
  for (const Selector& selector : read) {
    if (selector.takes_away) continue;
    bool names_any = false, takes_any = false;
    for (std::size_t i = 0; i < sites.size(); ++i) {
      if (!selector.names(sites[i])) continue;
      names_any = true;
      if (selector.takes.splits_iterations && sites[i].num_loops == 0) continue;
      takes_any = true;
      Selection selection = take(selector.takes, i, sites[i]);
      const auto same = std::find_if(chosen.begin(), chosen.end(), [&](Selection other) {
        other.is_named = selection.is_named;
        return other == selection;
      });
      if (same == chosen.end()) {
        chosen.push_back(std::move(selection));
      } else {
        same->is_named |= selection.is_named;
      }
    }
    if (!names_any) throw_nothing_matched(selector.text, sites);
    if (!takes_any) refuse(selector.text, "[turn] must stand behind a place that is in a loop of a script");
  }
  for (const Selector& selector : read) {
    if (!selector.takes_away) continue;
    std::erase_if(chosen, [&](Selection& selection) { return !is_left(selection, selector, sites[selection.site]); });
  }
  if (chosen.empty()) {
    throw Error("hook", "selectors must leave a call site", fmt::format("none after '{}'", fmt::join(selectors, "' '")),
                "take fewer away");
  }
  std::stable_sort(chosen.begin(), chosen.end(), [](const Selection& a, const Selection& b) {
    return a.site != b.site ? a.site < b.site : a.takes_input > b.takes_input;
  });
  return chosen;
}

std::string address_of(const Selection& selection, const std::vector<CallSite>& sites) {
  const CallSite& site = sites.at(selection.site);
  std::string address = site.address;
  if (selection.takes_input) address += kInput;
  if (selection.splits_iterations) {
    address += selection.iteration.empty() ? "[*]" : fmt::format("[{}]", fmt::join(selection.iteration, ","));
  }
  for (const std::string& key : selection.element) address += ":" + key;
  return address;
}

std::optional<c10::IValue> find_element(const c10::IValue& value, const std::vector<std::string>& path) {
  c10::IValue here = value;
  for (const std::string& key : path) {
    std::size_t index = 0;
    const auto [rest, error] = std::from_chars(key.data(), key.data() + key.size(), index);
    const bool is_index = error == std::errc() && rest == key.data() + key.size();
    if (here.isTensor()) {
      if (key != "0") return std::nullopt;
    } else if (here.isTuple()) {
      const auto& elements = here.toTupleRef().elements();
      const auto tuple = here.type()->expect<c10::TupleType>();
      const auto* names = tuple->schema() ? &tuple->schema()->arguments() : nullptr;
      for (std::size_t k = 0; names != nullptr && k < names->size(); ++k) {
        if ((*names)[k].name() == key) index = k;
      }
      if ((!is_index && (names == nullptr || (*names)[index].name() != key)) || index >= elements.size()) {
        return std::nullopt;
      }
      here = elements[index];
    } else if (here.isList()) {
      const auto list = here.toList();
      if (!is_index || index >= list.size()) return std::nullopt;
      here = list.get(index);
    } else if (here.isGenericDict()) {
      const auto dict = here.toGenericDict();
      const auto entry = std::find_if(dict.begin(), dict.end(), [&](const auto& e) {
        return e.key().isString() ? e.key().toStringRef() == key
               : e.key().isInt()  ? std::to_string(e.key().toInt()) == key
                                  : false;
      });
      if (entry == dict.end()) return std::nullopt;
      here = entry->value();
    } else if (here.isObject() && here.toObjectRef().type()->findAttributeSlot(key)) {
      here = here.toObjectRef().getAttr(key);
    } else {
      return std::nullopt;
    }
  }
  return here;
}

}  // namespace srm
