#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "srm/resonance.h"

namespace srm {

class AppendFile;

// Note [Histories]
// A history is a file that only grows: settings, then a record a window. Each record is its length with a checksum of
// that (CRC-32) and one of its bytes before these, and is written in one piece. A run that dies, at whatever byte,
// leaves at most a last record that is torn: reading leaves it out and says so, writing on cuts it off. Damage anywhere
// else is an error.

/// How far a basis that was learned anew has turned: mean matched |cosine| (see compare_bases()), 1 for the same
/// vectors in any order with any signs.
struct BasisDrift {
  double to_previous = 0;  ///< with the basis learned before; NaN for the first
  double to_standard = 0;  ///< with the coordinate axes
  double chance = 0;       ///< what random bases have with the coordinate axes

  /// NaN is NaN here.
  friend bool operator==(const BasisDrift& a, const BasisDrift& b) {
    const auto same = [](double x, double y) { return x == y || (x != x && y != y); };
    return same(a.to_previous, b.to_previous) && same(a.to_standard, b.to_standard) && same(a.chance, b.chance);
  }
};

/// What one layer was in one window: enough for a timeline and the drawn curves, without planes.
struct LayerWindow {
  std::string address;                        ///< where in the model
  std::int64_t dim = 0;                       ///< width of the rows
  std::int64_t num_vectors = 0;               ///< vectors of the basis
  std::string basis_name;                     ///< as Basis::name()
  std::int64_t num_planes = 0;                ///< that holistic_counts is the sum over
  std::int64_t num_samples_seen = 0;          ///< rows that came in this window
  std::int64_t num_samples_zero_norm = 0;     ///< of those, rows of zeros
  std::int64_t num_samples_nonfinite = 0;     ///< of those, rows with NaN or an infinity
  std::int64_t num_samples_skipped = 0;       ///< rows that sampling left out
  double a4 = 0;                              ///< quartic_alignment(), NaN where that is; so are the next two
  double a4_error = 0;                        ///< quartic_alignment_error(), rows taken as independent (see Window)
  std::optional<double> p = {};               ///< of A4 against Haar rotations, where it was tested
  std::vector<double> epsilon;                ///< (E)
  std::vector<double> c4;                     ///< (E), arc_alignment()
  std::vector<std::int64_t> num_hits;         ///< (E), pairs of a row and a plane with r >= epsilon
  std::int64_t num_angles = 0;                ///< K
  bool is_inclusive = false;                  ///< whether the last angle repeats the first
  std::vector<std::int64_t> holistic_counts;  ///< (E, K)
  std::optional<BasisDrift> drift = {};       ///< where a basis was learned from this window's rows

  friend bool operator==(const LayerWindow&, const LayerWindow&) = default;
};

/// All that a window needs of a layer's result.
LayerWindow window_of(const Resonance& layer);

/// What was seen between two steps: of one phase, "training" or "evaluation". A sample that comes in it several times
/// is taken as so many independent ones, so that a4_error is too small then.
struct Window {
  std::int64_t step = 0;                                ///< of the training, at which the window was closed
  std::string phase;                                    ///< "training" or "evaluation"
  std::vector<std::pair<std::string, double>> scalars;  ///< the loss, say, in the order given
  std::vector<LayerWindow> layers;                      ///< those that had rows

  friend bool operator==(const Window&, const Window&) = default;
};

/// The windows of a run, in the order in which they were closed, and the options it observed by.
struct History {
  std::vector<std::pair<std::string, std::string>> settings;  ///< option and value, as text
  std::vector<Window> windows;                                ///< by step, and within a step in the order written
  std::int64_t num_bytes_torn = 0;                            ///< of a last record that was not whole, and is left out

  /// The windows without those that a run which went on from an earlier step has closed again: a window with layers
  /// stands for all before it of its phase from its step on, and for those of the other phase behind its step.
  std::vector<const Window*> current() const;
};

/// Whether a file begins as a history does; false where there is none.
bool is_history(const std::filesystem::path& path);

/// Reads a history, see Note [Histories]. Throws srm::Error when the file is none, is of a newer version, or is damaged
/// before its last record.
History load_history(const std::filesystem::path& path);

/// Writes windows to a history as they are closed, or goes on with one. Not thread-safe; of two writers of one file the
/// second is refused.
class HistoryWriter {
 public:
  /// Makes the file, or goes on with it after its last whole record. Throws srm::Error when it cannot be written, is no
  /// history, has windows of other settings (naming the first that differs, and both values), or is being written.
  HistoryWriter(const std::filesystem::path& path, const std::vector<std::pair<std::string, std::string>>& settings);
  ~HistoryWriter();
  HistoryWriter(const HistoryWriter&) = delete;
  HistoryWriter& operator=(const HistoryWriter&) = delete;

  /// Appends a record and brings it to the disk. Throws srm::Error when the disk is full or the system refuses; then
  /// the file is what it was before.
  void append(const Window& window);

  /// What the file held when it was opened: windows before, without their curves, and how many bytes were cut off.
  const History& earlier() const { return earlier_; }

 private:
  std::unique_ptr<AppendFile> file_;
  History earlier_;
};

}  // namespace srm
