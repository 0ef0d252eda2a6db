#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http.hpp>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "live/http_message.h"

namespace srm::live {

/// One request and its answer, or a watcher that events go to until it leaves. All in the thread of the io_context.
class HttpConnection : public std::enable_shared_from_this<HttpConnection> {
 public:
  enum class Stage { kReading, kAnswering, kWatching, kDraining, kClosed };

  struct Owner {
    std::function<Answer(const Request&)> answer;  ///< to a request
    /// Runs `make` elsewhere and then, in this thread, `done`; false when too much is under way.
    std::function<bool(std::function<Answer()> make, std::function<void(Answer)> done)> work;
    std::function<void(const HttpConnection*)> left;  ///< the connection is over
  };

  /// `owner` outlives it.
  HttpConnection(boost::asio::ip::tcp::socket socket, const Owner& owner);

  void start();
  /// Sends to a watcher; leaves it out when it has not yet taken what was sent before.
  void send(const std::shared_ptr<const std::string>& event);
  void close();
  Stage stage() const { return stage_; }

 private:
  void on_request(boost::beast::error_code error);
  Request request() const;
  void give(Answer answer);
  struct Sending;
  void send_answer(Answer answer);
  void send_on(const std::shared_ptr<Sending>& sending);
  void start_watching(std::string first);
  void write_event(std::shared_ptr<const std::string> event);
  void wait_until_it_leaves();
  void leave_politely();

  const Owner& owner_;
  boost::beast::tcp_stream stream_;
  boost::beast::flat_buffer buffer_;
  boost::beast::http::request_parser<boost::beast::http::empty_body> parser_;
  Stage stage_ = Stage::kReading;
  bool is_head_ = false;
  bool is_writing_ = false;
  std::size_t num_drained_ = 0;
};

}  // namespace srm::live
