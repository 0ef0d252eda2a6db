// Trains three autoencoders of handwritten digits side by side and shows, while they train, how the activations behind
// their bottleneck function lie to a basis: of tanh, of tanh in a turned basis, and of an isotropic tanh.

#include <ATen/Parallel.h>
#include <fmt/format.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <atomic>
#include <barrier>
#include <csignal>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "digit_autoencoder.h"
#include "digits.h"
#include "srm/live_server.h"
#include "srm/monitor.h"
#include "srm/report.h"

namespace {

constexpr int kEpochsAWindow = 5;
constexpr double kEpsilon = 0.4;  // wide enough for 16 dimensions

volatile std::sig_atomic_t is_stopped = 0;

struct Flags {
  std::string folder;
  int num_epochs = 600;
  std::uint64_t seed = 0;
  std::uint16_t port = 0;
  bool stays = isatty(STDERR_FILENO) != 0;
};

// One network, the layers that are watched in it, and in which basis each.
struct Run {
  srm::BottleneckFunction function;
  std::string name;
  std::optional<srm::TrainedAutoencoder> network = {};
  std::unique_ptr<srm::Monitor> standard = {};
  std::unique_ptr<srm::Monitor> acting = {};  // in the basis that the function acts in, where that is another
  double loss = 0;
};

std::unique_ptr<srm::Monitor> monitor_in(std::shared_ptr<const srm::Basis> basis) {
  srm::MonitorOptions options;
  options.observe.epsilon = {kEpsilon};
  options.observe.basis = std::move(basis);
  return std::make_unique<srm::Monitor>(options);
}

std::shared_ptr<const srm::Basis> basis_of(const torch::Tensor& vectors) {
  const torch::Tensor rows = vectors.contiguous();
  const double* data = rows.const_data_ptr<double>();
  return std::make_shared<const srm::Basis>(
      srm::Basis::from_vectors("acting", rows.size(0), rows.size(1), {data, data + rows.numel()}));
}

void observe(Run& run, const torch::Tensor& images) {
  torch::Tensor after = srm::bottleneck_activations(run.network->model, images).after;
  after = after - after.mean(0);
  run.standard->observe(run.name, after);
  if (run.acting) run.acting->observe(run.name + ", in its own basis", after);
}

// What all monitors have, as one window.
srm::Window close_window(std::vector<Run>& runs, int epoch) {
  srm::Window all{epoch, "training", {}, {}};
  for (Run& run : runs) {
    all.scalars.emplace_back("loss, " + run.name, run.loss);
    for (srm::Monitor* monitor : {run.standard.get(), run.acting.get()}) {
      if (monitor == nullptr) continue;
      for (srm::Window& window : monitor->step(epoch)) {
        std::move(window.layers.begin(), window.layers.end(), std::back_inserter(all.layers));
      }
    }
  }
  return all;
}

struct Stopped {};

void train(Run& run, const Flags& flags, const torch::Tensor& images, auto& barrier) {
  at::set_num_threads(1);
  srm::DigitAutoencoderOptions options;
  options.function = run.function;
  options.seed = flags.seed;
  options.num_epochs = flags.num_epochs;
  const auto on_built = [&](const srm::TrainedAutoencoder& built) {
    run.network = built;
    run.standard = monitor_in(nullptr);
    if (built.acting_basis) run.acting = monitor_in(basis_of(*built.acting_basis));
    observe(run, images);
    torch::jit::Module model = built.model;
    model.eval();  // without the noise of training, which starts behind this
    run.loss = 64 * srm::reconstruction_error(model, images);
    barrier.arrive_and_wait();
  };
  const auto on_epoch = [&](int epoch, double loss) {
    if (epoch % kEpochsAWindow != 0 && epoch != flags.num_epochs) return;
    run.loss = loss;
    observe(run, images);
    barrier.arrive_and_wait();
    if (is_stopped) throw Stopped();
  };
  srm::train_digit_autoencoder(options, images, on_epoch, on_built);
}

int watch(const Flags& flags) {
  std::filesystem::create_directories(flags.folder);
  const std::filesystem::path path = std::filesystem::path(flags.folder) / "training.srmh";
  std::filesystem::remove(path);  // each run is a history of its own
  srm::HistoryWriter history(path, {{"epsilon", fmt::format("{}", kEpsilon)}, {"seed", fmt::format("{}", flags.seed)}});
  srm::LiveServer live({.port = flags.port, .model = "three autoencoders"});
  fmt::print(stderr, "live page: {}\n", live.url());
  const torch::Tensor images = srm::split_digits(srm::embedded_digits()).training_images;

  std::vector<Run> runs;
  runs.push_back({srm::BottleneckFunction::kTanh, "tanh"});
  runs.push_back({srm::BottleneckFunction::kTanhRotated, "tanh, turned"});
  runs.push_back({srm::BottleneckFunction::kIsotropicTanh, "isotropic tanh"});
  int epoch = -kEpochsAWindow;
  std::exception_ptr failure;
  const auto on_all = [&]() noexcept {
    epoch = std::min(epoch + kEpochsAWindow, flags.num_epochs);
    try {
      const srm::Window window = close_window(runs, epoch);
      if (window.layers.empty()) return;  // all have ended
      history.append(window);
      live.show(window);
    } catch (...) {
      failure = std::current_exception();
      is_stopped = 1;
    }
    if (epoch % 100 == 0) fmt::print(stderr, "epoch {} of {}\n", epoch, flags.num_epochs);
  };
  std::barrier barrier(std::ssize(runs), on_all);
  std::mutex mutex;
  {
    std::vector<std::jthread> threads;
    for (Run& run : runs) {
      threads.emplace_back([&] {
        try {
          train(run, flags, images, barrier);
        } catch (const Stopped&) {
        } catch (...) {
          const std::lock_guard lock(mutex);
          failure = std::current_exception();
          is_stopped = 1;
        }
        barrier.arrive_and_drop();
      });
    }
  }
  if (failure) std::rethrow_exception(failure);
  live.finish();
  fmt::print("{}", srm::timeline_text(srm::load_history(path), {.width = 120}));
  if (is_stopped) {
    fmt::print(stderr, "stopped at epoch {} of {}\n", epoch, flags.num_epochs);
    return 130;
  }
  fmt::print(
      "\nTo be seen after some 100 epochs: A4 falls below 0, towards diagonals, where tanh acts on each coordinate; of "
      "a\n"
      "tanh in a turned basis it does so in that one alone; isotropic tanh has none. Again: torchsrm show {}\n",
      path.string());
  if (!flags.stays) return 0;
  fmt::print(stderr, "the page stays at {} until Ctrl-C\n", live.url());
  while (!is_stopped) std::this_thread::sleep_for(std::chrono::milliseconds(100));
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app{"Trains three autoencoders of digits side by side and shows alignment while it grows."};
  Flags flags;
  app.add_option("FOLDER", flags.folder, "Where the history goes")->required();
  app.add_option("--epochs", flags.num_epochs, "Epochs of each network")
      ->capture_default_str()
      ->check(CLI::PositiveNumber);
  app.add_option("--seed", flags.seed, "Of weights, order and noise")->capture_default_str();
  app.add_option("--port", flags.port, "Of the page at 127.0.0.1; 0: any that is free")->capture_default_str();
  app.add_flag("--stay,!--no-stay", flags.stays, "Serve the page on until Ctrl-C (default: on a terminal)");
  CLI11_PARSE(app, argc, argv);
  for (const int signal : {SIGINT, SIGTERM}) std::signal(signal, [](int) { is_stopped = 1; });
  try {
    return watch(flags);
  } catch (const std::exception& error) {
    fmt::print(stderr, "{}\n", error.what());
    return 1;
  }
}
