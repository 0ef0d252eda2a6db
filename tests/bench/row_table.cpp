#include "row_table.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <nlohmann/json.hpp>
#include <stdexcept>

namespace srm::bench {
namespace {

// The targets of a row, and whether all are met; both empty where it has none.
std::pair<std::string, std::string> target_and_verdict(const Row& row) {
  std::string text;
  bool has_all = true;
  for (const Target& target : targets()) {
    if (target.name != row.name) continue;
    text += (text.empty() ? "" : ", ") + to_string(target);
    has_all = has_all && is_met(target, row.ratio);
  }
  return {text, text.empty() ? "" : has_all ? "met" : "NOT MET"};
}

// Four significant digits, and never an exponent.
std::string number(double value) {
  if (value == 0 || !std::isfinite(value)) return fmt::format("{}", value);
  const int digits = static_cast<int>(std::floor(std::log10(std::abs(value))));
  return fmt::format("{:.{}f}", value, std::clamp(3 - digits, 0, 8));
}

}  // namespace

std::string table_text(const std::vector<Row>& rows) {
  std::string text = fmt::format("{:38} {:>9} {:>8} {:>10} {:>10}  {:26} {:17} {:8} {}\n", "name", "ratio", "+-",
                                 "ours", "peer", "unit", "target", "met?", "remark");
  for (const Row& row : rows) {
    const auto [target, verdict] = target_and_verdict(row);
    std::string line =
        fmt::format("{:38} {:>9} {:>8} {:>10} {:>10}  {:26} {:17} {:8} {}", row.name, number(row.ratio),
                    number(row.spread), number(row.ours), number(row.peer), row.unit, target, verdict, row.remark);
    line.erase(line.find_last_not_of(' ') + 1);
    text += line + "\n";
  }
  return text;
}

void write_json(const std::vector<Row>& rows, const std::string& path) {
  nlohmann::json lines = nlohmann::json::array();
  for (const Row& row : rows) {
    lines.push_back(
        {{"name", row.name}, {"ratio", row.ratio}, {"ours", row.ours}, {"peer", row.peer}, {"unit", row.unit}});
  }
  std::ofstream file(path);
  file << lines.dump(1) << "\n";
  if (!file.flush()) throw std::runtime_error("cannot write " + path);
}

Findings check(const std::vector<Row>& rows, Against against) {
  Findings findings;
  for (const Target& target : targets()) {
    const auto row = std::ranges::find(rows, target.name, &Row::name);
    if (row == rows.end()) {
      findings.not_measured.emplace_back(target.name);
    } else if (!is_held(target, row->ratio, against)) {
      const bool has_other = against == Against::kReached && target.reached.has_value();
      findings.lost.push_back(fmt::format("{}: {} has lost more than half of {}{}", target.name, number(row->ratio),
                                          has_other ? number(*target.reached) : to_string(target),
                                          has_other ? ", which this tree reached" : ""));
    }
  }
  return findings;
}

}  // namespace srm::bench
