#include "cli/plane_words.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <charconv>
#include <string_view>

#include "cli/command.h"

namespace srm::cli {
namespace {

constexpr const char* kPlanes = "--planes";

template <typename Number>
bool read_number(std::string_view digits, Number& number) {
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  return !digits.empty() && error == std::errc() && end == digits.data() + digits.size();
}

[[noreturn]] void refuse(const std::string& got) {
  throw Misuse(kPlanes, "planes are all, none, random:N[:SEED], top[:N], or i,j each", got,
               "e.g. --planes random:1000 or --planes 0,1 4,7");
}

PlaneChoice random_choice(const std::string& word, std::string_view numbers) {
  const std::size_t colon = numbers.find(':');
  PlaneChoice choice{.kind = PlaneChoice::Kind::kRandom};
  const bool is_read = read_number(numbers.substr(0, colon), choice.num_planes) && choice.num_planes >= 1 &&
                       (colon == std::string_view::npos || read_number(numbers.substr(colon + 1), choice.seed));
  if (!is_read) refuse(word);
  return choice;
}

}  // namespace

Plane parse_plane(const std::string& text, const char* flag) {
  const std::string_view view = text;
  const std::size_t comma = view.find(',');
  Plane plane{};
  if (comma != std::string_view::npos && read_number(view.substr(0, comma), plane.i) &&
      read_number(view.substr(comma + 1), plane.j)) {
    return plane;
  }
  throw Misuse(flag, "a plane is two basis vectors, i,j, that count from 0", text, fmt::format("e.g. {} 0,1", flag));
}

std::vector<Plane> parse_planes(const std::vector<std::string>& words, const char* flag) {
  std::vector<Plane> planes;
  for (const std::string& word : words) planes.push_back(parse_plane(word, flag));
  return planes;
}

PlaneWords parse_plane_words(const std::vector<std::string>& words) {
  if (words.empty()) return {};
  const std::string& word = words.front();
  const bool is_list = word.find(',') != std::string::npos;
  if (is_list) return {{.kind = PlaneChoice::Kind::kListed, .listed = parse_planes(words, kPlanes)}, {}};
  if (words.size() > 1) refuse(fmt::format("{}", fmt::join(words, " ")));
  if (word == "all") return {};
  if (word == "none") return {{.kind = PlaneChoice::Kind::kNone}, {}};
  if (word == "top") return {{}, 0};
  constexpr std::string_view kRandom = "random:", kTop = "top:";
  if (word.starts_with(kRandom)) return {random_choice(word, std::string_view(word).substr(kRandom.size())), {}};
  std::int64_t top = 0;
  if (word.starts_with(kTop) && read_number(std::string_view(word).substr(kTop.size()), top) && top >= 1) {
    return {{}, top};
  }
  refuse(word);
}

}  // namespace srm::cli
