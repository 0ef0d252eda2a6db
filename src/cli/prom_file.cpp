#include "cli/prom_file.h"

#include <fmt/format.h>

#include <cstdio>
#include <utility>

#include "cli/console.h"
#include "files/atomic_file.h"
#include "srm/error.h"
#include "srm/report.h"

namespace srm::cli {
namespace {

constexpr std::chrono::seconds kBetween{1};

}  // namespace

PromFile::PromFile(std::filesystem::path path, const std::string& model)
    : path_(std::move(path)), model_(std::filesystem::path(model).stem().string()), next_(Clock::now() + kBetween) {
  if (!path_.empty()) write({});  // before anything is computed
}

void PromFile::update(const std::function<Results()>& results) {
  if (path_.empty() || Clock::now() < next_) return;
  try {
    write(results());
  } catch (const Error& error) {
    if (!std::exchange(has_warned_, true)) fmt::print(stderr, "warning: {}; going on\n", printable(error.what()));
  }
  next_ = Clock::now() + kBetween;
}

void PromFile::finish(const Results& results) const {
  if (!path_.empty()) write(results);
}

void PromFile::write(const Results& results) const {
  AtomicFile file(path_);
  file.write(prometheus_text(results, model_));
  file.commit();
}

}  // namespace srm::cli
