#include "hook/call_info.h"

#include <utility>

namespace srm {
namespace {

using internal::CallInfo;

// The one thread-local of LibTorch that goes along into forks and is free for its users.
c10::DebugInfoKind info_kind() { return c10::DebugInfoKind::INFERENCE_CONTEXT; }

// What is known already, so that guards of either kind stand within each other.
std::shared_ptr<CallInfo> copy_of_call_info() {
  const CallInfo* info = internal::call_info();
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

double to_seconds(std::chrono::nanoseconds time) { return std::chrono::duration<double>(time).count(); }

}  // namespace

MaskGuard::MaskGuard(at::Tensor mask) : guard_(info_kind(), with_mask(std::move(mask))) {}
TagGuard::TagGuard(SampleTags tags) : guard_(info_kind(), with_tags(std::move(tags))) {}

namespace internal {

const CallInfo* call_info() { return static_cast<CallInfo*>(c10::ThreadLocalDebugInfo::get(info_kind())); }

bool MeteredCall::is_observed() {
  std::call_once(decided_, [&] {
    is_observed_ = budget_->begin_call();
    is_decided_ = true;
  });
  return is_observed_;
}

void MeteredCall::add_hook_time(std::chrono::nanoseconds time) {
  hook_nanoseconds_ += time.count();
  if (has_ended_) budget_->add_hook_time(1e-9 * static_cast<double>(hook_nanoseconds_.exchange(0)));
}

void MeteredCall::end(std::chrono::nanoseconds call_time) {
  if (!is_decided_) return;  // it came to no hook of this budget
  has_ended_ = true;
  budget_->end_call(is_observed_, to_seconds(call_time), 1e-9 * static_cast<double>(hook_nanoseconds_.exchange(0)));
}

MeteredCall* CallInfo::metered_by(const OverheadBudget* budget) const {
  for (const auto& call : metered) {
    if (call->budget() == budget) return call.get();
  }
  return nullptr;
}

CallMeter::CallMeter(const std::vector<std::shared_ptr<OverheadBudget>>& budgets) {
  if (budgets.empty()) return;
  auto info = copy_of_call_info();
  for (const auto& budget : budgets) calls_.push_back(std::make_shared<MeteredCall>(budget));
  info->metered = calls_;
  guard_.emplace(info_kind(), std::move(info));
  start_ = std::chrono::steady_clock::now();
}

CallMeter::~CallMeter() {
  const auto call_time = std::chrono::steady_clock::now() - start_;
  for (const auto& call : calls_) call->end(call_time);
}

}  // namespace internal
}  // namespace srm
