#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace srm::live {

/// What of a request a site looks at.
struct Request {
  std::string method;
  std::string path;                          ///< without the query
  std::map<std::string, std::string> query;  ///< decoded; of a name that is there twice the first
  std::string host;                          ///< as host_without_port(); empty where there is not one
  std::string bearer;                        ///< of "Authorization: Bearer"
  std::map<std::string, std::string> cookies;
  std::string accept;
};

/// `path`, "/a?b=c%20d", into path and query.
void read_target(std::string_view target, Request& request);
/// "name=value; name=value".
std::map<std::string, std::string> read_cookies(std::string_view header);
/// In small letters, IPv6 without brackets; empty where it is no host with a port or none.
std::string host_without_port(std::string_view host);
/// The token of "Bearer TOKEN", or nothing.
std::string bearer_of(std::string_view authorization);

/// What goes back.
struct Answer {
  unsigned status = 200;
  std::string type = "text/plain; charset=utf-8";
  std::string body = {};
  std::string_view fixed_body = {};  ///< instead of body: lives as long as the program
  std::vector<std::pair<std::string, std::string>> headers = {};
  bool watches = false;                ///< body is the first of the events that will come
  std::function<Answer()> later = {};  ///< makes the answer in a thread where it may take its time
  std::shared_ptr<void> place = {};    ///< kept until all was sent

  std::string_view content() const { return body.empty() ? fixed_body : std::string_view(body); }
};

/// A line of words for who reads it.
Answer refusal(unsigned status, std::string words);

}  // namespace srm::live
