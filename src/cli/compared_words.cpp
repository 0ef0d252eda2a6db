#include "cli/compared_words.h"

#include <charconv>
#include <filesystem>
#include <system_error>

#include "cli/command.h"
#include "cli/result_path.h"
#include "srm/history.h"
#include "srm/io.h"

namespace srm::cli {
namespace {

struct Place {
  std::string path;
  std::string step;  // "500" or "500/evaluation"
  std::string address;
};

bool exists(const std::string& path) {
  std::error_code ignored;
  return !path.empty() && std::filesystem::exists(path, ignored);
}

// The longest beginning that is there, up to the end, an `@` or a `:`.
Place place_of(const std::string& word) {
  if (exists(word)) return {word, "", ""};
  for (std::size_t end = word.find_last_of("@:"); end != std::string::npos && end > 0;
       end = word.find_last_of("@:", end - 1)) {
    if (!exists(word.substr(0, end))) continue;
    const std::string rest = word.substr(end + 1);
    if (word[end] == ':') return {word.substr(0, end), "", rest};
    const std::size_t colon = rest.find(':');
    return {word.substr(0, end), rest.substr(0, colon), colon == std::string::npos ? "" : rest.substr(colon + 1)};
  }
  return {word, "", ""};  // which is then told to be missing
}

ComparedSource read_history(const Place& place, const std::string& word) {
  if (place.step.empty()) {
    throw Misuse("compare " + word, "of a history one step is compared", "no step",
                 "write it as " + place.path + "@500");
  }
  const std::size_t slash = place.step.find('/');
  const std::string number = place.step.substr(0, slash);
  std::int64_t step = 0;
  const auto [end, error] = std::from_chars(number.data(), number.data() + number.size(), step);
  if (error != std::errc() || end != number.data() + number.size()) {
    throw Misuse("compare " + word, "a step must be a whole number", number, "write it as " + place.path + "@500");
  }
  const std::string phase = slash == std::string::npos ? "" : place.step.substr(slash + 1);
  return compared_source(place.path + "@" + place.step, load_history(place.path), step, phase);
}

}  // namespace

ComparedSource read_compared(const std::string& word) {
  const Place place = place_of(word);
  const bool has_steps = is_history(place.path);
  if (!has_steps && !place.step.empty()) {
    throw Misuse("compare " + word, "only a history of training has steps", place.path,
                 "leave @" + place.step + " out");
  }
  ComparedSource source =
      has_steps ? read_history(place, word) : compared_source(place.path, load_results(result_path(place.path)));
  source.only = place.address;
  return source;
}

}  // namespace srm::cli
