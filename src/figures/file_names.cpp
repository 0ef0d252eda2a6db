#include "figures/file_names.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <cstdint>

namespace srm::figures {
namespace {

constexpr std::size_t kMostLetters = 80;

bool is_safe(char c) { return std::isalnum(static_cast<unsigned char>(c)) || c == '.' || c == '-' || c == '_'; }

// FNV-1a of 64 bits, folded: the same on every machine.
std::uint32_t digest(std::string_view text) {
  std::uint64_t hash = 14695981039346656037U;
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211U;
  return static_cast<std::uint32_t>(hash ^ (hash >> 32));
}

std::string lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](char c) { return static_cast<char>(std::tolower(static_cast<unsigned char>(c))); });
  return text;
}

}  // namespace

std::string FileNames::operator()(std::string_view name) {
  std::string safe;
  bool was_safe = true;
  for (const char c : name) {
    if (is_safe(c)) {
      safe += c;
    } else if (was_safe) {
      safe += '_';
    }
    was_safe = is_safe(c);
  }
  safe.erase(0, safe.find_first_not_of(".-"));
  safe.resize(std::min(safe.size(), kMostLetters));
  if (safe != name || safe.empty()) safe += fmt::format("{}-{:08x}", safe.empty() ? "layer" : "", digest(name));
  std::string free = safe;
  for (int number = 2; !taken_.insert(lower(free)).second; ++number) free = fmt::format("{}-{}", safe, number);
  return free;
}

}  // namespace srm::figures
