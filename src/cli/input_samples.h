#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "cli/layer_testing.h"
#include "srm/observer.h"

namespace srm::cli {

/// What makes one address of a model of another: function(value at `input`) = value at `output`.
struct NamedNonlinearity {
  std::string output;
  ActivationFunction function;
  std::string input;
};

/// "OUTPUT=FUNCTION[:INPUT]"; without an INPUT what goes in at OUTPUT. Throws Misuse.
NamedNonlinearity parse_nonlinearity(const std::string& text);

/// The rows that go into those layers that are activation functions, of the same samples as the rows that
/// ObserveOptions::num_test_rows keeps of what comes out.
class InputSamples {
 public:
  /// Hooks what goes into the layers of `options` that are activation functions by `named` or by the model's own code.
  /// Nothing without test rows.
  InputSamples(const HookedModule& hooked, const ObserveOptions& options, const std::vector<NamedNonlinearity>& named,
               const std::shared_ptr<MemoryBudget>& budget, const std::shared_ptr<OverheadBudget>& overhead = nullptr);

  /// ObservedModule::drain().
  void drain() const;
  /// On in the pass that counts, alone.
  void set_enabled(bool enabled) const;
  /// See ObservedModule.
  std::vector<SiteState> states() const;
  void resume(std::vector<SiteState> earlier) const;
  /// To the samples of what comes out; where `named` says what is not so, a note instead.
  void give_to(std::vector<LayerSample>& samples, std::vector<std::string>& notes) const;

 private:
  void find_functions(const HookedModule& hooked, const ObserveOptions& options);

  std::vector<NamedNonlinearity> nonlinearities_;
  std::optional<ObservedModule> observed_;
};

}  // namespace srm::cli
