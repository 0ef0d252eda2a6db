#include "live/http_message.h"

#include <algorithm>
#include <optional>

namespace srm::live {
namespace {

std::optional<int> hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return std::nullopt;
}

std::string decoded(std::string_view text) {
  std::string result;
  for (std::size_t k = 0; k < text.size(); ++k) {
    const auto high = text[k] == '%' && k + 2 < text.size() ? hex_digit(text[k + 1]) : std::nullopt;
    const auto low = high ? hex_digit(text[k + 2]) : std::nullopt;
    if (low) {
      result.push_back(static_cast<char>(*high * 16 + *low));
      k += 2;
    } else {
      result.push_back(text[k] == '+' ? ' ' : text[k]);
    }
  }
  return result;
}

std::string in_small_letters(std::string_view text) {
  std::string small(text);
  for (char& c : small) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return small;
}

// The pieces between separators.
template <typename Take>
void split(std::string_view text, char separator, const Take& take) {
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(separator), text.size());
    take(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
}

std::pair<std::string_view, std::string_view> cut(std::string_view text, char at) {
  const std::size_t place = text.find(at);
  if (place == std::string_view::npos) return {text, {}};
  return {text.substr(0, place), text.substr(place + 1)};
}

}  // namespace

void read_target(std::string_view target, Request& request) {
  const auto [path, query] = cut(target, '?');
  request.path = decoded(path);
  split(query, '&', [&](std::string_view piece) {
    const auto [name, value] = cut(piece, '=');
    request.query.try_emplace(decoded(name), decoded(value));
  });
}

std::map<std::string, std::string> read_cookies(std::string_view header) {
  std::map<std::string, std::string> cookies;
  split(header, ';', [&](std::string_view piece) {
    piece.remove_prefix(std::min(piece.find_first_not_of(' '), piece.size()));
    const auto [name, value] = cut(piece, '=');
    cookies.try_emplace(std::string(name), std::string(value));
  });
  return cookies;
}

std::string host_without_port(std::string_view host) {
  const std::size_t end = host.starts_with('[') ? host.find(']') : host.find(':');
  std::string_view name = host.substr(0, end);
  std::string_view port = end == std::string_view::npos ? std::string_view() : host.substr(end);
  if (host.starts_with('[')) {
    if (end == std::string_view::npos) return {};
    name.remove_prefix(1);
    port.remove_prefix(1);
  }
  if (!port.empty() && (port[0] != ':' || port.find_first_not_of("0123456789", 1) != std::string_view::npos)) return {};
  return in_small_letters(name);
}

std::string bearer_of(std::string_view authorization) {
  constexpr std::string_view kScheme = "bearer ";
  if (in_small_letters(authorization.substr(0, kScheme.size())) != kScheme) return {};
  return std::string(authorization.substr(kScheme.size()));
}

Answer refusal(unsigned status, std::string words) {
  Answer answer;
  answer.status = status;
  answer.body = std::move(words) + "\n";
  return answer;
}

}  // namespace srm::live
