#include "cli/model_run.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cstdio>
#include <optional>

#include "cli/console.h"
#include "cli/model_file.h"
#include "cli/progress.h"
#include "cli/run_inputs.h"
#include "cli/tell.h"
#include "srm/hook.h"

namespace srm::cli {

ModelRun::ModelRun(const RunOptions& run)
    : model_(load_model(run.model)),
      method_(run.method),
      inputs_(ModelInputs::read(run.data, require_method(model_, run.method))) {
  if (require_method(model_, method_).argumentIndexWithName(run.mask).value_or(0) > 0) {
    mask_input_ = run.mask;
  } else if (!run.mask.empty()) {
    mask_ = read_mask(run.mask, inputs_.num_samples());
  }
}

void ModelRun::run_batch(std::int64_t begin, std::int64_t end, const Forward& forward) const {
  const auto [arguments, kwargs] = inputs_.batch(begin, end);
  std::optional<MaskGuard> masked;
  if (mask_.defined()) masked.emplace(mask_.slice(0, begin, end));
  forward_or_explain(model_, method_, arguments, kwargs,
                     [&, &arguments = arguments, &kwargs = kwargs] { forward(arguments, kwargs); });
}

void print_layers(const std::string& what, const std::vector<std::string>& addresses) {
  tell("{} {} {}: {}\n", what, addresses.size(), addresses.size() == 1 ? "layer" : "layers",
       printable(fmt::format("{}", fmt::join(addresses, ", "))));
}

bool for_each_batch(const char* what, std::int64_t first, std::int64_t last, std::int64_t batch_size,
                    const InterruptGuard& interrupt,
                    const std::function<void(std::int64_t begin, std::int64_t end)>& step) {
  Progress progress(what, last - first);
  for (std::int64_t begin = first; begin < last; begin += batch_size) {
    if (interrupt.is_interrupted()) return false;
    const std::int64_t end = std::min(begin + batch_size, last);
    step(begin, end);
    progress.advance(end - begin);
  }
  return !interrupt.is_interrupted();
}

}  // namespace srm::cli
