#include "activation_basis/report.h"

#include <fmt/format.h>

#include <cmath>
#include <nlohmann/json.hpp>
#include <sstream>
#include <utility>

#include "activation_basis/case_file.h"
#include "files/atomic_file.h"

namespace srm::activation_basis {
namespace {

using nlohmann::ordered_json;

ordered_json to_json(const Range& range) { return {{"median", range.median}, {"min", range.min}, {"max", range.max}}; }

ordered_json to_json(const std::optional<Range>& range) { return range ? to_json(*range) : ordered_json(); }

ordered_json to_json(const SummaryRow& row) {
  return {{"network", row.network},
          {"width", row.width},
          {"stage", to_string(row.stage)},
          {"place", to_string(row.place)},
          {"basis", to_string(row.basis)},
          {"num_seeds", row.num_seeds},
          {"a4", to_json(row.a4)},
          {"z", to_json(row.z)},
          {"num_significant", row.num_significant},
          {"m1_z", to_json(row.m1_z)},
          {"m1c_z", to_json(row.m1c_z)},
          {"match", to_json(row.match)},
          {"chance", row.match ? ordered_json(row.chance) : ordered_json()},
          {"halves_agreement", to_json(row.halves)}};
}

ordered_json to_json(const Expectation& one) {
  return {{"network", one.network},   {"claim", one.claim}, {"expected", one.expected},
          {"measured", one.measured}, {"holds", one.holds}, {"kind", one.is_figure ? "figure" : "bound"}};
}

template <typename Values>
ordered_json list_of(const Values& values) {
  ordered_json list = ordered_json::array();
  for (const auto& value : values) list.push_back(to_json(value));
  return list;
}

std::string field(double value) { return std::isnan(value) ? "" : fmt::format("{}", value); }

std::string fields(const std::optional<Against>& against) {
  return against ? field(against->z) + "," + field(against->p) : ",";
}

void write_file(const std::filesystem::path& path, const std::string& bytes) {
  AtomicFile file(path);
  file.write(bytes);
  file.commit();
}

}  // namespace

Findings findings_of(std::vector<CaseResult> cases) {
  Findings findings;
  findings.table = summarise(cases);
  findings.expectations = check_expectations(cases);
  findings.conclusion = conclusion(cases, findings.expectations);
  findings.cases = std::move(cases);
  return findings;
}

std::string to_csv(std::span<const CaseResult> cases) {
  std::string text =
      "network,width,seed,stage,place,basis,a4,z,p,null_mean,null_std_dev,null_skew,m1_z,m1_p,m1c_z,m1c_p,match,"
      "chance,chance_95,halves_agreement,restarts_agreement,reconstruction_error\n";
  for (const CaseResult& result : cases) {
    for (const BasisScore& score : result.scores) {
      const Against& haar = score.haar;
      std::string learned = ",,,,";
      if (score.learned) {
        learned = fmt::format("{},{},{},{},{}", field(score.learned->match), field(score.learned->chance),
                              field(score.learned->chance_95), field(score.learned->halves_agreement),
                              field(score.learned->restarts_agreement));
      }
      text += fmt::format("{},{},{},{},{},{},{},{},{},{},{},{},{},{},{}\n", result.key.network, result.key.width,
                          result.key.seed, to_string(score.stage), to_string(score.place), to_string(score.basis),
                          field(score.a4), fields(haar), field(haar.mean), field(haar.std_dev), field(haar.skew),
                          fields(score.m1), fields(score.m1c), learned,
                          field(score.stage == Stage::kTrained ? result.trained_error : result.untrained_error));
    }
  }
  return text;
}

ordered_json to_json(const Findings& findings) {
  const Settings& settings = findings.cases.front().settings;
  return {{"format", "torchsrm-experiment"},
          {"experiment", "activation-basis"},
          {"version", TORCHSRM_VERSION},
          {"settings", {{"epochs", settings.num_epochs}, {"rotations", settings.num_rotations}}},
          {"conclusion", findings.conclusion},
          {"expectations", list_of(findings.expectations)},
          {"table", list_of(findings.table)},
          {"cases", list_of(findings.cases)}};
}

void write_reports(const Findings& findings, const std::filesystem::path& folder) {
  std::ostringstream page;
  write_page(page, findings);
  write_file(folder / "table.csv", to_csv(findings.cases));
  write_file(folder / "experiment.json", to_json(findings).dump(1) + "\n");
  write_file(folder / "experiment.html", std::move(page).str());
}

}  // namespace srm::activation_basis
