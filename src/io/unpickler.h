#pragma once

#include <ATen/core/Tensor.h>
#include <ATen/core/ivalue.h>

#include <functional>
#include <string>
#include <string_view>

namespace srm {

/// The bytes of the storage called `key`, as a one-dimensional uint8 tensor; `num_bytes` is what the pickle says.
using ReadStorage = std::function<at::Tensor(const std::string& key, std::int64_t num_bytes)>;

/// The plain value in a pickle of torch.save(), protocol 2 to 4; nothing in it is ever called.
/// LibTorch has a reader too: it takes every OrderedDict for None, knows no list of one element, and reads out of
/// bounds where a pickle is damaged. Throws srm::Error naming `where` for other objects and for damaged pickles.
c10::IValue unpickle(std::string_view pickle, const ReadStorage& read_storage, std::string_view where);

}  // namespace srm
