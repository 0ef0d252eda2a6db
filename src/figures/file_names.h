#pragma once

#include <set>
#include <string>
#include <string_view>

namespace srm::figures {

/// Names of files from names of layers, which may hold anything. A name of letters, digits, '.', '-' and '_' stays as
/// it is. In others whatever else they hold is one '_', dots and dashes at the start are left out, what is behind the
/// first 80 characters too, and '-' with eight digits that follow from the whole name is put behind: "block.1/tanh"
/// becomes "block.1_tanh-6f1e70d3", whatever other layers there are. Should two names become one (upper and lower case
/// being the same), the second gets "-2".
class FileNames {
 public:
  std::string operator()(std::string_view name);

 private:
  std::set<std::string> taken_;
};

}  // namespace srm::figures
