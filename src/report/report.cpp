#include "srm/report.h"

#include <functional>
#include <nlohmann/json.hpp>
#include <ostream>
#include <streambuf>

#include "files/atomic_file.h"

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

}  // namespace

void write_reports(const Results& results, const std::filesystem::path& dir) {
  write_file(dir / "planes.csv", [&](std::ostream& out) { write_planes_csv(out, results); });
  write_file(dir / "layers.json", [&](std::ostream& out) { out << layers_json(results).dump(2) << "\n"; });
  write_file(dir / "report.html", [&](std::ostream& out) { write_report_html(out, results); });
}

}  // namespace srm
