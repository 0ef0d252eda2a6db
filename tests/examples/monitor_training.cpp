// Alignment watched while an autoencoder of digits trains: one line hands the activation over, one closes a window.

#include <srm/io.h>
#include <srm/monitor.h>
#include <torch/torch.h>

int main(int argc, char** argv) {
  if (argc != 3) return 2;
  const torch::Tensor digits = srm::read_tensor(argv[1]).to(torch::kFloat);  // (450, 64)
  torch::manual_seed(1);
  torch::nn::Linear encoder(64, 16), decoder(16, 64);
  std::vector<torch::Tensor> parameters = encoder->parameters();
  for (const torch::Tensor& parameter : decoder->parameters()) parameters.push_back(parameter);
  torch::optim::Adam optimiser(parameters, torch::optim::AdamOptions(3e-3));

  srm::MonitorOptions options;
  options.observe.epsilon = {0.4};
  options.num_rotations = 200;
  options.history = argv[2];
  srm::Monitor monitor(options);
  for (int step = 1; step <= 600; ++step) {
    const torch::Tensor code = torch::tanh(encoder(digits));
    monitor.observe("code", code);  // autograd sees nothing of it
    const torch::Tensor loss = torch::mse_loss(decoder(code), digits);
    optimiser.zero_grad();
    loss.backward();
    optimiser.step();
    if (step % 50 == 0) monitor.step(step, {{"loss", loss.item<double>()}});
  }
}
