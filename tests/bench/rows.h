#pragma once

#include <string>
#include <vector>

#include "contest.h"

namespace srm::bench {

/// The rows of each file, in the order of the table.
std::vector<Contest> sparse_rows();
std::vector<Contest> versus_rows();
std::vector<Contest> increment_rows();
std::vector<Contest> epsilon_rows();
std::vector<Contest> thread_rows();
std::vector<Contest> holistic_rows();
std::vector<Contest> memory_rows();

/// The sentence encoder that `make real-models` exports to `folder`.
struct EncoderFiles {
  std::string model, inputs;
  explicit EncoderFiles(const std::string& folder);
  bool are_there() const;
};
/// What hooks cost: in one call, on a forward with what observes, empty, in the first runs, with callers side by side.
/// Only the first needs no encoder.
std::vector<Contest> hook_call_rows();
std::vector<Contest> hook_observer_rows(const EncoderFiles& files, Effort effort);
std::vector<Contest> hook_forward_rows(const EncoderFiles& files, Effort effort);
std::vector<Contest> hook_warm_up_rows(const EncoderFiles& files);
std::vector<Contest> hook_caller_rows(const EncoderFiles& files);

}  // namespace srm::bench
