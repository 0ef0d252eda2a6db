#include "report/page_files.h"

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
TORCHSRM_EMBED(srm_page_plotly_js, TORCHSRM_PAGE_FOLDER "/third_party/plotly/plotly.min.js")

namespace srm::report {

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
      {"plotly.min.js", srm_page_plotly_js_begin, srm_page_plotly_js_end},
  };
  for (const File& file : kFiles) {
    if (file.name == name) return {file.begin, static_cast<std::size_t>(file.end - file.begin)};
  }
  throw Error("report.page_file", "the name must be that of a file of the page", std::string(name),
              "embed it in page_files.cpp");
}

}  // namespace srm::report
