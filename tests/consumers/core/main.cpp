// Counts three rows at four angles of one plane, and writes their page, with srm::core alone.

#include <srm/accumulator.h>
#include <srm/report.h>

#include <cstdio>
#include <sstream>

int main() {
  const std::vector<double> rows = {1, 0, 2, 0, 0, 1};  // two to the right, one up
  srm::MemoryBudget budget;
  srm::Accumulator accumulator(std::make_shared<srm::Basis>(srm::Basis::standard(2)), {.grid = srm::AngleGrid(4)},
                               budget);
  accumulator.update(rows.data(), 3, 2, 2);
  const srm::Resonance seen = accumulator.resonance();
  for (const std::int64_t count : seen.counts(0, 0)) std::printf("%lld ", static_cast<long long>(count));
  std::printf("of %lld\n", static_cast<long long>(seen.num_samples_seen()));

  std::ostringstream page;
  srm::write_report_html(page, {.layers = {seen}});
  return page.str().ends_with("</html>\n") ? 0 : 1;
}
