#include "report/history_json.h"
#include "report/page_files.h"
#include "srm/report.h"

namespace srm {

void write_history_html(std::ostream& out, const History& history) {
  constexpr std::int64_t kMostCurveValues = 1500000;  // some 4 MB
  report::write_page(out, "history.html", report::history_json(history, kMostCurveValues));
}

}  // namespace srm
