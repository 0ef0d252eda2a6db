#pragma once

#include <torch/types.h>

#include <string>

namespace srm {

/// Handwritten digits, 8x8 pixels each: `pixels` uint8 (num_digits, 64) of 0..16, `labels` int64 (num_digits) of 0..9.
struct Digits {
  torch::Tensor pixels;
  torch::Tensor labels;
};

/// What the networks are trained and judged on; an image is pixels/16 minus the mean image of the training rows.
struct DigitSplit {
  torch::Tensor training_images;   ///< float32 (1347, 64)
  torch::Tensor training_labels;   ///< int64 (1347)
  torch::Tensor held_out_images;   ///< float32 (450, 64)
  torch::Tensor held_out_labels;   ///< int64 (450)
  torch::Tensor held_out_indices;  ///< int64 (450): the rows of the data file, in the order of the images
};

/// Reads a CSV file of 64 pixels and a label a row, with comment lines that begin with '#'.
/// Throws srm::Error when the file cannot be read or a row is not 65 integers in range.
Digits read_digits(const std::string& path);

/// The digits of models/data/digits.csv as that file was when this library was built: no installed program looks for
/// it.
Digits embedded_digits();

/// Splits 1797 digits by one fixed permutation: the same rows on every machine and for every network.
/// Throws srm::Error for another number of digits.
DigitSplit split_digits(const Digits& digits);

}  // namespace srm
