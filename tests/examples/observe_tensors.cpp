// A model that is no TorchScript: its layers' activations are handed over where they are, one line each.

#include <srm/observer.h>
#include <srm/statistics.h>
#include <torch/torch.h>

#include <cstdio>

int main() {
  torch::manual_seed(1);
  torch::nn::Linear first(8, 16), second(16, 4);
  srm::Observer hidden("hidden", {.epsilon = {0.5}}, srm::Layout::kAuto, std::make_shared<srm::MemoryBudget>());
  for (int step = 0; step < 10; ++step) {
    const torch::Tensor x = torch::tanh(first(torch::randn({64, 8})));
    hidden.observe(x);
    second(x);
  }
  const srm::Resonance seen = hidden.resonance().value();
  std::printf("%s: %lld samples, A4 = %+.3f\n", seen.address().c_str(), static_cast<long long>(seen.num_samples_seen()),
              srm::quartic_alignment(seen));
}
