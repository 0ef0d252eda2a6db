#include "cli/run_settings.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <boost/crc.hpp>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <system_error>

#include "files/input_file.h"

namespace srm::cli {
namespace {

std::string content_of(const std::string& file_and_key) {
  if (file_and_key.empty()) return "none";
  const FileAndKey file = split_file_and_key(file_and_key);
  std::ifstream stream(file.path, std::ios::binary);
  std::vector<char> piece(std::size_t{1} << 20);
  boost::crc_32_type crc;
  std::int64_t num_bytes = 0;
  while (stream.read(piece.data(), std::ssize(piece)), stream.gcount() > 0) {
    crc.process_bytes(piece.data(), static_cast<std::size_t>(stream.gcount()));
    num_bytes += stream.gcount();
  }
  const std::string key = file.key.empty() ? "" : fmt::format(", '{}' in it", file.key);
  return fmt::format("a file of {} bytes with CRC-32 {:08x}{}", num_bytes, crc.checksum(), key);
}

std::string planes_of(const ObserveOptions& options) {
  std::vector<std::string> planes;
  for (const Plane& plane : options.density_planes) planes.push_back(fmt::format("{},{}", plane.i, plane.j));
  return planes.empty() ? "none" : fmt::format("{}", fmt::join(planes, " "));
}

// A mask is an argument of the model, or a file.
std::string mask_of(const RunOptions& run) {
  std::error_code ignored;
  const bool is_file = std::filesystem::exists(split_file_and_key(run.mask).path, ignored);
  return is_file || run.mask.empty() ? content_of(run.mask) : run.mask;
}

}  // namespace

std::vector<std::pair<std::string, std::string>> run_settings(const RunOptions& run, const ObserveOptions& options,
                                                              const RunFiles& files) {
  auto settings = settings_of(options);
  const auto add = [&](const char* name, std::string value) { settings.emplace_back(name, std::move(value)); };
  const auto add_number = [&](const char* name, std::int64_t value) { add(name, fmt::format("{}", value)); };
  add("the model", content_of(run.model));
  add(run.model.empty() ? "--activations" : "--data", content_of(run.data));
  add("--method", run.method);
  add("--mask", mask_of(run));
  add("--labels", content_of(files.labels));
  add("--mean", content_of(files.mean));
  add("the file of --basis", content_of(files.basis));
  add("--nonlinearity",
      files.nonlinearities.empty() ? "none" : fmt::format("{}", fmt::join(files.nonlinearities, " ")));
  add("--density", planes_of(options));
  add("--on-error", to_string(options.on_error));
  add("--seed", fmt::format("{}", options.seed));
  add_number("--batch-size", run.batch_size);
  add_number("--first-sample", run.first_sample);
  add_number("--learn-rows", options.basis_rule.num_rows);
  add("--test-rows", options.num_test_rows == kByWidth ? "by width" : fmt::format("{}", options.num_test_rows));
  add("--nearest", options.num_nearest ? fmt::format("{}", *options.num_nearest) : "none");
  add_number("--density-bins", options.density_bins);
  add_number("--density-points", options.density_points);
  return settings;
}

}  // namespace srm::cli
