#include "cli/model_file.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <torch/csrc/jit/serialization/export.h>

#include <algorithm>
#include <exception>
#include <filesystem>
#include <fstream>

#include "files/atomic_file.h"
#include "srm/error.h"
#include "srm/instrumented_model.h"

namespace srm::cli {
namespace {

std::string first_line(const std::string& text) { return text.substr(0, text.find('\n')); }

std::string describe(const std::string& name, const c10::IValue& value) {
  if (!value.isTensor()) return fmt::format("{} {}", name, value.tagKind());
  const at::Tensor& tensor = value.toTensor();
  return fmt::format("{} {} ({})", name, c10::toString(tensor.scalar_type()), fmt::join(tensor.sizes(), ", "));
}

// What a model said when it refused its inputs: the last line of TorchScript's traceback, or an operator's message.
std::string refusal_of(const std::exception& error) {
  const auto* torch_error = dynamic_cast<const c10::Error*>(&error);
  if (torch_error != nullptr) return first_line(torch_error->what_without_backtrace());
  // TorchScript prints the whole traceback, and in the end what went wrong.
  std::string text = error.what();
  while (!text.empty() && text.back() == '\n') text.pop_back();
  const std::size_t line = text.rfind('\n');
  return line == std::string::npos ? text : text.substr(line + 1);
}

// "x Float (64, 63), mask Bool (64)": the arguments of forward with what they were given.
std::string describe_inputs(const torch::jit::Module& model, const std::string& method,
                            const std::vector<c10::IValue>& inputs, const torch::jit::Kwargs& kwargs) {
  std::vector<std::string> described;
  const auto& arguments = model.get_method(method).function().getSchema().arguments();
  for (std::size_t k = 0; k < inputs.size(); ++k) {
    const bool named = k + 1 < arguments.size();  // the first is self
    described.push_back(describe(named ? arguments[k + 1].name() : fmt::format("argument {}", k), inputs[k]));
  }
  for (const auto& [name, value] : kwargs) described.push_back(describe(name, value));
  return fmt::format("{}", fmt::join(described, ", "));
}

// What NumPy makes by default, and what few models take.
bool gives_doubles(const std::vector<c10::IValue>& inputs, const torch::jit::Kwargs& kwargs) {
  const auto is_double = [](const c10::IValue& value) {
    return value.isTensor() && value.toTensor().scalar_type() == at::kDouble;
  };
  return std::any_of(inputs.begin(), inputs.end(), is_double) ||
         std::any_of(kwargs.begin(), kwargs.end(), [&](const auto& entry) { return is_double(entry.second); });
}

}  // namespace

torch::jit::Module load_model(const std::string& path, ModelMode mode) {
  const std::string where = "model " + path;
  const char* export_it = "save it with torch.jit.save(torch.jit.script(model)) or torch.jit.trace";
  std::error_code ignored;
  if (std::filesystem::is_directory(path, ignored)) {
    throw Error(where, "the model must be a TorchScript file", "a folder", "name the .pt file in it");
  }
  std::ifstream file(path, std::ios::binary);
  if (!file) throw Error(where, "the file must exist and be readable", "no such file", "check the path");
  char magic[2] = {};
  file.read(magic, 2);
  if (file.gcount() < 2) throw Error(where, "the model must be a TorchScript file", "an empty file", export_it);
  if (magic[0] != 'P' || magic[1] != 'K') {
    throw Error(where, "the model must be a TorchScript file, which is a zip archive", "another kind of file",
                export_it);
  }
  try {
    torch::jit::Module model = torch::jit::load(path, at::kCPU);
    if (mode == ModelMode::kAsSaved) return model;
    if (!observers_of(model).empty()) model = strip(model);
    model.eval();
    return model;
  } catch (const Error&) {
    throw;
  } catch (const c10::Error& error) {
    const std::string message = first_line(error.what_without_backtrace());
    if (message.find("constants.pkl") != std::string::npos) {
      throw Error(where, "the model must be a TorchScript file",
                  "an archive without code, as torch.save or torch.export write it", export_it);
    }
    throw Error(where, "the archive must be whole and of this LibTorch's kind", message,
                "copy it again, or save it again with the LibTorch that runs it");
  } catch (const std::exception& error) {
    throw Error(where, "the model's code must be known to this LibTorch", first_line(error.what()),
                "save it again, or load the library that brings what it names");
  }
}

void save_model(const torch::jit::Module& model, const std::string& path) {
  AtomicFile file(path);
  std::exception_ptr failure;
  // The archive's writer is C inside and logs what goes wrong: it never hears of it.
  torch::jit::ExportModule(model, [&](const void* data, std::size_t size) {
    try {
      if (!failure) file.write(data, size);
    } catch (const Error&) {
      failure = std::current_exception();
    }
    return size;
  });
  if (failure) std::rethrow_exception(failure);
  file.commit();
}

const c10::FunctionSchema& require_method(const torch::jit::Module& model, const std::string& method) {
  const auto found = model.find_method(method);
  if (found) return found->function().getSchema();
  std::vector<std::string> names;
  for (const auto& each : model.get_methods()) names.push_back(each.name());
  throw Error("model", fmt::format("it must have the method {}", method),
              names.empty() ? "a model without methods" : fmt::format("one with {}", fmt::join(names, ", ")),
              "name one of its methods with --method");
}

void forward_or_explain(const torch::jit::Module& model, const std::string& method,
                        const std::vector<c10::IValue>& inputs, const torch::jit::Kwargs& kwargs,
                        const std::function<void()>& run) {
  try {
    run();
  } catch (const Error&) {
    throw;
  } catch (const std::exception& error) {
    throw Error("model", fmt::format("its {} must accept the data", method),
                fmt::format("'{}' for {}", refusal_of(error), describe_inputs(model, method, inputs, kwargs)),
                gives_doubles(inputs, kwargs)
                    ? "most models take float32: save the data as x.astype('float32') or x.float()"
                    : "give --data of the shapes and types that it takes");
  }
}

}  // namespace srm::cli
