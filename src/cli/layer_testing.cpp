#include "cli/layer_testing.h"

#include <ATen/ATen.h>

#include <algorithm>

#include "cli/progress.h"
#include "row_tensor.h"
#include "srm/error.h"
#include "srm/test_layer.h"

namespace srm::cli {
namespace {

constexpr std::int64_t kNarrow = 64;
constexpr std::int64_t kPlaneRotations = 60;

bool can_be_tested(const LayerSample& sample) {
  return sample.rows.num_rows() >= 2 && sample.rows.dim() >= 2 && sample.basis->lengths() == VectorLengths::kNormalised;
}

const Resonance* layer_of(const Results& results, const std::string& address) {
  const auto found = std::find_if(results.begin(), results.end(), [&](const Resonance& layer) {
    return layer.address() == address && layer.parts().group.empty();
  });
  return found == results.end() ? nullptr : &*found;
}

// At the first epsilon above 0; none where there is none, or where planes are not asked for.
std::optional<PlaneTestOptions> plane_options(const LayerSample& sample, const TestingOptions& options,
                                              const Resonance& layer) {
  const auto& epsilons = layer.parts().epsilon;
  const auto epsilon = std::find_if(epsilons.begin(), epsilons.end(), [](double e) { return e > 0; });
  const bool wanted = options.planes.value_or(sample.basis->num_vectors() <= kNarrow);
  if (!wanted || epsilon == epsilons.end() || layer.parts().num_planes_summed == 0) return std::nullopt;
  PlaneTestOptions planes;
  planes.epsilon = *epsilon;
  planes.num_rotations = kPlaneRotations;
  planes.seed = options.seed;
  return planes;
}

std::int64_t num_steps(const LayerSample& sample, const TestingOptions& options, const Resonance& layer) {
  const std::int64_t num_nulls = sample.inputs ? 3 : 1;
  return num_nulls * options.num_rotations + (plane_options(sample, options, layer) ? kPlaneRotations : 0);
}

LayerTests tests_of(const LayerSample& sample, const TestingOptions& options, const Resonance& layer,
                    const std::function<void(std::int64_t, std::int64_t)>& progress) {
  at::Tensor rows = to_tensor(sample.rows);
  if (!options.mean.empty()) rows = rows - at::tensor(options.mean, at::kDouble);
  const NullOptions nulls{.num_rotations = options.num_rotations,
                          .seed = options.seed,
                          .centred = options.centred && options.mean.empty(),
                          .progress = progress};
  auto planes = plane_options(sample, options, layer);
  if (planes) planes->progress = progress;
  std::optional<Nonlinearity> nonlinearity;
  if (sample.inputs && sample.inputs->num_rows() >= 2 && sample.basis->is_standard()) {
    nonlinearity = {sample.function->name, to_tensor(*sample.inputs), sample.function->function};
  }
  LayerTests tests = test_layer(rows, sample.rows.blocks(), sample.rows.num_rows_offered(), *sample.basis, nulls,
                                nonlinearity, planes);
  tests.centred = options.centred;  // on a given mean, too
  return tests;
}

}  // namespace

void test_layers(const std::vector<LayerSample>& samples, const TestingOptions& options,
                 const InterruptGuard& interrupt, Results& results, std::vector<std::string>& notes) {
  std::vector<const LayerSample*> testable;
  std::int64_t num_total = 0;
  for (const LayerSample& sample : samples) {
    const Resonance* layer = layer_of(results, sample.address);
    if (layer == nullptr || !can_be_tested(sample)) continue;
    testable.push_back(&sample);
    num_total += num_steps(sample, options, *layer);
  }
  if (testable.empty()) return;
  Progress progress("testing", num_total, "rotations");
  const auto advance = [&](std::int64_t, std::int64_t) {
    if (interrupt.is_interrupted()) throw Interrupted();
    progress.advance(1);
  };
  std::vector<LayerFindings> tested;
  try {
    for (const LayerSample* sample : testable) {
      // A dead layer is no reason to lose the others.
      try {
        tested.push_back({sample->address, tests_of(*sample, options, *layer_of(results, sample->address), advance)});
      } catch (const Error& error) {
        notes.push_back(sample->address + " was not tested: " + error.what());
      }
    }
  } catch (const Interrupted&) {
    // What was tested until then stays.
  }
  std::vector<LayerFindings> all;
  for (const Resonance& layer : results) {
    if (!layer.parts().group.empty()) continue;
    const LayerFindings* known = results.findings_of(layer.address());
    LayerFindings findings = known != nullptr ? *known : LayerFindings{layer.address()};
    const auto found = std::find_if(tested.begin(), tested.end(),
                                    [&](const LayerFindings& f) { return f.address == layer.address(); });
    if (found != tested.end()) findings.tests = std::move(found->tests);
    if (findings.has_any()) all.push_back(std::move(findings));
  }
  results.findings = std::move(all);
}

}  // namespace srm::cli
