#pragma once

#include <ATen/core/Generator.h>
#include <torch/types.h>

#include <cstdint>
#include <functional>
#include <vector>

namespace srm {

/// Called after each epoch with its number from 1 on and its mean loss a row; what it throws ends the training.
using EpochCallback = std::function<void(int epoch, double loss)>;

struct TrainingSchedule {
  int num_epochs = 600;
  double learning_rate = 0.01;  ///< of the first epoch; it falls by half a cosine to 0
  double momentum = 0.9;
  std::int64_t batch_size = 128;
};

/// Minimises by SGD the mean over the rows of each batch of `loss_of_rows`, whose argument are row numbers int64
/// (batch_size) and whose result is the loss summed over them, a scalar. The order of the rows is drawn from
/// `generator`, anew each epoch.
///
/// It computes on one thread, so that equal arguments give equal parameters on one machine, and touches no state that
/// the process shares: several trainings may run side by side in threads that each have at::get_num_threads() == 1.
void train_by_sgd(const std::vector<torch::Tensor>& parameters, std::int64_t num_rows, const TrainingSchedule& schedule,
                  at::Generator generator, const std::function<torch::Tensor(const torch::Tensor&)>& loss_of_rows,
                  const EpochCallback& on_epoch);

}  // namespace srm
