#include "report/page_files.h"

#include <ostream>
#include <string>

#include "files/embed.h"
#include "srm/error.h"

TORCHSRM_EMBED(srm_page_template_html, TORCHSRM_PAGE_FOLDER "/template.html")
TORCHSRM_EMBED(srm_page_report_css, TORCHSRM_PAGE_FOLDER "/report.css")
TORCHSRM_EMBED(srm_page_page_text_js, TORCHSRM_PAGE_FOLDER "/page_text.js")
TORCHSRM_EMBED(srm_page_layer_table_js, TORCHSRM_PAGE_FOLDER "/layer_table.js")
TORCHSRM_EMBED(srm_page_curve_chart_js, TORCHSRM_PAGE_FOLDER "/curve_chart.js")
TORCHSRM_EMBED(srm_page_findings_js, TORCHSRM_PAGE_FOLDER "/findings.js")
TORCHSRM_EMBED(srm_page_report_js, TORCHSRM_PAGE_FOLDER "/report.js")
TORCHSRM_EMBED(srm_page_history_html, TORCHSRM_PAGE_FOLDER "/history.html")
TORCHSRM_EMBED(srm_page_history_css, TORCHSRM_PAGE_FOLDER "/history.css")
TORCHSRM_EMBED(srm_page_history_js, TORCHSRM_PAGE_FOLDER "/history.js")
TORCHSRM_EMBED(srm_page_series_chart_css, TORCHSRM_PAGE_FOLDER "/series_chart.css")
TORCHSRM_EMBED(srm_page_series_chart_js, TORCHSRM_PAGE_FOLDER "/series_chart.js")
TORCHSRM_EMBED(srm_page_plotly_js, TORCHSRM_PAGE_FOLDER "/third_party/plotly/plotly.min.js")

namespace srm::report {
namespace {

// JSON that may stand inside <script>: ASCII only (so no U+2028 or U+2029), and no '<' that could end or open a tag.
std::string script_safe(const nlohmann::ordered_json& data) {
  const std::string text = data.dump(-1, ' ', /*ensure_ascii=*/true);
  std::string safe;
  safe.reserve(text.size());
  for (const char c : text) {
    if (c == '<') {
      safe += "\\u003c";
    } else {
      safe += c;
    }
  }
  return safe;
}

}  // namespace

std::string_view page_file(std::string_view name) {
  struct File {
    std::string_view name;
    const char* begin;
    const char* end;
  };
  static const File kFiles[] = {
      {"template.html", srm_page_template_html_begin, srm_page_template_html_end},
      {"report.css", srm_page_report_css_begin, srm_page_report_css_end},
      {"page_text.js", srm_page_page_text_js_begin, srm_page_page_text_js_end},
      {"layer_table.js", srm_page_layer_table_js_begin, srm_page_layer_table_js_end},
      {"curve_chart.js", srm_page_curve_chart_js_begin, srm_page_curve_chart_js_end},
      {"findings.js", srm_page_findings_js_begin, srm_page_findings_js_end},
      {"report.js", srm_page_report_js_begin, srm_page_report_js_end},
      {"history.html", srm_page_history_html_begin, srm_page_history_html_end},
      {"history.css", srm_page_history_css_begin, srm_page_history_css_end},
      {"history.js", srm_page_history_js_begin, srm_page_history_js_end},
      {"series_chart.css", srm_page_series_chart_css_begin, srm_page_series_chart_css_end},
      {"series_chart.js", srm_page_series_chart_js_begin, srm_page_series_chart_js_end},
      {"plotly.min.js", srm_page_plotly_js_begin, srm_page_plotly_js_end},
  };
  for (const File& file : kFiles) {
    if (file.name == name) return {file.begin, static_cast<std::size_t>(file.end - file.begin)};
  }
  throw Error("report.page_file", "the name must be that of a file of the page", std::string(name),
              "embed it in page_files.cpp");
}

void write_page(std::ostream& out, std::string_view name, const nlohmann::ordered_json& data) {
  std::string_view rest = page_file(name);
  for (std::size_t open = rest.find("{{"); open != std::string_view::npos; open = rest.find("{{")) {
    const std::size_t close = rest.find("}}", open);
    const std::string_view part = rest.substr(open + 2, close - open - 2);
    out << rest.substr(0, open);
    if (part == "data") {
      out << script_safe(data);
    } else {
      out << page_file(part);
    }
    rest.remove_prefix(close + 2);
  }
  out << rest;
}

}  // namespace srm::report
