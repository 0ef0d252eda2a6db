#include "resonance_sums.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <boost/crc.hpp>

namespace srm {
namespace {

constexpr int kNumLimbs = 4;
constexpr int kLimbBits = 32;

// Every list and number of 64 bits that is a sum, always in this order; `parts` may be const.
template <typename Parts, typename Take>
void for_each_sum(Parts& parts, const Take& take) {
  auto& scores = parts.scores;
  for (auto* list :
       {&parts.counts, &parts.plane_hits, &parts.holistic_counts, &parts.signed_counts, &parts.holistic_signed_counts,
        &scores.cosine_sum, &scores.num_hits, &scores.direction_sum, &scores.quartic_by_vector}) {
    for (auto& number : *list) take(number);
  }
  for (auto* number :
       {&scores.num_rows, &scores.quartic_sum, &scores.blocks.num_blocks, &parts.num_samples_seen,
        &parts.num_samples_zero_norm, &parts.num_samples_nonfinite, &parts.num_samples_skipped, &parts.num_calls}) {
    take(*number);
  }
}

template <typename Blocks, typename Take>
void for_each_long_sum(Blocks& blocks, const Take& take) {
  for (auto* number : {&blocks.rows_squared, &blocks.rows_by_quartic, &blocks.quartic_squared}) take(*number);
}

template <typename Value>
std::string checksum_of(const std::vector<Value>& values) {
  boost::crc_32_type crc;
  crc.process_bytes(values.data(), values.size() * sizeof(Value));
  return fmt::format("{} of checksum {:08x}", values.size(), crc.checksum());
}

}  // namespace

std::vector<std::int64_t> sums_of(const ResonanceParts& parts) {
  std::vector<std::int64_t> sums;
  for_each_sum(parts, [&](const std::int64_t& number) { sums.push_back(number); });
  for_each_long_sum(parts.scores.blocks, [&](const UInt128& number) {
    for (int k = 0; k < kNumLimbs; ++k) {
      sums.push_back(static_cast<std::int64_t>(static_cast<std::uint32_t>(number >> (kLimbBits * k))));
    }
  });
  return sums;
}

void put_sums(std::span<const std::int64_t> sums, ResonanceParts& parts) {
  auto next = sums.begin();
  for_each_sum(parts, [&](std::int64_t& number) { number = *next++; });
  for_each_long_sum(parts.scores.blocks, [&](UInt128& number) {
    number = 0;
    for (int k = 0; k < kNumLimbs; ++k) number += static_cast<UInt128>(*next++) << (kLimbBits * k);
  });
}

std::vector<std::pair<std::string, std::string>> settings_of(const ResonanceParts& parts) {
  std::vector<std::pair<std::string, std::string>> settings;
  const auto add = [&](const char* name, const auto& value) { settings.emplace_back(name, fmt::format("{}", value)); };
  add("group", parts.group);
  add("dim", parts.dim);
  add("num_vectors", parts.num_vectors);
  add("basis_name", parts.basis_name);
  add("basis", checksum_of(parts.basis));
  add("basis_lengths", std::string(to_string(parts.basis_lengths)));
  add("pairs", std::string(to_string(parts.pairs)));
  add("plane_choice", parts.plane_choice);
  add("plane_seed", parts.plane_seed);
  add("planes", checksum_of(parts.planes));
  add("num_planes_summed", parts.num_planes_summed);
  add("epsilon", fmt::format("{}", fmt::join(parts.epsilon, " ")));
  add("grid", fmt::format("{} angles, {}", parts.grid.num_angles(), to_string(parts.grid.ends())));
  add("sense", std::string(to_string(parts.sense)));
  add("counts", std::string(parts.holistic_signed_counts.empty() ? "unsigned" : "signed"));
  add("directions", std::string(parts.scores.has_row_sums() ? "summed" : "not summed"));
  add("mean", parts.centred ? checksum_of(parts.mean) : std::string("none"));
  return settings;
}

}  // namespace srm
