#include "training.h"

#include <ATen/Parallel.h>
#include <torch/optim/sgd.h>
#include <torch/utils.h>

#include <cmath>
#include <numbers>

namespace srm {
namespace {

class OneThread {
 public:
  OneThread() : num_threads_(at::get_num_threads()) {
    if (num_threads_ != 1) at::set_num_threads(1);
  }
  ~OneThread() {
    if (num_threads_ != 1) at::set_num_threads(num_threads_);
  }
  OneThread(const OneThread&) = delete;
  OneThread& operator=(const OneThread&) = delete;

 private:
  int num_threads_;
};

}  // namespace

void train_by_sgd(const std::vector<torch::Tensor>& parameters, std::int64_t num_rows, const TrainingSchedule& schedule,
                  at::Generator generator, const std::function<torch::Tensor(const torch::Tensor&)>& loss_of_rows,
                  const EpochCallback& on_epoch) {
  const OneThread one_thread;
  torch::optim::SGD optimizer(parameters, torch::optim::SGDOptions(schedule.learning_rate).momentum(schedule.momentum));
  auto& sgd = static_cast<torch::optim::SGDOptions&>(optimizer.param_groups().front().options());
  for (int epoch = 0; epoch < schedule.num_epochs; ++epoch) {
    sgd.lr(schedule.learning_rate * 0.5 * (1 + std::cos(std::numbers::pi * epoch / schedule.num_epochs)));
    double summed_loss = 0;
    for (const torch::Tensor& rows : torch::randperm(num_rows, generator).split(schedule.batch_size)) {
      const torch::Tensor loss = loss_of_rows(rows) / rows.size(0);
      optimizer.zero_grad();
      loss.backward();
      optimizer.step();
      summed_loss += loss.item<double>() * static_cast<double>(rows.size(0));
    }
    if (on_epoch) on_epoch(epoch + 1, summed_loss / static_cast<double>(num_rows));
  }
}

}  // namespace srm
