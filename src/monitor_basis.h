// PRIVATE: bases that a Monitor learns anew while a model trains.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "srm/history.h"
#include "srm/observe_options.h"
#include "srm/ranks.h"

namespace srm {

/// A basis, and how far it is from the ones before.
struct RelearnedBasis {
  std::shared_ptr<const Basis> basis;
  BasisDrift drift;
};

/// Learns bases every so many steps, and remembers the last of each layer. With ranks, rank 0 learns and the others are
/// given its vectors. Not thread-safe.
class LearnedBases {
 public:
  /// `ranks` may be null.
  LearnedBases(BasisRule rule, std::int64_t every, std::shared_ptr<Ranks> ranks);

  /// Whether `every` steps have passed since the last time it was so, or it is the first time, or steps went back.
  bool is_due(std::int64_t step);
  /// From rows (num_rows, dim), undefined where there are none; none when the rule fails. To be called by all ranks.
  std::optional<RelearnedBasis> learn(const std::string& address, const at::Tensor& rows, std::int64_t step);

 private:
  at::Tensor learned_vectors(const at::Tensor& rows) const;

  const BasisRule rule_;
  const std::int64_t every_;
  const std::shared_ptr<Ranks> ranks_;
  std::optional<std::int64_t> last_step_;
  std::map<std::string, at::Tensor> last_;  // vectors by address
};

}  // namespace srm
