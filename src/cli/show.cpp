#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <charconv>
#include <nlohmann/json.hpp>
#include <optional>

#include "cli/command.h"
#include "cli/console.h"
#include "cli/result_path.h"
#include "srm/io.h"
#include "srm/report.h"

namespace srm::cli {
namespace {

constexpr const char* kFooter = R"(Examples:
  torchsrm show result
  torchsrm show result/results.srm.pt --plane 0,1
  torchsrm show before after --json)";

struct Flags {
  std::vector<std::string> results;
  std::string plane;
  bool json = false;
};

std::optional<Plane> plane_of(const std::string& flag) {
  if (flag.empty()) return std::nullopt;
  Plane plane{};
  const char* const end = flag.data() + flag.size();
  const auto first = std::from_chars(flag.data(), end, plane.i);
  if (first.ec == std::errc() && first.ptr != end && *first.ptr == ',') {
    const auto second = std::from_chars(first.ptr + 1, end, plane.j);
    if (second.ec == std::errc() && second.ptr == end) return plane;
  }
  throw Misuse("--plane", "a plane is two basis vectors, i,j, that count from 0", flag, "e.g. --plane 0,1");
}

nlohmann::ordered_json plane_json(const Resonance& layer, const Plane& plane) {
  const std::int64_t p = layer.plane_index(plane.i, plane.j);
  auto counts = nlohmann::ordered_json::array();
  for (std::int64_t e = 0; e < layer.num_epsilons(); ++e) counts.push_back(layer.counts(e, p));
  return {{"i", plane.i}, {"j", plane.j}, {"counts", counts}};
}

int show(const Flags& flags) {
  const std::optional<Plane> plane = plane_of(flags.plane);
  const ConsoleOptions console = console_options();
  auto json = nlohmann::ordered_json::array();
  for (const std::string& word : flags.results) {
    const Results results = load_results(result_path(word));
    if (flags.json) {
      auto layers = layers_json(results);
      for (std::size_t k = 0; k < layers.size(); ++k) {
        nlohmann::ordered_json object = {{"result", word}};
        object.update(layers[k]);
        if (plane) object["plane"] = plane_json(results.layers[k], *plane);
        json.push_back(std::move(object));
      }
      continue;
    }
    if (flags.results.size() > 1) fmt::print("{}\n", printable(word));
    if (!plane) fmt::print("{}", layers_table(results, console));
    for (const Resonance& layer : results) {
      if (plane) fmt::print("{}\n", plane_chart(layer, plane->i, plane->j, console));
    }
  }
  if (flags.json) fmt::print("{}\n", json.dump(2, ' ', false, nlohmann::json::error_handler_t::replace));
  return 0;
}

}  // namespace

void add_show(CLI::App& app, Action& action) {
  CLI::App* command = app.add_subcommand("show", "Show results as a table with a row a layer");
  auto flags = std::make_shared<Flags>();
  command->footer(kFooter);
  command->add_option("RESULT", flags->results, "Result files, or folders that hold one")->required();
  command->add_option("--plane", flags->plane, "i,j: show the curve of this plane instead");
  command->add_flag("--json", flags->json, "Print a list with an object a layer");
  command->callback([flags, &action] { action = [flags] { return show(*flags); }; });
}

}  // namespace srm::cli
