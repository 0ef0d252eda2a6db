#include "srm/report.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <ostream>

#include "files/atomic_stream.h"
#include "srm/error.h"

namespace srm {
namespace {

// What an earlier result left would be taken for this one's.
void remove_file(const std::filesystem::path& path) {
  std::error_code error;
  std::filesystem::remove(path, error);
  if (!error) return;
  throw Error(path.string(), "the file of an earlier result must be taken away", error.message(),
              "remove it, or write into another folder");
}

}  // namespace

void write_reports(const Results& results, const std::filesystem::path& dir) {
  write_atomically(dir / "planes.csv", [&](std::ostream& out) { write_planes_csv(out, results); });
  write_atomically(dir / "layers.json", [&](std::ostream& out) { out << layers_json(results).dump(2) << "\n"; });
  const bool has_neurons = std::any_of(results.findings.begin(), results.findings.end(),
                                       [](const LayerFindings& found) { return found.neurons.has_value(); });
  if (has_neurons) {
    write_atomically(dir / "neurons.csv", [&](std::ostream& out) { write_neurons_csv(out, results); });
  } else {
    remove_file(dir / "neurons.csv");
  }
  write_atomically(dir / "report.html", [&](std::ostream& out) { write_report_html(out, results); });
}

}  // namespace srm
