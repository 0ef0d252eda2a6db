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
    answer.result(http::status::bad_request);
    answer.body() = error.what();
  }
  answer.prepare_payload();
  return answer;
}

// One request a connection, which has ten seconds.
void serve(const srm::ObservedModule& model, tcp::socket socket) {
  const timeval limit{10, 0};
  setsockopt(socket.native_handle(), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
  setsockopt(socket.native_handle(), SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
  boost::beast::flat_buffer buffer;
  http::request<http::string_body> request;
  boost::system::error_code error;
  http::read(socket, buffer, request, error);
  if (!error) http::write(socket, answer(model, request), error);
  socket.shutdown(tcp::socket::shutdown_both, error);
}

int main(int argc, char** argv) {
  if (argc < 2) return 2;
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
  std::function<void()> accept = [&] {
    acceptor.async_accept([&](boost::system::error_code error, tcp::socket socket) {
      if (error) return;
      asio::post(workers,
                 [&, taken = std::make_shared<tcp::socket>(std::move(socket))] { serve(observed, std::move(*taken)); });
      accept();
    });
  };
  accept();
  asio::signal_set stop(io, SIGINT, SIGTERM);
  stop.async_wait([&](boost::system::error_code, int) { acceptor.close(); });
  std::printf("serving at http://127.0.0.1:%d/predict\nprobe at %s\n", acceptor.local_endpoint().port(),
              live.url().c_str());
  std::fflush(stdout);
  io.run();
  workers.join();
  live.watch({});  // the probe ends before what it looks at
}
