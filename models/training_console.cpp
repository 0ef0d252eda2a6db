#include "training_console.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>

#include "files/atomic_file.h"

namespace srm {

void print_progress(int epoch, int num_epochs, double loss) {
  constexpr int kWidth = 30;
  const bool is_terminal = isatty(fileno(stderr)) != 0;
  const bool is_last = epoch == num_epochs;
  if (is_terminal) {
    const int filled = kWidth * epoch / num_epochs;
    fmt::print(stderr, "\r[{:-<{}}] epoch {}/{}  loss {:.3f}{}", std::string(filled, '#'), kWidth, epoch, num_epochs,
               loss, is_last ? "\n" : "");
  } else if (epoch % 100 == 0 || is_last) {
    fmt::print(stderr, "epoch {}/{}  loss {:.3f}\n", epoch, num_epochs, loss);
  }
}

void write_file(const std::string& path, const std::string& bytes) {
  AtomicFile file(path);
  file.write(bytes);
  file.commit();
}

std::string beside(const std::string& path, const std::string& ending) {
  const std::filesystem::path file(path);
  return file.parent_path() / (file.stem().string() + ending);
}

}  // namespace srm
