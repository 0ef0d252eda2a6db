#include "cli/input_texts.h"

#include <fmt/format.h>

#include <fstream>
#include <utility>
#include <vector>

#include "files/input_file.h"
#include "srm/error.h"

namespace srm::cli {

std::function<std::string(std::int64_t sample)> read_texts(const std::string& path) {
  file_kind(path);  // says what is wrong with a path
  std::ifstream stream(path, std::ios::binary);
  std::vector<std::string> lines;
  for (std::string line; std::getline(stream, line);) {
    if (!line.empty() && line.back() == '\r') line.pop_back();
    lines.push_back(std::move(line));
  }
  if (stream.bad()) throw Error("texts " + path, "the file must be read whole", "an error", "look at its disk");
  return [path, lines = std::move(lines)](std::int64_t sample) {
    if (sample >= 0 && sample < std::ssize(lines)) return lines[static_cast<std::size_t>(sample)];
    throw Error("texts " + path, "there must be a line for every sample of the table",
                fmt::format("{} lines and sample {}", lines.size(), sample),
                "give a line a sample, in the order in which they were observed");
  };
}

}  // namespace srm::cli
