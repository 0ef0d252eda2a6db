#include "cli/interrupt.h"

#include <csignal>

namespace srm::cli {
namespace {

volatile std::sig_atomic_t interrupted = 0;

void set_handler(int flags, void (*handler)(int)) {
  struct sigaction action = {};
  action.sa_handler = handler;
  action.sa_flags = flags;
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
}

}  // namespace

InterruptGuard::InterruptGuard() {
  interrupted = 0;
  // Reset after the first signal: the second one is for whoever cannot wait.
  set_handler(static_cast<int>(SA_RESETHAND | SA_RESTART), [](int) { interrupted = 1; });
}

InterruptGuard::~InterruptGuard() { set_handler(0, SIG_DFL); }

bool InterruptGuard::is_interrupted() const { return interrupted != 0; }

}  // namespace srm::cli
