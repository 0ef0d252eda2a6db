#include "network_builder.h"

#include <torch/utils.h>

#include <cmath>

namespace srm {

using torch::jit::Module;

Module NetworkBuilder::module(const std::string& class_name) {
  const c10::QualifiedName name("__torch__.torchsrm." + class_name);
  const c10::ClassTypePtr known = unit_->get_class(name);
  Module made = known ? Module(unit_, known) : Module(name, unit_);
  made.register_attribute("training", c10::BoolType::get(), true);
  return made;
}

Module NetworkBuilder::with_forward(Module made, const std::string& source) {
  if (!made.find_method("forward")) made.define(source);
  return made;
}

Module NetworkBuilder::linear(std::int64_t num_in, std::int64_t num_out) {
  Module made = module("Linear");
  const double sigma = 1 / std::sqrt(static_cast<double>(num_in));
  made.register_parameter("weight", (torch::randn({num_out, num_in}, generator_) * sigma).requires_grad_(), false);
  made.register_parameter("bias", torch::zeros({num_out}).requires_grad_(), false);
  return with_forward(made, R"(
def forward(self, x):
    return torch.linear(x, self.weight, self.bias)
)");
}

Module NetworkBuilder::tanh() {
  return with_forward(module("Tanh"), R"(
def forward(self, x):
    return torch.tanh(x)
)");
}

Module NetworkBuilder::relu() {
  return with_forward(module("Relu"), R"(
def forward(self, x):
    return torch.relu(x)
)");
}

// The clamp makes 0 of a zero row, where 0/0 would be NaN.
Module NetworkBuilder::isotropic_tanh() {
  return with_forward(module("IsotropicTanh"), R"(
def forward(self, x):
    norm = torch.norm(x, 2, [-1], True)
    return x * (torch.tanh(norm) / torch.clamp(norm, 1e-12))
)");
}

Module NetworkBuilder::identity() {
  return with_forward(module("Identity"), R"(
def forward(self, x):
    return x
)");
}

Module NetworkBuilder::tanh_along(const std::string& class_name, const torch::Tensor& basis) {
  Module made = module(class_name);
  made.register_buffer("basis", basis.to(torch::kFloat32));
  return with_forward(made, R"(
def forward(self, x):
    coordinates = torch.matmul(x, torch.t(self.basis))
    return torch.matmul(torch.tanh(coordinates), self.basis)
)");
}

}  // namespace srm
