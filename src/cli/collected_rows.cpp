#include "cli/collected_rows.h"

#include <ATen/ATen.h>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "row_tensor.h"
#include "srm/error.h"

namespace srm::cli {
namespace {

constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max();

std::int64_t sum_of(std::int64_t a, std::int64_t b) {
  std::int64_t sum = 0;
  return __builtin_add_overflow(a, b, &sum) ? kMost : sum;
}

// For each row the sample of the data that it is a part of; `begin` is the first one.
std::vector<std::int64_t> samples_of_rows(const ActivationRows& rows, std::int64_t begin) {
  std::vector<std::int64_t> samples;
  samples.reserve(static_cast<std::size_t>(rows.num_samples()));
  for (const std::int64_t end : rows.batch_ends()) samples.resize(static_cast<std::size_t>(end), begin++);
  return samples;
}

}  // namespace

RowCollector::RowCollector(CollectOptions options, std::int64_t num_samples, std::shared_ptr<MemoryBudget> budget)
    : options_(std::move(options)), num_samples_(num_samples), budget_(std::move(budget)) {}

void RowCollector::start_batch(std::int64_t begin, std::int64_t end) {
  begin_ = begin;
  end_ = end;
}

RowCollector::Layer* RowCollector::find(const std::string& address) {
  const auto is_it = [&](const auto& layer) { return layer->address == address; };
  const auto found = std::find_if(layers_.begin(), layers_.end(), is_it);
  return found == layers_.end() ? nullptr : found->get();
}

RowCollector::Layer& RowCollector::layer_of(const std::string& address, std::int64_t dim) {
  Layer* const known = find(address);
  if (known != nullptr && known->reservoir.dim() != dim) {
    throw Error("collect", fmt::format("every row must have {} numbers", known->reservoir.dim()),
                fmt::format("{}", dim), "choose the --layout whose rows have one width");
  }
  if (known != nullptr) return *known;
  layers_.push_back(std::make_unique<Layer>(Layer{address, RowReservoir(dim, options_.max_rows, options_.seed)}));
  return *layers_.back();
}

// Asks for what `num_rows` of a layer and what is done with them take, less what it has.
void RowCollector::reserve(Layer& layer, std::int64_t num_rows) {
  num_rows = std::min({num_rows, options_.max_rows, options_.limit.value_or(kMost)});
  if (num_rows <= layer.num_rows_reserved) return;
  const std::int64_t dim = layer.reservoir.dim();
  const std::int64_t of_rows = RowReservoir::bytes_needed(dim, num_rows);
  // The rows themselves leave the reservoir as a copy.
  const std::int64_t beside = options_.bytes_beside ? sum_of(num_rows * dim * std::int64_t{sizeof(double)},
                                                             options_.bytes_beside(num_rows, dim))
                                                    : num_rows * dim * std::int64_t{sizeof(double)};
  const std::int64_t more = sum_of(of_rows - layer.bytes_reserved, std::max<std::int64_t>(beside - bytes_beside_, 0));
  if (more > budget_->limit_bytes() - budget_->reserved_bytes()) {
    throw Error("memory",
                fmt::format("{} rows of {} numbers of '{}' and {} must fit into the limit of {}", num_rows, dim,
                            layer.address, options_.purpose, format_bytes(budget_->limit_bytes())),
                fmt::format("{} beside {} already taken", format_bytes(more), format_bytes(budget_->reserved_bytes())),
                "raise --memory, lower --rows, or choose fewer layers");
  }
  budget_->reserve(more, layer.address);
  layer.num_rows_reserved = num_rows;
  layer.bytes_reserved = of_rows;
  bytes_beside_ = std::max(bytes_beside_, beside);
}

void RowCollector::offer(Layer& layer, const at::Tensor& rows, std::span<const std::int64_t> samples) {
  const std::int64_t left = options_.limit.value_or(kMost) - layer.reservoir.num_rows_offered();
  const std::int64_t num_rows = std::min(rows.size(0), left);
  if (num_rows <= 0) return;
  const std::int64_t num_offered = sum_of(layer.reservoir.num_rows_offered(), num_rows);
  if (num_offered > layer.num_rows_reserved) reserve(layer, sum_of(num_offered, num_offered));
  const std::int64_t dim = rows.size(1);
  const auto blocks = samples.first(static_cast<std::size_t>(num_rows));
  with_numbers(rows, [&](const auto* numbers) { layer.reservoir.update(numbers, num_rows, dim, dim, blocks); });
}

void RowCollector::add(const std::string& address, const at::Tensor& activation, Layout layout,
                       const at::Tensor& mask) {
  const ActivationRows rows(activation, layout, address, end_ - begin_);
  if (rows.num_samples() == 0) return;
  const at::Tensor kept = rows.kept_by(mask);
  const std::vector<std::int64_t> samples = samples_of_rows(rows, begin_);
  const std::lock_guard lock(mutex_);
  Layer& layer = layer_of(address, rows.dim());
  // What all the data will bring at this rate; of a layer that is called more often, more is asked for then.
  const double rows_per_sample = static_cast<double>(rows.num_samples()) / static_cast<double>(end_ - begin_);
  const double expected = std::ceil(rows_per_sample * static_cast<double>(num_samples_));
  reserve(layer, static_cast<std::int64_t>(std::min(expected, static_cast<double>(options_.max_rows))));
  std::int64_t offset = 0;
  rows.for_each_piece([&](const at::Tensor& piece) {
    const std::int64_t num_rows = piece.size(0);
    const auto of_piece =
        std::span(samples).subspan(static_cast<std::size_t>(offset), static_cast<std::size_t>(num_rows));
    if (!kept.defined()) {
      offer(layer, piece, of_piece);
    } else {
      const at::Tensor places = kept.slice(0, offset, offset + num_rows).nonzero().squeeze(1);
      std::vector<std::int64_t> kept_samples;
      for (std::int64_t k = 0; k < places.size(0); ++k) {
        kept_samples.push_back(of_piece[static_cast<std::size_t>(places.const_data_ptr<std::int64_t>()[k])]);
      }
      offer(layer, piece.index_select(0, places), kept_samples);
    }
    offset += num_rows;
  });
}

std::vector<std::string> RowCollector::addresses() const {
  const std::lock_guard lock(mutex_);
  std::vector<std::string> all;
  for (const auto& layer : layers_) all.push_back(layer->address);
  return all;
}

CollectedLayer RowCollector::take(const std::string& address) {
  const std::lock_guard lock(mutex_);
  const auto is_it = [&](const auto& layer) { return layer->address == address; };
  const auto found = std::find_if(layers_.begin(), layers_.end(), is_it);
  if (found == layers_.end()) {
    throw Error("collect", "rows must have come from the layer", address, "choose a layer that the model calls");
  }
  const RowReservoir& reservoir = (*found)->reservoir;
  std::vector<double> numbers = reservoir.rows();
  CollectedLayer collected{address, {}, reservoir.blocks(), reservoir.num_rows_offered()};
  const std::int64_t num_rows = reservoir.num_rows();
  const std::int64_t dim = reservoir.dim();
  layers_.erase(found);  // its memory goes before more is taken, and stays asked for
  auto owner = std::make_shared<std::vector<double>>(std::move(numbers));
  collected.rows = at::from_blob(
      owner->data(), {num_rows, dim}, [owner](void*) {}, at::kDouble);
  return collected;
}

}  // namespace srm::cli
