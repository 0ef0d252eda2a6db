#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "srm/history.h"
#include "srm/results.h"
#include "srm/rolling_window.h"

namespace srm {

// Note [Who may look]
// A LiveServer answers GET and HEAD and nothing else; no request changes anything. It listens at a loopback address
// unless told. Elsewhere every request needs the token: in the page's address (?token=...), from which the browser
// keeps it in a cookie, or as "Authorization: Bearer ...". Without a token only requests that name a loopback host are
// answered, so that no page of another site can read through a name that leads here. Requests have five seconds and
// 8 KB, whoever takes nothing for ten seconds is let go, two results are under way at most, and connections are
// bounded: where all are taken, the oldest that does not watch makes way.

/// Where a live server listens, and what it shows.
struct LiveOptions {
  std::string address = "127.0.0.1";  ///< an IP address of this machine
  std::uint16_t port = 0;             ///< 0: one that is free
  std::string token = {};  ///< 16 or more letters, digits, '-', '_'; needed unless the address is a loopback one
  std::string model = {};  ///< what the page and Prometheus call that what is looked at
  LookWindow window = {};  ///< of the page; /metrics and results are of all rows
  std::chrono::milliseconds interval{1000};  ///< between looks, or twenty times as long as a look takes
  int max_connections = 64;                  ///< at a time; a quarter of them may watch
};

/// Where a LiveServer looks: both are called in threads of its own, at any time until watch() names another.
struct LiveSource {
  std::function<Results()> holistic;    ///< cumulative curves and scores, ObservedModule::holistic_results() say
  std::function<Results()> whole = {};  ///< for /api/result; none: there is none yet
  /// The bytes of a result's file, to_bytes() of io.h; none: results are handed out as JSON alone.
  std::function<std::string(const Results&)> to_file = {};
};

/// Serves a page with layers, their curves and scores as they grow, while a model runs: `/` by server-sent events,
/// `/metrics` for Prometheus (metrics as in prometheus_text()), `/api/layers` and `/api/result` (JSON, or the
/// `.srm.pt`: .../result.json, .../result.srm.pt). See Note [Who may look]. Its threads take no signals; an error of a
/// source is shown on the page, and the next look tries again. Thread-safe.
class LiveServer {
 public:
  /// Throws srm::Error when the address or the port cannot be had, when the token is missing or holds other characters,
  /// and for options out of range.
  explicit LiveServer(LiveOptions options);
  /// Ends all connections. Waits for a look that is under way.
  ~LiveServer();
  LiveServer(const LiveServer&) = delete;
  LiveServer& operator=(const LiveServer&) = delete;

  /// The page's address, with the token; 127.0.0.1 (or [::1]) of this machine where it listens at every address.
  const std::string& url() const;
  /// The port that it listens at.
  std::uint16_t port() const;

  /// Looks there from now on; returns when nothing looks at the source before any more. An empty source leaves the page
  /// as it is.
  void watch(LiveSource source);
  /// Shows a window of a Monitor instead: its scores over steps, and the curves of its layers.
  void show(const Window& window);
  /// Looks once more, if there is a source, and says on the page that no more comes.
  void finish();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace srm
