// A server of a TorchScript model with a live probe. POST /predict takes rows of numbers as JSON, [[...], ...], and
// gives the model's; several threads answer. What the layers do meanwhile is on the probe's page, and at its /metrics.
//
//   serve_model MODEL.pt [PORT] [THREADS]

#include <ATen/Parallel.h>
#include <srm/live_source.h>

#include <boost/asio.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <cstdio>
#include <cstdlib>
#include <nlohmann/json.hpp>

namespace asio = boost::asio;
namespace http = boost::beast::http;
using asio::ip::tcp;
using Answer = http::response<http::string_body>;

torch::Tensor rows_of(const std::string& text) {
  const auto rows = nlohmann::json::parse(text).get<std::vector<std::vector<float>>>();
  std::vector<float> numbers;
  for (const auto& row : rows) {
    if (row.size() != rows.front().size()) throw std::runtime_error("all rows must be equally long");
    numbers.insert(numbers.end(), row.begin(), row.end());
  }
  if (numbers.empty()) throw std::runtime_error("there must be a row");
  return torch::tensor(numbers).view({static_cast<std::int64_t>(rows.size()), -1});
}

std::string text_of(const torch::Tensor& rows) {
  nlohmann::json list = nlohmann::json::array();
  for (const torch::Tensor& row : rows.contiguous().unbind()) {
    list.push_back(std::vector<float>(row.const_data_ptr<float>(), row.const_data_ptr<float>() + row.numel()));
  }
  return list.dump();
}

Answer answer(const srm::ObservedModule& model, const http::request<http::string_body>& request) {
  Answer answer(http::status::ok, request.version());
  try {
    if (request.target() != "/predict" || request.method() != http::verb::post) {
      answer.result(http::status::not_found);
      answer.body() = "POST rows to /predict\n";
    } else {
      const torch::NoGradGuard no_grad;
      // As model.forward() would, bit for bit.
      answer.body() = text_of(model.forward({rows_of(request.body())}).toTensor().flatten(1));
    }
  } catch (const std::exception& error) {
    // TorchScript puts its own error behind a traceback.
    const std::string_view words = error.what();
    answer.result(http::status::bad_request);
    answer.body() = words.substr(words.rfind('\n', words.size() - 2) + 1);
  }
  answer.prepare_payload();
  return answer;
}

// One request and its answer. Reading and writing have five seconds each; the model runs in the threads of `workers`.
class Exchange : public std::enable_shared_from_this<Exchange> {
 public:
  Exchange(tcp::socket socket, const srm::ObservedModule& model, asio::thread_pool& workers)
      : stream_(std::move(socket)), model_(model), workers_(workers) {
    parser_.body_limit(1 << 24);
  }

  void start() {
    stream_.expires_after(std::chrono::seconds(5));
    http::async_read(stream_, buffer_, parser_,
                     [self = shared_from_this()](boost::system::error_code error, std::size_t) {
                       if (!error) self->run();
                     });
  }

 private:
  void run() {
    const auto executor = stream_.get_executor();
    asio::post(workers_, [self = shared_from_this(), waiting = asio::make_work_guard(executor)] {
      self->answer_ = answer(self->model_, self->parser_.get());
      asio::post(waiting.get_executor(), [self] { self->send(); });
    });
  }
  void send() {
    stream_.expires_after(std::chrono::seconds(5));
    http::async_write(stream_, answer_, [self = shared_from_this()](boost::system::error_code, std::size_t) {
      boost::system::error_code ignored;
      self->stream_.socket().shutdown(tcp::socket::shutdown_both, ignored);
    });
  }

  boost::beast::tcp_stream stream_;
  const srm::ObservedModule& model_;
  asio::thread_pool& workers_;
  boost::beast::flat_buffer buffer_;
  http::request_parser<http::string_body> parser_;
  Answer answer_;
};

int serve_model(int argc, char** argv) {
  at::set_num_threads(1);  // the threads that serve are enough
  auto model = torch::jit::load(argv[1]);
  model.eval();

  // The probe: whatever goes wrong in it takes it off, and never the model.
  srm::ObserveOptions options;
  options.layers = {"encoder.*"};
  options.on_error = srm::OnError::kDetach;
  srm::ObservedModule observed(model, options);
  srm::LiveServer live({.model = "serve_model"});
  live.watch(srm::live_source(observed));

  asio::io_context io;
  const auto port = static_cast<std::uint16_t>(argc > 2 ? std::atoi(argv[2]) : 0);
  tcp::acceptor acceptor(io, {asio::ip::make_address("127.0.0.1"), port});
  asio::thread_pool workers(static_cast<std::size_t>(argc > 3 ? std::atoi(argv[3]) : 4));
  asio::steady_timer pause(io);
  std::function<void()> accept = [&] {
    acceptor.async_accept([&](boost::system::error_code error, tcp::socket socket) {
      if (!acceptor.is_open()) return;
      if (!error) {
        std::make_shared<Exchange>(std::move(socket), observed, workers)->start();
        return accept();
      }
      // No descriptor is free, say: later there is one.
      pause.expires_after(std::chrono::milliseconds(200));
      pause.async_wait([&](boost::system::error_code) {
        if (acceptor.is_open()) accept();
      });
    });
  };
  accept();
  asio::signal_set stop(io, SIGINT, SIGTERM);
  stop.async_wait([&](boost::system::error_code, int) {
    acceptor.close();  // what is under way ends within its seconds
    pause.cancel();
  });
  std::printf("serving at http://127.0.0.1:%d/predict\nprobe at %s\n", acceptor.local_endpoint().port(),
              live.url().c_str());
  std::fflush(stdout);
  io.run();
  workers.join();
  live.watch({});  // the probe ends before what it looks at
  return 0;
}

int main(int argc, char** argv) {
  if (argc < 2 || argv[1][0] == '-') {
    std::fprintf(stderr, "usage: serve_model MODEL.pt [PORT] [THREADS]\n");
    return 2;
  }
  try {
    return serve_model(argc, argv);
  } catch (const c10::Error& error) {
    std::fprintf(stderr, "serve_model: %s\n", error.what_without_backtrace());
  } catch (const std::exception& error) {
    std::fprintf(stderr, "serve_model: %s\n", error.what());
  }
  return 1;
}
