// A host that knows LibTorch and nothing else: it loads a model, runs it on seeded rows, and saves it again.
//
//   plugin_host MODEL OUT [PLUGIN.so]     with PLUGIN.so: loads it by dlopen first; or preload it

#include <dlfcn.h>
#include <torch/script.h>

#include <cstdio>
#include <exception>

int main(int argc, char** argv) {
  if (argc < 3) return 2;
  if (argc > 3 && dlopen(argv[3], RTLD_NOW) == nullptr) {
    std::fprintf(stderr, "%s\n", dlerror());
    return 1;
  }
  try {
    const torch::NoGradGuard no_grad;
    torch::jit::Module model = torch::jit::load(argv[1]);
    for (int k = 0; k < 3; ++k) model.forward({torch::randn({5, 64})});
    model.save(argv[2]);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
  return 0;
}
