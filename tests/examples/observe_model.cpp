#include <srm/io.h>
#include <srm/observer.h>
#include <srm/statistics.h>

#include <cstdio>

int main(int argc, char** argv) {
  if (argc != 3) return 2;
  auto model = torch::jit::load(argv[1]);
  model.eval();
  const torch::Tensor digits = srm::read_tensor(argv[2]);  // (450, 64)

  // The model itself stays untouched; dropping `observed` is detaching.
  srm::ObservedModule observed(model, {.layers = {"encoder.*", "!*hidden*"}, .epsilon = {0.9, 0.4}});
  const torch::NoGradGuard no_grad;
  for (const torch::Tensor& batch : digits.split(64)) observed.forward({batch});

  for (const srm::Resonance& layer : observed.results()) {
    std::printf("%-32s A4 = %+.3f  C4 = %+.3f\n", layer.address().c_str(), srm::quartic_alignment(layer),
                srm::arc_alignment(layer, 0.4));
  }
  srm::save(observed.results(), "results.srm.pt");
}
