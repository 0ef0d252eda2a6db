#include "cli/load_flags.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <CLI/CLI.hpp>
#include <charconv>

#include "cli/command.h"
#include "cli/run_inputs.h"

namespace srm::cli {
namespace {

// "2%" and "0.02" are the same.
double overhead_of(const std::string& flag) {
  const bool is_percent = flag.ends_with('%');
  double number = 0;
  const char* const end = flag.data() + flag.size() - (is_percent ? 1 : 0);
  const auto [rest, error] = std::from_chars(flag.data(), end, number);
  const double fraction = is_percent ? number / 100 : number;
  if (error != std::errc() || rest != end || !(fraction > 0 && fraction <= 1)) {
    throw Misuse("--max-overhead", "the most overhead is a share of the model's time above 0 and up to 100%", flag,
                 "give e.g. 2%");
  }
  return fraction;
}

}  // namespace

void add_load_flags(CLI::App& command, LoadFlags& flags) {
  command
      .add_option("--max-overhead", flags.max_overhead,
                  "Observe only so many of the model's calls that observing adds no more than this to their time, "
                  "e.g. 2% or 0.02; the rows of the others are counted as skipped. Counts then differ from run to run")
      ->check([](const std::string& text) { return text.empty() ? "a share must follow, e.g. 2%" : ""; });
  CLI::Option* queue = command.add_option(
      "--queue", flags.queue, "Copy rows into a queue of this size, e.g. 64M, which a thread behind the model counts");
  command
      .add_option("--when-full", flags.when_full,
                  "Where the queue is full: wait for room, or drop rows, which are counted as skipped (default: wait)")
      ->check(CLI::IsMember({"drop", "wait"}))
      ->needs(queue);
}

void apply(const LoadFlags& flags, bool has_model, ObserveOptions& options) {
  if (!has_model && (!flags.max_overhead.empty() || !flags.queue.empty())) {
    throw Misuse(flags.queue.empty() ? "--max-overhead" : "--queue", "it is for the calls of a model", "--activations",
                 "leave it out");
  }
  if (!flags.max_overhead.empty()) options.max_overhead = overhead_of(flags.max_overhead);
  if (const auto bytes = memory_limit_of(flags.queue, "--queue")) {
    options.queue = {.bytes = *bytes, .when_full = flags.when_full == "drop" ? WhenFull::kDrop : WhenFull::kWait};
  }
  require_one_pass(options);
}

void require_one_pass(const ObserveOptions& options) {
  const std::vector<Pass> passes = passes_of(options);
  if (!options.max_overhead || passes.size() == 1) return;
  std::vector<const char*> names;
  for (const Pass pass : passes) names.push_back(to_string(pass));
  throw Misuse("--max-overhead", "it chooses calls by the clock, so that two passes over the data would see others",
               fmt::format("{} passes: {}", passes.size(), fmt::join(names, ", ")),
               "give --mean, and epsilon, planes and a basis that are known before; or sample with --fraction");
}

std::vector<std::string> load_notes(const ObservedModule& observed, const Results& results) {
  std::vector<std::string> notes;
  if (const auto overhead = observed.overhead()) {
    std::int64_t num_rows = 0, num_skipped = 0;
    for (const Resonance& layer : results) {
      if (!layer.parts().group.empty()) continue;
      const ResonanceParts& parts = layer.parts();
      num_skipped += parts.num_samples_skipped;
      num_rows += parts.num_samples_seen + parts.num_samples_skipped;
    }
    const double seen = num_rows == 0 ? 0 : static_cast<double>(num_rows - num_skipped) / static_cast<double>(num_rows);
    notes.push_back(fmt::format(
        "{:.3g} % of the rows were seen, in {} of {} calls; observing added {:.3g} % to the model's time, of {:.3g} % "
        "that --max-overhead allows",
        100 * seen, overhead->num_calls_observed, overhead->num_calls, 100 * overhead->share(),
        100 * observed.overhead_budget()->max_overhead()));
    if (overhead->share() > 1.5 * observed.overhead_budget()->max_overhead()) {
      notes.back() +=
          ": the first call, which is always seen and makes the tables, took more than was earned since; a "
          "longer run evens out";
    }
  }
  if (observed.num_rows_dropped() > 0) {
    notes.push_back(
        fmt::format("the queue was full: {} rows were dropped, and counted as skipped", observed.num_rows_dropped()));
  }
  return notes;
}

}  // namespace srm::cli
