#pragma once

#include <string>

#include "srm/layer_tests.h"

namespace srm {

/// What A4 says against Haar rotations of the basis.
enum class Alignment { kAligned, kDiagonal, kNone };
/// kNone when p > alpha, else by the side of the null on which A4 lies: kAligned above its mean, kDiagonal below.
Alignment alignment_of(const LayerTests& tests, double alpha = 0.05);

/// Whether the alignment is more than the nonlinearity's own effect.
/// One null (M1, M1c) says yes when A4 has p <= alpha against it and lies on the side of it that the alignment has:
/// above it when aligned, below it when diagonal. M1 and M1c can disagree (under ReLU they often do, since the mean
/// carries most of what it does); then neither is taken for the answer. Without an alignment there is nothing to be
/// beyond: kNo.
enum class BeyondNonlinearity { kYes, kNo, kNullsDisagree, kNotComputable };
/// See BeyondNonlinearity; `alpha` is the level of each null.
BeyondNonlinearity beyond_nonlinearity(const LayerTests& tests, double alpha = 0.05);

/// "aligned" | "diagonal" | "none beyond chance", and "yes" | "no" | "M1 and M1c disagree" | "not computable".
const char* to_string(Alignment alignment);
const char* to_string(BeyondNonlinearity beyond);  ///< "yes" | "no" | "M1 and M1c disagree" | "not computable"

/// One paragraph of ASCII without line breaks: the alignment; A4 +- block standard error; p and R, the null's spread
/// and skew; for "none" above and below what A4 would have been seen; effective dimension; who carries it; centred or
/// not; beyond the nonlinearity's own effect; rows and blocks; planes. It says what is consistent with a privileged
/// basis, never what caused it; of "none" also whether C4 or single planes (Benjamini-Yekutieli) differ all the same.
std::string verdict(const LayerTests& tests, double alpha = 0.05);

}  // namespace srm
