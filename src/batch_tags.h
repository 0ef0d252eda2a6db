#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <string>
#include <vector>

#include "srm/activation_rows.h"
#include "srm/hook.h"
#include "srm/row_tags.h"

namespace srm {

/// Tells, row by row in their order, which sample of the data the rows of one activation belong to, where in it they
/// are, and of which class it is.
class BatchTags {
 public:
  /// `first_sample` numbers the batch where `tags` do not. `rows` must outlive it. Throws srm::Error unless labels are
  /// as many integers as the batch has elements.
  BatchTags(const ActivationRows& rows, const SampleTags& tags, std::int64_t first_sample, const std::string& address);

  void take_rows(std::int64_t num_rows);
  void skip_row() { ++row_; }
  /// Of the rows taken since the last clear().
  RowTags tags() const;
  void clear();

 private:
  const std::vector<std::int64_t>& ends_;
  at::Tensor labels_;
  const std::int64_t first_sample_;
  std::int64_t row_ = 0;
  std::int64_t element_begin_ = 0;
  std::size_t element_ = 0;
  std::vector<std::int64_t> label_, sample_, position_;
};

}  // namespace srm
