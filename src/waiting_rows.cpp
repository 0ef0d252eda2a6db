#include "waiting_rows.h"

#include <algorithm>

#include "srm/half_numbers.h"

namespace srm {

WaitingRows::WaitingRows(std::int64_t num_numbers, std::int64_t num_vectors, bool has_doubles)
    : num_numbers_(num_numbers), prepared_(capacity(num_vectors), num_vectors) {
  const auto size = static_cast<std::size_t>(prepared_.capacity() * num_numbers);
  if (has_doubles) {
    doubles_.resize(size);
  } else {
    floats_.resize(size);
  }
}

// 2 MB of float32 numbers.
std::int64_t WaitingRows::capacity(std::int64_t num_vectors) {
  return std::clamp<std::int64_t>((std::int64_t{1} << 19) / std::max<std::int64_t>(num_vectors, 1), 16, 4096);
}

double WaitingRows::bytes_needed(std::int64_t num_numbers, std::int64_t num_vectors, bool has_doubles) {
  const double size = static_cast<double>(capacity(num_vectors)) * static_cast<double>(num_numbers);
  return PreparedRows::bytes_needed(capacity(num_vectors), num_vectors) +
         size * (has_doubles ? sizeof(double) : sizeof(float));
}

template <typename Number>
void WaitingRows::add(const PreparedRows& rows, std::int64_t index, const Number* numbers) {
  prepared_.copy(rows, index, num_rows_);
  const std::int64_t begin = num_rows_++ * num_numbers_;
  for (std::int64_t k = 0; k < num_numbers_; ++k) {
    if (doubles_.empty()) {
      floats_[static_cast<std::size_t>(begin + k)] = static_cast<float>(numbers[k]);
    } else {
      doubles_[static_cast<std::size_t>(begin + k)] = static_cast<double>(numbers[k]);
    }
  }
}

template void WaitingRows::add(const PreparedRows&, std::int64_t, const float*);
template void WaitingRows::add(const PreparedRows&, std::int64_t, const double*);
template void WaitingRows::add(const PreparedRows&, std::int64_t, const BFloat16*);
template void WaitingRows::add(const PreparedRows&, std::int64_t, const Half*);

PlainRows WaitingRows::rows() const {
  const float* floats = doubles_.empty() ? floats_.data() : nullptr;
  const double* doubles = doubles_.empty() ? nullptr : doubles_.data();
  return {&prepared_, {floats, doubles, num_numbers_, prepared_.factors()}};
}

}  // namespace srm
