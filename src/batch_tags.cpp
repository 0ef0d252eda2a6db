#include "batch_tags.h"

#include <ATen/ATen.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "srm/error.h"

namespace srm {

BatchTags::BatchTags(const ActivationRows& rows, const SampleTags& tags, std::int64_t first_sample,
                     const std::string& address)
    : ends_(rows.batch_ends()), first_sample_(tags.first >= 0 ? tags.first : first_sample) {
  if (!tags.labels.defined() || rows.num_samples() == 0) return;
  if (!rows.takes_labels(tags.labels)) {
    throw Error("observe", "labels must be integers, one for each sample of the data that the rows are of",
                fmt::format("{} ({}) for rows of {}", c10::toString(tags.labels.scalar_type()),
                            fmt::join(tags.labels.sizes(), ", "), ends_.size()),
                "take this layer out with --layers '!" + address + "', or choose its --layout");
  }
  labels_ = tags.labels.to(at::kCPU, at::kLong).contiguous();
}

void BatchTags::take_rows(std::int64_t num_rows) {
  const std::size_t first = sample_.size(), last = first + static_cast<std::size_t>(num_rows);
  const std::int64_t* labels = labels_.defined() ? labels_.const_data_ptr<std::int64_t>() : nullptr;
  if (labels != nullptr) label_.resize(last);
  sample_.resize(last);
  position_.resize(last);
  for (std::size_t k = first; k < last; ++k) {
    while (ends_[element_] <= row_) element_begin_ = ends_[element_++];
    if (labels != nullptr) label_[k] = labels[element_];
    sample_[k] = first_sample_ + static_cast<std::int64_t>(element_);
    position_[k] = row_++ - element_begin_;
  }
}

RowTags BatchTags::tags() const { return {label_, sample_, position_}; }

void BatchTags::clear() {
  label_.clear();
  sample_.clear();
  position_.clear();
}

}  // namespace srm
