#pragma once

#include <filesystem>
#include <iosfwd>
#include <nlohmann/json_fwd.hpp>
#include <span>
#include <string>
#include <vector>

#include "activation_basis/case.h"
#include "activation_basis/expectations.h"
#include "activation_basis/summary.h"

namespace srm::activation_basis {

/// An experiment as its reports tell it.
struct Findings {
  std::vector<CaseResult> cases;
  std::vector<SummaryRow> table;
  std::vector<Expectation> expectations;
  std::string conclusion;
};

/// What `cases`, in the order of cases_of(), show together.
Findings findings_of(std::vector<CaseResult> cases);

/// The table (trained networks, with the untrained ones' median z beside), the expectations and the conclusion, in
/// ASCII of at most 140 columns.
std::string to_text(const Findings& findings);

/// A header line and a line a case, stage, place and basis; lines end in \n, an empty field stands for what there is
/// not.
std::string to_csv(std::span<const CaseResult> cases);

/// Everything: settings, table, expectations, conclusion and the cases as they are kept.
nlohmann::ordered_json to_json(const Findings& findings);

/// One self-contained page that loads nothing: the figure, the table, the expectations and the conclusion.
void write_page(std::ostream& out, const Findings& findings);

/// Leaves table.csv, experiment.json and experiment.html in `folder`, which must exist, each whole or not at all.
/// Throws srm::Error when one cannot be written.
void write_reports(const Findings& findings, const std::filesystem::path& folder);

}  // namespace srm::activation_basis
