#include "srm/activation_rows.h"

#include <ATen/ATen.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <limits>
#include <numeric>
#include <vector>

#include "srm/error.h"

namespace srm {
namespace {

// A hook puts the address in front of what its receiver throws.
constexpr const char* kWhere = "observe";

std::string describe(const at::Tensor& tensor) {
  if (!tensor.defined()) return "an undefined tensor";
  if (tensor.is_nested()) return fmt::format("a nested {} tensor", c10::toString(tensor.scalar_type()));
  return fmt::format("{} ({})", c10::toString(tensor.scalar_type()), fmt::join(tensor.sizes(), ", "));
}

// The numbers that a tensor stands for, whatever way it keeps them.
at::Tensor as_strided_numbers(const at::Tensor& tensor) {
  if (tensor.is_nested()) {
    std::vector<at::Tensor> parts;
    for (const at::Tensor& part : tensor.unbind(0)) {
      if (part.numel() > 0) parts.push_back(part.reshape({-1, part.size(-1)}));
    }
    return parts.empty() ? at::empty({0, 1}, tensor.options().layout(at::kStrided)) : at::cat(parts, 0);
  }
  if (tensor.layout() != at::kStrided) return tensor.to_dense();
  if (tensor.is_quantized()) return tensor.dequantize();
  return tensor;
}

// Behind which row each part of a nested tensor ends.
std::vector<std::int64_t> ends_of_parts(const at::Tensor& nested) {
  std::vector<std::int64_t> ends;
  std::int64_t end = 0;
  for (const at::Tensor& part : nested.unbind(0)) {
    end += part.numel() == 0 ? 0 : part.numel() / part.size(-1);
    ends.push_back(end);
  }
  return ends;
}

std::int64_t product(at::IntArrayRef sizes) {
  return std::accumulate(sizes.begin(), sizes.end(), std::int64_t{1}, std::multiplies<>());
}

// Slices along the first sample dimension that still fit, or, of a single one that does not, along the next.
void cut(const at::Tensor& samples, std::int64_t num_sample_dims, std::int64_t most_samples,
         const std::function<void(const at::Tensor&)>& take) {
  const std::int64_t num_samples = product(samples.sizes().slice(0, static_cast<std::size_t>(num_sample_dims)));
  if (num_samples <= most_samples || num_sample_dims == 0) return take(samples);
  const std::int64_t length = samples.size(0);
  const std::int64_t step = most_samples / (num_samples / length);
  if (step == 0) {
    for (std::int64_t k = 0; k < length; ++k) cut(samples.select(0, k), num_sample_dims - 1, most_samples, take);
    return;
  }
  for (std::int64_t k = 0; k < length; k += step) take(samples.slice(0, k, std::min(k + step, length)));
}

}  // namespace

const char* to_string(Layout layout) {
  switch (layout) {
    case Layout::kAuto:
      return "auto";
    case Layout::kLast:
      return "last";
    case Layout::kChannels:
      return "channels";
    case Layout::kFlatten:
      return "flatten";
  }
  return "";
}

ActivationRows::ActivationRows(const at::Tensor& activation, Layout layout, std::string address, std::int64_t batch)
    : address_(std::move(address)) {
  if (!activation.defined() || (!at::isFloatingType(activation.scalar_type()) && !activation.is_quantized())) {
    throw Error(kWhere, "an activation must be of floating point", describe(activation),
                "take this layer out with --layers '!" + address_ + "'");
  }
  if (activation.is_meta()) {
    throw Error(kWhere, "an activation must hold numbers", describe(activation) + " on the meta device",
                "run the model on a device that computes, or take this layer out with --layers '!" + address_ + "'");
  }
  is_nested_ = activation.is_nested();
  if (is_nested_) batch_ends_ = ends_of_parts(activation);
  samples_ = as_strided_numbers(activation.detach());
  const std::int64_t num_dims = samples_.dim();
  const auto fail = [&](const char* rule) {
    throw Error(kWhere, rule, describe(activation),
                "choose another --layout for '" + address_ + "': last, channels or flatten");
  };
  if (num_dims == 0) fail("an activation must have a dimension");
  if (samples_.numel() == 0) {
    // Nothing to divide by: an empty batch is no rows of whatever width the layer has.
    const bool has_channels = layout == Layout::kChannels || (layout == Layout::kAuto && num_dims > 3);
    if (num_dims > 1) dim_ = samples_.size(has_channels ? 1 : -1);
    if (layout == Layout::kFlatten) dim_ = product(samples_.sizes().slice(1));
    return;
  }
  if (layout == Layout::kAuto) {
    if (num_dims < 2 || num_dims > 5) fail("layout auto takes 2 to 5 dimensions");
    layout = num_dims <= 3 ? Layout::kLast : Layout::kChannels;
  }
  if (layout == Layout::kChannels) {
    if (num_dims < 2) fail("layout channels takes 2 dimensions or more");
    samples_ = samples_.movedim(1, -1);
  }
  num_sample_dims_ = layout == Layout::kFlatten ? 1 : num_dims - 1;
  // Samples first, as everywhere else.
  const bool is_second = num_sample_dims_ == 2 && samples_.size(0) != batch && samples_.size(1) == batch;
  if (is_second && layout == Layout::kLast) samples_ = samples_.transpose(0, 1);
  num_samples_ = product(samples_.sizes().slice(0, static_cast<std::size_t>(num_sample_dims_)));
  dim_ = samples_.numel() / num_samples_;
  if (!is_nested_) find_batch(batch);
}

void ActivationRows::find_batch(std::int64_t batch) {
  const std::int64_t first = num_sample_dims_ == 0 ? 1 : samples_.size(0);
  const std::int64_t count = batch < 1 ? first : first % batch == 0 ? batch : 1;
  const std::int64_t num_rows = num_samples_ / std::max<std::int64_t>(count, 1);
  batch_ends_.resize(static_cast<std::size_t>(count));
  for (std::int64_t k = 0; k < count; ++k) batch_ends_[static_cast<std::size_t>(k)] = num_rows * (k + 1);
}

void ActivationRows::for_each_piece(const std::function<void(const at::Tensor& rows)>& take, std::int64_t piece_bytes,
                                    HalfTypes halves, const RowChoice& choose) const {
  if (num_samples_ == 0) return;
  const at::ScalarType given = samples_.scalar_type();
  const bool is_half = given == at::kBFloat16 || given == at::kHalf;
  const bool stays = given == at::kDouble || (is_half && halves == HalfTypes::kStay);
  const at::ScalarType type = stays ? given : at::kFloat;
  const auto hand_over = [&](const at::Tensor& piece) {
    at::Tensor rows = piece.reshape({-1, dim_});
    if (choose) {
      const std::vector<std::int64_t>& chosen = choose(rows.size(0));
      if (chosen.empty()) return;
      rows = rows.index_select(0, at::tensor(chosen, at::kLong).to(rows.device()));
    }
    // A view that negates is read through its memory else.
    take(rows.to(at::kCPU, type).contiguous().resolve_neg());
  };
  const std::int64_t row_bytes = dim_ * static_cast<std::int64_t>(at::elementSize(type));
  cut(samples_, num_sample_dims_, std::max<std::int64_t>(1, piece_bytes / row_bytes), hand_over);
}

bool ActivationRows::takes_mask(const at::Tensor& mask) const {
  if (!mask.defined() || is_nested_ || num_samples_ == 0) return true;
  const at::IntArrayRef shape = samples_.sizes().slice(0, static_cast<std::size_t>(num_sample_dims_));
  const at::IntArrayRef given = mask.sizes();
  if (shape == given) return true;
  if (given.size() < 2 || shape[0] != given[0]) return false;
  if (shape.size() == 1) return true;
  return shape.size() > given.size() && shape.slice(shape.size() - given.size() + 1) == given.slice(1);
}

bool ActivationRows::takes_labels(const at::Tensor& labels) const {
  if (!labels.defined() || num_samples_ == 0) return true;
  return labels.dim() == 1 && at::isIntegralType(labels.scalar_type(), /*includeBool=*/false) &&
         labels.size(0) == batch_size();
}

at::Tensor ActivationRows::kept_by(const at::Tensor& mask) const {
  if (!mask.defined() || is_nested_ || num_samples_ == 0) return {};
  const at::IntArrayRef shape = samples_.sizes().slice(0, static_cast<std::size_t>(num_sample_dims_));
  const at::IntArrayRef given = mask.sizes();
  if (!takes_mask(mask)) {
    throw Error(kWhere, "a mask must have the shape of the samples",
                fmt::format("({}) for samples ({})", fmt::join(given, ", "), fmt::join(shape, ", ")),
                "take this layer out with --layers '!" + address_ + "', or choose its --layout");
  }
  at::Tensor whole = mask;
  if (shape != given) {
    if (shape.size() == 1) return {};
    std::vector<std::int64_t> between(shape.size(), 1);
    between[0] = given[0];
    std::copy(given.begin() + 1, given.end(), between.end() - static_cast<std::ptrdiff_t>(given.size()) + 1);
    whole = mask.reshape(between).expand(shape);
  }
  return whole.to(at::kCPU).ne(0).reshape({-1});
}

std::int64_t num_rows_of(const at::Tensor& activation, Layout layout) {
  if (!activation.defined()) return 0;
  if (activation.is_nested()) {
    const std::vector<std::int64_t> ends = ends_of_parts(activation);
    return ends.empty() ? 0 : ends.back();
  }
  const std::int64_t num_dims = activation.dim();
  const bool is_misfit = (layout == Layout::kAuto && (num_dims < 2 || num_dims > 5)) ||
                         (layout == Layout::kChannels && num_dims < 2) || num_dims == 0;
  if (is_misfit || activation.numel() == 0) return 0;
  if (layout == Layout::kFlatten) return activation.size(0);
  const bool has_channels = layout == Layout::kChannels || (layout == Layout::kAuto && num_dims > 3);
  return activation.numel() / activation.size(has_channels ? 1 : -1);
}

std::int64_t batch_size_of(const at::Tensor& activation) {
  return activation.is_nested() || activation.dim() > 1 ? activation.size(0) : 1;
}

at::Tensor to_rows(const at::Tensor& activation, Layout layout, const std::string& address) {
  const ActivationRows rows(activation, layout, address);
  at::Tensor all = at::empty({0, rows.dim()}, at::kFloat);
  rows.for_each_piece([&](const at::Tensor& piece) { all = piece; }, std::numeric_limits<std::int64_t>::max());
  return all;
}

}  // namespace srm
