#include "cli/basis_files.h"

#include <ATen/ATen.h>
#include <ATen/core/Dict.h>
#include <fmt/format.h>

#include <cctype>

#include "cli/command.h"
#include "files/atomic_file.h"
#include "srm/error.h"

namespace srm::cli {
namespace {

constexpr std::string_view kLayer = "{layer}";
constexpr std::int64_t kVersion = 1;

// FILE:KEY, globs and the shell give other characters a meaning of their own; a leading dot would hide the file.
std::string file_name_of(const std::string& address) {
  std::string name;
  for (const char letter : address) {
    const auto byte = static_cast<unsigned char>(letter);
    const bool is_plain =
        byte < 0x80 && (std::isalnum(byte) != 0 || std::string_view("._-@#").find(letter) != std::string_view::npos);
    if (is_plain && !(name.empty() && letter == '.')) {
      name += letter;
    } else {
      name += fmt::format("%{:02X}", byte);
    }
  }
  return name;
}

}  // namespace

BasisFiles::BasisFiles(const std::string& out) {
  const std::filesystem::path path = out;
  if (out.empty()) throw Misuse("-o", "the file must have a name", "none", "e.g. -o basis.pt");
  if (path.parent_path().string().find(kLayer) != std::string::npos) {
    throw Misuse("-o", "{layer} may stand in the name of the file alone", out, "e.g. -o 'bases/{layer}.pt'");
  }
  const bool is_file = path.extension() == ".pt" && !std::filesystem::is_directory(path);
  folder_ = is_file ? path.parent_path() : path;
  name_ = is_file ? path.filename().string() : std::string(kLayer) + ".pt";
  if (name_.find(kLayer) == std::string::npos) {
    const AtomicFile can_be_written(path);
  } else if (!folder_.empty()) {
    made_.emplace(folder_);
  }
}

void BasisFiles::require_room_for(bool has_several_layers) const {
  if (!has_several_layers || name_.find(kLayer) != std::string::npos) return;
  throw Error("-o " + (folder_ / name_).string(), "a file holds the basis of one layer", "several --layers",
              "name a folder, or put {layer} into the name: -o 'bases/{layer}.pt'");
}

std::filesystem::path BasisFiles::path_of(const std::string& address) const {
  std::string name = name_;
  const std::size_t place = name.find(kLayer);
  if (place != std::string::npos) name.replace(place, kLayer.size(), file_name_of(address));
  return folder_ / name;
}

c10::IValue to_value(const LearnedBasis& learned, const LearnOptions& options, const std::string& address,
                     std::int64_t num_rows_offered) {
  c10::impl::GenericDict dict(c10::AnyType::get(), c10::AnyType::get());
  const auto put = [&](const char* key, c10::IValue value) { dict.insert(std::string(key), std::move(value)); };
  put("format", "torchsrm-basis");
  put("version", kVersion);
  put("basis", learned.basis);
  put("layer", address);
  put("method", std::string(to_string(options.method)));
  put("score", learned.score);
  put("score_by_sweep", at::tensor(learned.score_by_sweep, at::kDouble));
  put("score_by_restart", at::tensor(learned.score_by_restart, at::kDouble));
  put("largest_rotation", learned.largest_rotation);
  put("converged", learned.converged);
  put("halves_agreement", learned.halves_agreement);
  put("restarts_agreement", learned.restarts_agreement);
  put("chance", learned.chance);
  put("chance_95", learned.chance_95);
  put("stable", learned.is_stable);
  put("num_rows", learned.num_rows);
  put("num_rows_left_out", learned.num_rows_left_out);
  put("num_rows_offered", num_rows_offered);
  put("seed", static_cast<std::int64_t>(options.seed));
  put("centre", options.centre);
  put("normalise_rows", options.normalise_rows);
  put("whiten", options.whiten);
  put("num_restarts", static_cast<std::int64_t>(options.num_restarts));
  put("max_sweeps", static_cast<std::int64_t>(options.max_sweeps));
  put("tolerance", options.tolerance);
  return dict;
}

}  // namespace srm::cli
