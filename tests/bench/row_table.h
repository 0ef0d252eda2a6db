#pragma once

#include <string>
#include <vector>

#include "targets.h"

namespace srm::bench {

/// What was measured under one name.
struct Row {
  std::string name;
  double ratio;
  double spread;  ///< half of the pairs lie within that of the median, about
  double ours;
  double peer;
  std::string unit;    ///< of ours and peer
  std::string remark;  ///< what else there is to say, or nothing
};

/// The table as text, a line a row, with targets and whether they are met where there are any.
std::string table_text(const std::vector<Row>& rows);

/// Writes the list of {name, ratio, ours, peer, unit}; throws std::runtime_error where it cannot.
void write_json(const std::vector<Row>& rows, const std::string& path);

/// What a check finds. Rows with a target that were not measured fail nothing, but are told.
struct Findings {
  std::vector<std::string> lost;  ///< sentences: which rows have lost more than half
  std::vector<std::string> not_measured;
};
Findings check(const std::vector<Row>& rows, Against against);

}  // namespace srm::bench
