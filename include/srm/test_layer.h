#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>

#include "srm/basis.h"
#include "srm/layer_tests.h"
#include "srm/null.h"
#include "srm/plane_tests.h"

namespace srm {

/// What makes a layer of its pre-activations.
struct Nonlinearity {
  std::string name;                                       ///< "relu", as the verdict shall call it
  at::Tensor pre_activations;                             ///< (num_rows, dim)
  std::function<at::Tensor(const at::Tensor&)> function;  ///< see nonlinearity_null()
};

/// (tr C)^2 / tr C^2 of the mean outer product C of unit rows, (num_rows, dim): over how many dimensions they spread, 1
/// (one line) to dim (evenly).
double effective_dimension(const at::Tensor& unit_rows);

/// Who carries the fourth powers: the share of the first and of the first three vectors of the basis (of fewer where it
/// has fewer), and A4 without them; see TopShare.
std::vector<TopShare> top_shares(const at::Tensor& unit_rows, const Basis& basis);

/// Every number of a verdict on `rows`, (num_rows, dim), a sample of `num_rows_offered` rows of a layer. `blocks`,
/// (num_rows), says which sample of the data each row is a part of. M1 and M1c when there is a nonlinearity, planes
/// when there are options for them (else `planes` stays empty). Throws srm::Error as haar_null() does.
LayerTests test_layer(const at::Tensor& rows, std::span<const std::int64_t> blocks, std::int64_t num_rows_offered,
                      const Basis& basis, const NullOptions& options,
                      const std::optional<Nonlinearity>& nonlinearity = std::nullopt,
                      const std::optional<PlaneTestOptions>& planes = std::nullopt);

}  // namespace srm
