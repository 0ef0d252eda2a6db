#pragma once

#include <torch/script.h>

#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "srm/accumulator.h"
#include "srm/activation_rows.h"
#include "srm/hook.h"
#include "srm/row_mean.h"

namespace srm {

/// What to observe, and how; the words are those of `torchsrm observe`.
struct ObserveOptions {
  std::vector<std::string> layers = {"*"};  ///< selectors, see select_call_sites()
  std::vector<double> epsilon = {0.9};
  std::int64_t num_angles = 360;
  GridEnds grid = GridEnds::kExclusive;
  Sense sense = Sense::kNatural;
  Pairs pairs = Pairs::kCombination;
  DegeneratePlanes degenerate = DegeneratePlanes::kLeftOut;
  std::shared_ptr<const Basis> basis = nullptr;  ///< none: the standard basis of each layer's width
  bool centre = false;                           ///< two passes: see ObservedModule::finish_means()
  /// Selector and layout; "" is every layer, the last that fits a layer counts, none is kAuto.
  std::vector<std::pair<std::string, Layout>> layouts = {};
  std::string mask_input = {};             ///< argument of the model that is 0 where a token is only padding
  std::int64_t every = 1;                  ///< takes the first of so many calls of a layer
  double fraction = 1;                     ///< the share of rows that is taken, in (0, 1]
  std::uint64_t seed = 0;                  ///< which rows those are: by their number in the layer's stream
  std::optional<std::int64_t> limit = {};  ///< samples of a layer, after which it takes no more
  OnError on_error = OnError::kThrow;
  int num_threads = 1;
};

/// Throws srm::Error that names the option out of range.
void require_valid(const ObserveOptions& options);

/// Where an Observer is in its stream, beside what it counted.
struct StreamPosition {
  std::int64_t num_calls = 0;  ///< that came, taken or not
  std::int64_t num_rows = 0;   ///< of taken calls, not masked
  std::int64_t num_taken = 0;  ///< rows that went on to be counted
};

/// One layer's activations in, its Resonance out: from hooks, or from any C++ code that has a tensor,
/// `observer.observe(activation)`. What needs the layer's width is made when the first activation comes. Thread-safe; a
/// lock is held while rows are counted, never while anything else runs.
class Observer {
 public:
  /// `budget` is shared by all layers of a run. `earlier` goes on where a resonance() and its position() ended.
  Observer(std::string address, const ObserveOptions& options, Layout layout, std::shared_ptr<MemoryBudget> budget,
           std::optional<Resonance> earlier = {}, StreamPosition position = {});
  ~Observer();

  /// Counts one call, and the rows of its output that `mask` and the options of sampling leave; see ActivationRows.
  /// Throws srm::Error when it is no tensor, and as add().
  void observe(const c10::IValue& output, const at::Tensor& mask = {});
  /// Counts the rows of `activation` without counting a call. Throws srm::Error as ActivationRows, when the width
  /// changes or is not the basis's, and when memory is over the budget; what was counted before stays.
  void add(const at::Tensor& activation, const at::Tensor& mask = {});
  void count_call();

  /// With centring: what came so far gave the mean, what comes from now on is counted.
  void finish_mean();

  const std::string& address() const { return address_; }
  /// Whether rows were counted, or taken into the mean.
  bool has_seen() const;
  StreamPosition position() const;
  /// None while no activation came, or none since the mean was taken.
  std::optional<Resonance> resonance() const;
  /// The same without a copy of the counts; the observer is empty afterwards.
  std::optional<Resonance> take_resonance();
  /// Both at one moment, while others go on observing.
  std::pair<std::optional<Resonance>, StreamPosition> snapshot() const;

 private:
  void add_locked(const ActivationRows& rows, const at::Tensor& kept);
  void start(std::int64_t dim);
  void count(const at::Tensor& rows);
  void skip(std::int64_t num_samples);
  std::optional<Resonance> whole_locked() const;
  bool takes_row(std::int64_t number) const;

  const std::string address_;
  const ObserveOptions options_;
  const std::shared_ptr<MemoryBudget> budget_;
  const Layout layout_;
  mutable std::mutex mutex_;
  bool taking_mean_;
  StreamPosition position_;
  std::int64_t num_early_calls_ = 0;    // before there were rows, thus an accumulator
  std::int64_t num_early_skipped_ = 0;  // rows, likewise
  std::optional<RowMean> mean_;
  std::optional<Accumulator> accumulator_;
  std::optional<Resonance> earlier_;
  std::int64_t earlier_bytes_ = 0;
};

/// The settings that results of these options carry: option and value, nothing that differs between equal runs.
std::vector<std::pair<std::string, std::string>> settings_of(const ObserveOptions& options);

}  // namespace srm
