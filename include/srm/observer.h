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
#include "srm/hook.h"
#include "srm/row_mean.h"

namespace srm {

/// Which dimension of an activation holds the n numbers of one sample; all others are samples.
/// kAuto: 2-D (N, n) and 3-D (N, T, n) the last, 4-D (N, C, H, W) and 5-D the channels. kLast, kChannels (the second),
/// kFlatten (everything behind the first dimension is one sample).
enum class Layout { kAuto, kLast, kChannels, kFlatten };

/// The samples of an activation as rows (num_samples, dim), on the CPU, contiguous, float32 or float64 (half types
/// become float32, which is exact). Throws srm::Error naming `address` for integer, boolean and complex tensors, and
/// where the layout does not fit.
at::Tensor to_rows(const at::Tensor& activation, Layout layout, const std::string& address);

/// "auto", "last", "channels", "flatten".
const char* to_string(Layout layout);

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
  int num_threads = 1;
};

/// Throws srm::Error that names the option out of range.
void require_valid(const ObserveOptions& options);

/// One layer's activations in, its Resonance out. What needs the layer's width is made when the first activation comes.
/// Thread-safe; a lock is held while rows are counted.
class Observer {
 public:
  /// `budget` is shared by all layers of a run.
  Observer(std::string address, const ObserveOptions& options, Layout layout, std::shared_ptr<MemoryBudget> budget);

  /// Counts one call, and the rows of its output. Throws srm::Error when it is no tensor, and as add().
  void observe(const c10::IValue& output);
  /// Counts the rows of `activation` without counting a call. Throws srm::Error as to_rows(), when the width changes or
  /// is not the basis's, and when memory is over the budget; what was counted before stays.
  void add(const at::Tensor& activation);
  void count_call();

  /// With centring: what came so far gave the mean, what comes from now on is counted.
  void finish_mean();

  const std::string& address() const { return address_; }
  /// Whether rows were counted, or taken into the mean.
  bool has_seen() const;
  /// None while no activation came, or none since the mean was taken.
  std::optional<Resonance> resonance() const;
  /// The same without a copy of the counts; the observer is empty afterwards.
  std::optional<Resonance> take_resonance();

 private:
  void start(std::int64_t dim);

  const std::string address_;
  const ObserveOptions options_;
  const std::shared_ptr<MemoryBudget> budget_;
  const Layout layout_;
  mutable std::mutex mutex_;
  bool taking_mean_;
  std::int64_t num_early_calls_ = 0;  // before there were rows, thus an accumulator
  std::optional<RowMean> mean_;
  std::optional<Accumulator> accumulator_;
};

/// A model whose chosen layers are observed while it runs. The model is shared and stays untouched; dropping this is
/// detaching. Thread-safe as the model is.
class ObservedModule {
 public:
  /// Throws srm::Error as require_valid() and HookedModule do, and where a selector of `layouts` names nothing.
  /// `budget` bounds the memory of all layers together.
  ObservedModule(const torch::jit::Module& model, const ObserveOptions& options,
                 std::shared_ptr<MemoryBudget> budget = std::make_shared<MemoryBudget>());

  /// What the model's forward returns, bit for bit. Throws what the model throws, and the srm::Error of an observer.
  c10::IValue forward(std::vector<c10::IValue> inputs, const torch::jit::Kwargs& kwargs = {});

  /// With options.centre: ends the first pass over the data, which gave each layer's mean; now run them all again.
  void finish_means();

  const std::vector<CallSite>& sites() const { return hooked_.sites(); }
  std::int64_t num_calls(std::size_t site) { return hooked_.hook(site).num_calls(); }
  /// The addresses that no activation has come from.
  std::vector<std::string> silent_layers() const;

  /// Layers in the order of sites(), without those that are silent.
  Results results() const;
  /// The same without a copy of the counts; the layers are empty afterwards.
  Results take_results();

 private:
  const ObserveOptions options_;
  HookedModule hooked_;
  std::vector<std::shared_ptr<Observer>> observers_;
};

/// The settings that results of these options carry: option and value, nothing that differs between equal runs.
std::vector<std::pair<std::string, std::string>> settings_of(const ObserveOptions& options);

}  // namespace srm
