#include "digits.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <fstream>
#include <numeric>
#include <random>
#include <sstream>
#include <string_view>
#include <utility>
#include <vector>

#include "files/embed.h"
#include "srm/error.h"

TORCHSRM_EMBED(srm_digits_csv, TORCHSRM_DIGITS_CSV)

namespace srm {
namespace {

constexpr int kNumPixels = 64;
constexpr int kMaxPixel = 16;
constexpr int kMaxLabel = 9;
constexpr int64_t kNumDigits = 1797;
constexpr int64_t kNumTraining = 1347;

// The integer at the front of `text`, up to the next comma or the end, which it takes off; -1 when there is none.
int take_field(std::string_view& text) {
  const std::string_view field = text.substr(0, text.find(','));
  text.remove_prefix(std::min(field.size() + 1, text.size()));
  int value = -1;
  const auto [end, error] = std::from_chars(field.data(), field.data() + field.size(), value);
  return error == std::errc{} && end == field.data() + field.size() ? value : -1;
}

// Fisher-Yates on mt19937_64: unlike std::shuffle the same permutation with every standard library.
std::vector<int64_t> fixed_permutation(int64_t size) {
  std::vector<int64_t> order(size);
  std::iota(order.begin(), order.end(), 0);
  std::mt19937_64 random(0);
  for (int64_t last = size - 1; last > 0; --last) {
    std::swap(order[last], order[random() % static_cast<uint64_t>(last + 1)]);
  }
  return order;
}

// `path` is what messages call the text.
Digits parse_digits(std::istream& file, const std::string& path) {
  std::vector<uint8_t> pixels;
  std::vector<int64_t> labels;
  std::string line;
  for (int line_number = 1; std::getline(file, line); ++line_number) {
    if (line.starts_with('#')) continue;
    std::string_view rest = line;
    for (int field = 0; field <= kNumPixels; ++field) {
      const int value = take_field(rest);
      if (value < 0 || value > (field < kNumPixels ? kMaxPixel : kMaxLabel)) {
        throw Error("read_digits", "a row must be 64 pixels of 0 to 16 and a digit of 0 to 9",
                    fmt::format("line {} of {}, field {}", line_number, path, field + 1), "restore the file");
      }
      if (field < kNumPixels) {
        pixels.push_back(static_cast<uint8_t>(value));
      } else {
        labels.push_back(value);
      }
    }
    if (!rest.empty()) {
      throw Error("read_digits", "a row must have 65 fields", fmt::format("line {} of {} with more", line_number, path),
                  "restore the file");
    }
  }
  return {torch::tensor(pixels, torch::kUInt8).view({-1, kNumPixels}), torch::tensor(labels, torch::kInt64)};
}

}  // namespace

Digits read_digits(const std::string& path) {
  std::ifstream file(path);
  if (!file) {
    throw Error("read_digits", "the file of digits must be readable", path,
                "name models/data/digits.csv of the source tree");
  }
  return parse_digits(file, path);
}

Digits embedded_digits() {
  std::istringstream text(std::string(srm_digits_csv_begin, srm_digits_csv_end));
  return parse_digits(text, "models/data/digits.csv");
}

DigitSplit split_digits(const Digits& digits) {
  if (digits.labels.size(0) != kNumDigits) {
    throw Error("split_digits", "the split is defined for 1797 digits", fmt::format("{} digits", digits.labels.size(0)),
                "use models/data/digits.csv whole");
  }
  const torch::Tensor order = torch::tensor(fixed_permutation(kNumDigits));
  const torch::Tensor training_rows = order.slice(0, 0, kNumTraining);
  const torch::Tensor held_out_rows = order.slice(0, kNumTraining);

  // The sum is of integers and so the same on every machine, whatever order it is taken in.
  const torch::Tensor mean =
      digits.pixels.index_select(0, training_rows).sum(0, false, torch::kInt64).to(torch::kFloat64) /
      (double{kMaxPixel} * kNumTraining);
  const auto images = [&](const torch::Tensor& rows) {
    return (digits.pixels.index_select(0, rows).to(torch::kFloat64) / kMaxPixel - mean).to(torch::kFloat32);
  };
  return {images(training_rows), digits.labels.index_select(0, training_rows), images(held_out_rows),
          digits.labels.index_select(0, held_out_rows), held_out_rows};
}

}  // namespace srm
