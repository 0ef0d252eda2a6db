#include "cli/printed_result.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cstdio>

#include "cli/console.h"
#include "cli/tell.h"
#include "srm/report.h"

namespace srm::cli {

bool has_neurons(const Results& results) {
  return std::any_of(results.findings.begin(), results.findings.end(),
                     [](const LayerFindings& found) { return found.neurons.has_value(); });
}

void print_result(const Results& results) {
  constexpr std::size_t kMostVerdicts = 12;
  const ConsoleOptions console = console_options();
  fmt::print("{}", layers_table(results, console));
  std::size_t num_tested = 0;
  for (const LayerFindings& found : results.findings) num_tested += found.tests ? 1 : 0;
  if (num_tested > 0 && num_tested <= kMostVerdicts) fmt::print("\n{}", verdicts_text(results, console));
  if (num_tested > kMostVerdicts)
    fmt::print("\n{} layers were tested: torchsrm show --verdicts tells more\n", num_tested);
  if (has_neurons(results)) fmt::print("\n{}", neurons_text(results, console));
}

void print_warnings(const Observation& seen) {
  for (const auto& [address, what] : seen.left_out) {
    tell("note: {} was left out: {} has no rows to count\n", printable(address), printable(what));
  }
  for (const std::string& failure : seen.failures) {
    tell("warning: taken off after an error: {}\n", printable(failure));
  }
  // Only a whole run tells which layers the model does not call.
  if (!seen.silent_layers.empty() && !seen.results.partial) {
    tell("warning: no activation came from {}: the model did not call it on this data\n",
         printable(fmt::format("{}", fmt::join(seen.silent_layers, ", "))));
  }
}

}  // namespace srm::cli
