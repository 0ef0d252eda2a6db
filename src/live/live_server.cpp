#include "srm/live_server.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/ip/address.hpp>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <shared_mutex>
#include <thread>
#include <utility>

#include "live/http_server.h"
#include "live/live_page.h"
#include "live/live_state.h"
#include "quiet_thread.h"
#include "srm/error.h"
#include "srm/report.h"

namespace srm {
namespace {

using live::Answer;
using live::refusal;
using live::Request;
using Clock = std::chrono::steady_clock;

constexpr const char* kWhere = "live server";
constexpr std::size_t kShortestToken = 16;
constexpr const char* kJson = "application/json";
constexpr int kShareOfTime = 20;  // a look takes a twentieth of the time at most

// As a browser on this machine takes it: "every address" is none that can be opened.
std::string host_of(const std::string& address) {
  boost::system::error_code error;
  const auto parsed = boost::asio::ip::make_address(address, error);
  if (error || parsed.is_v4()) return !error && parsed.is_unspecified() ? "127.0.0.1" : address;
  return parsed.is_unspecified() ? "[::1]" : "[" + address + "]";
}

bool is_loopback(const std::string& address) {
  boost::system::error_code error;
  const auto parsed = boost::asio::ip::make_address(address, error);
  return !error && parsed.is_loopback();
}

LiveOptions valid(LiveOptions options) {
  const auto may_be_in_token = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
  };
  if (!std::all_of(options.token.begin(), options.token.end(), may_be_in_token)) {
    throw Error(kWhere, "a token is of letters, digits, '-' and '_'", "other characters", "choose another");
  }
  if (!options.token.empty() && options.token.size() < kShortestToken) {
    throw Error(kWhere, fmt::format("a token has {} characters or more, so that it cannot be guessed", kShortestToken),
                fmt::format("{}", options.token.size()), "choose a longer one");
  }
  if (options.token.empty() && !is_loopback(options.address)) {
    throw Error(kWhere, "whoever listens beyond this machine needs a token", options.address + " without one",
                "give a token, or listen at 127.0.0.1");
  }
  if (options.max_connections < 4 || options.interval.count() < 10) {
    throw Error(kWhere, "there must be room for 4 connections, and 10 ms or more between looks",
                fmt::format("{} and {} ms", options.max_connections, options.interval.count()), "leave the defaults");
  }
  return options;
}

// Takes as long whatever is wrong about `given`.
bool is_same_secret(std::string_view given, std::string_view token) {
  unsigned char difference = given.size() == token.size() ? 0 : 1;
  for (std::size_t k = 0; k < token.size(); ++k) {
    difference = static_cast<unsigned char>(difference | (token[k] ^ (k < given.size() ? given[k] : 0)));
  }
  return difference == 0;
}

std::string event(const char* name, const std::string& data) {
  return fmt::format("event: {}\ndata: {}\n\n", name, data);
}

}  // namespace

struct LiveServer::State {
  explicit State(LiveOptions given);
  ~State();

  Answer answer(const Request& request);
  std::optional<Answer> refuse(const Request& request) const;
  Answer result(const Request& request);
  Answer make_result(bool as_file);
  std::string first_events() const;
  void look();
  void look_and_tell(std::int64_t& last);
  void look_on();

  const LiveOptions options_;
  live::LiveState shown_;
  std::shared_mutex source_mutex_;  // shared while something looks
  LiveSource source_;
  std::mutex mutex_;
  std::condition_variable stopped_;
  bool is_stopped_ = false;
  std::unique_ptr<live::HttpServer> http_;
  std::string url_;
  std::string cookie_;  // by port, which browsers do not tell apart
  std::thread looker_;
};

LiveServer::State::State(LiveOptions given)
    : options_(valid(std::move(given))), shown_(options_.model, options_.window) {
  const live::HttpServer::Options http{options_.address, options_.port, options_.max_connections,
                                       options_.max_connections / 4};
  http_ = std::make_unique<live::HttpServer>(http, [this](const Request& request) { return answer(request); });
  url_ = fmt::format("http://{}:{}/{}", host_of(options_.address), http_->port(),
                     options_.token.empty() ? "" : "?token=" + options_.token);
  cookie_ = fmt::format("srm_token_{}", http_->port());
  looker_ = thread_without_signals([this] { look_on(); });
}

LiveServer::State::~State() {
  {
    const std::lock_guard lock(mutex_);
    is_stopped_ = true;
  }
  stopped_.notify_all();
  looker_.join();
  http_.reset();
}

// Why a request is not answered, see Note [Who may look].
std::optional<Answer> LiveServer::State::refuse(const Request& request) const {
  if (request.method != "GET" && request.method != "HEAD") {
    Answer answer = refusal(405, "only GET and HEAD are answered here: nothing can be changed");
    answer.headers.emplace_back("Allow", "GET, HEAD");
    return answer;
  }
  if (options_.token.empty()) {
    if (request.host == "localhost" || is_loopback(request.host)) return std::nullopt;
    return refusal(403, "without a token only requests to 127.0.0.1, [::1] or localhost are answered");
  }
  const auto query = request.query.find("token");
  const auto cookie = request.cookies.find(cookie_);
  if (query != request.query.end() && is_same_secret(query->second, options_.token)) return std::nullopt;
  if (cookie != request.cookies.end() && is_same_secret(cookie->second, options_.token)) return std::nullopt;
  if (is_same_secret(request.bearer, options_.token)) return std::nullopt;
  Answer answer = refusal(401, "this page needs its token: open the address that was printed, or send it as a Bearer");
  answer.headers.emplace_back("WWW-Authenticate", "Bearer");
  return answer;
}

Answer LiveServer::State::answer(const Request& request) {
  if (auto refused = refuse(request)) return std::move(*refused);
  if (request.path == "/" && request.query.contains("token")) {
    // Into a cookie, and out of the address, which is shown and kept.
    Answer answer = refusal(303, "");
    answer.headers.emplace_back("Location", "/");
    answer.headers.emplace_back("Set-Cookie",
                                fmt::format("{}={}; Path=/; HttpOnly; SameSite=Lax", cookie_, options_.token));
    return answer;
  }
  if (const auto file = live::page_file(request.path)) {
    return {.type = std::string(file->type), .fixed_body = file->content};
  }
  if (request.path == "/events") return {.type = "text/event-stream", .body = first_events(), .watches = true};
  if (request.path == "/metrics") return {.type = "text/plain; version=0.0.4; charset=utf-8", .body = shown_.metrics()};
  if (request.path == "/api/layers") return {.type = kJson, .body = shown_.layers_json()};
  if (request.path == "/api/series") return {.type = kJson, .body = shown_.series_json()};
  if (request.path.starts_with("/api/result")) return result(request);
  return refusal(404, "there are /, /metrics, /api/layers, /api/series, /api/result.json and /api/result.srm.pt here");
}

Answer LiveServer::State::result(const Request& request) {
  const std::string rest = request.path.substr(std::string("/api/result").size());
  const auto format = request.query.find("format");
  std::string kind = rest.empty() && format != request.query.end() ? "." + format->second : rest;
  if (kind.empty()) kind = request.accept.starts_with(kJson) ? ".json" : ".srm.pt";
  if (kind != ".json" && kind != ".srm.pt") return refusal(404, "a result is /api/result.json or /api/result.srm.pt");
  Answer answer;
  answer.later = [this, as_file = kind == ".srm.pt"] {
    try {
      return make_result(as_file);
    } catch (const std::exception& error) {
      return refusal(500, error.what());
    }
  };
  return answer;
}

Answer LiveServer::State::make_result(bool as_file) {
  const std::shared_lock lock(source_mutex_);
  if (!source_.whole) return refusal(404, "there is no result at present: it is made while layers are observed");
  const Results results = source_.whole();
  if (!as_file) return {.type = kJson, .body = layers_json(results).dump(2)};
  if (!source_.to_file) return refusal(404, "results are handed out as /api/result.json alone here");
  Answer answer{.type = "application/octet-stream", .body = source_.to_file(results)};
  answer.headers.emplace_back("Content-Disposition", "attachment; filename=\"results.srm.pt\"");
  return answer;
}

std::string LiveServer::State::first_events() const {
  return "retry: 1000\n" + event("series", shown_.series_json()) + event("layers", shown_.layers_json());
}

void LiveServer::State::look() {
  const std::shared_lock lock(source_mutex_);
  if (source_.holistic) shown_.look(source_.holistic());
}

// What goes wrong in a look, for want of memory say, is no matter of the program that is looked at.
void LiveServer::State::look_and_tell(std::int64_t& last) {
  try {
    look();
  } catch (const std::exception& error) {
    shown_.say(error.what());
  }
  // A comment keeps the connection where there is nothing new.
  const std::int64_t version = shown_.version();
  http_->broadcast([this, is_new = version != last] {
    return is_new ? event("layers", shown_.layers_json()) : std::string(":\n\n");
  });
  last = version;
}

void LiveServer::State::look_on() {
  std::int64_t last = -1;
  std::unique_lock lock(mutex_);
  Clock::duration pause = options_.interval;
  while (!stopped_.wait_for(lock, pause, [this] { return is_stopped_; })) {
    lock.unlock();
    const Clock::time_point start = Clock::now();
    try {
      look_and_tell(last);
    } catch (...) {
      // The next turn tries again.
    }
    pause = std::max<Clock::duration>(options_.interval, kShareOfTime * (Clock::now() - start));
    lock.lock();
  }
}

LiveServer::LiveServer(LiveOptions options) : state_(std::make_unique<State>(std::move(options))) {}

LiveServer::~LiveServer() = default;

const std::string& LiveServer::url() const { return state_->url_; }

std::uint16_t LiveServer::port() const { return state_->http_->port(); }

void LiveServer::watch(LiveSource source) {
  const std::unique_lock lock(state_->source_mutex_);
  state_->source_ = std::move(source);
}

void LiveServer::show(const Window& window) { state_->shown_.show(window); }

void LiveServer::finish() {
  state_->shown_.finish();
  std::int64_t last = -1;
  state_->look_and_tell(last);
}

}  // namespace srm
