#pragma once

#include <CLI/App.hpp>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "checkpoint.h"

namespace srm::cli {

struct CheckpointFlags {
  std::optional<std::string> save_every;
  bool resumes = false;
};

/// Adds the options to a subcommand; `flags` must outlive it.
void add_checkpoint_flags(CLI::App& command, CheckpointFlags& flags);

/// How often a checkpoint is written: one of the two is above zero.
struct SaveEvery {
  std::int64_t num_samples = 0;
  std::chrono::seconds duration{0};
};

/// "10000" samples, or "30s", "5m", "2h". Throws Misuse for anything else.
SaveEvery parse_save_every(const std::string& text);

/// The file that a run leaves in its folder now and then, so that it can go on from there after it was killed.
class Checkpoints {
 public:
  /// With `resumes` the checkpoint in `folder` is read, if there is one, and what killed runs left half-written there
  /// is removed. Without `every` none is written. Throws srm::Error for one that is damaged, and for one that is there
  /// while none is asked for and others are to be written: that of a run that could go on.
  Checkpoints(const std::filesystem::path& folder, std::optional<SaveEvery> every, bool resumes);
  /// None where no flag is given. Says when there is nothing to go on from. Throws as parse_save_every() too.
  static std::optional<Checkpoints> asked_for(const CheckpointFlags& flags, const std::filesystem::path& folder);

  /// Says what the run is. Throws srm::Error naming the first option in which the earlier one differs, and both values.
  void set_run(std::vector<std::pair<std::string, std::string>> run, std::int64_t memory_limit);
  /// The one that was read, to be taken once.
  std::optional<Checkpoint> take_earlier();
  /// That of the earlier one.
  std::optional<std::int64_t> memory_limit() const;

  /// After each batch: writes what `state` tells, if it is time. A disk that is full and the like is warned of, once,
  /// and never ends the run; the checkpoint before stays. Throws what `state` throws.
  void update(std::int64_t num_samples_done, const std::function<Checkpoint()>& state);
  /// Writes it now, unless none are wanted.
  void save(std::int64_t num_samples_done, const std::function<Checkpoint()>& state);
  /// The result is written. Where it is whole there is nothing to go on from any more.
  void finish(bool is_whole) const;

 private:
  using Clock = std::chrono::steady_clock;

  void write(std::int64_t num_samples_done, Checkpoint checkpoint) const;
  void warn(const std::string& what);

  const std::filesystem::path path_;
  const std::optional<SaveEvery> every_;
  std::vector<std::pair<std::string, std::string>> run_;
  std::int64_t memory_limit_ = 0;
  std::optional<Checkpoint> earlier_;
  std::int64_t last_done_ = 0;  // samples, when the last one was written or the run began
  Clock::time_point next_;
  bool has_warned_ = false;
  int num_written_ = 0;
  Clock::duration taken_{0};
};

}  // namespace srm::cli
