#include <fmt/format.h>
#include <fmt/ranges.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>

#include "cli/command.h"
#include "cli/console.h"
#include "cli/model_file.h"
#include "srm/hook.h"
#include "srm/io.h"
#include "srm/model_inputs.h"

namespace srm::cli {
namespace {

constexpr const char* kFooter =
    R"(The addresses are what `observe --layers` takes. `.` is the output of the model itself, which no glob names.
With --data the model runs once, on the first samples, and calls and output shapes are what was seen.

Examples:
  torchsrm inspect model.pt
  torchsrm inspect model.pt --data inputs.npy --json)";

constexpr std::int64_t kNumSamples = 64;

struct Flags {
  std::string model;
  std::string data;
  bool json = false;
};

// What passed at one call site while the model ran.
struct Seen {
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
  return value.tagKind();
}

std::vector<Seen> run_once(const torch::jit::Module& model, HookedModule& hooked, const std::string& data) {
  const ModelInputs inputs = ModelInputs::read(data, model.get_method("forward").function().getSchema());
  std::vector<Seen> seen(hooked.sites().size());
  for (std::size_t k = 0; k < seen.size(); ++k) {
    hooked.hook(k).set_receiver([&site = seen[k]](const c10::IValue& output) {
      ++site.num_calls;
      const std::string description = describe(output);
      if (std::find(site.outputs.begin(), site.outputs.end(), description) == site.outputs.end()) {
        site.outputs.push_back(description);
      }
    });
  }
  const torch::NoGradGuard no_grad;
  const auto [arguments, kwargs] = inputs.batch(0, std::min(kNumSamples, inputs.num_samples()));
  forward_or_explain(model, arguments, kwargs, [&] { hooked.forward(arguments, kwargs); });
  return seen;
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
std::vector<Line> tree_of(const std::vector<CallSite>& sites, const std::vector<Seen>& seen) {
  std::map<std::string, std::vector<std::string>> children;
  std::map<std::string, std::vector<std::size_t>> sites_of;
  for (std::size_t k = 0; k < sites.size(); ++k) {
    sites_of[sites[k].module_path].push_back(k);
    if (sites[k].module_path == ".") continue;
    std::string parent = ".";
    for (const std::string& prefix : prefixes_of(sites[k].module_path)) {
      auto& siblings = children[parent];
      if (std::find(siblings.begin(), siblings.end(), prefix) == siblings.end()) siblings.push_back(prefix);
      parent = prefix;
    }
  }
  std::vector<Line> lines;
  const auto visit = [&](const auto& self, const std::string& path, int depth) -> void {
    const auto& here = sites_of[path];
    for (const std::size_t k : here) {
      lines.push_back({depth, sites[k].address, &sites[k], seen.empty() ? nullptr : &seen[k]});
    }
    if (here.empty()) lines.push_back({depth, path, nullptr, nullptr});
    for (const std::string& child : children[path]) self(self, child, depth + 1);
  };
  visit(visit, ".", 0);
  return lines;
}

void print_tree(const std::vector<Line>& lines) {
  std::vector<std::array<std::string, 5>> rows = {{"address", "type", "method", "calls", "output"}};
  for (const Line& line : lines) {
    const std::string name = std::string(static_cast<std::size_t>(2 * line.depth), ' ') + printable(line.name);
    if (line.site == nullptr) {
      rows.push_back({name, "", "", "", ""});
      continue;
    }
    rows.push_back({name, printable(line.site->module_type), printable(line.site->method),
                    line.seen ? fmt::format("{}", line.seen->num_calls) : "-",
                    line.seen ? fmt::format("{}", fmt::join(line.seen->outputs, " | ")) : "-"});
  }
  std::array<std::size_t, 5> widths = {};
  for (const auto& row : rows) {
    for (std::size_t k = 0; k < row.size(); ++k) widths[k] = std::max(widths[k], row[k].size());
  }
  for (const auto& row : rows) {
    std::string text = fmt::format("{:{}}  {:{}}  {:{}}  {:>{}}  {}", row[0], widths[0], row[1], widths[1], row[2],
                                   widths[2], row[3], widths[3], row[4]);
    text.erase(text.find_last_not_of(' ') + 1);
    fmt::print("{}\n", text);
  }
}

void print_json(const std::vector<Line>& lines) {
  auto list = nlohmann::ordered_json::array();
  for (const Line& line : lines) {
    if (line.site == nullptr) continue;
    nlohmann::ordered_json object = {{"address", line.site->address},
                                     {"path", line.site->module_path},
                                     {"type", line.site->module_type},
                                     {"method", line.site->method},
                                     {"calls", nullptr},
                                     {"outputs", nullptr}};
    if (line.seen != nullptr) {
      object["calls"] = line.seen->num_calls;
      object["outputs"] = line.seen->outputs;
    }
    list.push_back(std::move(object));
  }
  fmt::print("{}\n", list.dump(2, ' ', false, nlohmann::json::error_handler_t::replace));
}

int inspect(const Flags& flags) {
  const torch::jit::Module model = load_model(flags.model);
  HookedModule hooked(model);
  const std::vector<Seen> seen = flags.data.empty() ? std::vector<Seen>() : run_once(model, hooked, flags.data);
  const std::vector<Line> lines = tree_of(hooked.sites(), seen);
  if (flags.json) {
    print_json(lines);
  } else {
    print_tree(lines);
    if (lines.size() == 1) {
      fmt::print(stderr,
                 "note: this model calls no submodule: it was frozen or inlined, or is a single layer; to observe "
                 "the layers of a frozen model, take it as it was before freezing\n");
    }
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
  command->add_flag("--json", flags->json, "Print a list with an object an address");
  command->callback([flags, &action] { action = [flags] { return inspect(*flags); }; });
}

}  // namespace srm::cli
