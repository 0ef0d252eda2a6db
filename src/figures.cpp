#include "srm/figures.h"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>
#include <utility>

#include "figures/file_names.h"
#include "figures/layer_curves.h"
#include "figures/layer_figures.h"
#include "figures/strip_figure.h"
#include "figures/timeline_figure.h"
#include "files/atomic_file.h"
#include "report/findings_facts.h"

namespace srm {
namespace {

void write_file(const std::filesystem::path& path, const std::string& bytes) {
  AtomicFile file(path);
  file.write(bytes);
  file.commit();
}

class FigureFolder {
 public:
  explicit FigureFolder(std::filesystem::path folder) : folder_(std::move(folder)) {}

  void write(const std::string& name, const figures::Figure& figure) {
    for (const std::string_view ending : {".svg", ".png"}) {
      const std::string file = name + std::string(ending);
      write_file(folder_ / file, ending == ".svg" ? figures::svg_of(figure) : figures::png_of(figure));
      written_.files.push_back(file);
    }
  }
  void note(std::string_view name, const std::string& words) {
    const auto known =
        std::find_if(notes_.begin(), notes_.end(), [&](const Note& note) { return note.words == words; });
    if (known == notes_.end()) {
      notes_.push_back({figures::shown_name(name), words});
    } else {
      ++known->num_others;
    }
  }
  void note(const std::string& words) { notes_.push_back({"", words}); }
  WrittenFigures written() && {
    for (const auto& [name, words, num_others] : notes_) {
      const std::string others =
          num_others == 0 ? "" : fmt::format(" and {} more layer{}", num_others, num_others == 1 ? "" : "s");
      written_.notes.push_back(name.empty() ? words : fmt::format("{}{}: {}", name, others, words));
    }
    return std::move(written_);
  }

 private:
  std::filesystem::path folder_;
  struct Note {
    std::string name;  // of the first layer that it is of, or none
    std::string words;
    int num_others = 0;
  };
  std::vector<Note> notes_;
  WrittenFigures written_;
};

void write_layer(const Results& results, const Resonance& layer, const std::string& name, FigureFolder& folder) {
  folder.write(name + "-curve", figures::curve_figure(layer));
  folder.write(name + "-polar", figures::polar_figure(layer));
  const std::string nothing = figures::nothing_to_draw(layer);
  if (!nothing.empty()) {
    folder.note(layer.address(), fmt::format("words in place of its curves. {}", nothing));
  } else if (layer.num_epsilons() > static_cast<std::int64_t>(figures::kMostCurves)) {
    folder.note(layer.address(),
                fmt::format("the first {} of {} epsilons are drawn", figures::kMostCurves, layer.num_epsilons()));
  }
  if (const auto figure = figures::signed_figure(layer)) folder.write(name + "-signed", *figure);
  const LayerFindings* found = report::findings_of(results, layer);
  const LayerTests* tests = found != nullptr && found->tests ? &*found->tests : nullptr;
  if (const auto cells = figures::plane_cells(layer, tests)) {
    folder.write(name + "-planes", figures::plane_map_figure(layer, *cells));
  } else if (nothing.empty()) {
    folder.note(layer.address(), "no map of its planes, since not every plane has a table and none were tested");
  }
  const std::vector<figures::StripRow> groups = figures::group_rows(results, layer.address());
  if (groups.empty()) return;
  folder.write(
      name + "-classes",
      figures::strip_figure(fmt::format("Classes of {}", figures::shown_name(layer.address())), layer, groups));
}

}  // namespace

WrittenFigures write_figures(const Results& results, const std::filesystem::path& path) {
  FigureFolder folder(path);
  figures::FileNames names;
  names("layers");  // the figure of all; it is written last, and no layer takes its name
  for (const Resonance& layer : results) {
    if (layer.parts().group.empty()) write_layer(results, layer, names(layer.address()), folder);
  }
  const std::vector<figures::StripRow> rows = figures::layer_rows(results);
  if (rows.empty()) {
    folder.note("the result holds no layer");
  } else {
    folder.write("layers", figures::strip_figure("Holistic curves", results.layers.front(), rows));
  }
  return std::move(folder).written();
}

WrittenFigures write_figures(const History& history, const std::filesystem::path& path) {
  FigureFolder folder(path);
  std::vector<std::pair<std::string, std::vector<const Window*>>> phases;
  for (const Window* window : history.current()) {
    auto known =
        std::find_if(phases.begin(), phases.end(), [&](const auto& one) { return one.first == window->phase; });
    if (known == phases.end()) known = phases.insert(known, {window->phase, {}});
    known->second.push_back(window);
  }
  figures::FileNames names;
  for (const auto& [phase, windows] : phases) {
    folder.write(names(phase) + "-timeline", figures::timeline_figure(phase, windows));
  }
  if (phases.empty()) folder.note("no window was closed");
  if (history.num_bytes_torn > 0) {
    folder.note(fmt::format("the last record is torn ({} bytes) and is left out", history.num_bytes_torn));
  }
  return std::move(folder).written();
}

}  // namespace srm
