#pragma once

#include <torch/script.h>

#include <initializer_list>
#include <memory>
#include <string>
#include <vector>

#include "srm/basis.h"
#include "srm/epsilon_choice.h"
#include "srm/error.h"

namespace srm {

/// Takes the arguments of an operator off its stack, one after the other.
class OperatorArguments {
 public:
  OperatorArguments(torch::jit::Stack& stack, std::size_t count) : values_(torch::jit::pop(stack, count)) {}
  c10::IValue& next() { return values_[next_++]; }

 private:
  std::vector<c10::IValue> values_;
  std::size_t next_ = 0;
};

/// These throw srm::Error in the name of the operator `where`.
torch::jit::Module to_module(const c10::IValue& value, const char* where);
/// None gives null: the standard basis.
std::shared_ptr<const Basis> to_basis(const c10::IValue& value, const char* where);
std::vector<std::string> to_texts(const c10::IValue& value);
/// As an int, or one that is out of range too.
int to_thread_count(const c10::IValue& value);
/// No number: as ObserveOptions has it.
void set_epsilon(const c10::IValue& value, std::vector<EpsilonChoice>& epsilon);

template <typename Enum>
Enum choose(const char* where, const char* what, const std::string& name, std::initializer_list<Enum> choices) {
  std::string all;
  for (const Enum choice : choices) {
    if (name == to_string(choice)) return choice;
    all += (all.empty() ? "" : ", ") + std::string(to_string(choice));
  }
  throw Error(where, std::string(what) + " must be one of " + all, "'" + name + "'", "take one of those");
}

}  // namespace srm
