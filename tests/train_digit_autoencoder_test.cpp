#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include "scratch_folder.h"

namespace srm {
namespace {

using ::testing::HasSubstr;

const std::string kModels = std::string(TORCHSRM_SOURCE_DIR) + "/models/";
const std::string kDigits = " --digits '" + kModels + "data/digits.csv'";

std::string content(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

struct Outcome {
  int exit_code;
  std::string text;  // standard output and error
};

// Runs the program in `folder`.
Outcome run(const ScratchFolder& folder, const std::string& arguments) {
  const std::string command =
      "cd '" + folder.path().string() + "' && '" + TRAIN_DIGIT_AUTOENCODER + "' " + arguments + " >text 2>&1";
  const int status = std::system(command.c_str());
  return {WIFEXITED(status) ? WEXITSTATUS(status) : -1, content(folder / "text")};
}

TEST(TrainDigitAutoencoderTest, EqualSeedsGiveEqualFilesWhateverTheyAreCalled) {
  const ScratchFolder folder;
  const std::string flags = "--function tanh-rotated --epochs 2 --seed ";
  const Outcome first = run(folder, flags + "5 -o a.pt --held-out held_out.npy" + kDigits);
  ASSERT_EQ(first.exit_code, 0) << first.text;
  EXPECT_THAT(first.text, HasSubstr("epoch 2/2"));
  EXPECT_THAT(first.text, HasSubstr("a.pt: mean squared error a pixel"));
  ASSERT_EQ(run(folder, flags + "5 -o b.pt" + kDigits).exit_code, 0);
  ASSERT_EQ(run(folder, flags + "6 -o c.pt" + kDigits).exit_code, 0);

  for (const std::string ending : {".pt", "_basis.pt"}) {
    EXPECT_FALSE(content(folder / ("a" + ending)).empty());
    EXPECT_TRUE(content(folder / ("a" + ending)) == content(folder / ("b" + ending))) << ending;
    EXPECT_FALSE(content(folder / ("a" + ending)) == content(folder / ("c" + ending))) << ending;
  }
  for (const std::string name : {"held_out.npy", "held_out_labels.npy"}) {
    EXPECT_TRUE(content(folder / name) == content(kModels + "data/" + name)) << name;
  }
}

TEST(TrainDigitAutoencoderTest, MisuseExitsWith2AndBadFilesWith1) {
  const ScratchFolder folder;
  Outcome refused = run(folder, "--function sigmoid -o a.pt" + kDigits);
  EXPECT_EQ(refused.exit_code, 2);
  EXPECT_THAT(refused.text, HasSubstr("isotropic,relu,tanh,tanh-rotated"));
  EXPECT_EQ(run(folder, "--function tanh").exit_code, 2);
  EXPECT_EQ(run(folder, "--function tanh -o a.pt --epochs -1" + kDigits).exit_code, 2);

  refused = run(folder, "--function tanh -o a.pt --epochs 0 --digits none.csv");
  EXPECT_EQ(refused.exit_code, 1);
  EXPECT_THAT(refused.text, HasSubstr("must be readable; got none.csv"));
  refused = run(folder, "--function tanh -o none/a.pt --epochs 0" + kDigits);
  EXPECT_EQ(refused.exit_code, 1);
  EXPECT_THAT(refused.text, HasSubstr("none"));
  EXPECT_EQ(run(folder, "--help").exit_code, 0);
}

}  // namespace
}  // namespace srm
