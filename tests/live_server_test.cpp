#include "srm/live_server.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>
#include <chrono>
#include <nlohmann/json.hpp>
#include <string>
#include <thread>
#include <vector>

#include "brute_force.h"
#include "srm/accumulator.h"
#include "srm/error.h"

namespace srm {
namespace {

using testing::HasSubstr;
using testing::StartsWith;
using tcp = boost::asio::ip::tcp;
using std::chrono::milliseconds;

constexpr std::int64_t kDim = 5;

Resonance counted(std::int64_t num_rows, const std::string& address = "act") {
  std::vector<float> rows;
  for (const double number : test::gaussian(num_rows * kDim, 3)) rows.push_back(static_cast<float>(number));
  MemoryBudget budget;
  AccumulatorOptions options;
  options.epsilon = {0.5};
  Accumulator accumulator(std::make_shared<const Basis>(Basis::standard(kDim)), options, budget, address);
  accumulator.update(rows.data(), num_rows, kDim, kDim);
  return accumulator.resonance();
}

// A layer that grows by a thousand rows a look.
LiveSource growing(std::shared_ptr<std::atomic<std::int64_t>> num_looks) {
  LiveSource source;
  source.holistic = [num_looks] { return Results{{}, {counted(1000 * ++*num_looks).without_tables()}, false}; };
  source.whole = [] { return Results{{{"epsilon", "0.5"}}, {counted(100)}, false}; };
  source.to_file = [](const Results& results) { return "file of " + results.layers.at(0).address(); };
  return source;
}

LiveOptions quick() {
  LiveOptions options;
  options.interval = milliseconds(20);
  options.model = "net";
  return options;
}

// A client that says what it is told to, and reads to the end or for a while.
class Client {
 public:
  explicit Client(std::uint16_t port) : socket_(io_) {
    socket_.connect({boost::asio::ip::make_address("127.0.0.1"), port});
  }
  void say(const std::string& text) {
    boost::system::error_code ignored;
    boost::asio::write(socket_, boost::asio::buffer(text), ignored);
  }
  std::string read_to_end() {
    std::string text;
    boost::system::error_code error;
    std::array<char, 65536> piece;
    while (!error) {
      const std::size_t size = socket_.read_some(boost::asio::buffer(piece), error);
      text.append(piece.data(), size);
    }
    return text;
  }
  // Until `what` has come `times` times.
  std::string read_until(const std::string& what, int times) {
    std::string text;
    boost::system::error_code error;
    std::array<char, 65536> piece;
    for (int seen = 0; seen < times && !error;) {
      const std::size_t size = socket_.read_some(boost::asio::buffer(piece), error);
      text.append(piece.data(), size);
      seen = 0;
      for (std::size_t at = text.find(what); at != std::string::npos; at = text.find(what, at + 1)) ++seen;
    }
    return text;
  }

 private:
  boost::asio::io_context io_;
  tcp::socket socket_;
};

std::string get(const LiveServer& server, const std::string& target, const std::string& more = "",
                const std::string& host = "127.0.0.1") {
  Client client(server.port());
  client.say("GET " + target + " HTTP/1.1\r\nHost: " + host + "\r\n" + more + "\r\n");
  return client.read_to_end();
}

std::string body_of(const std::string& answer) { return answer.substr(answer.find("\r\n\r\n") + 4); }

template <typename Condition>
bool comes_true(const Condition& condition) {
  for (int k = 0; k < 500; ++k) {
    if (condition()) return true;
    std::this_thread::sleep_for(milliseconds(20));
  }
  return false;
}

class LiveServerTest : public testing::Test {
 protected:
  std::shared_ptr<std::atomic<std::int64_t>> num_looks_ = std::make_shared<std::atomic<std::int64_t>>(0);
};

TEST_F(LiveServerTest, ServesThePageAndNothingElse) {
  const LiveServer server(quick());
  EXPECT_EQ(server.url(), "http://127.0.0.1:" + std::to_string(server.port()) + "/");
  const std::string page = get(server, "/");
  EXPECT_THAT(page, StartsWith("HTTP/1.1 200"));
  EXPECT_THAT(page, HasSubstr("default-src 'none'"));
  EXPECT_THAT(page, HasSubstr("<title>Spotlight resonance, live</title>"));
  EXPECT_THAT(get(server, "/live.js"), HasSubstr("EventSource"));
  EXPECT_THAT(get(server, "/live.css"), HasSubstr("--mean"));
  EXPECT_GT(get(server, "/plotly.min.js").size(), 4'000'000U);
  EXPECT_THAT(get(server, "/../etc/passwd"), StartsWith("HTTP/1.1 404"));
  EXPECT_THAT(get(server, "/live.html"), HasSubstr("/api/result.srm.pt"));  // names what there is
}

TEST_F(LiveServerTest, LayersGrowAndMetricsAreOfAllRows) {
  LiveOptions options = quick();
  options.window = {LookWindow::Kind::kLast, 1500};
  LiveServer server(options);
  EXPECT_THAT(get(server, "/api/layers"), HasSubstr("\"state\":\"waiting\""));
  EXPECT_EQ(body_of(get(server, "/metrics")), "");
  server.watch(growing(num_looks_));
  ASSERT_TRUE(comes_true([&] { return *num_looks_ > 4; }));
  const auto layers = nlohmann::json::parse(body_of(get(server, "/api/layers")));
  EXPECT_EQ(layers["model"], "net");
  EXPECT_EQ(layers["state"], "observing");
  EXPECT_EQ(layers["window"], "last:1500");
  ASSERT_EQ(layers["layers"].size(), 1U);
  EXPECT_EQ(layers["layers"][0]["name"], "act");
  EXPECT_EQ(layers["layers"][0]["num_samples_seen"], 2000);
  EXPECT_EQ(layers["layers"][0]["curves"][0]["holistic_counts"].size(), 360U);
  EXPECT_GT(layers["layers"][0]["rows_per_second"], 0);
  EXPECT_THAT(body_of(get(server, "/metrics")), HasSubstr("srm_samples_total{model=\"net\",layer=\"act\"} "));
  const auto series = nlohmann::json::parse(body_of(get(server, "/api/series")));
  EXPECT_EQ(series["columns"][0]["name"], "act");
  EXPECT_EQ(series["columns"][0]["values"].size(), series["x"].size());
}

TEST_F(LiveServerTest, EventsGoOnAfterAReconnect) {
  LiveServer server(quick());
  server.watch(growing(num_looks_));
  for (int k = 0; k < 2; ++k) {
    Client client(server.port());
    client.say("GET /events HTTP/1.1\r\nHost: localhost\r\nAccept: text/event-stream\r\n\r\n");
    const std::string text = client.read_until("event: layers", 4);
    EXPECT_THAT(text, HasSubstr("Content-Type: text/event-stream"));
    EXPECT_THAT(text, HasSubstr("retry: 1000\nevent: series\ndata: {"));
  }
}

TEST_F(LiveServerTest, ResultsComeAsFileAndAsJson) {
  LiveServer server(quick());
  EXPECT_THAT(get(server, "/api/result"), StartsWith("HTTP/1.1 404"));
  server.watch(growing(num_looks_));
  EXPECT_EQ(body_of(get(server, "/api/result")), "file of act");
  EXPECT_EQ(body_of(get(server, "/api/result.srm.pt")), "file of act");
  EXPECT_THAT(get(server, "/api/result.srm.pt"), HasSubstr("filename=\"results.srm.pt\""));
  for (const auto& [target, more] :
       std::vector<std::pair<std::string, std::string>>{{"/api/result.json", ""},
                                                        {"/api/result?format=json", ""},
                                                        {"/api/result", "Accept: application/json\r\n"}}) {
    const auto layers = nlohmann::json::parse(body_of(get(server, target, more)));
    EXPECT_EQ(layers[0]["num_samples_seen"], 100) << target;
  }
  EXPECT_THAT(get(server, "/api/result.exe"), StartsWith("HTTP/1.1 404"));
}

TEST_F(LiveServerTest, NothingCanBeChanged) {
  const LiveServer server(quick());
  for (const char* method : {"POST", "PUT", "DELETE", "OPTIONS", "PATCH"}) {
    Client client(server.port());
    client.say(std::string(method) + " /api/layers HTTP/1.1\r\nHost: localhost\r\n\r\n");
    EXPECT_THAT(client.read_to_end(), StartsWith("HTTP/1.1 405")) << method;
  }
  Client client(server.port());
  client.say("HEAD /api/layers HTTP/1.1\r\nHost: localhost\r\n\r\n");
  const std::string answer = client.read_to_end();
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 200"));
  EXPECT_EQ(body_of(answer), "");
}

TEST_F(LiveServerTest, WithoutATokenOnlyLoopbackNamesAreAnswered) {
  const LiveServer server(quick());
  for (const char* host : {"localhost:80", "LOCALHOST", "127.0.0.1", "127.9.9.9:1", "[::1]:6180"}) {
    EXPECT_THAT(get(server, "/", "", host), StartsWith("HTTP/1.1 200")) << host;
  }
  for (const char* host :
       {"attacker.example", "attacker.example:6180", "localhost.attacker.example", "", "127.0.0.1:80@attacker.example",
        "[::1].attacker.example", "127.0.0.1\r\nHost: attacker.example"}) {
    EXPECT_THAT(get(server, "/", "", host), StartsWith("HTTP/1.1 403")) << host;
  }
}

TEST_F(LiveServerTest, TheTokenIsNeededEverywhere) {
  LiveOptions options = quick();
  options.token = "s3cret-token-1234";
  const LiveServer server(options);
  EXPECT_THAT(server.url(), testing::EndsWith("/?token=s3cret-token-1234"));
  for (const char* target : {"/", "/live.js", "/metrics", "/events", "/api/layers", "/nothing", "/?token=wrong",
                             "/?token=", "/?token=s3cret-token-123", "/?token=s3cret-token-1234x"}) {
    const std::string answer = get(server, target);
    EXPECT_THAT(answer, StartsWith("HTTP/1.1 401")) << target;
    EXPECT_THAT(answer, testing::Not(HasSubstr("s3cret")));
  }
  EXPECT_THAT(get(server, "/metrics", "Authorization: bearer s3cret-token-1234\r\n"), StartsWith("HTTP/1.1 200"));
  EXPECT_THAT(
      get(server, "/metrics", "Cookie: a=b; srm_token_" + std::to_string(server.port()) + "=s3cret-token-1234\r\n"),
      StartsWith("HTTP/1.1 200"));
  EXPECT_THAT(get(server, "/metrics?token=s3cret-token-1234", "", "any.example"), StartsWith("HTTP/1.1 200"));
  // The page's own address leaves the token in a cookie.
  const std::string answer = get(server, "/?token=s3cret-token-1234");
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 303"));
  EXPECT_THAT(answer, HasSubstr("Location: /\r\n"));
  EXPECT_THAT(answer, HasSubstr("Set-Cookie: srm_token_" + std::to_string(server.port()) +
                                "=s3cret-token-1234; Path=/; HttpOnly; SameSite=Lax"));
}

TEST_F(LiveServerTest, OptionsThatCannotBeAreRefused) {
  const auto message_of = [](const std::function<void(LiveOptions&)>& change) -> std::string {
    LiveOptions options = quick();
    change(options);
    try {
      const LiveServer server(options);
    } catch (const Error& error) {
      return error.what();
    }
    return "nothing was thrown";
  };
  EXPECT_THAT(message_of([](auto& o) { o.address = "0.0.0.0"; }), HasSubstr("needs a token; got 0.0.0.0 without one"));
  EXPECT_THAT(message_of([](auto& o) { o.token = "a b"; }), HasSubstr("letters, digits"));
  EXPECT_THAT(message_of([](auto& o) { o.token = "short"; }), HasSubstr("16 characters or more"));
  EXPECT_THAT(message_of([](auto& o) { o.address = "no.such.host", o.token = "0123456789abcdef"; }),
              HasSubstr("must be an IP address"));
  EXPECT_THAT(message_of([](auto& o) { o.address = "192.0.2.7", o.token = "0123456789abcdef"; }),
              HasSubstr("192.0.2.7"));
  const LiveServer first(quick());
  EXPECT_THAT(message_of([&](auto& o) { o.port = first.port(); }), HasSubstr("must be free to listen at; got"));
}

TEST_F(LiveServerTest, WhatIsNoRequestIsRefusedInWords) {
  const LiveServer server(quick());
  const auto answer_to = [&](const std::string& text) {
    Client client(server.port());
    client.say(text);
    return client.read_to_end();
  };
  EXPECT_THAT(answer_to("\x16\x03\x01 hello\r\n\r\n"), StartsWith("HTTP/1.1 400"));
  EXPECT_THAT(answer_to("GET / HTTP/1.1\r\nHost: localhost\r\nX: " + std::string(100'000, 'x') + "\r\n\r\n"),
              StartsWith("HTTP/1.1 431"));
  EXPECT_THAT(answer_to("GET /" + std::string(1'000'000, 'x')), StartsWith("HTTP/1.1 431"));
  EXPECT_THAT(answer_to("POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000000\r\n\r\nabc"),
              StartsWith("HTTP/1.1 413"));
  EXPECT_THAT(get(server, "/"), StartsWith("HTTP/1.1 200"));
}

TEST_F(LiveServerTest, ASlowRequestIsLetGo) {
  const LiveServer server(quick());
  Client client(server.port());
  const auto start = std::chrono::steady_clock::now();
  std::jthread dripping([&](const std::stop_token& stop) {
    client.say("GET / HTTP/1.1\r\n");
    while (!stop.stop_requested()) {
      client.say("X: y\r\n");
      std::this_thread::sleep_for(milliseconds(100));
    }
  });
  client.read_to_end();
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(30));
}

TEST_F(LiveServerTest, SilentConnectionsMakeWayForOthers) {
  LiveOptions options = quick();
  options.max_connections = 8;
  const LiveServer server(options);
  std::vector<std::unique_ptr<Client>> silent;
  for (int k = 0; k < 100; ++k) silent.push_back(std::make_unique<Client>(server.port()));
  EXPECT_THAT(get(server, "/api/layers"), StartsWith("HTTP/1.1 200"));
}

TEST_F(LiveServerTest, WatchersAreBoundedAndTold) {
  LiveOptions options = quick();
  options.max_connections = 8;
  LiveServer server(options);
  server.watch(growing(num_looks_));
  std::vector<std::unique_ptr<Client>> watchers;
  for (int k = 0; k < 2; ++k) {
    watchers.push_back(std::make_unique<Client>(server.port()));
    watchers.back()->say("GET /events HTTP/1.1\r\nHost: localhost\r\n\r\n");
    watchers.back()->read_until("event: layers", 1);
  }
  EXPECT_THAT(get(server, "/events"), HasSubstr("2 are watching"));
  watchers.pop_back();
  EXPECT_TRUE(comes_true([&] {
    Client client(server.port());
    client.say("GET /events HTTP/1.1\r\nHost: localhost\r\n\r\n");
    return client.read_until("\r\n\r\n", 1).starts_with("HTTP/1.1 200");
  }));
}

// Downloads that are not taken make way, and hold two results at most.
TEST_F(LiveServerTest, StalledDownloadsKeepNobodyOut) {
  LiveOptions options = quick();
  options.max_connections = 8;
  LiveServer server(options);
  LiveSource source = growing(num_looks_);
  source.to_file = [](const Results&) { return std::string(64'000'000, 'x'); };
  server.watch(source);
  std::vector<std::unique_ptr<Client>> stalled;
  for (int k = 0; k < 20; ++k) {
    stalled.push_back(std::make_unique<Client>(server.port()));
    stalled.back()->say("GET /plotly.min.js HTTP/1.1\r\nHost: localhost\r\n\r\n");
  }
  EXPECT_THAT(get(server, "/api/layers"), StartsWith("HTTP/1.1 200"));
  std::vector<std::unique_ptr<Client>> slow;
  for (int k = 0; k < 2; ++k) {
    slow.push_back(std::make_unique<Client>(server.port()));
    slow.back()->say("GET /api/result.srm.pt HTTP/1.1\r\nHost: localhost\r\n\r\n");
    EXPECT_THAT(slow.back()->read_until("\r\n\r\n", 1), StartsWith("HTTP/1.1 200"));
  }
  EXPECT_THAT(get(server, "/api/result.srm.pt"), StartsWith("HTTP/1.1 503"));
  slow.front()->read_to_end();
  EXPECT_TRUE(comes_true([&] { return get(server, "/api/result.json").starts_with("HTTP/1.1 200"); }));
}

// Whoever watches and never reads must hold up neither the others nor the looks, nor the end.
TEST_F(LiveServerTest, AWatcherThatDoesNotReadHoldsUpNobody) {
  auto server = std::make_unique<LiveServer>(quick());
  server->watch(growing(num_looks_));
  Client deaf(server->port());
  deaf.say("GET /events HTTP/1.1\r\nHost: localhost\r\n\r\n");
  Client client(server->port());
  client.say("GET /events HTTP/1.1\r\nHost: localhost\r\n\r\n");
  client.read_until("event: layers", 20);
  server.reset();
}

TEST_F(LiveServerTest, AnErrorOfTheSourceIsShownAndGotOver) {
  LiveServer server(quick());
  std::atomic<bool> fails = true;
  LiveSource source;
  source.holistic = [&]() -> Results {
    if (fails) throw Error("observe", "there must be rows", "<b>none</b>", "wait");
    return {{}, {counted(10).without_tables()}, false};
  };
  source.whole = []() -> Results { throw Error("observe", "memory must do", "none left", "wait"); };
  server.watch(source);
  ASSERT_TRUE(comes_true([&] { return get(server, "/api/layers").find("there must be rows") != std::string::npos; }));
  EXPECT_THAT(get(server, "/api/result"), HasSubstr("HTTP/1.1 500"));
  EXPECT_THAT(get(server, "/api/result"), HasSubstr("memory must do"));
  fails = false;
  EXPECT_TRUE(comes_true([&] { return get(server, "/api/layers").find("\"notice\":\"\"") != std::string::npos; }));
  server.watch({});  // `fails` goes before the server
}

TEST_F(LiveServerTest, NothingLooksAfterItStoppedWatching) {
  LiveServer server(quick());
  for (int k = 0; k < 20; ++k) {
    auto alive = std::make_unique<std::atomic<bool>>(true);
    std::atomic<bool> is_late = false;
    server.watch({[&, value = alive.get()] {
      if (!*value) is_late = true;
      return Results{{}, {counted(10).without_tables()}, false};
    }});
    std::this_thread::sleep_for(milliseconds(5));
    server.watch({});
    *alive = false;
    std::this_thread::sleep_for(milliseconds(5));
    EXPECT_FALSE(is_late);
  }
}

TEST_F(LiveServerTest, ShowsWindowsOfTrainingByStep) {
  LiveServer server(quick());
  for (const std::int64_t step : {0, 100, 200}) {
    Window window{step, "training", {{"loss", 1.0 / static_cast<double>(step + 1)}}, {window_of(counted(50))}};
    server.show(window);
  }
  const auto series = nlohmann::json::parse(body_of(get(server, "/api/series")));
  EXPECT_EQ(series["axis"], "step");
  EXPECT_EQ(series["x"], (std::vector<double>{0, 100, 200}));
  EXPECT_EQ(series["columns"][1]["name"], "loss");
  EXPECT_EQ(series["columns"][1]["kind"], "scalar");
  const std::string metrics = body_of(get(server, "/metrics"));
  EXPECT_THAT(metrics, HasSubstr("srm_step{model=\"net\",phase=\"training\"} 200\n"));
  EXPECT_THAT(metrics, HasSubstr("srm_window_samples{model=\"net\",phase=\"training\",layer=\"act\"} 50\n"));
  EXPECT_THAT(metrics, HasSubstr("srm_scalar{model=\"net\",phase=\"training\",name=\"loss\"} 0.00497"));
  server.finish();
  EXPECT_THAT(get(server, "/api/layers"), HasSubstr("\"state\":\"finished\""));
}

TEST_F(LiveServerTest, NamesAreTextWhateverTheyHold) {
  LiveServer server(quick());
  server.watch({[] { return Results{{}, {counted(10, "<script>\xff\n\"").without_tables()}, false}; }});
  ASSERT_TRUE(comes_true([&] { return get(server, "/metrics").size() > 500; }));
  const auto layers = nlohmann::json::parse(body_of(get(server, "/api/layers")));
  EXPECT_THAT(layers["layers"][0]["name"].get<std::string>(), StartsWith("<script>"));
  Client client(server.port());
  client.say("GET /events HTTP/1.1\r\nHost: localhost\r\n\r\n");
  // A line break in a name must not end an event.
  EXPECT_THAT(client.read_until("event: layers", 2), HasSubstr("<script>"));
}

TEST_F(LiveServerTest, LongSeriesAreThinned) {
  LiveServer server(quick());
  for (std::int64_t step = 0; step < 5000; ++step) server.show({step, "training", {{"loss", 1.0}}, {}});
  const auto series = nlohmann::json::parse(body_of(get(server, "/api/series")));
  EXPECT_LE(series["x"].size(), 600U);
  EXPECT_GE(series["x"].size(), 300U);
  EXPECT_EQ(series["x"].back(), 4999);
}

}  // namespace
}  // namespace srm
