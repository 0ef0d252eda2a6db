#include "live/http_server.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <list>
#include <thread>

#include "live/http_connection.h"
#include "quiet_thread.h"
#include "srm/error.h"

namespace srm::live {
namespace {

namespace asio = boost::asio;
using tcp = asio::ip::tcp;
using Stage = HttpConnection::Stage;

constexpr int kBacklog = 128;
constexpr int kMostMade = 2;  // results are large: one that is sent, and one that a client asks for behind it
constexpr std::chrono::milliseconds kBeforeNextTry{200};

// To the end: memory that is short for one client must not end the server, or the program.
void run(asio::io_context& io) {
  for (;;) {
    try {
      io.run();
      return;
    } catch (const std::exception&) {
    }
  }
}

}  // namespace

struct HttpServer::State {
  State(const Options& options, Handler handler);
  ~State();

  void accept();
  void take(tcp::socket socket);
  bool make_room();
  Answer answer(const Request& request) const;
  bool work(const std::function<Answer()>& make, const std::function<void(Answer)>& done);
  int num_in(Stage stage) const;

  std::uint16_t port_ = 0;
  const Options options_;
  const Handler handler_;
  HttpConnection::Owner owner_;
  std::atomic<int> num_made_ = 0;  // answers that are made or sent
  asio::io_context io_{1};
  tcp::acceptor acceptor_{io_};
  asio::steady_timer pause_{io_};
  std::list<std::shared_ptr<HttpConnection>> connections_;  // the oldest first
  asio::io_context work_io_{1};
  asio::executor_work_guard<asio::io_context::executor_type> work_is_open_{work_io_.get_executor()};
  std::thread thread_;
  std::thread worker_;
};

HttpServer::State::State(const Options& options, Handler handler) : options_(options), handler_(std::move(handler)) {
  const auto fail = [&](const std::string& what) {
    throw Error("live server", fmt::format("port {} of {} must be free to listen at", options_.port, options_.address),
                what, "choose another port, or 0 for any that is free");
  };
  boost::system::error_code error;
  const auto address = asio::ip::make_address(options_.address, error);
  if (error) {
    throw Error("live server", "the address must be an IP address", options_.address,
                "e.g. 127.0.0.1, or 0.0.0.0 for all");
  }
  const tcp::endpoint endpoint(address, options_.port);
  acceptor_.open(endpoint.protocol(), error);
  if (error) fail(error.message());
  acceptor_.set_option(tcp::acceptor::reuse_address(true), error);
  acceptor_.bind(endpoint, error);
  if (error) fail(error.message());
  acceptor_.listen(kBacklog, error);
  if (error) fail(error.message());
  port_ = acceptor_.local_endpoint().port();
  owner_ = {[this](const Request& request) { return answer(request); },
            [this](const auto& make, const auto& done) { return work(make, done); },
            [this](const HttpConnection* gone) {
              connections_.remove_if([&](const auto& one) { return one.get() == gone; });
            }};
  asio::post(io_, [this] { accept(); });
  thread_ = thread_without_signals([this] { run(io_); });
  try {
    worker_ = thread_without_signals([this] { run(work_io_); });
  } catch (...) {
    io_.stop();
    thread_.join();
    throw;
  }
}

HttpServer::State::~State() {
  asio::post(io_, [this] {
    boost::system::error_code ignored;
    acceptor_.close(ignored);
    pause_.cancel();
    const auto connections = connections_;  // closing takes them out of the list
    for (const auto& connection : connections) connection->close();
  });
  work_is_open_.reset();
  worker_.join();
  thread_.join();  // nothing is left to wait for
}

void HttpServer::State::accept() {
  acceptor_.async_accept([this](boost::system::error_code error, tcp::socket socket) {
    if (!acceptor_.is_open()) return;
    if (!error) {
      take(std::move(socket));
      return accept();
    }
    // No descriptor is left, say.
    pause_.expires_after(kBeforeNextTry);
    pause_.async_wait([this](boost::system::error_code) {
      if (acceptor_.is_open()) accept();
    });
  });
}

void HttpServer::State::take(tcp::socket socket) {
  if (!make_room()) return;  // closes it
  connections_.push_back(std::make_shared<HttpConnection>(std::move(socket), owner_));
  const auto connection = connections_.back();
  connection->start();
}

// Where all places are taken, the oldest makes way of those that have their answer, or say nothing, or take long.
bool HttpServer::State::make_room() {
  if (std::ssize(connections_) < options_.max_connections) return true;
  for (const Stage stage : {Stage::kDraining, Stage::kReading, Stage::kAnswering}) {
    const auto oldest =
        std::find_if(connections_.begin(), connections_.end(), [&](const auto& one) { return one->stage() == stage; });
    if (oldest == connections_.end()) continue;
    const auto connection = *oldest;
    connection->close();
    return true;
  }
  return false;
}

int HttpServer::State::num_in(Stage stage) const {
  return static_cast<int>(
      std::count_if(connections_.begin(), connections_.end(), [&](const auto& one) { return one->stage() == stage; }));
}

Answer HttpServer::State::answer(const Request& request) const {
  Answer answer;
  try {
    answer = handler_(request);
  } catch (const std::exception& error) {
    return refusal(500, error.what());
  }
  if (answer.watches && num_in(Stage::kWatching) >= options_.max_watchers) {
    return refusal(503, fmt::format("{} are watching, which is all that may: ask again later", options_.max_watchers));
  }
  return answer;
}

bool HttpServer::State::work(const std::function<Answer()>& make, const std::function<void(Answer)>& done) {
  // A place is free again when its answer was sent, or the client has gone.
  const std::shared_ptr<void> place(nullptr, [this](void*) { --num_made_; });
  if (++num_made_ > kMostMade) return false;
  asio::post(work_io_, [this, make, done, place] {
    Answer made = make();
    made.place = place;
    asio::post(io_, [done, made = std::move(made)]() mutable { done(std::move(made)); });
  });
  return true;
}

HttpServer::HttpServer(const Options& options, Handler handler)
    : state_(std::make_unique<State>(options, std::move(handler))) {}

HttpServer::~HttpServer() = default;

std::uint16_t HttpServer::port() const { return state_->port_; }

void HttpServer::broadcast(std::function<std::string()> make_event) {
  asio::post(state_->io_, [state = state_.get(), make_event = std::move(make_event)] {
    if (state->num_in(Stage::kWatching) == 0) return;
    const auto event = std::make_shared<const std::string>(make_event());
    const auto connections = state->connections_;  // a send that fails takes its connection out
    for (const auto& connection : connections) connection->send(event);
  });
}

}  // namespace srm::live
