#include "live/live_page.h"

#include <string>

#include "files/embed.h"
#include "report/page_files.h"

TORCHSRM_EMBED(srm_live_html, TORCHSRM_LIVE_FOLDER "/live.html")
TORCHSRM_EMBED(srm_live_js, TORCHSRM_LIVE_FOLDER "/live.js")
TORCHSRM_EMBED(srm_live_css, TORCHSRM_LIVE_FOLDER "/live.css")

namespace srm::live {
namespace {

constexpr std::string_view kHtml = "text/html; charset=utf-8";
constexpr std::string_view kScript = "text/javascript; charset=utf-8";
constexpr std::string_view kStyle = "text/css; charset=utf-8";

std::string_view between(const char* begin, const char* end) { return {begin, static_cast<std::size_t>(end - begin)}; }

// The report's parts and the page's own, as one script: they are written to stand together.
std::string_view script() {
  static const std::string joined = [] {
    std::string text;
    for (const char* name : {"page_text.js", "layer_table.js", "curve_chart.js", "series_chart.js"})
      text += report::page_file(name);
    return text.append(between(srm_live_js_begin, srm_live_js_end));
  }();
  return joined;
}

std::string_view style() {
  static const std::string joined = std::string(report::page_file("report.css"))
                                        .append(report::page_file("series_chart.css"))
                                        .append(between(srm_live_css_begin, srm_live_css_end));
  return joined;
}

}  // namespace

std::optional<PageFile> page_file(std::string_view path) {
  if (path == "/") return PageFile{kHtml, between(srm_live_html_begin, srm_live_html_end)};
  if (path == "/live.js") return PageFile{kScript, script()};
  if (path == "/live.css") return PageFile{kStyle, style()};
  if (path == "/plotly.min.js") return PageFile{kScript, report::page_file("plotly.min.js")};
  return std::nullopt;
}

}  // namespace srm::live
