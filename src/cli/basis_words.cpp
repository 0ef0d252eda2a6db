#include "cli/basis_words.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <charconv>
#include <filesystem>
#include <map>
#include <string_view>

#include "cli/command.h"
#include "srm/basis_generators.h"
#include "srm/basis_learning.h"
#include "srm/io.h"
#include "srm/thomson_frame.h"

namespace srm::cli {
namespace {

using Kind = BasisWord::Kind;

const std::map<std::string, Kind> kPlainWords = {{"standard", Kind::kStandard},
                                                 {"pca", Kind::kPca},
                                                 {"learned-aligned", Kind::kLearnedAligned},
                                                 {"learned-diagonal", Kind::kLearnedDiagonal}};

// Only behind these does a colon not start the KEY of a file.
constexpr const char* kHaar = "haar:";
constexpr const char* kThomson = "thomson:";
constexpr const char* kWeights = "weights:";

template <typename Number>
Number number_in(const std::string& text, std::string_view digits, Number least) {
  Number number{};
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  if (digits.empty() || error != std::errc() || end != digits.data() + digits.size() || number < least) {
    throw Misuse("basis", fmt::format("a whole number of {} or more must follow the colon", least), text,
                 "e.g. haar:1, thomson:24 or thomson:24:1");
  }
  return number;
}

// The name goes into results, which hold no path.
std::string name_of_file(const std::string& spec) { return std::filesystem::path(spec).stem().string(); }

Basis from_tensor(const std::string& name, const at::Tensor& vectors, VectorLengths lengths) {
  if (vectors.dim() != 2 || c10::isComplexType(vectors.scalar_type())) {
    throw Error("basis " + name, "a basis is (num_vectors, dim) real numbers",
                fmt::format("{} ({})", c10::toString(vectors.scalar_type()), fmt::join(vectors.sizes(), ", ")),
                "give one row for each basis vector");
  }
  const at::Tensor rows = vectors.to(at::kCPU, at::kDouble).contiguous();
  const double* data = rows.const_data_ptr<double>();
  return Basis::from_vectors(name, rows.size(0), rows.size(1), std::vector<double>(data, data + rows.numel()), lengths);
}

// Rows of weights are what a layer's neurons listen to: directions in the space of what comes in. Of any width without
// `dim`.
at::Tensor weights_of(const torch::jit::Module& model, const std::string& name, std::optional<std::int64_t> dim) {
  std::map<std::string, at::Tensor> tensors;
  for (const auto& parameter : model.named_parameters()) tensors.emplace(parameter.name, parameter.value);
  for (const auto& buffer : model.named_buffers()) tensors.emplace(buffer.name, buffer.value);
  const auto fits = [dim](const at::Tensor& tensor) { return tensor.dim() == 2 && (!dim || tensor.size(1) == *dim); };
  const auto found = tensors.find(name);
  if (found != tensors.end() && fits(found->second)) return found->second.detach();
  std::vector<std::string> fitting;
  for (const auto& [other, tensor] : tensors) {
    if (fits(tensor)) fitting.push_back(fmt::format("{} ({})", other, fmt::join(tensor.sizes(), ", ")));
  }
  throw Error(
      "basis weights:" + name,
      dim ? fmt::format("it must be a parameter or buffer (num_vectors, {}) of the model, as wide as the layer", *dim)
          : "it must be a parameter or buffer (num_vectors, dim) of the model",
      found == tensors.end() ? "none of that name" : fmt::format("({})", fmt::join(found->second.sizes(), ", ")),
      fitting.empty() ? "the model has none that fits" : fmt::format("those that fit: {}", fmt::join(fitting, ", ")));
}

void require_model(const BasisWord& word, const torch::jit::Module* model) {
  if (!word.needs_model() || model != nullptr) return;
  throw Error("basis " + word.text, "weights are those of a model", "none", "name a basis that needs none");
}

void add_note(std::vector<std::string>* notes, std::string note) {
  if (notes != nullptr) notes->push_back(std::move(note));
}

at::Tensor thomson_vectors(const BasisWord& word, std::int64_t dim, std::vector<std::string>* notes) {
  const ThomsonFrame frame = thomson_frame(word.num_vectors, dim, word.seed);
  if (frame.shape != FrameShape::kOther) {
    add_note(notes, fmt::format("{} in {} dimensions is a {}", word.text, dim, to_string(frame.shape)));
  }
  if (!frame.is_at_rest) {
    add_note(notes, fmt::format("{}: the vectors are not at rest; the largest force along the sphere is {:.1e} of the "
                                "mean force",
                                word.text, frame.largest_residual));
  }
  return frame.vectors;
}

at::Tensor learned_vectors(const BasisWord& word, const at::Tensor& rows, std::vector<std::string>* notes,
                           const std::function<void()>& on_sweep) {
  LearnOptions options;
  if (on_sweep) options.on_sweep = [&](const LearnProgress&) { on_sweep(); };
  options.method = word.kind == Kind::kLearnedAligned ? LearnMethod::kAligned : LearnMethod::kDiagonal;
  const LearnedBasis learned = learn_basis(rows, options);
  if (!learned.is_stable) {
    add_note(notes, fmt::format("{} is not stable: halves of the data agree at {:.2f}, random bases at {:.2f}",
                                word.text, learned.halves_agreement, learned.chance));
  }
  return learned.basis;
}

at::Tensor vectors_of(const BasisWord& word, std::int64_t dim, const torch::jit::Module* model, const at::Tensor& rows,
                      std::vector<std::string>* notes, const std::function<void()>& on_sweep) {
  if (word.needs_rows() && !rows.defined()) {
    throw Error("basis " + word.text, "it is found from activations", "none", "name a basis that needs none");
  }
  require_model(word, model);
  switch (word.kind) {
    case Kind::kHaar:
      return haar_rotation(dim, word.seed);
    case Kind::kThomson:
      return thomson_vectors(word, dim, notes);
    case Kind::kPca:
      return pca_basis(rows, /*centre=*/true);
    case Kind::kLearnedAligned:
    case Kind::kLearnedDiagonal:
      return learned_vectors(word, rows, notes, on_sweep);
    case Kind::kWeights:
      return weights_of(*model, word.name, dim);
    case Kind::kStandard:
      return at::eye(dim, at::kDouble);
    case Kind::kFile:
      break;
  }
  return read_tensor(word.name, "basis");
}

}  // namespace

BasisWord parse_basis_word(const std::string& text) {
  BasisWord word;
  word.text = text;
  const auto plain = kPlainWords.find(text);
  if (plain != kPlainWords.end()) {
    word.kind = plain->second;
  } else if (text.starts_with(kHaar)) {
    word.kind = Kind::kHaar;
    word.seed = number_in<std::uint64_t>(text, std::string_view(text).substr(std::string_view(kHaar).size()), 0);
  } else if (text.starts_with(kThomson)) {
    word.kind = Kind::kThomson;
    const std::string_view numbers = std::string_view(text).substr(std::string_view(kThomson).size());
    const std::size_t colon = numbers.find(':');
    word.num_vectors = number_in<std::int64_t>(text, numbers.substr(0, colon), 1);
    constexpr std::int64_t kMost = 4096;
    if (word.num_vectors > kMost) {
      throw Misuse("basis", fmt::format("a frame of Thomson's has {} vectors or fewer", kMost), text,
                   "spread more once, and give them as a file");
    }
    if (colon != std::string_view::npos) word.seed = number_in<std::uint64_t>(text, numbers.substr(colon + 1), 0);
  } else if (text.starts_with(kWeights)) {
    word.kind = Kind::kWeights;
    word.name = text.substr(std::string_view(kWeights).size());
  } else {
    word.kind = Kind::kFile;
    word.name = text;
  }
  if (word.name.empty() && (word.kind == Kind::kWeights || word.kind == Kind::kFile)) {
    throw Misuse("basis", "it must have a name", fmt::format("'{}'", text), "see the words in --help");
  }
  return word;
}

std::optional<std::int64_t> width_of(const BasisWord& word, const torch::jit::Module* model) {
  require_model(word, model);
  if (word.needs_model()) return weights_of(*model, word.name, std::nullopt).size(1);
  if (word.kind == Kind::kFile) return read_basis_file(word.name, word.lengths).dim();
  return std::nullopt;
}

Basis read_basis_file(const std::string& spec, VectorLengths lengths) {
  return from_tensor(name_of_file(spec), read_tensor(spec, "basis"), lengths);
}

std::shared_ptr<const Basis> make_basis(const BasisWord& word, std::int64_t dim, const torch::jit::Module* model,
                                        const at::Tensor& learning_rows, std::vector<std::string>* notes,
                                        const std::function<void()>& on_sweep) {
  if (word.kind == Kind::kStandard) return std::make_shared<const Basis>(Basis::standard(dim));
  const bool is_file = word.kind == Kind::kFile;
  auto basis = std::make_shared<const Basis>(from_tensor(
      is_file ? name_of_file(word.name) : word.text, vectors_of(word, dim, model, learning_rows, notes, on_sweep),
      is_file || word.needs_model() ? word.lengths : VectorLengths::kNormalised));
  if (basis->dim() != dim) {
    throw Error("basis " + word.text, fmt::format("its vectors must be as wide as the layer, {}", dim),
                fmt::format("vectors of {} numbers", basis->dim()), "name the basis that belongs to the layer");
  }
  if (is_file && basis->was_rescaled()) {
    add_note(notes, fmt::format("the vectors of {} were normalised to length 1", word.text));
  }
  return basis;
}

}  // namespace srm::cli
