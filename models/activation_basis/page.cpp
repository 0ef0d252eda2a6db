#include <nlohmann/json.hpp>
#include <ostream>
#include <string>
#include <string_view>

#include "activation_basis/report.h"
#include "files/embed.h"
#include "report/page_files.h"

TORCHSRM_EMBED(srm_experiment_page_html, TORCHSRM_EXPERIMENT_FOLDER "/page.html")
TORCHSRM_EMBED(srm_experiment_page_js, TORCHSRM_EXPERIMENT_FOLDER "/page.js")

namespace srm::activation_basis {
namespace {

// JSON that may stand inside <script>: ASCII only, and no '<' that could end or open a tag.
std::string script_safe(const nlohmann::ordered_json& data) {
  std::string safe;
  for (const char c : data.dump(-1, ' ', /*ensure_ascii=*/true)) {
    if (c == '<') {
      safe += "\\u003c";
    } else {
      safe += c;
    }
  }
  return safe;
}

}  // namespace

void write_page(std::ostream& out, const Findings& findings) {
  // The page names what goes where: {{data}}, {{page.js}}, or a file of the other reports' page.
  std::string_view rest(srm_experiment_page_html_begin, srm_experiment_page_html_end);
  for (std::size_t open = rest.find("{{"); open != std::string_view::npos; open = rest.find("{{")) {
    const std::size_t close = rest.find("}}", open);
    const std::string_view name = rest.substr(open + 2, close - open - 2);
    out << rest.substr(0, open);
    if (name == "data") {
      out << script_safe(to_json(findings));
    } else if (name == "page.js") {
      out << std::string_view(srm_experiment_page_js_begin, srm_experiment_page_js_end);
    } else {
      out << report::page_file(name);
    }
    rest.remove_prefix(close + 2);
  }
  out << rest;
}

}  // namespace srm::activation_basis
