#pragma once

#include <ATen/core/ivalue.h>

#include <string_view>

#include "io/torch_objects.h"

namespace srm {

/// The plain value in a pickle of torch.save(), protocol 2 to 4; nothing in it is ever called.
/// LibTorch has a reader too: it takes every OrderedDict for None, knows no list of one element, and reads out of
/// bounds where a pickle is damaged. Throws srm::Error naming `where` for other objects and for damaged pickles.
c10::IValue unpickle(std::string_view pickle, const ReadStorage& read_storage, std::string_view where);

}  // namespace srm
