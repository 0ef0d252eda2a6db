#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace srm {

/// The processes of one data-parallel training, each with a part of the rows: they talk through LibTorch's own process
/// groups (a TCPStore, and Gloo on the CPU), beside whatever group the training itself has: Python's shares its store
/// at MASTER_PORT, one that C++ makes there must be multi-tenant. All processes must make the same calls in the same
/// order. Not thread-safe.
class Ranks {
 public:
  /// For a rank that answers no longer.
  static constexpr std::chrono::milliseconds kUsualTimeout = std::chrono::minutes(5);

  /// As torchrun starts them: RANK, WORLD_SIZE, MASTER_ADDR and MASTER_PORT in the environment. Waits for all. Throws
  /// srm::Error for a variable that is missing or no number, and naming the ranks that have not come after `timeout`.
  static std::shared_ptr<Ranks> from_environment(std::chrono::milliseconds timeout = kUsualTimeout);
  /// Rank 0 waits, no longer than the timeout and after an error no longer than 10 s, until the others are done with
  /// what it keeps for them.
  ~Ranks();
  Ranks(const Ranks&) = delete;
  Ranks& operator=(const Ranks&) = delete;

  int rank() const;  ///< 0 is the one that writes
  /// How many processes there are.
  int num_ranks() const;
  /// How long a rank is waited for.
  std::chrono::milliseconds timeout() const;

  /// The texts of all ranks, by rank; for a few kilobytes. Throws srm::Error naming the ranks that have none after the
  /// timeout, for these are dead or do something else, and after any error.
  std::vector<std::string> exchange(const std::string& text);
  /// The sum over all ranks, of equally many numbers each, in place and in all of them. Nobody may have more than fits.
  /// Throws as exchange(), naming a rank that dies meanwhile within twice the timeout and a second.
  void sum(std::span<std::int64_t> numbers);

 private:
  struct Group;
  explicit Ranks(std::unique_ptr<Group> group);

  std::unique_ptr<Group> group_;
};

}  // namespace srm
