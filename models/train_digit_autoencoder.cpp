// Trains one autoencoder of handwritten digits and writes it as a TorchScript archive.

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <exception>
#include <string>

#include "digit_autoencoder.h"
#include "digits.h"
#include "srm/io.h"
#include "training_console.h"

namespace {

// NumPy's format, version 1.0: magic, length of the header, header padded to 64 bytes, values in row-major order.
std::string to_npy(const torch::Tensor& tensor, const std::string& type) {
  const torch::Tensor values = tensor.contiguous();
  std::string header = fmt::format("{{'descr': '{}', 'fortran_order': False, 'shape': ({},), }}", type,
                                   fmt::join(values.sizes().begin(), values.sizes().end(), ", "));
  header.append(63 - (10 + header.size()) % 64, ' ').push_back('\n');
  std::string bytes("\x93NUMPY\x01\x00", 8);
  bytes.push_back(static_cast<char>(header.size() & 0xff));
  bytes.push_back(static_cast<char>(header.size() >> 8));
  bytes += header;
  return bytes.append(static_cast<const char*>(values.const_data_ptr()), values.nbytes());
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app{"Trains a 64-48-WIDTH-48-64 autoencoder of handwritten digits and writes it as a TorchScript archive."};
  srm::DigitAutoencoderOptions options;
  std::string function;
  std::string digits_path = "models/data/digits.csv";
  std::string output_path;
  std::string held_out_path;
  std::string frame_path;
  app.add_option("--function", function, "The function after the bottleneck's linear layer")
      ->check(CLI::IsMember(srm::bottleneck_functions()))
      ->required();
  app.add_option("--seed", options.seed, "Weights, order of the images, noise and rotation follow from it")
      ->capture_default_str();
  app.add_option("--epochs", options.num_epochs, "0 writes the network untrained")
      ->capture_default_str()
      ->check(CLI::NonNegativeNumber);
  app.add_option("--width", options.width, "Neurons of the bottleneck")
      ->capture_default_str()
      ->check(CLI::Range(1, 4096));
  app.add_option("--frame", frame_path, "FILE[:KEY] (num_vectors, width): what the function tanh-frame acts along");
  app.add_option("-o,--output", output_path,
                 "The archive, X.pt; the basis of a rotated network or along a frame goes beside it, as X_basis.pt")
      ->required();
  app.add_option("--digits", digits_path, "The data file")->capture_default_str();
  app.add_option("--held-out", held_out_path,
                 "Also write the held-out images here, X.npy, and their labels beside it, as X_labels.npy");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  }

  try {
    options.function = srm::bottleneck_functions().at(function);
    if (!frame_path.empty()) options.frame = srm::read_tensor(frame_path, "basis");
    const srm::DigitSplit split = srm::split_digits(srm::read_digits(digits_path));
    const srm::TrainedAutoencoder trained = srm::train_digit_autoencoder(
        options, split.training_images,
        [&](int epoch, double loss) { srm::print_progress(epoch, options.num_epochs, loss); });
    srm::write_file(output_path, srm::to_archive(trained.model));
    if (trained.acting_basis) {
      c10::impl::GenericDict named(c10::StringType::get(), c10::AnyType::get());
      named.insert("basis", *trained.acting_basis);
      srm::save_pickle(named, srm::beside(output_path, "_basis.pt"));
    }
    if (!held_out_path.empty()) {
      srm::write_file(held_out_path, to_npy(split.held_out_images, "<f4"));
      srm::write_file(srm::beside(held_out_path, "_labels.npy"), to_npy(split.held_out_labels, "<i8"));
    }
    fmt::print("{}: mean squared error a pixel, training {:.5f}, held out {:.5f}\n", output_path,
               srm::reconstruction_error(trained.model, split.training_images),
               srm::reconstruction_error(trained.model, split.held_out_images));
  } catch (const std::exception& error) {
    fmt::print(stderr, "{}\n", error.what());
    return 1;
  }
  return 0;
}
