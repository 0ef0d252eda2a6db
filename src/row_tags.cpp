#include "srm/row_tags.h"

#include <fmt/format.h>

#include "srm/error.h"

namespace srm {

void require_valid(const RowTags& tags, std::int64_t num_samples, std::string_view where) {
  for (const auto& of_rows : {tags.label, tags.sample, tags.position}) {
    if (of_rows.empty() || static_cast<std::int64_t>(of_rows.size()) == num_samples) continue;
    throw Error(where, fmt::format("there must be a tag for each of {} rows", num_samples),
                fmt::format("{}", of_rows.size()), "repeat a sample's label and number for each of its rows");
  }
  for (const std::int64_t label : tags.label) {
    if (label >= -1) continue;
    throw Error(where, "a label must be a class from 0, or -1 where it is unknown", fmt::format("{}", label),
                "number the classes from 0");
  }
}

}  // namespace srm
