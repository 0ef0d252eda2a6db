#include "cli/input_pictures.h"

#include <ATen/ATen.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <charconv>
#include <cmath>

#include "cli/command.h"
#include "srm/io.h"

namespace srm::cli {
namespace {

[[noreturn]] void refuse_size(const std::string& where, const at::Tensor& inputs, const std::string& advice) {
  throw Error(where, "inputs must be pictures: (N, H, W), (N, 1 or 3, H, W), or (N, H * W)",
              fmt::format("({})", fmt::join(inputs.sizes(), ", ")), advice);
}

std::optional<ImageSize> square(std::int64_t num_pixels) {
  const auto side = static_cast<std::int64_t>(std::llround(std::sqrt(static_cast<double>(num_pixels))));
  return side * side == num_pixels ? std::optional(ImageSize{side, side}) : std::nullopt;
}

// (num_samples, 1 or 3, height, width)
at::Tensor with_channels(const std::string& where, const at::Tensor& inputs, const std::optional<ImageSize>& size) {
  if (inputs.dim() == 2) {
    const auto shape = size ? size : square(inputs.size(1));
    if (!shape) refuse_size(where, inputs, "say how high and wide a picture is, e.g. --image 8x12");
    if (shape->height * shape->width != inputs.size(1)) {
      refuse_size(where, inputs, fmt::format("say another --image than {}x{}", shape->height, shape->width));
    }
    return inputs.reshape({inputs.size(0), 1, shape->height, shape->width});
  }
  const at::Tensor channels = inputs.dim() == 3 ? inputs.unsqueeze(1) : inputs;
  if (channels.dim() != 4 || (channels.size(1) != 1 && channels.size(1) != 3)) {
    refuse_size(where, inputs, "give inputs of such a shape");
  }
  if (size && (size->height != channels.size(2) || size->width != channels.size(3))) {
    refuse_size(where, inputs, fmt::format("leave --image {}x{} out", size->height, size->width));
  }
  return channels;
}

// (num_samples, height, width); a weighted sum of red, green and blue, as ITU-R BT.601 has it.
at::Tensor luminance(const at::Tensor& inputs) {
  if (inputs.size(1) == 1) return inputs.select(1, 0);
  const at::Tensor colours = inputs.to(at::kDouble);
  return 0.299 * colours.select(1, 0) + 0.587 * colours.select(1, 1) + 0.114 * colours.select(1, 2);
}

}  // namespace

std::optional<ImageSize> image_size_of(const std::string& flag) {
  if (flag.empty()) return std::nullopt;
  ImageSize size;
  const char* const end = flag.data() + flag.size();
  const auto height = std::from_chars(flag.data(), end, size.height);
  if (height.ec == std::errc() && height.ptr != end && *height.ptr == 'x') {
    const auto width = std::from_chars(height.ptr + 1, end, size.width);
    constexpr std::int64_t kMost = 1 << 20;
    const bool is_read = width.ec == std::errc() && width.ptr == end;
    if (is_read && size.height > 0 && size.width > 0 && size.height <= kMost && size.width <= kMost) return size;
  }
  throw Misuse("--image", "the size of a picture is its height and width in pixels, HxW", flag, "e.g. --image 28x28");
}

PictureOf read_pictures(const std::string& spec, const std::optional<ImageSize>& size) {
  const std::string where = "inputs " + spec;
  const at::Tensor inputs = read_tensor(spec, "inputs");
  if (inputs.dim() == 0 || inputs.numel() == 0) refuse_size(where, inputs, "give inputs of such a shape");
  if (c10::isComplexType(inputs.scalar_type())) {
    throw Error(where, "pixels must be real numbers", c10::toString(inputs.scalar_type()), "save their magnitudes");
  }
  return [where, inputs = with_channels(where, inputs, size)](std::int64_t sample) {
    if (sample < 0 || sample >= inputs.size(0)) {
      throw Error(
          where, "there must be an input for every sample of the table",
          fmt::format("{} inputs and sample {}", inputs.size(0), sample),
          "give the inputs that were observed; where several files were merged, each counts its samples from 0");
    }
    const at::Tensor pixels = luminance(inputs.slice(0, sample, sample + 1)).to(at::kDouble).contiguous();
    Picture picture{pixels.size(1), pixels.size(2), {}};
    picture.values.assign(pixels.const_data_ptr<double>(), pixels.const_data_ptr<double>() + pixels.numel());
    return picture;
  };
}

}  // namespace srm::cli
