#pragma once

#include <CLI/App.hpp>
#include <memory>
#include <string>

#include "cli/interrupt.h"
#include "srm/live_server.h"

namespace srm::cli {

/// Whether and where a page shows what is counted while it is, as it was given on a command line.
struct LiveFlags {
  CLI::Option* option = nullptr;  // --live, whose value may be left out
  std::string address;            ///< [ADDR:]PORT; empty: the usual one
  std::string window = "cumulative";
  bool stays = false;
};

/// Adds the options to a subcommand; `flags` must outlive it.
void add_live_flags(CLI::App& command, LiveFlags& flags);

/// The page of a run, or nothing where none was asked for.
class LiveView {
 public:
  /// Serves, and prints the page's address to standard error. Beyond this machine the page has a token: that in the
  /// environment variable TORCHSRM_LIVE_TOKEN, or a new one. Throws Misuse for flags that cannot be, and srm::Error as
  /// LiveServer does.
  LiveView(const LiveFlags& flags, const std::string& model);

  /// Looks at `source` from now on; an empty one: at nothing.
  void watch(LiveSource source) const;
  /// Says on the page that no more comes; with --live-stay shows `results` until there is an interrupt.
  void finish(const Results& results, const InterruptGuard& interrupt) const;

 private:
  bool stays_ = false;
  std::unique_ptr<LiveServer> server_;
};

}  // namespace srm::cli
