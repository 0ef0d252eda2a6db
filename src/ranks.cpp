#include "srm/ranks.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <atomic>
#include <charconv>
#include <csignal>
#include <cstdlib>
#include <exception>
#include <optional>
#include <string_view>
#include <utility>

// LibTorch has Gloo inside, but none of its headers: those of any version will do, since all that passes are pointers.
#define USE_C10D_GLOO
#include <torch/csrc/distributed/c10d/PrefixStore.hpp>
#include <torch/csrc/distributed/c10d/ProcessGroupGloo.hpp>
#include <torch/csrc/distributed/c10d/TCPStore.hpp>

#include "srm/error.h"

namespace srm {
namespace {

using std::chrono::milliseconds;
using Clock = std::chrono::steady_clock;

constexpr const char* kWhere = "ranks";
constexpr milliseconds kSlack = std::chrono::seconds(1);
constexpr milliseconds kEarly(50);                            // that a wait may end before its time
constexpr milliseconds kFarewell = std::chrono::seconds(10);  // the most that an error is held up for others
constexpr std::int64_t kPiece = std::int64_t{1} << 23;        // numbers of one reduction: 64 MB

std::string variable(const char* name) {
  const char* text = std::getenv(name);
  if (text != nullptr && *text != '\0') return text;
  throw Error(kWhere, fmt::format("{} must be in the environment", name), "none",
              "start the processes with torchrun, or set RANK, WORLD_SIZE, MASTER_ADDR and MASTER_PORT");
}

int number_in(const char* name, int least, int most) {
  const std::string text = variable(name);
  int number = -1;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error == std::errc() && end == text.data() + text.size() && number >= least && number <= most) return number;
  throw Error(kWhere, fmt::format("{} must be a whole number from {} to {}", name, least, most), text,
              "start the processes with torchrun");
}

bool is_set(const char* name, std::string_view to) {
  const char* text = std::getenv(name);
  return text != nullptr && text == to;
}

// While it lives, writing to a process that has died is an error and no signal, which would end a C++ program; threads
// that are started meanwhile stay so.
class NoSignalOfPipes {
 public:
  NoSignalOfPipes() {
    sigemptyset(&pipe_);
    sigaddset(&pipe_, SIGPIPE);
    sigset_t pending;
    sigpending(&pending);
    was_pending_ = sigismember(&pending, SIGPIPE) == 1;
    pthread_sigmask(SIG_BLOCK, &pipe_, &before_);
  }
  ~NoSignalOfPipes() {
    const timespec at_once{};
    if (!was_pending_) sigtimedwait(&pipe_, nullptr, &at_once);
    pthread_sigmask(SIG_SETMASK, &before_, nullptr);
  }
  NoSignalOfPipes(const NoSignalOfPipes&) = delete;
  NoSignalOfPipes& operator=(const NoSignalOfPipes&) = delete;

 private:
  sigset_t pipe_{}, before_{};
  bool was_pending_ = false;
};

std::vector<std::uint8_t> bytes_of(const std::string& text) { return {text.begin(), text.end()}; }

}  // namespace

struct Ranks::Group {
  int rank = 0;
  int num_ranks = 1;
  milliseconds timeout{};
  std::string address;  // of the store
  bool keeps_store = false;
  c10::intrusive_ptr<c10d::Store> store;
  c10::intrusive_ptr<c10d::Backend> gloo;
  std::int64_t num_rounds = 0;
  std::optional<Error> failure;
  std::vector<int> missing;  // ranks that it names

  static std::string key(std::string_view what, std::int64_t round, int of_rank) {
    return fmt::format("{}/{}/{}", what, round, of_rank);
  }

  [[noreturn]] void fail(Error error) {
    failure = error;
    throw error;
  }

  // What a rank that waits is told by LibTorch, without its stack.
  static std::string words_of(const std::exception& error) {
    const std::string_view words = error.what();
    return std::string(words.substr(0, std::min<std::size_t>(words.find('\n'), 200)));
  }

  void require_whole() const {
    if (failure) throw *failure;
  }

  // After the store itself has failed.
  [[noreturn]] void fail_of_store(const std::exception& error) {
    fail(Error(kWhere,
               fmt::format("the store of the ranks at {} must answer; {} keeps it", address,
                           is_set("TORCHELASTIC_USE_AGENT_STORE", "True") ? "torchrun" : "rank 0"),
               words_of(error), "that process has died: what was saved before is whole, start again from there"));
  }

  // Waits for a key of every rank, and throws naming those that have none in time.
  void await(std::string_view what, std::int64_t round, milliseconds longest, const std::string& doing,
             const std::vector<int>& but = {}) {
    const Clock::time_point end = Clock::now() + longest;
    missing.clear();
    for (int k = 0; k < num_ranks; ++k) {
      if (std::find(but.begin(), but.end(), k) != but.end()) continue;
      const auto left = std::chrono::duration_cast<milliseconds>(end - Clock::now());
      try {
        store->wait({key(what, round, k)}, std::max(left, milliseconds(1)));
      } catch (const std::exception& error) {
        if (Clock::now() + kEarly < end) fail_of_store(error);
        missing.push_back(k);
      }
    }
    if (missing.empty()) return;
    const std::string names = fmt::format("{}{}", missing.size() == 1 ? "rank " : "ranks ", fmt::join(missing, ", "));
    fail(Error(kWhere, fmt::format("all {} ranks must {}", num_ranks, doing),
               fmt::format("none of {} in {:.1f} s", names, std::chrono::duration<double>(longest).count()),
               "they have died, or do something else: what was saved before is whole, start again from there"));
  }

  void connect() {
    static std::atomic<int> num_groups = 0;
    const bool is_kept_by_torchrun = is_set("TORCHELASTIC_USE_AGENT_STORE", "True");
    const std::string host = variable("MASTER_ADDR");
    const int port = number_in("MASTER_PORT", 1, 65535);
    address = fmt::format("{}:{}", host, port);
    keeps_store = rank == 0 && !is_kept_by_torchrun;
    c10d::TCPStoreOptions options;
    options.port = static_cast<std::uint16_t>(port);
    options.isServer = keeps_store;
    options.waitWorkers = false;
    options.timeout = timeout;
    options.multiTenant = true;  // the training's own group may have its store there too
    try {
      const auto tcp = c10::make_intrusive<c10d::TCPStore>(host, options);
      const char* attempt = std::getenv("TORCHELASTIC_RESTART_COUNT");
      store = c10::make_intrusive<c10d::PrefixStore>(
          fmt::format("torchsrm/{}/{}", attempt != nullptr ? attempt : "0", num_groups++), tcp);
    } catch (const std::exception& error) {
      fail_of_store(error);
    }
    say("here", 0, "");
    await("here", 0, timeout, "start");
    try {
      const auto with = c10d::ProcessGroupGloo::Options::create_default(timeout);
      gloo = c10::make_intrusive<c10d::ProcessGroupGloo>(c10::make_intrusive<c10d::PrefixStore>("gloo", store), rank,
                                                         num_ranks, with);
    } catch (const std::exception& error) {
      fail(Error(kWhere, "the ranks must reach each other", words_of(error),
                 "name the network's interface in GLOO_SOCKET_IFNAME"));
    }
  }

  void say(std::string_view what, std::int64_t round, const std::string& text) {
    try {
      store->set(key(what, round, rank), bytes_of(text));
    } catch (const std::exception& error) {
      fail_of_store(error);
    }
  }
};

Ranks::Ranks(std::unique_ptr<Group> group) : group_(std::move(group)) {}

Ranks::~Ranks() {
  Group& group = *group_;
  if (!group.store) return;
  const NoSignalOfPipes no_signal;
  try {
    group.say("done", 0, "");
    // Those that have failed wait for the same ranks, begun a little later.
    const std::vector<int> dead = group.missing;
    const milliseconds longest = group.failure ? std::min(group.timeout, kFarewell) : group.timeout;
    if (group.keeps_store) group.await("done", 0, longest, "end", dead);
  } catch (const std::exception&) {
    // Nobody is left to be told.
  }
}

std::shared_ptr<Ranks> Ranks::from_environment(milliseconds timeout) {
  if (timeout < milliseconds(1)) {
    throw Error(kWhere, "the timeout must be a millisecond or more", fmt::format("{} ms", timeout.count()),
                "minutes are usual: the slowest rank must be waited for");
  }
  auto group = std::make_unique<Group>();
  group->num_ranks = number_in("WORLD_SIZE", 1, 1 << 20);
  group->rank = number_in("RANK", 0, group->num_ranks - 1);
  group->timeout = timeout;
  const NoSignalOfPipes no_signal;
  if (group->num_ranks > 1) group->connect();
  return std::shared_ptr<Ranks>(new Ranks(std::move(group)));
}

int Ranks::rank() const { return group_->rank; }
int Ranks::num_ranks() const { return group_->num_ranks; }
milliseconds Ranks::timeout() const { return group_->timeout; }

std::vector<std::string> Ranks::exchange(const std::string& text) {
  Group& group = *group_;
  if (group.num_ranks == 1) return {text};
  group.require_whole();
  const NoSignalOfPipes no_signal;
  const std::int64_t round = group.num_rounds++;
  group.say("text", round, text);
  group.await("text", round, group.timeout, "come to the same step");
  std::vector<std::string> texts;
  try {
    for (int k = 0; k < group.num_ranks; ++k) {
      const std::vector<std::uint8_t> bytes = group.store->get(Group::key("text", round, k));
      texts.emplace_back(bytes.begin(), bytes.end());
    }
    // All are in this round, so none reads the last one any more.
    if (round > 0) group.store->deleteKey(Group::key("text", round - 1, group.rank));
  } catch (const std::exception& error) {
    group.fail_of_store(error);
  }
  return texts;
}

void Ranks::sum(std::span<std::int64_t> numbers) {
  Group& group = *group_;
  if (group.num_ranks == 1) return;
  group.require_whole();
  const NoSignalOfPipes no_signal;
  try {
    for (std::size_t first = 0; first < numbers.size(); first += kPiece) {
      const auto piece = numbers.subspan(first, std::min<std::size_t>(kPiece, numbers.size() - first));
      std::vector<at::Tensor> tensors = {
          at::from_blob(piece.data(), {static_cast<std::int64_t>(piece.size())}, at::kLong)};
      group.gloo->allreduce(tensors)->wait();
    }
  } catch (const std::exception& error) {
    // Those that live say so; who does not is who has died.
    group.say("alive", group.num_rounds, "");
    group.await("alive", group.num_rounds, group.timeout + kSlack, "take part in a sum");
    group.fail(Error(kWhere, "the ranks must reach each other", Group::words_of(error),
                     "all of them live: look at the network"));
  }
}

}  // namespace srm
