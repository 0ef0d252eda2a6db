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

// Runs a program in `folder`.
Outcome run(const ScratchFolder& folder, const std::string& arguments,
            const std::string& program = TRAIN_DIGIT_AUTOENCODER) {
  const std::string command = "cd '" + folder.path().string() + "' && '" + program + "' " + arguments + " >text 2>&1";
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

TEST(TrainDigitAutoencoderTest, ActsAlongAFrameFromAFile) {
  const ScratchFolder folder;
  // The basis of a rotated network is a file that the next program reads.
  const std::string flags = " --epochs 1 --width 5" + kDigits;
  ASSERT_EQ(run(folder, "--function tanh-rotated -o a.pt" + flags).exit_code, 0);
  const Outcome done = run(folder, "--function tanh-frame --frame a_basis.pt -o b.pt" + flags);
  ASSERT_EQ(done.exit_code, 0) << done.text;
  EXPECT_TRUE(content(folder / "a_basis.pt") == content(folder / "b_basis.pt"));

  const Outcome without = run(folder, "--function tanh-frame -o c.pt" + flags);
  EXPECT_EQ(without.exit_code, 1);
  EXPECT_THAT(without.text, HasSubstr("a frame belongs to the function that acts along it"));
}

TEST(TrainDigitAutoencoderTest, MisuseExitsWith2AndBadFilesWith1) {
  const ScratchFolder folder;
  Outcome refused = run(folder, "--function sigmoid -o a.pt" + kDigits);
  EXPECT_EQ(refused.exit_code, 2);
  EXPECT_THAT(refused.text, HasSubstr("isotropic,linear,relu,tanh,tanh-frame,tanh-rotated"));
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

TEST(TrainDigitClassifierTest, EqualSeedsGiveEqualFilesAndMisuseExitsWith2) {
  const ScratchFolder folder;
  const auto train = [&](const std::string& flags) { return run(folder, flags + kDigits, TRAIN_DIGIT_CLASSIFIER); };
  const Outcome first = train("--function relu --epochs 2 -o a.pt");
  ASSERT_EQ(first.exit_code, 0) << first.text;
  EXPECT_THAT(first.text, HasSubstr("a.pt: accuracy, training"));
  ASSERT_EQ(train("--function relu --epochs 2 -o b.pt").exit_code, 0);
  ASSERT_EQ(train("--function relu --epochs 2 --seed 1 -o c.pt").exit_code, 0);
  EXPECT_TRUE(content(folder / "a.pt") == content(folder / "b.pt"));
  EXPECT_FALSE(content(folder / "a.pt") == content(folder / "c.pt"));

  EXPECT_EQ(train("--function isotropic -o a.pt").exit_code, 2);
  EXPECT_EQ(train("--function relu").exit_code, 2);
  EXPECT_EQ(run(folder, "--function relu -o a.pt --digits none.csv", TRAIN_DIGIT_CLASSIFIER).exit_code, 1);
}

}  // namespace
}  // namespace srm
