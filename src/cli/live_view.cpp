#include "cli/live_view.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <boost/asio/ip/address.hpp>
#include <charconv>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <random>
#include <thread>

#include "cli/command.h"
#include "cli/console.h"
#include "cli/tell.h"
#include "srm/io.h"

namespace srm::cli {
namespace {

constexpr std::uint16_t kUsualPort = 6180;
constexpr const char* kLoopback = "127.0.0.1";
constexpr const char* kTokenVariable = "TORCHSRM_LIVE_TOKEN";

// "8080", ":8080", "0.0.0.0:8080", "[::]:8080", "localhost:8080".
void read_address(const std::string& text, LiveOptions& options) {
  options.address = kLoopback;
  options.port = kUsualPort;
  if (text.empty()) return;
  const std::size_t colon = text.rfind(':');
  std::string host = colon == std::string::npos ? "" : text.substr(0, colon);
  const std::string port = colon == std::string::npos ? text : text.substr(colon + 1);
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  if (!host.empty() && host != "localhost") options.address = host;
  boost::system::error_code no_address;
  boost::asio::ip::make_address(options.address, no_address);
  if (no_address) {
    throw Misuse("--live", "the address must be an IP address", options.address, "e.g. 127.0.0.1, or 0.0.0.0 for all");
  }
  const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), options.port);
  if (error == std::errc() && end == port.data() + port.size() && !port.empty()) return;
  throw Misuse("--live", "it takes a port, or an address and a port", text,
               "e.g. --live, --live 8080 or --live 0.0.0.0:8080; a model goes in front of it");
}

std::string new_token() {
  std::random_device random;
  std::string token;
  for (int k = 0; k < 4; ++k) token += fmt::format("{:08x}", random());
  return token;
}

}  // namespace

void add_live_flags(CLI::App& command, LiveFlags& flags) {
  flags.option = command
                     .add_option("--live", flags.address,
                                 "[ADDR:]PORT: serve a page that shows layers while they are observed, /metrics and "
                                 "/api/result (default: 127.0.0.1:6180); beyond this machine with a token, "
                                 "TORCHSRM_LIVE_TOKEN or a new one")
                     ->expected(0, 1);
  command
      .add_option("--live-window", flags.window,
                  "Rows that the page shows: cumulative, last:ROWS, or half-life:ROWS; the result is of all")
      ->capture_default_str();
  command.add_flag("--live-stay", flags.stays, "Serve the page on after the run, until Ctrl-C");
}

LiveView::LiveView(const LiveFlags& flags, const std::string& model) : stays_(flags.stays) {
  const bool is_asked_for = flags.option != nullptr && flags.option->count() > 0;
  if (!is_asked_for) {
    if (flags.stays || flags.window != "cumulative") {
      throw Misuse(flags.stays ? "--live-stay" : "--live-window", "it is about the page of --live", "no --live",
                   "add --live");
    }
    return;
  }
  LiveOptions options;
  read_address(flags.address, options);
  try {
    options.window = to_look_window(flags.window);
  } catch (const Error&) {
    throw Misuse("--live-window", "a window is cumulative, last:ROWS or half-life:ROWS", flags.window,
                 "e.g. --live-window last:100000");
  }
  options.model = std::filesystem::path(model).stem().string();
  const char* token = std::getenv(kTokenVariable);
  if (token != nullptr) options.token = token;
  if (options.token.empty() && !options.address.starts_with("127.") && options.address != "::1") {
    options.token = new_token();
  }
  const bool is_everywhere = boost::asio::ip::make_address(options.address).is_unspecified();
  server_ = std::make_unique<LiveServer>(std::move(options));
  // What is printed may be kept in logs: a token that was given is not.
  const std::string url = server_->url();
  const bool is_given = token != nullptr && *token != '\0';
  tell("live page: {}{}{}\n", printable(is_given ? url.substr(0, url.find('?')) + "?token=" : url),
       is_given ? fmt::format("... (of {})", kTokenVariable) : "",
       is_everywhere ? " and at every other address of this machine" : "");
}

void LiveView::watch(LiveSource source) const {
  if (server_) server_->watch(std::move(source));
}

void LiveView::finish(const Results& results, const InterruptGuard& interrupt) const {
  if (!server_) return;
  const auto holistic = [&results] {
    Results curves{results.settings, {}, results.partial};
    for (const Resonance& layer : results) curves.layers.push_back(layer.without_tables());
    return curves;
  };
  server_->watch({holistic, [&results] { return results; }, [](const Results& all) { return to_bytes(all); }});
  server_->finish();
  if (!stays_ || interrupt.is_interrupted()) {
    // The page has its last look before the connection goes.
    std::this_thread::sleep_for(std::chrono::milliseconds(200));
    return server_->watch({});
  }
  server_->watch({{}, [&results] { return results; }, [](const Results& all) { return to_bytes(all); }});
  std::fflush(stdout);
  tell("the page stays until Ctrl-C\n");
  while (!interrupt.is_interrupted()) std::this_thread::sleep_for(std::chrono::milliseconds(100));
  server_->watch({});
}

}  // namespace srm::cli
