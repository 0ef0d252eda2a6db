#include <fmt/format.h>

#include <algorithm>

#include "activation_basis/network.h"
#include "activation_basis/report.h"

namespace srm::activation_basis {
namespace {

// "-0.096 -0.099..-0.094": the median, and from which seed to which.
std::string with_range(const Range& range, int digits) {
  const std::string median = fmt::format("{:+.{}f}", range.median, digits);
  if (range.min == range.max) return median;
  return fmt::format("{} {:+.{}f}..{:+.{}f}", median, range.min, digits, range.max, digits);
}

// What a line has beside its A4: the nulls of the nonlinearity, or the match of a learned basis beside what random
// bases have.
std::string remark_of(const SummaryRow& row) {
  if (row.match) {
    return fmt::format("match {:.2f} {:.2f}..{:.2f}, chance {:.2f}", row.match->median, row.match->min, row.match->max,
                       row.chance);
  }
  if (!row.m1_z || !row.m1c_z) return "";
  return fmt::format("M1 {}, M1c {}", with_range(*row.m1_z, 1), with_range(*row.m1c_z, 1));
}

const SummaryRow* untrained_of(const SummaryRow& trained, const std::vector<SummaryRow>& table) {
  const auto found = std::find_if(table.begin(), table.end(), [&](const SummaryRow& row) {
    return row.network == trained.network && row.width == trained.width && row.stage == Stage::kUntrained &&
           row.place == trained.place && row.basis == trained.basis;
  });
  return found == table.end() ? nullptr : &*found;
}

// Where a function acts in the standard basis, that basis has one line and not two alike.
bool is_said_already(const SummaryRow& row) {
  return row.basis == JudgedBasis::kStandard && network_named(row.network).acts_in_standard_basis();
}

std::string basis_name(const SummaryRow& row) {
  if (row.basis == JudgedBasis::kActing && network_named(row.network).acts_in_standard_basis()) {
    return "standard, acting";
  }
  return to_string(row.basis);
}

constexpr const char* kLine = "  {:<7}{:<17}{:<22}{:<19}{:>4}{:>7}  {}";

std::string line_of(const SummaryRow& row, const std::vector<SummaryRow>& table) {
  const SummaryRow* const untrained = untrained_of(row, table);
  std::string line =
      fmt::format(kLine, to_string(row.place), basis_name(row), with_range(row.a4, 3), with_range(row.z, 1),
                  fmt::format("{}/{}", row.num_significant, row.num_seeds),
                  untrained == nullptr ? "" : fmt::format("{:+.1f}", untrained->z.median), remark_of(row));
  line.erase(line.find_last_not_of(' ') + 1);
  return line + "\n";
}

std::string table_text(const Findings& findings) {
  std::string text =
      fmt::format(kLine, "place", "basis", "A4", "z", "p", "untr.", "z against M1 and M1c, or match") + "\n";
  std::string group;
  for (const SummaryRow& row : findings.table) {
    if (row.stage != Stage::kTrained || is_said_already(row)) continue;
    const std::string now = fmt::format("{}, width {}", row.network, row.width);
    if (now != group) text += now + "\n";
    group = now;
    text += line_of(row, findings.table);
  }
  return text;
}

std::string expectations_text(const std::vector<Expectation>& expectations) {
  std::string text;
  for (const bool is_figure : {false, true}) {
    std::string part;
    for (const Expectation& one : expectations) {
      if (one.is_figure != is_figure) continue;
      part += fmt::format("  {:<8}{:<14}{:<40}{:<25}{}{}\n", one.holds ? "holds" : "DIFFERS", one.network, one.claim,
                          one.expected, one.holds ? "" : "measured ", one.measured);
    }
    if (part.empty()) continue;
    text += is_figure ? "\nFigures that an earlier implementation gave with five seeds of its own (200 rotations leave "
                        "a z uncertain by 5 %)\n"
                      : "\nExpectations, of every seed\n";
    text += part;
  }
  return text;
}

// In lines of at most 120 columns.
std::string wrapped(const std::string& sentence) {
  constexpr std::size_t kWidth = 120;
  std::string text;
  std::size_t begin = 0;
  while (sentence.size() - begin > kWidth) {
    const std::size_t end = sentence.rfind(' ', begin + kWidth);
    text += sentence.substr(begin, end - begin) + "\n";
    begin = end + 1;
  }
  return text + sentence.substr(begin) + "\n";
}

}  // namespace

std::string to_text(const Findings& findings) {
  const CaseResult& first = findings.cases.front();
  std::string text = fmt::format(
      "Held-out digits, centred; trained for {} epochs; nulls of {} rotations. Median and smallest..largest of the "
      "seeds.\n\n",
      first.settings.num_epochs, first.settings.num_rotations);
  text += table_text(findings);
  text += R"(
z: A4 against Haar rotations of the basis. p: seeds with p <= 0.05, which is taken from ranks. untr.: median z of the
untrained networks. M1, M1c: against the function on turned pre-activations (the mean turned too, or kept). match:
|cosine| of a learned basis with the acting one (the standard one where none acts), beside that of random bases; the z
of a learned basis shows no privilege, since learning finds an extreme in any data.
)";
  text += expectations_text(findings.expectations);
  return text + "\n" + wrapped(findings.conclusion);
}

}  // namespace srm::activation_basis
