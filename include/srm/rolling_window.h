#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>

#include "srm/resonance.h"

namespace srm {

/// Which rows of a stream that goes on a look at it is of.
struct LookWindow {
  /// All rows, or which of them.
  enum class Kind {
    kCumulative,  ///< all rows since the start
    kLast,        ///< the last num_rows
    kHalfLife,    ///< all, each weighing half as much as one num_rows later
  };
  Kind kind = Kind::kCumulative;  ///< which rows it is of
  std::int64_t num_rows = 0;      ///< of kLast and kHalfLife

  friend bool operator==(const LookWindow&, const LookWindow&) = default;
};

/// "cumulative", "last:50000", "half-life:50000"; and back. Throws srm::Error for any other text.
std::string to_string(const LookWindow& window);
LookWindow to_look_window(const std::string& text);  ///< of what to_string() gives

/// What a look is of: sums of weighted rows. Ratios (curves, A4 and its error, C4) are those of the window.
struct WindowView {
  Resonance resonance;    ///< holistic
  double row_weight = 1;  ///< of the newest rows: resonance has num_samples_seen / row_weight rows' worth
};

/// One layer's holistic results as they grow, seen through a window. Differences of what was counted by one look and
/// the next are exact, and weights are whole numbers, so that whatever a view holds was counted. kLast reaches back to
/// the last kept look that leaves num_rows rows or more behind it. Of looks those are kept that are num_rows / 32 rows
/// apart or more, with kHalfLife / 8, until they weigh less than a two-thousandth: so memory is bounded.
/// Not thread-safe.
class RollingWindow {
 public:
  /// Nothing was looked at yet.
  explicit RollingWindow(LookWindow window) : window_(window) {}

  /// `cumulative`, Observer::holistic() say, is of all rows so far. One with fewer rows than the last (after a reset)
  /// begins anew. Throws srm::Error where settings are others than in the look before, and where sums overflow.
  WindowView look(const Resonance& cumulative);

 private:
  WindowView last(const Resonance& cumulative);
  WindowView half_life(const Resonance& cumulative);
  void keep(Resonance look, std::int64_t apart);

  LookWindow window_;
  std::deque<Resonance> looks_;         // before this one, the oldest first
  std::optional<Resonance> forgotten_;  // the one before those
};

}  // namespace srm
