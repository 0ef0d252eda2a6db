#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>
#include <optional>

#include "cli/chosen_layers.h"
#include "cli/command.h"
#include "cli/console.h"
#include "cli/input_pictures.h"
#include "cli/plane_words.h"
#include "cli/result_path.h"
#include "report/findings_facts.h"
#include "srm/history.h"
#include "srm/io.h"
#include "srm/isotropic_plane.h"
#include "srm/report.h"

namespace srm::cli {
namespace {

constexpr const char* kFooter = R"(Examples:
  torchsrm show result
  torchsrm show result --curves --layer encoder.hidden
  torchsrm show result/results.srm.pt --plane 0,1
  torchsrm show result --verdicts --neurons --min-purity 0.8
  torchsrm show result --neurons --inputs digits.npy --image 8x8
  torchsrm show result --density 0,1
  torchsrm show before after --json
  torchsrm show training.srmh)";

struct Flags {
  std::vector<std::string> results;
  std::string layer;
  bool curves = false;
  std::string plane;
  std::string density;
  bool verdicts = false;
  bool neurons = false;
  GrandmotherRule rule;
  std::string inputs;
  std::string image;
  bool json = false;
};

std::optional<Plane> plane_of(const char* name, const std::string& flag) {
  return flag.empty() ? std::nullopt : std::optional(parse_plane(flag, name));
}

nlohmann::ordered_json plane_json(const Resonance& layer, const Plane& plane) {
  const std::int64_t p = layer.plane_index(plane.i, plane.j);
  auto counts = nlohmann::ordered_json::array();
  for (std::int64_t e = 0; e < layer.num_epsilons(); ++e) counts.push_back(layer.counts(e, p));
  nlohmann::ordered_json json = {{"i", plane.i}, {"j", plane.j}, {"counts", counts}};
  if (layer.parts().scores.has_row_sums()) json["mean_cosine"] = layer.mean_cosine(plane);
  return json;
}

nlohmann::ordered_json density_json(const PlaneDensities& densities, const Plane& plane) {
  const std::vector<PlaneDensity>& planes = densities.parts().planes;
  const auto found =
      std::find_if(planes.begin(), planes.end(), [&](const PlaneDensity& density) { return density.plane == plane; });
  if (found == planes.end()) return {};
  auto points = nlohmann::ordered_json::array();
  for (const PlanePoint& point : found->points) {
    points.push_back({{"u", point.u},
                      {"v", point.v},
                      {"sample", point.sample},
                      {"position", point.position},
                      {"label", point.label}});
  }
  return {{"i", plane.i},
          {"j", plane.j},
          {"exponent", found->exponent},
          {"counts", found->counts},
          {"isotropic_counts", isotropic_counts(densities, found - planes.begin())},
          {"points", points}};
}

void add_layers_json(const Results& results, const std::string& word, const std::optional<Plane>& plane,
                     const std::optional<Plane>& density, nlohmann::ordered_json& json) {
  auto layers = layers_json(results);
  for (std::size_t k = 0; k < layers.size(); ++k) {
    const Resonance& layer = results.layers[k];
    nlohmann::ordered_json object = {{"result", word}};
    object.update(layers[k]);
    if (plane) object["plane"] = plane_json(layer, *plane);
    const LayerFindings* found = results.findings_of(layer.address());
    if (density && found != nullptr && found->densities && layer.parts().group.empty()) {
      object["density"] = density_json(*found->densities, *density);
    }
    json.push_back(std::move(object));
  }
}

void print_densities(const Results& results, const Plane& plane, const ConsoleOptions& console) {
  bool has_any = false;
  for (const LayerFindings& found : results.findings) {
    if (!found.densities) continue;
    fmt::print("{}", density_chart(found, plane.i, plane.j, console));
    has_any = true;
  }
  if (!has_any) fmt::print("no layer has points of planes counted\n");
}

// `picture_of` may be empty: then there are no pictures.
void print_neurons(const Results& results, const GrandmotherRule& rule, const PictureOf& picture_of,
                   const ConsoleOptions& console) {
  fmt::print("{}",
             picture_of ? neurons_text(results, console, rule, picture_of) : neurons_text(results, console, rule));
}

void print_result(const Results& results, const Flags& flags, const std::optional<Plane>& plane,
                  const std::optional<Plane>& density, const PictureOf& picture_of, const ConsoleOptions& console) {
  if (!flags.curves && !plane && !density && !flags.verdicts && !flags.neurons) {
    fmt::print("{}", layers_table(results, console));
  }
  for (const Resonance& layer : results) {
    if (flags.curves) fmt::print("{}\n", curves_chart(layer, console));
  }
  for (const Resonance& layer : results) {
    if (plane) fmt::print("{}\n", plane_chart(layer, plane->i, plane->j, console));
  }
  if (flags.verdicts) fmt::print("{}{}", verdicts_text(results, console), report::verdict_summary(results));
  if (flags.neurons) print_neurons(results, flags.rule, picture_of, console);
  if (density) print_densities(results, *density, console);
}

// Empty without --inputs.
PictureOf pictures_of(const Flags& flags) {
  const std::optional<ImageSize> size = image_size_of(flags.image);
  if (!flags.inputs.empty() && (!flags.neurons || flags.json)) {
    throw Misuse("--inputs", "pictures belong to the tables of neurons", flags.json ? "--json" : "no --neurons",
                 flags.json ? "leave one out" : "give --neurons too");
  }
  if (flags.inputs.empty() && size) {
    throw Misuse("--image", "the size is that of --inputs", "no --inputs", "give --inputs too");
  }
  return flags.inputs.empty() ? PictureOf() : read_pictures(flags.inputs, size);
}

void show_history(const std::string& word, const Flags& flags, const ConsoleOptions& console,
                  nlohmann::ordered_json& json) {
  if (!flags.layer.empty() || flags.curves || !flags.plane.empty() || !flags.density.empty() || flags.verdicts ||
      flags.neurons) {
    throw Misuse("show", "a history holds scores and holistic curves, and is shown whole",
                 printable(word) + " with a layer, curves, planes or tests asked for",
                 "show the result file of a step instead");
  }
  const History history = load_history(word);
  if (flags.json) {
    json.push_back({{"history", word}, {"torn_bytes", history.num_bytes_torn}, {"windows", timeline_json(history)}});
    return;
  }
  if (flags.results.size() > 1) fmt::print("{}\n", printable(word));
  fmt::print("{}", timeline_text(history, console));
}

int show(const Flags& flags) {
  const std::optional<Plane> plane = plane_of("--plane", flags.plane);
  const std::optional<Plane> density = plane_of("--density", flags.density);
  const PictureOf picture_of = pictures_of(flags);
  const ConsoleOptions console = console_options();
  auto json = nlohmann::ordered_json::array();
  for (const std::string& word : flags.results) {
    if (is_history(word)) {
      show_history(word, flags, console, json);
      continue;
    }
    const Results results = chosen_layers(load_results(result_path(word)), "show " + word, flags.layer, "");
    if (flags.json) {
      add_layers_json(results, word, plane, density, json);
      continue;
    }
    if (flags.results.size() > 1) fmt::print("{}\n", printable(word));
    print_result(results, flags, plane, density, picture_of, console);
  }
  if (flags.json) fmt::print("{}\n", json.dump(2, ' ', false, nlohmann::json::error_handler_t::replace));
  return 0;
}

}  // namespace

void add_show(CLI::App& app, Action& action) {
  CLI::App* command = app.add_subcommand("show", "Show results as a table with a row a layer");
  auto flags = std::make_shared<Flags>();
  command->footer(kFooter);
  command->add_option("RESULT", flags->results, "Result files, folders that hold one, or histories of training")
      ->required();
  command->add_option("--layer", flags->layer, "The layer of this address alone (default: all)");
  command->add_flag("--curves", flags->curves, "The holistic curves of each layer as a chart, instead");
  command->add_option("--plane", flags->plane, "i,j: show the curve of this plane instead");
  command->add_flag("--verdicts", flags->verdicts, "What the tests of each layer say, in a paragraph, instead");
  command->add_flag("--neurons", flags->neurons, "The grandmother neurons of each layer instead");
  command
      ->add_option("--min-count", flags->rule.min_count, "With --neurons: the least labelled rows inside (default: 10)")
      ->check(CLI::NonNegativeNumber);
  command
      ->add_option("--min-purity", flags->rule.min_purity,
                   "With --neurons: the least share of one class among them (default: 0.9)")
      ->check(CLI::Range(0.0, 1.0));
  command->add_option("--max-q", flags->rule.max_q, "With --neurons: the largest false discovery rate (default: 0.05)")
      ->check(CLI::Range(0.0, 1.0));
  command->add_option(
      "--inputs", flags->inputs,
      "With --neurons: FILE[:KEY] of the observed inputs (num_samples, ...), to draw the nearest samples");
  command->add_option("--image", flags->image, "With --inputs that are rows of pixels: HxW (default: square)");
  command->add_option("--density", flags->density, "i,j: the points of this plane from above, instead");
  command->add_flag("--json", flags->json, "Print a list with an object a layer");
  command->callback([flags, &action] { action = [flags] { return show(*flags); }; });
}

}  // namespace srm::cli
