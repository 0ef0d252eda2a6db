#pragma once

namespace srm::cli {

/// What ends work that is far from where it was begun, after an interrupt.
struct Interrupted {};

/// While one exists, the first Ctrl-C (or SIGTERM) only sets a flag, so that what was counted can be saved; a second
/// one ends the process as usual. Not nested, one thread.
class InterruptGuard {
 public:
  InterruptGuard();
  ~InterruptGuard();
  InterruptGuard(const InterruptGuard&) = delete;
  InterruptGuard& operator=(const InterruptGuard&) = delete;

  bool is_interrupted() const;
};

}  // namespace srm::cli
