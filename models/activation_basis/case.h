#pragma once

#include <compare>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "digits.h"

namespace srm::activation_basis {

/// What must be the same in all cases of one table.
struct Settings {
  int num_epochs = 600;
  std::int64_t num_rotations = 200;  ///< of every null
  friend bool operator==(const Settings&, const Settings&) = default;
};

/// Which network: its kind, the width of its bottleneck, and what its weights, images and noise are drawn from.
struct CaseKey {
  std::string network;
  std::int64_t width = 16;
  std::uint64_t seed = 0;
  /// "tanh-rotated-w16-s3": also the stem of its file.
  std::string name() const;
  friend bool operator==(const CaseKey&, const CaseKey&) = default;
};

enum class Stage { kUntrained, kTrained };
enum class Place { kBefore, kAfter };  ///< the bottleneck's function
/// The acting basis is that of the function (a frame, for some), in networks whose function has one. Learned bases are
/// learned from the training digits' activations and judged on held-out ones.
enum class JudgedBasis { kStandard, kActing, kLearnedDiagonal, kLearnedAligned };
/// "untrained", "trained"; "before", "after"; "standard", "acting", "learned-diagonal", "learned-aligned".
const char* to_string(Stage stage);
const char* to_string(Place place);
const char* to_string(JudgedBasis basis);

/// A4 against one null.
struct Against {
  double z = 0;                            ///< a distance in the null's standard deviations, not to be turned into a p
  double p = 1;                            ///< empirical, two-sided
  double mean = 0, std_dev = 0, skew = 0;  ///< of the null
  friend bool operator==(const Against&, const Against&) = default;
};

/// How far a learned basis is the one that the function acts in; that of the standard basis where it acts in none.
struct LearnedMatch {
  double match = 0;               ///< mean matched |cosine|
  double chance = 0;              ///< of random bases
  double chance_95 = 0;           ///< which 95 % of random bases stay below
  double halves_agreement = 0;    ///< between what either half of the rows gives
  double restarts_agreement = 0;  ///< between starts
  friend bool operator==(const LearnedMatch&, const LearnedMatch&) = default;
};

/// Centred activations of held-out digits at one place of one network, judged in one basis.
struct BasisScore {
  Stage stage = Stage::kTrained;
  Place place = Place::kAfter;
  JudgedBasis basis = JudgedBasis::kStandard;
  double a4 = 0;
  Against haar;
  /// After the function, in the basis it acts in (the standard one where it acts in none).
  std::optional<Against> m1, m1c;
  std::optional<LearnedMatch> learned;
  friend bool operator==(const BasisScore&, const BasisScore&) = default;
};

/// Everything that one network shows.
struct CaseResult {
  CaseKey key;
  Settings settings;
  double untrained_error = 0, trained_error = 0;  ///< mean squared error a pixel, held out
  std::vector<BasisScore> scores;                 ///< by stage, place and basis
  friend bool operator==(const CaseResult&, const CaseResult&) = default;

  /// The score of that stage, place and basis; null where there is none.
  const BasisScore* find(Stage stage, Place place, JudgedBasis basis) const;
};

/// Called often, from the calling thread, with the share of the work that is done, in [0, 1]; what it throws ends it.
using ShareCallback = std::function<void(double share)>;

/// Builds the network, measures it, trains it and measures it again. The same whatever the number of Torch's threads as
/// long as that is 1 in the calling thread; see train_by_sgd(). Throws srm::Error for a key that names no network.
CaseResult run_case(const CaseKey& key, const Settings& settings, const DigitSplit& split,
                    const ShareCallback& on_progress);

}  // namespace srm::activation_basis
