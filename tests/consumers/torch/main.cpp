// Counts three rows at four angles of one plane, handed over as a tensor, with srm::torch.

#include <srm/observer.h>
#include <srm/statistics.h>

#include <cstdio>

int main() {
  srm::Observer observer("rows", {.epsilon = {0.9}, .num_angles = 4}, srm::Layout::kAuto,
                         std::make_shared<srm::MemoryBudget>());
  observer.observe(torch::tensor({{1.0, 0.0}, {2.0, 0.0}, {0.0, 1.0}}));
  const srm::Resonance seen = observer.resonance().value();
  for (const std::int64_t count : seen.counts(0, 0)) std::printf("%lld ", static_cast<long long>(count));
  std::printf("of %lld, A4 %.2f\n", static_cast<long long>(seen.num_samples_seen()), srm::quartic_alignment(seen));
}
