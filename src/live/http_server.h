#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "live/http_message.h"

namespace srm::live {

/// Answers HTTP requests, one a connection, in a thread of its own, with bounds on everything a client can make it
/// hold. Thread-safe.
class HttpServer {
 public:
  struct Options {
    std::string address;
    std::uint16_t port = 0;
    int max_connections = 64;
    int max_watchers = 16;
  };
  using Handler = std::function<Answer(const Request&)>;

  /// `handler` is called in the server's thread and must not throw. Throws srm::Error when the port cannot be had.
  HttpServer(const Options& options, Handler handler);
  ~HttpServer();

  std::uint16_t port() const;
  /// Sends an event to all who watch; where nobody does, none is made.
  void broadcast(std::function<std::string()> make_event);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace srm::live
