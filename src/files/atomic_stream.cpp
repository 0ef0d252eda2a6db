#include "files/atomic_stream.h"

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

}  // namespace

void write_atomically(const std::filesystem::path& path, const std::function<void(std::ostream&)>& write) {
  AtomicFile file(path);
  AtomicFileBuffer buffer(file);
  std::ostream out(&buffer);
  out.exceptions(std::ios::badbit);  // else the stream would keep the exception of a full disk to itself
  write(out);
  file.commit();
}

}  // namespace srm
