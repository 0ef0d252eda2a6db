#pragma once

#include <torch/script.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "srm/basis.h"

namespace srm::cli {

/// The words below, for help texts.
constexpr const char* kBasisWords =
    "standard, haar:SEED, thomson:M[:SEED], pca, learned-aligned, learned-diagonal, weights:NAME, or a file of rows: "
    ".npy, .npz[:KEY], .pt";

/// A basis as a command line names it.
struct BasisWord {
  enum class Kind { kStandard, kHaar, kThomson, kPca, kLearnedAligned, kLearnedDiagonal, kWeights, kFile };
  Kind kind = Kind::kStandard;
  std::uint64_t seed = 0;                              ///< kHaar, kThomson
  std::int64_t num_vectors = 0;                        ///< kThomson
  std::string name;                                    ///< kWeights: of a parameter or buffer; kFile: FILE[:KEY]
  std::string text = "standard";                       ///< the word itself
  VectorLengths lengths = VectorLengths::kNormalised;  ///< of kWeights and kFile

  /// Whether it is found from activations: kPca, kLearnedAligned, kLearnedDiagonal.
  bool needs_rows() const { return kind >= Kind::kPca && kind <= Kind::kLearnedDiagonal; }
  bool needs_model() const { return kind == Kind::kWeights; }
};

/// Reads one of kBasisWords. Throws Misuse for a number that cannot be one, and for a word that misses its part.
BasisWord parse_basis_word(const std::string& text);

/// The width that a word brings with it: that of the vectors of a file or of the model's weights; none for the words
/// that take any. Throws srm::Error as make_basis() does.
std::optional<std::int64_t> width_of(const BasisWord& word, const torch::jit::Module* model);

/// The basis for a layer of width `dim`: rows (num_rows, dim) are what PCA and the learners take, `model` has the
/// weights; either may be missing (undefined, null) where the word does not need it. What there is to say of the basis
/// (what a Thomson frame came to rest as, that a learned one is not stable) is appended to `notes`. `on_sweep` is
/// called while a basis is learned, and may throw to end it. Throws srm::Error for a file or weights of another width,
/// naming the weights that fit, and as the functions that make bases do.
std::shared_ptr<const Basis> make_basis(const BasisWord& word, std::int64_t dim, const torch::jit::Module* model,
                                        const at::Tensor& learning_rows, std::vector<std::string>* notes = nullptr,
                                        const std::function<void()>& on_sweep = {});

/// The vectors of FILE[:KEY], by preference those called "basis", with the file's stem as the name. Throws srm::Error.
Basis read_basis_file(const std::string& spec, VectorLengths lengths = VectorLengths::kNormalised);

}  // namespace srm::cli
