#include "live/http_connection.h"

#include <boost/asio/buffer.hpp>
#include <boost/asio/write.hpp>
#include <chrono>
#include <utility>

namespace srm::live {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;

constexpr std::uint32_t kMostHeaderBytes = 8192;
constexpr std::size_t kMostDrained = 1 << 20;  // of what a client sends after it was refused
constexpr std::chrono::seconds kRequestTime{5};
constexpr std::chrono::seconds kEventTime{10};
constexpr std::chrono::seconds kProgressTime{10};  // in which a client takes some more of its answer
constexpr std::chrono::seconds kDrainTime{2};

template <typename Body>
void set_common(http::response<Body>& response, const Answer& answer) {
  response.set(http::field::server, "torchsrm");
  response.set(http::field::content_type, answer.type);
  response.set(http::field::cache_control, "no-store");
  response.set("X-Content-Type-Options", "nosniff");
  response.set("X-Frame-Options", "DENY");
  response.set("Referrer-Policy", "no-referrer");
  response.set("Cross-Origin-Resource-Policy", "same-origin");
  response.set("Content-Security-Policy",
               "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; connect-src 'self'; "
               "img-src 'self' data: blob:; frame-ancestors 'none'; form-action 'none'; base-uri 'none'");
  for (const auto& [name, value] : answer.headers) response.set(name, value);
}

}  // namespace

HttpConnection::HttpConnection(asio::ip::tcp::socket socket, const Owner& owner)
    : owner_(owner), stream_(std::move(socket)), buffer_(2 * kMostHeaderBytes) {
  parser_.header_limit(kMostHeaderBytes);
  parser_.body_limit(0);
}

void HttpConnection::start() {
  stream_.expires_after(kRequestTime);
  http::async_read(stream_, buffer_, parser_,
                   [self = shared_from_this()](beast::error_code error, std::size_t) { self->on_request(error); });
}

void HttpConnection::on_request(beast::error_code error) {
  if (stage_ == Stage::kClosed) return;
  if (error == http::error::header_limit || error == http::error::buffer_overflow) {
    return give(refusal(431, "a request has 8 KB at most"));
  }
  if (error == http::error::body_limit || error == http::error::unexpected_body) {
    return give(refusal(413, "requests have no body here"));
  }
  if (error && error.category() == make_error_code(http::error::bad_method).category() &&
      error != http::error::end_of_stream && error != http::error::partial_message) {
    return give(refusal(400, "this is no HTTP request: " + error.message()));
  }
  if (error) return close();  // it left, or took too long
  is_head_ = parser_.get().method() == http::verb::head;
  give(owner_.answer(request()));
}

Request HttpConnection::request() const {
  const auto& message = parser_.get();
  const auto field = [&](http::field name) { return std::string(message[name]); };
  Request request;
  request.method = std::string(message.method_string());
  read_target({message.target().data(), message.target().size()}, request);
  if (message.count(http::field::host) == 1) request.host = host_without_port(field(http::field::host));
  request.bearer = bearer_of(field(http::field::authorization));
  request.cookies = read_cookies(field(http::field::cookie));
  request.accept = field(http::field::accept);
  return request;
}

void HttpConnection::give(Answer answer) {
  stage_ = Stage::kAnswering;
  if (answer.watches) return start_watching(std::move(answer.body));
  if (!answer.later) return send_answer(std::move(answer));
  const auto done = [self = shared_from_this()](Answer made) {
    if (self->stage_ != Stage::kClosed) self->send_answer(std::move(made));
  };
  if (!owner_.work(std::move(answer.later), done)) {
    Answer busy = refusal(503, "other results are being made or sent: ask again in a moment");
    busy.headers.emplace_back("Retry-After", "2");
    send_answer(std::move(busy));
  }
}

struct HttpConnection::Sending {
  Answer answer;  // with what it holds, until all was sent
  http::response<http::span_body<const char>> response;
  std::optional<http::response_serializer<http::span_body<const char>>> serializer;
};

void HttpConnection::send_answer(Answer answer) {
  const auto sending = std::make_shared<Sending>();
  sending->answer = std::move(answer);
  const std::string_view content = sending->answer.content();
  auto& response = sending->response;
  response.version(11);
  response.result(sending->answer.status);
  set_common(response, sending->answer);
  response.keep_alive(false);
  if (!is_head_) response.body() = {content.data(), content.size()};
  response.content_length(content.size());
  sending->serializer.emplace(response);
  sending->serializer->split(is_head_);
  send_on(sending);
}

// Piece by piece, so that a client that takes nothing is let go, and a slow one is not.
void HttpConnection::send_on(const std::shared_ptr<Sending>& sending) {
  if (stage_ == Stage::kClosed) return;
  const bool is_done = is_head_ ? sending->serializer->is_header_done() : sending->serializer->is_done();
  if (is_done) return leave_politely();
  stream_.expires_after(kProgressTime);
  http::async_write_some(stream_, *sending->serializer,
                         [self = shared_from_this(), sending](beast::error_code error, std::size_t) {
                           if (error) return self->close();
                           self->send_on(sending);
                         });
}

// Closing at once would take back what was sent, where the client is still sending.
void HttpConnection::leave_politely() {
  stage_ = Stage::kDraining;
  beast::error_code ignored;
  stream_.socket().shutdown(asio::ip::tcp::socket::shutdown_send, ignored);
  stream_.expires_after(kDrainTime);
  const auto read_on = [self = shared_from_this()](const auto& again) -> void {
    self->buffer_.clear();
    self->stream_.async_read_some(self->buffer_.prepare(kMostHeaderBytes),
                                  [self, again](beast::error_code error, std::size_t size) {
                                    self->num_drained_ += size;
                                    if (error || self->num_drained_ > kMostDrained) return self->close();
                                    again(again);
                                  });
  };
  read_on(read_on);
}

void HttpConnection::start_watching(std::string first) {
  if (is_head_) {
    Answer answer;
    answer.type = "text/event-stream";
    return send_answer(std::move(answer));
  }
  stage_ = Stage::kWatching;
  Answer answer;
  answer.type = "text/event-stream";
  http::response<http::empty_body> response(http::status::ok, 11);
  set_common(response, answer);
  response.set(http::field::connection, "close");  // the stream ends where the connection does
  std::ostringstream head;
  head << response.base();
  stream_.expires_never();
  wait_until_it_leaves();
  write_event(std::make_shared<const std::string>(head.str() + first));
}

void HttpConnection::send(const std::shared_ptr<const std::string>& event) {
  if (stage_ == Stage::kWatching && !is_writing_) write_event(event);
}

void HttpConnection::write_event(std::shared_ptr<const std::string> event) {
  is_writing_ = true;
  stream_.expires_after(kEventTime);
  asio::async_write(stream_, asio::buffer(*event),
                    [self = shared_from_this(), event](beast::error_code error, std::size_t) {
                      self->is_writing_ = false;
                      if (error) self->close();
                    });
}

// A watcher has nothing more to say.
void HttpConnection::wait_until_it_leaves() {
  buffer_.clear();
  stream_.async_read_some(buffer_.prepare(1),
                          [self = shared_from_this()](beast::error_code, std::size_t) { self->close(); });
}

void HttpConnection::close() {
  if (std::exchange(stage_, Stage::kClosed) == Stage::kClosed) return;
  stream_.close();
  owner_.left(this);
}

}  // namespace srm::live
