#pragma once

#include <optional>
#include <string_view>

namespace srm::live {

struct PageFile {
  std::string_view type;
  std::string_view content;
};

/// A file of the page by its path: "/", "/live.js"; none where there is no such file.
std::optional<PageFile> page_file(std::string_view path);

}  // namespace srm::live
