#include "srm/report.h"

#include <algorithm>
#include <functional>
#include <nlohmann/json.hpp>
#include <ostream>
#include <streambuf>

#include "files/atomic_file.h"
#include "srm/error.h"

namespace srm {
namespace {

// Lets a stream write to a file that reports what goes wrong by an exception.
class AtomicFileBuffer : public std::streambuf {
 public:
  explicit AtomicFileBuffer(AtomicFile& file) : file_(file) {}

 protected:
  std::streamsize xsputn(const char* text, std::streamsize size) override {
    file_.write(text, static_cast<std::size_t>(size));
    return size;
  }
  int_type overflow(int_type character) override {
    const char text = traits_type::to_char_type(character);
    if (!traits_type::eq_int_type(character, traits_type::eof())) file_.write(&text, 1);
    return traits_type::not_eof(character);
  }

 private:
  AtomicFile& file_;
};

void write_file(const std::filesystem::path& path, const std::function<void(std::ostream&)>& write) {
  AtomicFile file(path);
  AtomicFileBuffer buffer(file);
  std::ostream out(&buffer);
  out.exceptions(std::ios::badbit);  // else the stream would keep the exception of a full disk to itself
  write(out);
  file.commit();
}

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
  write_file(dir / "planes.csv", [&](std::ostream& out) { write_planes_csv(out, results); });
  write_file(dir / "layers.json", [&](std::ostream& out) { out << layers_json(results).dump(2) << "\n"; });
  const bool has_neurons = std::any_of(results.findings.begin(), results.findings.end(),
                                       [](const LayerFindings& found) { return found.neurons.has_value(); });
  if (has_neurons) {
    write_file(dir / "neurons.csv", [&](std::ostream& out) { write_neurons_csv(out, results); });
  } else {
    remove_file(dir / "neurons.csv");
  }
  write_file(dir / "report.html", [&](std::ostream& out) { write_report_html(out, results); });
}

}  // namespace srm
