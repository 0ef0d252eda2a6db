// Trains one classifier of handwritten digits and writes it as a TorchScript archive.

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <exception>
#include <string>

#include "digit_autoencoder.h"
#include "digit_classifier.h"
#include "digits.h"
#include "training_console.h"

int main(int argc, char** argv) {
  CLI::App app{"Trains a 64-48-16-10 classifier of handwritten digits and writes it as a TorchScript archive."};
  srm::DigitClassifierOptions options;
  std::string function;
  std::string digits_path = "models/data/digits.csv";
  std::string output_path;
  app.add_option("--function", function, "The function after the two hidden layers")
      ->check(CLI::IsMember(srm::hidden_functions()))
      ->required();
  app.add_option("--seed", options.seed, "Weights and order of the images follow from it")->capture_default_str();
  app.add_option("--epochs", options.num_epochs, "0 writes the network untrained")
      ->capture_default_str()
      ->check(CLI::NonNegativeNumber);
  app.add_option("-o,--output", output_path, "The archive, X.pt")->required();
  app.add_option("--digits", digits_path, "The data file")->capture_default_str();
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  }

  try {
    options.function = srm::hidden_functions().at(function);
    const srm::DigitSplit split = srm::split_digits(srm::read_digits(digits_path));
    const torch::jit::Module classifier = srm::train_digit_classifier(
        options, split.training_images, split.training_labels,
        [&](int epoch, double loss) { srm::print_progress(epoch, options.num_epochs, loss); });
    srm::write_file(output_path, srm::to_archive(classifier));
    fmt::print("{}: accuracy, training {:.2f} %, held out {:.2f} %\n", output_path,
               100 * srm::accuracy(classifier, split.training_images, split.training_labels),
               100 * srm::accuracy(classifier, split.held_out_images, split.held_out_labels));
  } catch (const std::exception& error) {
    fmt::print(stderr, "{}\n", error.what());
    return 1;
  }
  return 0;
}
