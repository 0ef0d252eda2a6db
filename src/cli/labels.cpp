#include "cli/labels.h"

#include <ATen/ATen.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "srm/error.h"
#include "srm/io.h"

namespace srm::cli {

void Labels::require_samples(std::int64_t num_samples) const {
  if (classes.size(0) == num_samples) return;
  throw Error(where, fmt::format("there must be a label for each of {} samples", num_samples),
              fmt::format("{}", classes.size(0)), "give the labels of these data");
}

Labels read_labels(const std::string& spec) {
  constexpr std::int64_t kMostClasses = 100'000;
  at::Tensor labels = read_tensor(spec, "labels");
  if (labels.dim() == 2 && labels.size(1) == 1) labels = labels.squeeze(1);
  const std::string where = "labels " + spec;
  if (labels.dim() != 1 || !at::isIntegralType(labels.scalar_type(), /*includeBool=*/false) || labels.numel() == 0) {
    throw Error(where, "labels must be whole numbers (num_samples)",
                fmt::format("{} ({})", c10::toString(labels.scalar_type()), fmt::join(labels.sizes(), ", ")),
                "give the number of its class for each sample, -1 where it is not known");
  }
  const at::Tensor classes = labels.to(at::kLong).contiguous();
  const auto least = classes.min().item<std::int64_t>(), most = classes.max().item<std::int64_t>();
  if (least < -1) {
    throw Error(where, "labels must be classes from 0 on, or -1 where unknown", fmt::format("{}", least),
                "number the classes from 0");
  }
  if (most >= kMostClasses) {
    throw Error(where, fmt::format("there may be {} classes", kMostClasses), fmt::format("class {}", most),
                "number the classes without gaps");
  }
  return {where, classes, std::max<std::int64_t>(most + 1, 1)};
}

}  // namespace srm::cli
