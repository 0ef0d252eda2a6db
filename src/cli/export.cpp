#include <fmt/format.h>
#include <fmt/ranges.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <filesystem>
#include <ostream>

#include "cli/chosen_layers.h"
#include "cli/command.h"
#include "cli/console.h"
#include "cli/output_path.h"
#include "cli/plane_words.h"
#include "cli/result_path.h"
#include "files/atomic_stream.h"
#include "srm/export.h"
#include "srm/history.h"
#include "srm/io.h"

namespace srm::cli {
namespace {

constexpr const char* kFooter =
    R"(csv          layer,group,basis,epsilon,i,j,angle_deg,count,fraction,std,signed_count,signed_fraction: a line an angle,
             first of the mean over planes (i and j empty), then of the planes asked for (default: none)
mapping-csv  the columns of the published SRM mapping scripts, of one layer: angle_deg, mean_similarity,
             count_thresh_<epsilon>, signed_count_thresh_<epsilon> where counted, plane_label
json         everything: settings, layers with scores and tests, curves, tables
npz          arrays for numpy.load, without pickles: layers, and layer0/counts and the like

A history of training becomes a csv with a line a step, phase, layer and epsilon, or json.

Examples:
  torchsrm export result -o curves.csv
  torchsrm export result -o planes.csv --planes 0,1 3,7
  torchsrm export result -o mapping.csv --format mapping-csv --layer encoder.hidden
  torchsrm export result -o result.npz
  torchsrm export training.srmh -o timeline.csv)";

struct Flags {
  std::string source;
  std::string output;
  std::string format;
  std::string layer;
  std::string group;
  std::vector<std::string> planes;
};

std::string format_of(const Flags& flags) {
  if (!flags.format.empty()) return flags.format;
  const std::string ending = std::filesystem::path(flags.output).extension().string();
  for (const char* format : {"csv", "json", "npz"}) {
    if (ending == std::string(".") + format) return format;
  }
  throw Misuse("--format", "the format must follow from the name, as .csv, .json or .npz, or be given",
               ending.empty() ? "no ending" : ending, "e.g. --format csv");
}

// No words are all planes, but of the long csv.
ExportPlanes planes_of(const Flags& flags, const std::string& format) {
  ExportPlanes planes;
  if (flags.planes.empty()) {
    planes.all = format != "csv";
  } else if (flags.planes.size() == 1 && (flags.planes[0] == "all" || flags.planes[0] == "none")) {
    planes.all = flags.planes[0] == "all";
  } else {
    planes.listed = parse_planes(flags.planes, "--planes");
    for (auto plane = planes.listed.begin(); plane != planes.listed.end(); ++plane) {
      if (std::find(planes.listed.begin(), plane, *plane) == plane) continue;
      throw Misuse("--planes", "each plane may be there once", fmt::format("{},{} twice", plane->i, plane->j),
                   "leave one out");
    }
  }
  if (format == "mapping-csv" && !planes.has_any()) {
    throw Misuse("--planes", "a mapping is of planes", "none", "give all, or planes i,j");
  }
  return planes;
}

// The one layer that a mapping is of: where --layer leaves its groups too, that of all rows.
const Resonance& only_layer(const Results& results, const Flags& flags) {
  std::vector<const Resonance*> left;
  for (const Resonance& layer : results) {
    if (!flags.group.empty() || layer.parts().group.empty()) left.push_back(&layer);
  }
  if (left.size() == 1) return *left.front();
  std::vector<std::string> names;
  for (const Resonance* layer : left) names.push_back(printable(layer->address()));
  throw Error("export " + flags.source, "a mapping is of one layer", fmt::format("{} layers", left.size()),
              fmt::format("give --layer, of {}", fmt::join(names, ", ")));
}

void export_history(const Flags& flags, const std::string& format) {
  if (!flags.layer.empty() || !flags.group.empty() || !flags.planes.empty()) {
    throw Misuse("export", "a history has no planes and is written whole",
                 printable(flags.source) + " with layers or planes chosen", "leave those out");
  }
  if (format != "csv" && format != "json") {
    throw Misuse("--format", "a history becomes csv or json", format, "choose one of the two");
  }
  const History history = load_history(flags.source);
  write_atomically(flags.output, [&](std::ostream& out) {
    format == "csv" ? write_timeline_csv(out, history) : write_timeline_json(out, history);
  });
}

void export_results(const Flags& flags, const std::string& format) {
  const ExportPlanes planes = planes_of(flags, format);
  const Results results =
      chosen_layers(load_results(result_path(flags.source)), "export " + flags.source, flags.layer, flags.group);
  if (format == "npz") {
    write_results_npz(flags.output, results, planes);
    return;
  }
  const Resonance* mapped = format == "mapping-csv" ? &only_layer(results, flags) : nullptr;
  write_atomically(flags.output, [&](std::ostream& out) {
    if (mapped != nullptr) {
      write_mapping_csv(out, *mapped, planes);
    } else if (format == "json") {
      write_results_json(out, results, planes);
    } else {
      write_curves_csv(out, results, planes);
    }
  });
}

int export_file(const Flags& flags) {
  const std::string format = format_of(flags);
  require_output("-o", flags.output, {flags.source});
  if (is_history(flags.source)) {
    export_history(flags, format);
  } else {
    export_results(flags, format);
  }
  fmt::print("written to {}\n", printable(flags.output));
  return 0;
}

}  // namespace

void add_export(CLI::App& app, Action& action) {
  CLI::App* command = app.add_subcommand("export", "Write a result, or a history of training, as CSV, JSON or NPZ");
  auto flags = std::make_shared<Flags>();
  command->footer(kFooter);
  command->add_option("SOURCE", flags->source, "A result file, its folder, or a history of srm::Monitor")->required();
  command->add_option("-o,--output", flags->output, "The file, whose name can tell the format")->required();
  command->add_option("--format", flags->format, "csv, mapping-csv, json or npz (default: by the name)")
      ->check(CLI::IsMember({"csv", "mapping-csv", "json", "npz"}));
  command->add_option("--layer", flags->layer, "The layer of this address alone (default: all)");
  command->add_option("--group", flags->group, "The class of this label alone (default: all rows and classes)");
  command->add_option("--planes", flags->planes,
                      "Planes i,j, or all, or none: their tables too (default: all, in csv none)");
  command->callback([flags, &action] { action = [flags] { return export_file(*flags); }; });
}

}  // namespace srm::cli
