#include "cli/prom_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <exception>
#include <utility>

#include "cli/console.h"
#include "cli/tell.h"
#include "files/atomic_file.h"
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
  const Clock::time_point start = Clock::now();
  if (path_.empty() || start < next_) return;
  write_or_warn([&] { write(results()); });
  // Tables of many gigabytes take a while to read: a twentieth of the time at most.
  const Clock::time_point end = Clock::now();
  next_ = end + std::max<Clock::duration>(kBetween, 20 * (end - start));
}

void PromFile::finish(const Results& results) {
  if (!path_.empty()) write_or_warn([&] { write(results); });
}

// To be watched must not end a run.
void PromFile::write_or_warn(const std::function<void()>& write_it) {
  try {
    write_it();
  } catch (const std::exception& error) {
    if (!std::exchange(has_warned_, true)) tell("warning: {}; going on\n", printable(error.what()));
  }
}

void PromFile::write(const Results& results) const {
  AtomicFile file(path_);
  file.write(prometheus_text(results, model_));
  file.commit();
}

}  // namespace srm::cli
