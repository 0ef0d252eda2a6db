#pragma once

#include <pthread.h>

#include <csignal>
#include <thread>
#include <utility>

namespace srm {

/// A thread that takes no signals: those are for the program that the library is in. Throws as std::thread does.
template <typename Run>
std::thread thread_without_signals(Run run) {
  struct NoSignals {
    NoSignals() {
      sigset_t all;
      sigfillset(&all);
      pthread_sigmask(SIG_SETMASK, &all, &before);
    }
    ~NoSignals() { pthread_sigmask(SIG_SETMASK, &before, nullptr); }
    sigset_t before;
  };
  const NoSignals no_signals;
  return std::thread(std::move(run));
}

}  // namespace srm
