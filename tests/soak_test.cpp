// A model that serves while everything happens to it at once, for SRM_SOAK_SECONDS (60 when it is not set): callers run
// it, observers come and go, are read, saved, reset and paused, and some of it fails. Outputs stay the model's own,
// what those that stay have counted is what calm counting gives, and memory stays flat.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <ATen/Parallel.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <random>
#include <span>
#include <string>
#include <thread>
#include <vector>

#include "hooked_models.h"
#include "resident_memory.h"
#include "scratch_folder.h"
#include "srm/error.h"
#include "srm/io.h"
#include "srm/merge.h"
#include "srm/observer.h"

namespace srm {
namespace {

using namespace test;
using std::chrono::steady_clock;
using torch::jit::Module;

constexpr int kNumThreads = 4;
constexpr std::size_t kNumBatches = 16;
const std::vector<std::string> kEverything = {"*", "*@input"};
// How much more the last quarter of the run may hold than the second: caches are full by then. Medians of ten moments,
// which differ by less than 2 MB where nothing leaks. Some 40 observers a second come and go, each with a graph of its
// own: in 60 seconds a leak of 2 kB each shows, in 600 one of 200 bytes.
constexpr std::int64_t kMostGrowthBytes = 4 << 20;

std::int64_t number_from(const char* name, std::int64_t otherwise) {
  const char* text = std::getenv(name);
  return text == nullptr ? otherwise : std::atoll(text);
}

/// The same samples `times` times over.
Resonance repeated(Resonance once, std::int64_t times) {
  std::optional<Resonance> sum;
  for (; times > 0; times /= 2) {
    if (times % 2 == 1) sum = sum ? merge(*sum, once) : once;
    if (times > 1) once = merge(once, once);
  }
  return sum.value();
}

/// Every row is inside at epsilon -1: what was read half way through a batch has cells that differ there.
bool is_consistent(const Results& results) {
  return std::all_of(results.begin(), results.end(), [](const Resonance& layer) {
    const std::int64_t all = layer.epsilon_index(-1), num_rows = layer.num_samples_seen();
    const auto is_everywhere = [](std::span<const std::int64_t> counts, std::int64_t number) {
      return std::all_of(counts.begin(), counts.end(), [&](std::int64_t count) { return count == number; });
    };
    bool holds = is_everywhere(layer.holistic_counts(all), num_rows * layer.parts().num_planes_summed);
    for (std::int64_t p = 0; p < layer.num_planes(); ++p)
      holds = holds && is_everywhere(layer.counts(all, p), num_rows);
    return holds;
  });
}

class Soak {
 public:
  explicit Soak(std::uint64_t seed)
      : seed_(seed),
        model_(evaluated("mlp_scripted")),
        hooked_(model_),
        steady_(observe(options_for(kEverything))),
        queued_(observe(queued(options_for(kEverything), {.when_full = WhenFull::kWait}))),
        shared_(observe(options_for({"encoder.*"}))) {
    for (std::size_t k = 0; k < kNumBatches; ++k) {
      batches_[k] = rows({static_cast<std::int64_t>(1 + 3 * k), 6}, k);
      outputs_[k] = model_.forward({batches_[k]});
    }
  }

  /// Ends after `seconds`; returns what was held at the end of each of 40 parts of that time.
  std::vector<std::int64_t> run(double seconds) {
    std::vector<std::thread> threads;
    for (int t = 0; t < kNumThreads; ++t) threads.emplace_back([this, t] { work(t); });
    std::vector<std::int64_t> held;
    const auto start = steady_clock::now();
    for (int k = 1; k <= 40; ++k) {
      std::this_thread::sleep_until(start + std::chrono::duration<double>(seconds * k / 40));
      held.push_back(resident_bytes());
    }
    is_over_ = true;
    for (std::thread& thread : threads) thread.join();
    return held;
  }

  /// What calm counting gives for the batches that were run.
  Results expected() const {
    std::vector<Results> of_batches;
    for (std::size_t k = 0; k < kNumBatches; ++k) {
      if (times_[k] == 0) continue;
      ObservedModule calm(model_, options_for(kEverything));
      calm.forward({batches_[k]});
      of_batches.push_back(calm.results());
      for (Resonance& layer : of_batches.back().layers) layer = repeated(layer, times_[k]);
    }
    return merge(of_batches);
  }

  /// Of the observers that stay: one that counts in the calls, and one that counts behind them.
  std::array<Results, 2> counted() const { return {steady_->results(), queued_->results()}; }
  const std::map<std::string, std::int64_t>& done() const { return done_; }
  const std::vector<std::string>& wrong() const { return wrong_; }

 private:
  using Random = std::mt19937_64;
  using Observed = std::unique_ptr<ObservedModule>;

  static Module evaluated(const std::string& name) {
    Module model = load_model(name);
    model.eval();
    return model;
  }
  static ObserveOptions options_for(std::vector<std::string> layers) {
    return {.layers = std::move(layers), .epsilon = {0.4, -1.0}, .num_angles = 24, .on_error = OnError::kDetach};
  }
  static ObserveOptions queued(ObserveOptions options, const QueueOptions& queue) {
    options.queue = queue;
    return options;
  }
  /// Some layers, counted in the calls or behind them, wholly or as far as time or a small queue allows.
  static ObserveOptions drawn_options(Random& random) {
    static const std::vector<std::vector<std::string>> kLayers = {
        {"encoder.0"}, {"encoder.*", "!encoder.3"}, {"decoder", "decoder@input"}, {"*/tanh"}, {"."}};
    ObserveOptions options = options_for(kLayers[draw(random, kLayers.size())]);
    if (draw(random, 4) == 0) options.max_overhead = 0.02;
    if (draw(random, 3) > 0) return options;
    return queued(std::move(options), {.bytes = 4096,
                                       .when_full = draw(random, 2) == 0 ? WhenFull::kDrop : WhenFull::kWait,
                                       .on_close = draw(random, 2) == 0 ? OnClose::kDrop : OnClose::kDrain});
  }
  Observed observe(const ObserveOptions& options, std::int64_t bytes = std::int64_t{1} << 28) {
    return std::make_unique<ObservedModule>(hooked_, options, std::make_shared<MemoryBudget>(bytes));
  }

  static std::size_t draw(Random& random, std::size_t below) {
    return std::uniform_int_distribution<std::size_t>(0, below - 1)(random);
  }

  void require(bool holds, const std::string& what) {
    if (holds) return;
    const std::lock_guard lock(mutex_);
    if (wrong_.size() < 20) wrong_.push_back(what);
  }

  void call(Random& random) {
    const std::size_t k = draw(random, kNumBatches);
    // Either way it is one call through the hooks of this moment.
    const auto output = draw(random, 4) == 0 ? hooked_.module().forward({batches_[k]}) : hooked_.forward({batches_[k]});
    ++times_[k];
    require(is_bit_equal(output, outputs_[k]), "an output differs from the model's own");
  }

  void read(const ObservedModule& observed, Random& random, const std::string& which) {
    require(is_consistent(draw(random, 2) == 0 ? observed.results() : observed.holistic_results()),
            which + ": a result was read half way through a batch");
  }

  void save_and_load(const std::filesystem::path& path) {
    const Results results = steady_->results();
    save(results, path);
    require(to_bytes(load_results(path)) == to_bytes(results), "a saved result differs from what was saved");
  }

  /// True where `run` throws srm::Error with these words.
  template <typename Run>
  static bool refuses(Run run, const std::string& words) {
    try {
      run();
    } catch (const Error& error) {
      return std::string(error.what()).find(words) != std::string::npos;
    }
    return false;
  }

  void fail(Random& random, const std::filesystem::path& folder) {
    switch (draw(random, 3)) {
      case 0:
        return require(refuses([&] { observe(options_for({"encoder.9"})); }, "encoder.9"),
                       "a selector of nothing was taken");
      case 1: {
        const Observed poor = observe(options_for({"decoder"}), 1000);
        call(random);
        return require(poor->failures().size() == 1 && poor->results().layers.empty(), "a full budget was not told");
      }
      default:
        std::filesystem::create_directory(folder / "vanished");
        std::filesystem::remove(folder / "vanished");
        return require(refuses([&] { save(steady_->results(), folder / "vanished" / "result.srm.pt"); }, "vanished"),
                       "a folder that is gone was not told");
    }
  }

  /// What one thread has.
  struct Caller {
    Random random;
    ScratchFolder folder;
    std::deque<Observed> own;
  };

  /// Does something, and says what.
  std::string act(Caller& caller) {
    auto& [random, folder, own] = caller;
    const std::size_t what = draw(random, 100);
    if (what < 60) {
      call(random);
      return "call";
    }
    if (what < 70) {
      own.push_back(observe(drawn_options(random)));
      if (own.size() > 3) own.erase(own.begin() + static_cast<std::ptrdiff_t>(draw(random, own.size())));
      return "attach";
    }
    if (what < 75) {
      if (!own.empty()) own.pop_front();
      return "detach";
    }
    if (what < 82) {
      read(*steady_, random, "the steady observer");
      read(*queued_, random, "the one with a queue");
      read(*shared_, random, "the shared one");
      if (!own.empty()) read(*own.front(), random, "one of a thread");
      return "read";
    }
    if (what < 86) {
      save_and_load(folder / "result.srm.pt");
      return "save";
    }
    if (what < 91) {
      shared_->reset();
      if (!own.empty()) own.back()->reset();
      return "reset";
    }
    if (what < 96) {
      shared_->set_enabled(draw(random, 2) == 0);
      if (!own.empty()) own.back()->set_enabled(draw(random, 2) == 0);
      return "pause or resume";
    }
    fail(random, folder.path());
    return "fail";
  }

  void work(int thread) {
    const torch::NoGradGuard no_grad;
    std::map<std::string, std::int64_t> done;
    try {
      Caller caller{Random(seed_ + static_cast<std::uint64_t>(thread)), {}, {}};
      while (!is_over_) ++done[act(caller)];
    } catch (const std::exception& exception) {
      require(false, std::string("a thread ended: ") + exception.what());
    }
    const std::lock_guard lock(mutex_);
    for (const auto& [action, times] : done) done_[action] += times;
  }

  const std::uint64_t seed_;
  Module model_;
  HookedModule hooked_;
  const Observed steady_, queued_, shared_;
  std::array<torch::Tensor, kNumBatches> batches_;
  std::array<c10::IValue, kNumBatches> outputs_;
  std::array<std::atomic<std::int64_t>, kNumBatches> times_ = {};
  std::atomic<bool> is_over_ = false;
  std::mutex mutex_;  // of what follows
  std::map<std::string, std::int64_t> done_;
  std::vector<std::string> wrong_;
};

TEST(Soak, CountsAreExactOutputsEqualAndMemoryFlatWhateverHappens) {
  at::set_num_threads(1);  // each thread that runs a model would start a pool of its own
  const torch::NoGradGuard no_grad;
  const auto seconds = static_cast<double>(number_from("SRM_SOAK_SECONDS", 60));
  const auto seed = static_cast<std::uint64_t>(number_from("SRM_SOAK_SEED", std::random_device()()));
  std::printf("SRM_SOAK_SEED=%llu SRM_SOAK_SECONDS=%.0f\n", static_cast<unsigned long long>(seed), seconds);
  std::fflush(stdout);

  Soak soak(seed);
  const std::vector<std::int64_t> held = soak.run(seconds);
  EXPECT_THAT(soak.wrong(), ::testing::IsEmpty());
  const Results expected = soak.expected();
  for (Results& counted : soak.counted()) {
    ASSERT_EQ(counted.layers.size(), expected.layers.size());
    for (std::size_t k = 0; k < counted.layers.size(); ++k) {
      EXPECT_EQ(counted.layers[k].parts().counts, expected.layers[k].parts().counts) << counted.layers[k].address();
    }
    counted.settings = expected.settings;
    EXPECT_TRUE(to_bytes(counted) == to_bytes(expected)) << "scores, sums and numbers of calls too";
  }
  for (const auto& [action, times] : soak.done()) {
    std::printf("%s: %lld\n", action.c_str(), static_cast<long long>(times));
    EXPECT_GT(times, 0) << action;
  }
  std::printf("memory in MB:");
  for (const std::int64_t bytes : held) std::printf(" %.1f", static_cast<double>(bytes) / 1e6);
  std::printf("\n");
  if (kMemoryIsMeasured) {
    EXPECT_LE(median({held.end() - 10, held.end()}), median({held.begin() + 10, held.begin() + 20}) + kMostGrowthBytes);
  }
}

}  // namespace
}  // namespace srm
