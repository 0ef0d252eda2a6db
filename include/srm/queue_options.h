#pragma once

#include <cstdint>

namespace srm {

/// What happens to what comes while a queue is full: kDrop leaves it out, and counts it as skipped; kWait lets the
/// caller wait for room.
enum class WhenFull { kDrop, kWait };
/// What happens to what waits in a queue when it closes: it is counted first, or left out and counted as skipped.
enum class OnClose { kDrain, kDrop };

/// "drop", "wait".
const char* to_string(WhenFull when_full);

/// A queue of copied rows, for a thread of its own to count. A child that fork() makes has no such thread: observe
/// without a queue there.
struct QueueOptions {
  std::int64_t bytes = std::int64_t{1} << 26;  ///< of all that waits
  WhenFull when_full = WhenFull::kDrop;        ///< whether a full queue waits or drops rows
  OnClose on_close = OnClose::kDrain;          ///< what becomes of rows that still wait when it closes
};

}  // namespace srm
