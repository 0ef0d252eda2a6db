#include "activation_basis/experiment.h"

#include <ATen/Parallel.h>
#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <exception>
#include <mutex>
#include <optional>
#include <thread>

#include "activation_basis/case_file.h"
#include "activation_basis/network.h"
#include "digits.h"
#include "srm/error.h"

namespace srm::activation_basis {
namespace {

void require(bool holds, const char* rule, const std::string& got, const char* advice) {
  if (!holds) throw Error("activation-basis", rule, got, advice);
}

void require_valid(const ExperimentOptions& options) {
  require(options.num_seeds >= 1, "there must be a seed", fmt::format("{}", options.num_seeds), "give 1 or more");
  require(options.settings.num_epochs >= 1, "networks must be trained", fmt::format("{}", options.settings.num_epochs),
          "give 1 epoch or more");
  require(options.settings.num_rotations >= 2, "a null takes 2 rotations or more",
          fmt::format("{}", options.settings.num_rotations), "200 make a p of 0.01 possible");
  require(options.num_threads >= 1, "there must be a thread", fmt::format("{}", options.num_threads), "give 1 or more");
  for (const std::int64_t width : options.widths) {
    require(width >= 2, "a bottleneck must have a plane", fmt::format("width {}", width), "give 2 or more");
  }
}

bool is_asked_for(const ExperimentOptions& options, const Network& network) {
  return options.networks.empty() ||
         std::find(options.networks.begin(), options.networks.end(), network.name) != options.networks.end();
}

/// Runs missing cases on threads of its own.
class Runner {
 public:
  Runner(const ExperimentOptions& options, const std::filesystem::path& folder, const ExperimentCallback& on_progress)
      : options_(options), folder_(folder), on_progress_(on_progress), split_(split_digits(embedded_digits())) {}

  /// Fills in the results of `missing`, of which `results` are to become some.
  void run(const std::vector<CaseKey>& cases, const std::vector<std::size_t>& missing,
           std::vector<std::optional<CaseResult>>& results) {
    shares_.assign(missing.size(), 0);
    progress_.num_cases = static_cast<std::int64_t>(cases.size());
    progress_.num_found = progress_.num_done = progress_.num_cases - static_cast<std::int64_t>(missing.size());
    report(nullptr);
    const int num_torch_threads = at::get_num_threads();
    const auto work = [&] {
      at::set_num_threads(1);  // of what this thread calls: so that no sum depends on how many there are
      for (std::size_t k = next_++; k < missing.size() && !is_ended_; k = next_++) {
        try {
          run_one(cases[missing[k]], shares_[k], results[missing[k]]);
        } catch (...) {
          const std::lock_guard lock(mutex_);
          if (!failure_) failure_ = std::current_exception();
          is_ended_ = true;
        }
      }
    };
    {
      std::vector<std::jthread> workers;
      const auto num_workers = std::min(static_cast<std::size_t>(options_.num_threads), missing.size());
      for (std::size_t k = 0; k < num_workers; ++k) workers.emplace_back(work);
    }
    at::set_num_threads(num_torch_threads);  // part of it is the whole process's
    if (failure_) std::rethrow_exception(failure_);
  }

 private:
  struct Ended {};

  void run_one(const CaseKey& key, double& share, std::optional<CaseResult>& result) {
    CaseResult made = run_case(key, options_.settings, split_, [&](double now) {
      if (is_ended_) throw Ended();
      const std::lock_guard lock(mutex_);
      share = now;
      report(nullptr);
    });
    write_case(folder_, made);
    const std::lock_guard lock(mutex_);
    share = 1;
    ++progress_.num_done;
    result = std::move(made);
    report(&*result);
  }

  // After the first failure nothing more is told: what comes then is other threads' way out.
  void report(const CaseResult* finished) {
    if (!on_progress_ || failure_) return;
    double sum = 0;
    for (const double share : shares_) sum += share;
    progress_.share_done = shares_.empty() ? 1 : sum / static_cast<double>(shares_.size());
    progress_.finished = finished;
    on_progress_(progress_);
  }

  const ExperimentOptions& options_;
  const std::filesystem::path& folder_;
  const ExperimentCallback& on_progress_;
  const DigitSplit split_;
  std::atomic<std::size_t> next_ = 0;
  std::atomic<bool> is_ended_ = false;
  std::mutex mutex_;  // of all below
  std::vector<double> shares_;
  ExperimentProgress progress_;
  std::exception_ptr failure_;
};

}  // namespace

std::vector<CaseKey> cases_of(const ExperimentOptions& options) {
  require_valid(options);
  for (const std::string& name : options.networks) network_named(name);
  std::vector<CaseKey> cases;
  for (const std::int64_t width : options.widths) {
    for (const Network& network : networks()) {
      if (!is_asked_for(options, network) || !network.exists_at(width)) continue;
      for (std::int64_t k = 0; k < options.num_seeds; ++k) {
        const CaseKey key{network.name, width, options.first_seed + static_cast<std::uint64_t>(k)};
        if (std::find(cases.begin(), cases.end(), key) == cases.end()) cases.push_back(key);
      }
    }
  }
  require(!cases.empty(), "there must be a network of these widths", "none", "frames are of width 16 only");
  return cases;
}

std::vector<CaseResult> run_experiment(const ExperimentOptions& options, const std::filesystem::path& folder,
                                       const ExperimentCallback& on_progress) {
  const std::vector<CaseKey> cases = cases_of(options);
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (entry.path().extension() == ".json") read_case(entry.path(), options.settings);
  }
  std::vector<std::optional<CaseResult>> results(cases.size());
  std::vector<std::size_t> missing;
  for (std::size_t k = 0; k < cases.size(); ++k) {
    const std::filesystem::path path = case_path(folder, cases[k]);
    if (std::filesystem::exists(path)) {
      results[k] = read_case(path, options.settings);
    } else {
      missing.push_back(k);
    }
  }
  Runner(options, folder, on_progress).run(cases, missing, results);
  std::vector<CaseResult> all;
  for (std::optional<CaseResult>& result : results) all.push_back(std::move(result.value()));
  return all;
}

}  // namespace srm::activation_basis
