#include <fmt/format.h>
#include <fmt/ranges.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <map>
#include <mutex>
#include <nlohmann/json.hpp>

#include "cli/command.h"
#include "cli/console.h"
#include "cli/model_file.h"
#include "cli/observe_flags.h"
#include "cli/tell.h"
#include "srm/hooked_module.h"
#include "srm/io.h"
#include "srm/model_inputs.h"

namespace srm::cli {
namespace {

constexpr const char* kFooter = R"(The addresses are what `observe --layers` takes.
  encoder.0          what a module gives; "." is the model itself, which no glob names
  codec!encode       what another method than forward gives; ".!generate" the model's own
  block.1/tanh       what an operator gives in a module's own code (./tanh in the model's): see --nodes
  fn:clamp_twice     what a script function gives, wherever it is called: see --nodes
  encoder.0#1        the second of several places with one address
Behind an address or glob:
  @input             what goes in there (of several arguments: attention@input:query)
  step[2], step[*]   in a loop of a script: the third turn, or each turn apart
  lstm:1:0, out:key  an element of a tuple or list, the entry of a dict
A selector is an address, a glob ('encoder.*', '*/relu'), re:REGEX or type:CLASS ('type:Linear'); ! takes away.
Closed is what the hooks cannot see into (interfaces, C++ methods); what it gives can be observed.
With --data the model runs once, on the first samples, and calls and outputs are what was seen.

Examples:
  torchsrm inspect model.pt
  torchsrm inspect model.pt --data inputs.npy --nodes
  torchsrm inspect model.pt --layers 'type:Linear' '!decoder.*' --json)";

constexpr std::int64_t kNumSamples = 64;

struct Flags {
  std::string model;
  std::string data;
  std::string method = "forward";
  std::vector<std::string> layers;
  bool nodes = false;
  bool json = false;
};

// What passed at one call site while the model ran, perhaps in several threads.
struct Seen {
  std::mutex mutex;
  std::int64_t num_calls = 0;
  std::vector<std::string> outputs;  // each kind once, in the order of appearance
};

std::string describe(const c10::IValue& value) {
  if (value.isTensor()) {
    const at::Tensor& tensor = value.toTensor();
    return fmt::format("{} ({})", c10::toString(tensor.scalar_type()), fmt::join(tensor.sizes(), ", "));
  }
  if (value.isTuple()) {
    std::vector<std::string> elements;
    for (const c10::IValue& element : value.toTupleRef().elements()) elements.push_back(describe(element));
    return fmt::format("Tuple[{}]", fmt::join(elements, ", "));
  }
  if (value.isGenericDict()) {
    std::vector<std::string> entries;
    for (const auto& entry : value.toGenericDict()) {
      const std::string key = entry.key().isString() ? entry.key().toStringRef() : std::string("...");
      entries.push_back(fmt::format("{}: {}", key, describe(entry.value())));
    }
    return fmt::format("Dict[{}]", fmt::join(entries, ", "));
  }
  if (value.isList()) {
    const auto list = value.toList();
    return list.empty() ? "List of 0" : fmt::format("List of {} {}", list.size(), describe(list.get(0)));
  }
  return value.isObject() ? value.type()->str() : value.tagKind();
}

// What is seen at each place, by its address.
using SeenAt = std::map<std::string, Seen>;

void run_once(const HookedModule& hooked, const HookSet& hooks, const Flags& flags, SeenAt& seen) {
  const c10::FunctionSchema& schema = require_method(hooked.original(), flags.method);
  const ModelInputs inputs = ModelInputs::read(flags.data, schema);
  for (std::size_t k = 0; k < hooks.size(); ++k) {
    hooks.hook(k).set_receiver([&site = seen[hooks.place(k).address]](const Passing& passing) {
      const std::lock_guard lock(site.mutex);
      ++site.num_calls;
      const std::string description = describe(passing.value);
      if (std::find(site.outputs.begin(), site.outputs.end(), description) == site.outputs.end()) {
        site.outputs.push_back(description);
      }
    });
  }
  const torch::NoGradGuard no_grad;
  const auto [arguments, kwargs] = inputs.batch(0, std::min(kNumSamples, inputs.num_samples()));
  forward_or_explain(hooked.original(), flags.method, arguments, kwargs,
                     [&] { hooked.run_method(flags.method, arguments, kwargs); });
}

// One line of the tree: a call site, or a module that only holds others.
struct Line {
  int depth;
  std::string name;
  const CallSite* site;
  const Seen* seen;
};

std::vector<std::string> prefixes_of(const std::string& path) {
  std::vector<std::string> prefixes;
  for (std::size_t dot = path.find('.'); dot != std::string::npos; dot = path.find('.', dot + 1)) {
    prefixes.push_back(path.substr(0, dot));
  }
  prefixes.push_back(path);
  return prefixes;
}

// Parents before their children, siblings in the order in which they are called.
std::vector<Line> tree_of(const std::vector<CallSite>& all_sites, bool with_nodes, const SeenAt& seen) {
  std::vector<const CallSite*> sites;
  for (const CallSite& site : all_sites) {
    if (with_nodes || site.kind == SiteKind::kModule || site.is_closed) sites.push_back(&site);
  }
  std::map<std::string, std::vector<std::string>> children;
  std::map<std::string, std::vector<std::size_t>> sites_of;
  for (std::size_t k = 0; k < sites.size(); ++k) {
    sites_of[sites[k]->module_path].push_back(k);
    if (sites[k]->module_path == ".") continue;
    std::string parent = ".";
    for (const std::string& prefix : prefixes_of(sites[k]->module_path)) {
      auto& siblings = children[parent];
      if (std::find(siblings.begin(), siblings.end(), prefix) == siblings.end()) siblings.push_back(prefix);
      parent = prefix;
    }
  }
  std::vector<Line> lines;
  const auto add = [&](int depth, std::size_t k) {
    const auto found = seen.find(sites[k]->address);
    lines.push_back({depth, sites[k]->address, sites[k], found == seen.end() ? nullptr : &found->second});
  };
  const auto visit = [&](const auto& self, const std::string& path, int depth) -> void {
    const auto& here = sites_of[path];
    const auto is_module = [&](std::size_t k) { return sites[k]->kind == SiteKind::kModule; };
    for (const std::size_t k : here) {
      if (is_module(k)) add(depth, k);
    }
    if (std::none_of(here.begin(), here.end(), is_module)) lines.push_back({depth, path, nullptr, nullptr});
    for (const std::size_t k : here) {
      if (!is_module(k)) add(depth + 1, k);
    }
    for (const std::string& child : children[path]) self(self, child, depth + 1);
  };
  visit(visit, ".", 0);
  return lines;
}

// Closed, in a loop, its line of Python: what else there is to say of a place.
std::string remarks_on(const CallSite& site) {
  std::vector<std::string> remarks;
  if (site.is_closed) remarks.emplace_back("closed");
  if (site.num_loops > 0) remarks.emplace_back("in a loop");
  if (!site.source.empty() && site.kind != SiteKind::kModule) remarks.push_back(site.source);
  if (site.methods.front() != "forward") remarks.push_back("in " + site.methods.front());
  return fmt::format("{}", fmt::join(remarks, ", "));
}

void print_tree(const std::vector<Line>& lines, bool was_run) {
  std::vector<std::array<std::string, 6>> rows = {{"address", "type", "method", "calls", "output", "remarks"}};
  for (const Line& line : lines) {
    const std::string name = std::string(static_cast<std::size_t>(2 * line.depth), ' ') + printable(line.name);
    if (line.site == nullptr) {
      rows.push_back({name, "", "", "", "", ""});
      continue;
    }
    std::string calls = "-", output = "-";
    if (was_run) calls = fmt::format("{}", line.seen ? line.seen->num_calls : 0);
    if (was_run) output = line.seen ? printable(fmt::format("{}", fmt::join(line.seen->outputs, " | "))) : "";
    rows.push_back({name, printable(line.site->type), printable(line.site->method), calls, output,
                    printable(remarks_on(*line.site))});
  }
  std::array<std::size_t, 6> widths = {};
  for (const auto& row : rows) {
    for (std::size_t k = 0; k < row.size(); ++k) widths[k] = std::max(widths[k], row[k].size());
  }
  for (const auto& row : rows) {
    std::string text = fmt::format("{:{}}  {:{}}  {:{}}  {:>{}}  {:{}}  {}", row[0], widths[0], row[1], widths[1],
                                   row[2], widths[2], row[3], widths[3], row[4], widths[4], row[5]);
    text.erase(text.find_last_not_of(' ') + 1);
    fmt::print("{}\n", text);
  }
}

nlohmann::ordered_json to_json(const CallSite& site) {
  constexpr const char* kKinds[] = {"module", "node", "function"};
  return {{"address", site.address},
          {"path", site.module_path},
          {"type", site.type},
          {"method", site.method},
          {"kind", kKinds[static_cast<int>(site.kind)]},
          {"closed", site.is_closed},
          {"loops", site.num_loops},
          {"source", site.source.empty() ? nlohmann::ordered_json() : nlohmann::ordered_json(site.source)},
          {"inputs", site.input_names},
          {"methods", site.methods},
          {"calls", nullptr},
          {"outputs", nullptr}};
}

void print_json(const std::vector<Line>& lines, bool was_run) {
  auto list = nlohmann::ordered_json::array();
  for (const Line& line : lines) {
    if (line.site == nullptr) continue;
    nlohmann::ordered_json object = to_json(*line.site);
    if (was_run) {
      object["calls"] = line.seen ? line.seen->num_calls : 0;
      object["outputs"] = line.seen ? line.seen->outputs : std::vector<std::string>();
    }
    list.push_back(std::move(object));
  }
  fmt::print("{}\n", list.dump(2, ' ', false, nlohmann::json::error_handler_t::replace));
}

// Without a tree: what these selectors choose, each with its own address.
std::vector<Line> lines_of(const HookSet& hooks, const std::vector<CallSite>& sites, const SeenAt& seen) {
  std::vector<Line> lines;
  for (const HookPlace& place : hooks.places()) {
    const auto found = seen.find(place.address);
    for (const Selection& selection : place.selections) {
      const std::string address = address_of(selection, sites);
      lines.push_back({0, address, &place.site, found == seen.end() ? nullptr : &found->second});
    }
  }
  return lines;
}

int inspect(const Flags& flags) {
  HookedModule hooked(load_model(flags.model));
  const auto calls_module = [](const CallSite& site) {
    return site.kind == SiteKind::kModule && site.module_path != ".";
  };
  const bool is_frozen = std::none_of(hooked.sites().begin(), hooked.sites().end(), calls_module);
  std::vector<Selection> every;
  for (std::size_t k = 0; k < hooked.sites().size(); ++k) every.push_back({.site = k});
  const HookSet hooks =
      hooked.attach_at(flags.layers.empty() ? every : select_call_sites(hooked.sites(), split_selectors(flags.layers)));
  SeenAt seen;
  const bool was_run = !flags.data.empty();
  if (was_run) run_once(hooked, hooks, flags, seen);
  const std::vector<Line> lines = flags.layers.empty() ? tree_of(hooked.sites(), flags.nodes || is_frozen, seen)
                                                       : lines_of(hooks, hooked.sites(), seen);
  if (flags.json) {
    print_json(lines, was_run);
    return 0;
  }
  print_tree(lines, was_run);
  std::fflush(stdout);
  tell(
      "\nnote: behind an address may stand @input, [turn] of a loop and :element; {}--layers takes globs, re:REGEX "
      "and type:CLASS too: see --help\n",
      flags.nodes || is_frozen ? "" : "--nodes lists operators (block/tanh) and functions (fn:name); ");
  if (is_frozen) {
    tell(
        "note: this model calls no submodule: it was frozen or inlined, or is a single layer; what is listed "
        "are its operators. To observe layers by name, take the model as it was before freezing\n");
  }
  return 0;
}

}  // namespace

void add_inspect(CLI::App& app, Action& action) {
  CLI::App* command = app.add_subcommand("inspect", "List the addresses of a model's layers");
  auto flags = std::make_shared<Flags>();
  command->footer(kFooter);
  command->add_option("MODEL", flags->model, "TorchScript file (.pt)")->required();
  command->add_option("--data", flags->data, "Inputs to run it on once, as for observe");
  command->add_option("--method", flags->method, "Method of the model to run")->capture_default_str();
  command->add_option("--layers", flags->layers, "List only what these selectors choose");
  command->add_flag("--nodes", flags->nodes, "List operators and script functions too");
  command->add_flag("--json", flags->json, "Print a list with an object an address");
  command->callback([flags, &action] { action = [flags] { return inspect(*flags); }; });
}

}  // namespace srm::cli
