#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/csrc/jit/serialization/import.h>
#include <torch/utils.h>

#include <fstream>
#include <iterator>
#include <map>
#include <ostream>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "digit_autoencoder.h"
#include "digit_networks.h"
#include "digits.h"
#include "scratch_folder.h"
#include "srm/error.h"
#include "srm/io.h"

namespace srm {
namespace {

using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

std::string read_bytes(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

std::string raw_bytes(const torch::Tensor& tensor) {
  return {static_cast<const char*>(tensor.const_data_ptr()), tensor.nbytes()};
}

TEST(DigitsTest, DataFileIsTheWholeTestSetOfOptdigits) {
  const Digits digits = read_digits(kModels + "data/digits.csv");
  EXPECT_EQ(digits.pixels.sizes(), (std::vector<int64_t>{1797, 64}));
  EXPECT_EQ(digits.pixels.min().item<int>(), 0);
  EXPECT_EQ(digits.pixels.max().item<int>(), 16);
  const torch::Tensor counts = digits.labels.bincount();
  EXPECT_TRUE(counts.equal(torch::tensor({178, 182, 177, 183, 181, 182, 181, 179, 174, 180}, torch::kInt64))) << counts;
}

TEST(DigitsTest, SplitHoldsEveryRowOnceAndCentresOnTheTrainingMean) {
  EXPECT_EQ(split().training_images.sizes(), (std::vector<int64_t>{1347, 64}));
  EXPECT_EQ(split().held_out_images.sizes(), (std::vector<int64_t>{450, 64}));
  EXPECT_LT(split().training_images.to(torch::kFloat64).mean(0).abs().max().item<double>(), 1e-7);

  const Digits digits = read_digits(kModels + "data/digits.csv");
  const torch::Tensor rows = split().held_out_indices;
  EXPECT_EQ(std::get<0>(at::_unique(rows)).size(0), 450);
  EXPECT_TRUE(split().held_out_labels.equal(digits.labels.index_select(0, rows)));
  EXPECT_TRUE(
      torch::cat({split().training_labels, split().held_out_labels}).bincount().equal(digits.labels.bincount()));
  // Two held-out rows differ by their pixels alone, whatever the mean is.
  const torch::Tensor pixels = digits.pixels.index_select(0, rows).to(torch::kFloat32) / 16;
  EXPECT_TRUE(torch::allclose(split().held_out_images - split().held_out_images[0], pixels - pixels[0], 0, 1e-6));
}

TEST(DigitsTest, LibraryHoldsTheDataFile) {
  const Digits file = read_digits(kModels + "data/digits.csv");
  const Digits embedded = embedded_digits();
  EXPECT_TRUE(embedded.pixels.equal(file.pixels));
  EXPECT_TRUE(embedded.labels.equal(file.labels));
}

// A changed split would feed the shipped models digits that they were trained on.
TEST(DigitsTest, ShippedHeldOutFilesAreTheHeldOutRows) {
  const std::string images = read_bytes(kModels + "data/held_out.npy");
  EXPECT_THAT(images, HasSubstr("'descr': '<f4', 'fortran_order': False, 'shape': (450, 64,)"));
  EXPECT_TRUE(images.ends_with(raw_bytes(split().held_out_images)));
  const std::string labels = read_bytes(kModels + "data/held_out_labels.npy");
  EXPECT_THAT(labels, HasSubstr("'descr': '<i8', 'fortran_order': False, 'shape': (450,)"));
  EXPECT_TRUE(labels.ends_with(raw_bytes(split().held_out_labels)));
}

TEST(DigitsTest, BadFilesAreRefusedByLineAndField) {
  EXPECT_THAT([] { read_digits("no/such.csv"); }, ThrowsMessage<Error>(HasSubstr("must be readable; got no/such.csv")));
  const ScratchFolder folder;
  const std::string path = folder / "digits.csv";
  std::string good;
  for (int pixel = 0; pixel < 64; ++pixel) good += "16,";
  const std::map<std::string, std::string> rows = {
      {good + "10", "line 2 of " + path + ", field 65"},  {"17," + good, "line 2 of " + path + ", field 1"},
      {"1,x," + good, "line 2 of " + path + ", field 2"}, {"1,2,3", "line 2 of " + path + ", field 4"},
      {good + "3,1", "line 2 of " + path + " with more"},
  };
  for (const auto& [row, words] : rows) {
    std::ofstream(path) << "# comment\n" << row << "\n";
    EXPECT_THAT([&] { read_digits(path); }, ThrowsMessage<Error>(HasSubstr(words))) << row;
  }
  std::ofstream(path) << good << "9\n";
  EXPECT_THAT([&] { split_digits(read_digits(path)); }, ThrowsMessage<Error>(HasSubstr("defined for 1797 digits")));
}

struct Shipped {
  std::string file;
  BottleneckFunction function;
  double error;      // reconstruction, held out
  double a4_before;  // standard basis
  double a4_after;

  friend void PrintTo(const Shipped& shipped, std::ostream* out) { *out << shipped.file; }
};

// The figures that models/README.md states.
class ShippedModelTest : public ::testing::TestWithParam<Shipped> {};

TEST_P(ShippedModelTest, ReconstructsAndAlignsAsStated) {
  const Shipped& stated = GetParam();
  const torch::jit::Module model = torch::jit::load(kModels + stated.file);
  EXPECT_NEAR(reconstruction_error(model, split().held_out_images), stated.error, 1e-4);
  const BottleneckActivations seen = held_out_bottleneck(model);
  EXPECT_NEAR(a4(seen.before), stated.a4_before, 5e-4);
  EXPECT_NEAR(a4(seen.after), stated.a4_after, 5e-4);
}

TEST_P(ShippedModelTest, EveryLayerAndFunctionIsAModuleOfItsOwn) {
  const torch::jit::Module model = torch::jit::load(kModels + GetParam().file);
  std::set<std::string> paths;
  for (const auto& named : model.named_modules()) paths.insert(named.name);
  EXPECT_THAT(paths, ::testing::IsSupersetOf({"encoder.hidden", "encoder.hidden_activation", "encoder.bottleneck",
                                              "encoder.bottleneck_activation", "decoder.hidden",
                                              "decoder.hidden_activation", "decoder.output"}));
}

// Two short trainings must agree to the last byte, and another seed must give another network.
TEST_P(ShippedModelTest, TrainingIsDeterministicBySeed) {
  const auto train = [](uint64_t seed) {
    return to_archive(train_digit_autoencoder({GetParam().function, seed, 3}, split().training_images).model);
  };
  const std::string archive = train(7);
  EXPECT_TRUE(archive == train(7));
  EXPECT_FALSE(archive == train(8));
}

INSTANTIATE_TEST_SUITE_P(
    Models, ShippedModelTest,
    ::testing::Values(Shipped{"tanh.pt", BottleneckFunction::kTanh, 0.0133, -0.0464, -0.0979},
                      Shipped{"tanh_rotated.pt", BottleneckFunction::kTanhRotated, 0.0130, 0.0075, 0.0076},
                      Shipped{"isotropic.pt", BottleneckFunction::kIsotropicTanh, 0.0263, -0.0013, -0.0014},
                      Shipped{"relu.pt", BottleneckFunction::kRelu, 0.0086, 0.0341, 0.0300}),
    [](const auto& parameter) { return std::string(parameter.param.file, 0, parameter.param.file.find('.')); });

TEST(RotatedModelTest, AlignsInItsActingBasisAlone) {
  const torch::jit::Module model = torch::jit::load(kModels + "tanh_rotated.pt");
  const torch::Tensor basis = read_tensor(kModels + "tanh_rotated_basis.pt", "basis");
  EXPECT_EQ(basis.dtype(), torch::kFloat64);
  const torch::jit::Module function = model.attr("encoder").toModule().attr("bottleneck_activation").toModule();
  EXPECT_TRUE(function.attr("basis").toTensor().equal(basis.to(torch::kFloat32)));
  const BottleneckActivations seen = held_out_bottleneck(model);
  EXPECT_NEAR(a4(seen.before, basis), -0.0375, 5e-4);
  EXPECT_NEAR(a4(seen.after, basis), -0.0957, 5e-4);
}

}  // namespace
}  // namespace srm
