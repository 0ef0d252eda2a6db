#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "srm/activation_rows.h"
#include "srm/memory_budget.h"
#include "srm/row_reservoir.h"

namespace srm::cli {

/// How many rows of each layer are kept, and which.
struct CollectOptions {
  std::int64_t max_rows = 20000;           ///< of each layer: the capacity of its RowReservoir
  std::uint64_t seed = 0;                  ///< which rows those are
  std::optional<std::int64_t> limit = {};  ///< rows of a layer's stream, after which no more are looked at
  /// What will be taken beside the rows of one layer (num_rows, dim), for one layer at a time; may be empty.
  std::function<std::int64_t(std::int64_t num_rows, std::int64_t dim)> bytes_beside = {};
  const char* purpose = "what is done with them";  ///< what that is for, in the words of a message
};

/// A sample of the rows of one layer.
struct CollectedLayer {
  std::string address;
  at::Tensor rows;                   ///< (num_rows, dim) float64, in the order of the stream
  std::vector<std::int64_t> blocks;  ///< (num_rows): the sample of the data that each row is a part of
  std::int64_t num_rows_offered = 0;
};

/// Keeps a seeded, uniform sample of the rows of each layer of a stream, in memory that is bounded and is asked for
/// before it is taken. Thread-safe but for start_batch() and take().
class RowCollector {
 public:
  /// `num_samples` is how many samples of the data will come; the memory for what a layer gives of them is asked for
  /// at its first rows.
  RowCollector(CollectOptions options, std::int64_t num_samples, std::shared_ptr<MemoryBudget> budget);

  /// What is added from now on comes of samples begin to end - 1 of the data.
  void start_batch(std::int64_t begin, std::int64_t end);
  /// Offers the rows of `activation` that `mask` keeps. Throws srm::Error as ActivationRows, when a layer's width
  /// changes, and when memory is over the budget.
  void add(const std::string& address, const at::Tensor& activation, Layout layout, const at::Tensor& mask);

  /// Of the layers that rows came from, in the order in which they first did.
  std::vector<std::string> addresses() const;
  /// The rows of a layer, whose memory goes over to the caller; throws srm::Error when none came from there.
  CollectedLayer take(const std::string& address);

 private:
  struct Layer {
    std::string address;
    RowReservoir reservoir;
    std::int64_t num_rows_reserved = 0;
    std::int64_t bytes_reserved = 0;
  };

  Layer* find(const std::string& address);
  Layer& layer_of(const std::string& address, std::int64_t dim);
  void reserve(Layer& layer, std::int64_t num_rows);
  void offer(Layer& layer, const at::Tensor& rows, std::span<const std::int64_t> samples);

  const CollectOptions options_;
  const std::int64_t num_samples_;
  const std::shared_ptr<MemoryBudget> budget_;
  mutable std::mutex mutex_;
  std::vector<std::unique_ptr<Layer>> layers_;
  std::int64_t bytes_beside_ = 0;  // reserved for the layer that needs the most
  std::int64_t begin_ = 0;
  std::int64_t end_ = 0;
};

}  // namespace srm::cli
