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
TORCHSRM_EMBED(srm_page_result_page_css, TORCHSRM_PAGE_FOLDER "/result_page.css")
TORCHSRM_EMBED(srm_page_overview_section_html, TORCHSRM_PAGE_FOLDER "/overview_section.html")
TORCHSRM_EMBED(srm_page_layer_section_html, TORCHSRM_PAGE_FOLDER "/layer_section.html")
TORCHSRM_EMBED(srm_page_reading_section_html, TORCHSRM_PAGE_FOLDER "/reading_section.html")
TORCHSRM_EMBED(srm_page_overview_js, TORCHSRM_PAGE_FOLDER "/overview.js")
TORCHSRM_EMBED(srm_page_strip_chart_js, TORCHSRM_PAGE_FOLDER "/strip_chart.js")
TORCHSRM_EMBED(srm_page_layer_chart_js, TORCHSRM_PAGE_FOLDER "/layer_chart.js")
TORCHSRM_EMBED(srm_page_polar_chart_js, TORCHSRM_PAGE_FOLDER "/polar_chart.js")
TORCHSRM_EMBED(srm_page_class_chart_js, TORCHSRM_PAGE_FOLDER "/class_chart.js")
TORCHSRM_EMBED(srm_page_basis_chart_js, TORCHSRM_PAGE_FOLDER "/basis_chart.js")
TORCHSRM_EMBED(srm_page_layer_section_js, TORCHSRM_PAGE_FOLDER "/layer_section.js")
TORCHSRM_EMBED(srm_page_reading_examples_js, TORCHSRM_PAGE_FOLDER "/reading_examples.js")
TORCHSRM_EMBED(srm_page_made_by_js, TORCHSRM_PAGE_FOLDER "/made_by.js")
TORCHSRM_EMBED(srm_page_page_link_js, TORCHSRM_PAGE_FOLDER "/page_link.js")
TORCHSRM_EMBED(srm_page_figure_export_js, TORCHSRM_PAGE_FOLDER "/figure_export.js")
TORCHSRM_EMBED(srm_page_planes_section_html, TORCHSRM_PAGE_FOLDER "/planes_section.html")
TORCHSRM_EMBED(srm_page_planes_section_css, TORCHSRM_PAGE_FOLDER "/planes_section.css")
TORCHSRM_EMBED(srm_page_plane_map_js, TORCHSRM_PAGE_FOLDER "/plane_map.js")
TORCHSRM_EMBED(srm_page_plane_density_js, TORCHSRM_PAGE_FOLDER "/plane_density.js")
TORCHSRM_EMBED(srm_page_plane_view_js, TORCHSRM_PAGE_FOLDER "/plane_view.js")
TORCHSRM_EMBED(srm_page_strongest_planes_js, TORCHSRM_PAGE_FOLDER "/strongest_planes.js")
TORCHSRM_EMBED(srm_page_planes_section_js, TORCHSRM_PAGE_FOLDER "/planes_section.js")
TORCHSRM_EMBED(srm_page_neurons_section_html, TORCHSRM_PAGE_FOLDER "/neurons_section.html")
TORCHSRM_EMBED(srm_page_neurons_section_css, TORCHSRM_PAGE_FOLDER "/neurons_section.css")
TORCHSRM_EMBED(srm_page_neurons_section_js, TORCHSRM_PAGE_FOLDER "/neurons_section.js")
TORCHSRM_EMBED(srm_page_training_section_html, TORCHSRM_PAGE_FOLDER "/training_section.html")
TORCHSRM_EMBED(srm_page_training_section_css, TORCHSRM_PAGE_FOLDER "/training_section.css")
TORCHSRM_EMBED(srm_page_training_section_js, TORCHSRM_PAGE_FOLDER "/training_section.js")
TORCHSRM_EMBED(srm_page_training_player_css, TORCHSRM_PAGE_FOLDER "/training_player.css")
TORCHSRM_EMBED(srm_page_training_player_js, TORCHSRM_PAGE_FOLDER "/training_player.js")
TORCHSRM_EMBED(srm_page_report_js, TORCHSRM_PAGE_FOLDER "/report.js")
TORCHSRM_EMBED(srm_page_compare_page_html, TORCHSRM_PAGE_FOLDER "/compare_page.html")
TORCHSRM_EMBED(srm_page_compare_page_css, TORCHSRM_PAGE_FOLDER "/compare_page.css")
TORCHSRM_EMBED(srm_page_compare_chart_js, TORCHSRM_PAGE_FOLDER "/compare_chart.js")
TORCHSRM_EMBED(srm_page_compare_page_js, TORCHSRM_PAGE_FOLDER "/compare_page.js")
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
      {"result_page.css", srm_page_result_page_css_begin, srm_page_result_page_css_end},
      {"overview_section.html", srm_page_overview_section_html_begin, srm_page_overview_section_html_end},
      {"layer_section.html", srm_page_layer_section_html_begin, srm_page_layer_section_html_end},
      {"reading_section.html", srm_page_reading_section_html_begin, srm_page_reading_section_html_end},
      {"overview.js", srm_page_overview_js_begin, srm_page_overview_js_end},
      {"strip_chart.js", srm_page_strip_chart_js_begin, srm_page_strip_chart_js_end},
      {"layer_chart.js", srm_page_layer_chart_js_begin, srm_page_layer_chart_js_end},
      {"polar_chart.js", srm_page_polar_chart_js_begin, srm_page_polar_chart_js_end},
      {"class_chart.js", srm_page_class_chart_js_begin, srm_page_class_chart_js_end},
      {"basis_chart.js", srm_page_basis_chart_js_begin, srm_page_basis_chart_js_end},
      {"layer_section.js", srm_page_layer_section_js_begin, srm_page_layer_section_js_end},
      {"reading_examples.js", srm_page_reading_examples_js_begin, srm_page_reading_examples_js_end},
      {"made_by.js", srm_page_made_by_js_begin, srm_page_made_by_js_end},
      {"page_link.js", srm_page_page_link_js_begin, srm_page_page_link_js_end},
      {"figure_export.js", srm_page_figure_export_js_begin, srm_page_figure_export_js_end},
      {"planes_section.html", srm_page_planes_section_html_begin, srm_page_planes_section_html_end},
      {"planes_section.css", srm_page_planes_section_css_begin, srm_page_planes_section_css_end},
      {"plane_map.js", srm_page_plane_map_js_begin, srm_page_plane_map_js_end},
      {"plane_density.js", srm_page_plane_density_js_begin, srm_page_plane_density_js_end},
      {"plane_view.js", srm_page_plane_view_js_begin, srm_page_plane_view_js_end},
      {"strongest_planes.js", srm_page_strongest_planes_js_begin, srm_page_strongest_planes_js_end},
      {"planes_section.js", srm_page_planes_section_js_begin, srm_page_planes_section_js_end},
      {"neurons_section.html", srm_page_neurons_section_html_begin, srm_page_neurons_section_html_end},
      {"neurons_section.css", srm_page_neurons_section_css_begin, srm_page_neurons_section_css_end},
      {"neurons_section.js", srm_page_neurons_section_js_begin, srm_page_neurons_section_js_end},
      {"training_section.html", srm_page_training_section_html_begin, srm_page_training_section_html_end},
      {"training_section.css", srm_page_training_section_css_begin, srm_page_training_section_css_end},
      {"training_section.js", srm_page_training_section_js_begin, srm_page_training_section_js_end},
      {"training_player.css", srm_page_training_player_css_begin, srm_page_training_player_css_end},
      {"training_player.js", srm_page_training_player_js_begin, srm_page_training_player_js_end},
      {"report.js", srm_page_report_js_begin, srm_page_report_js_end},
      {"compare_page.html", srm_page_compare_page_html_begin, srm_page_compare_page_html_end},
      {"compare_page.css", srm_page_compare_page_css_begin, srm_page_compare_page_css_end},
      {"compare_chart.js", srm_page_compare_chart_js_begin, srm_page_compare_chart_js_end},
      {"compare_page.js", srm_page_compare_page_js_begin, srm_page_compare_page_js_end},
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
