#include "srm/hook.h"

#include <ATen/autocast_mode.h>
#include <fmt/format.h>

#include <exception>
#include <utility>

#include "hook/observe_operator.h"

namespace srm {
namespace {

struct CallInfo : c10::DebugInfoBase {
  at::Tensor mask;
  SampleTags tags;
};

// The one thread-local of LibTorch that goes along into forks and is free for its users.
c10::DebugInfoKind info_kind() { return c10::DebugInfoKind::INFERENCE_CONTEXT; }

const CallInfo* call_info() { return static_cast<CallInfo*>(c10::ThreadLocalDebugInfo::get(info_kind())); }

// What is known already, so that guards of either kind stand within each other.
std::shared_ptr<CallInfo> copy_of_call_info() {
  const CallInfo* info = call_info();
  return info == nullptr ? std::make_shared<CallInfo>() : std::make_shared<CallInfo>(*info);
}

std::shared_ptr<CallInfo> with_mask(at::Tensor mask) {
  auto info = copy_of_call_info();
  info->mask = std::move(mask);
  return info;
}

std::shared_ptr<CallInfo> with_tags(SampleTags tags) {
  auto info = copy_of_call_info();
  info->tags = std::move(tags);
  return info;
}

}  // namespace

const char* to_string(OnError on_error) { return on_error == OnError::kThrow ? "throw" : "detach"; }

MaskGuard::MaskGuard(at::Tensor mask) : guard_(info_kind(), with_mask(std::move(mask))) {}
TagGuard::TagGuard(SampleTags tags) : guard_(info_kind(), with_tags(std::move(tags))) {}

Hook::Hook(std::string address, OnError on_error) : address_(std::move(address)), on_error_(on_error) {}

void Hook::set_receiver(Receiver receiver) { receiver_ = std::move(receiver); }

void Hook::receive(const Passing& passing) { receiver_(passing); }

c10::IValue Hook::object() { return c10::IValue(c10::intrusive_ptr<Hook>::reclaim_copy(this)); }

void Hook::restore(std::int64_t num_calls, std::optional<Error> failure) {
  num_calls_ = num_calls;
  enabled_ = !failure;
  failure_ = std::move(failure);
}

void Hook::pass(const Passing& passing) {
  if (!is_enabled()) {
    return;
  }
  num_calls_.fetch_add(1, std::memory_order_relaxed);
  if (!has_receiver()) {
    return;
  }
  try {
    const torch::NoGradGuard no_grad;
    const c10::impl::ExcludeDispatchKeyGuard no_autocast(c10::autocast_dispatch_keyset);
    const CallInfo* info = call_info();
    if (info == nullptr) {
      receive(passing);
    } else {
      receive({passing.value, passing.iteration, passing.mask.defined() ? passing.mask : info->mask, info->tags});
    }
  } catch (const Error& error) {
    fail(Error(address_, error));
  } catch (const c10::Error& error) {
    fail(Error(address_, "a receiver must take what passes here", error.what_without_backtrace(),
               "choose other layers or another receiver"));
  } catch (const std::exception& error) {
    fail(Error(address_, "a receiver must take what passes here", error.what(),
               "choose other layers or another receiver"));
  }
}

void Hook::fail(const Error& error) {
  {
    const std::lock_guard lock(failure_mutex_);
    if (on_error_ == OnError::kThrow || !failure_) failure_ = error;
  }
  if (on_error_ == OnError::kThrow) throw error;
  set_enabled(false);
}

std::optional<Error> Hook::failure() const {
  const std::lock_guard lock(failure_mutex_);
  return on_error_ == OnError::kDetach ? failure_ : std::nullopt;
}

std::optional<Error> Hook::take_thrown(const std::string& what) {
  const std::lock_guard lock(failure_mutex_);
  if (on_error_ != OnError::kThrow || !failure_ || what.find(failure_->what()) == std::string::npos) {
    return std::nullopt;
  }
  return std::exchange(failure_, std::nullopt);
}

namespace {

TORCH_LIBRARY_FRAGMENT(srm, library) { library.class_<Hook>("Hook"); }
const torch::jit::RegisterOperators register_observe(internal::observe_operators<Hook>("Hook"));

}  // namespace
}  // namespace srm
