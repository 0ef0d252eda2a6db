#include "cli/checkpoints.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <charconv>
#include <cstdio>
#include <new>
#include <stdexcept>
#include <system_error>

#include "cli/command.h"
#include "cli/console.h"
#include "cli/tell.h"
#include "files/atomic_file.h"

namespace srm::cli {
namespace {

using Settings = std::vector<std::pair<std::string, std::string>>;

// That of observing itself ends a run, and that of writing does not.
struct WriteError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

// Nine times as long as it took passes before the next one: a tenth of the time at most.
constexpr int kBetween = 9;

std::string value_of(const Settings& settings, const std::string& name) {
  const auto found = std::find_if(settings.begin(), settings.end(), [&](const auto& one) { return one.first == name; });
  return found == settings.end() || found->second.empty() ? "nothing" : found->second;
}

std::string advice_on(const std::filesystem::path& path) {
  return fmt::format("give what the run was started with, or delete {} to begin anew", path.string());
}

void require_same(const Settings& now, const Settings& then, const std::filesystem::path& path) {
  Settings all = now;
  all.insert(all.end(), then.begin(), then.end());
  for (const auto& [name, ignored] : all) {
    const std::string value = value_of(now, name), earlier = value_of(then, name);
    if (value == earlier) continue;
    throw Error("--resume", name + " must be what it was in the run that goes on",
                fmt::format("{} now and {} then", value, earlier), advice_on(path));
  }
}

}  // namespace

void add_checkpoint_flags(CLI::App& command, CheckpointFlags& flags) {
  command.add_option(
      "--save-every", flags.save_every,
      "Leave a checkpoint in --out after so many samples, or so long (30s, 5m, 2h), that --resume goes on "
      "from");
  command.add_flag(
      "--resume", flags.resumes,
      "Go on from the checkpoint in --out: the result is that of a run that was never stopped. Without one "
      "it begins with the first sample");
}

SaveEvery parse_save_every(const std::string& text) {
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  const std::string unit = error == std::errc() ? std::string(end, text.data() + text.size()) : "?";
  constexpr std::int64_t kMost = 1'000'000'000;  // more than thirty years
  const bool is_time = unit == "s" || unit == "m" || unit == "h";
  if (number < 1 || (!unit.empty() && !is_time) || (is_time && number > kMost)) {
    throw Misuse("--save-every", "it is a number of samples, or a time in s, m or h, above zero", text,
                 "e.g. 100000, 30s or 5m");
  }
  if (unit.empty()) return {.num_samples = number};
  return {.duration = std::chrono::seconds(number * (unit == "h" ? 3600 : unit == "m" ? 60 : 1))};
}

Checkpoints::Checkpoints(const std::filesystem::path& folder, std::optional<SaveEvery> every, bool resumes)
    : path_(folder / "checkpoint.srm.pt"), every_(every), next_(Clock::now()) {
  if (every_) next_ += every_->duration;
  std::error_code ignored;
  const bool is_there = std::filesystem::exists(path_, ignored);
  if (!resumes) {
    if (!is_there) return;
    throw Error("--save-every", "the folder may hold no checkpoint of another run", path_.string(),
                "go on from it with --resume, delete it, or name another --out");
  }
  remove_abandoned_parts(folder);
  if (!is_there) return;
  try {
    earlier_ = load_checkpoint(path_);
  } catch (const Error& error) {
    throw Error("--resume", "the checkpoint must be whole", error.what(),
                fmt::format("delete {} to begin anew", path_.string()));
  }
}

std::optional<Checkpoints> Checkpoints::asked_for(const CheckpointFlags& flags, const std::filesystem::path& folder) {
  if (!flags.save_every && !flags.resumes) return std::nullopt;
  std::optional<SaveEvery> every;
  if (flags.save_every) every = parse_save_every(*flags.save_every);
  std::optional<Checkpoints> asked(std::in_place, folder, every, flags.resumes);
  if (flags.resumes && !asked->earlier_) {
    tell("note: there is no checkpoint in {}: beginning with the first sample\n", printable(folder.string()));
  }
  return asked;
}

void Checkpoints::set_run(Settings run, std::int64_t memory_limit) {
  run_ = std::move(run);
  memory_limit_ = memory_limit;
  if (earlier_) require_same(run_, earlier_->run, path_);
}

std::optional<std::int64_t> Checkpoints::memory_limit() const {
  return earlier_ ? std::optional(earlier_->memory_limit) : std::nullopt;
}

std::optional<Checkpoint> Checkpoints::take_earlier() {
  if (earlier_) last_done_ = earlier_->num_samples_done;
  return std::exchange(earlier_, std::nullopt);
}

void Checkpoints::update(std::int64_t num_samples_done, const std::function<Checkpoint()>& state) {
  if (!every_) return;
  const bool is_time =
      every_->num_samples > 0 ? num_samples_done - last_done_ >= every_->num_samples : Clock::now() >= next_;
  if (is_time) save(num_samples_done, state);
}

void Checkpoints::save(std::int64_t num_samples_done, const std::function<Checkpoint()>& state) {
  if (!every_) return;
  const Clock::time_point start = Clock::now();
  try {
    write(num_samples_done, state());
    ++num_written_;
  } catch (const WriteError& error) {
    warn(error.what());
  } catch (const std::bad_alloc&) {
    warn("there is no memory left for a copy of the tables");
  }
  last_done_ = num_samples_done;
  const Clock::time_point end = Clock::now();
  taken_ += end - start;
  next_ = end + std::max<Clock::duration>(every_->duration, kBetween * (end - start));
}

void Checkpoints::write(std::int64_t num_samples_done, Checkpoint checkpoint) const {
  checkpoint.run = run_;
  checkpoint.num_samples_done = num_samples_done;
  checkpoint.memory_limit = memory_limit_;
  std::error_code ignored;
  std::filesystem::create_directories(path_.parent_path(), ignored);  // it may have gone since
  try {
    srm::save(checkpoint, path_);
  } catch (const Error& error) {
    throw WriteError(error.what());
  }
}

void Checkpoints::warn(const std::string& what) {
  if (std::exchange(has_warned_, true)) return;
  tell("warning: no checkpoint could be written: {}; going on\n", printable(what));
}

void Checkpoints::finish(bool is_whole) const {
  std::error_code ignored;
  if (is_whole) std::filesystem::remove(path_, ignored);
  if (num_written_ == 0) return;
  tell("note: {} {} written in {:.2g} s{}\n", num_written_, num_written_ == 1 ? "checkpoint was" : "checkpoints were",
       std::chrono::duration<double>(taken_).count(), is_whole ? "" : "; --resume goes on from the last");
}

}  // namespace srm::cli
