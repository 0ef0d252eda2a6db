#include <ATen/ATen.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <sstream>
#include <stdexcept>
#include <string>

#include "activation_basis/case_file.h"
#include "activation_basis/experiment.h"
#include "activation_basis/network.h"
#include "activation_basis/report.h"
#include "digit_networks.h"
#include "file_bytes.h"
#include "scratch_folder.h"
#include "srm/error.h"

namespace srm::activation_basis {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::ThrowsMessage;

constexpr Settings kShort = {.num_epochs = 2, .num_rotations = 3};

ExperimentOptions tiny(std::vector<std::string> networks, std::int64_t num_seeds = 1) {
  ExperimentOptions options;
  options.networks = std::move(networks);
  options.num_seeds = num_seeds;
  options.widths = {4};
  options.settings = kShort;
  return options;
}

CaseResult short_case(const std::string& network, std::int64_t width, std::uint64_t seed) {
  const ScratchFolder folder;
  ExperimentOptions options = tiny({network});
  options.widths = {width};
  options.first_seed = seed;
  return run_experiment(options, folder.path()).front();
}

std::map<std::string, std::string> files_of(const std::filesystem::path& folder) {
  std::map<std::string, std::string> files;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    files[entry.path().filename()] = bytes_of(entry.path());
  }
  return files;
}

TEST(ExperimentNetworkTest, FunctionsAreThoseOfTheNetworks) {
  for (const Network& network : networks()) {
    const DigitAutoencoderOptions options = training_options(network, 16, 3, 0);
    const TrainedAutoencoder made = train_digit_autoencoder(options, split().training_images);
    EXPECT_EQ(made.acting_basis.has_value(), network.has_acting_basis() && !network.acts_in_standard_basis());
    const BottleneckActivations seen = held_out_bottleneck(made.model);
    const at::Tensor expected = function_of(network, made.acting_basis)(seen.before.to(at::kDouble));
    EXPECT_TRUE(at::allclose(expected, seen.after.to(at::kDouble), 0, 2e-6)) << network.name;
  }
  EXPECT_THAT([] { network_named("gelu"); }, ThrowsMessage<Error>(HasSubstr("got gelu; choose from tanh, ")));
}

TEST(ExperimentNetworkTest, CasesGoByWidthNetworkAndSeed) {
  ExperimentOptions options;
  options.networks = {"linear", "tanh-frame-24"};  // the order of tables is the experiment's own
  options.widths = {24, 16};
  options.first_seed = 7;
  options.num_seeds = 2;
  std::vector<std::string> names;
  for (const CaseKey& key : cases_of(options)) names.push_back(key.name());
  EXPECT_EQ(names, (std::vector<std::string>{"linear-w24-s7", "linear-w24-s8", "tanh-frame-24-w16-s7",
                                             "tanh-frame-24-w16-s8", "linear-w16-s7", "linear-w16-s8"}));
  const auto refuses = [&](auto change, const std::string& words) {
    ExperimentOptions changed = options;
    change(changed);
    EXPECT_THAT([&] { cases_of(changed); }, ThrowsMessage<Error>(HasSubstr(words)));
  };
  refuses([](auto& o) { o.num_seeds = 0; }, "there must be a seed; got 0");
  refuses([](auto& o) { o.settings.num_epochs = 0; }, "networks must be trained; got 0");
  refuses([](auto& o) { o.settings.num_rotations = 1; }, "a null takes 2 rotations or more; got 1");
  refuses([](auto& o) { o.num_threads = 0; }, "there must be a thread; got 0");
  refuses([](auto& o) { o.widths = {1}; }, "a bottleneck must have a plane; got width 1");
  refuses([](auto& o) { o.networks = {"relu", "gelu"}; }, "must be one of the experiment's; got gelu");
  refuses(
      [](auto& o) {
        o.networks = {"tanh-frame-48"};
        o.widths = {24};
      },
      "there must be a network of these widths; got none");
}

TEST(ExperimentCaseTest, EveryStagePlaceAndBasisIsScored) {
  const CaseResult rotated = short_case("tanh-rotated", 4, 1);
  EXPECT_EQ(rotated.scores.size(), 2U * 2 * 4);
  const CaseResult isotropic = short_case("isotropic", 4, 1);
  EXPECT_EQ(isotropic.scores.size(), 2U * 2 * 3);
  const CaseResult relu = short_case("relu", 4, 1);
  EXPECT_LT(relu.trained_error, relu.untrained_error);
  for (const Stage stage : {Stage::kUntrained, Stage::kTrained}) {
    for (const Place place : {Place::kBefore, Place::kAfter}) {
      const bool is_after = place == Place::kAfter;
      EXPECT_EQ(rotated.find(stage, place, JudgedBasis::kActing)->m1.has_value(), is_after);
      EXPECT_EQ(isotropic.find(stage, place, JudgedBasis::kStandard)->m1c.has_value(), is_after);
      EXPECT_FALSE(rotated.find(stage, place, JudgedBasis::kStandard)->m1.has_value());
      EXPECT_EQ(isotropic.find(stage, place, JudgedBasis::kActing), nullptr);
      BasisScore acting = *relu.find(stage, place, JudgedBasis::kActing);
      acting.basis = JudgedBasis::kStandard;
      EXPECT_EQ(acting, *relu.find(stage, place, JudgedBasis::kStandard));
      EXPECT_TRUE(relu.find(stage, place, JudgedBasis::kLearnedAligned)->learned.has_value());
    }
  }
}

TEST(ExperimentCaseTest, ScoresAreOfHeldOutCentredActivations) {
  const CaseResult result = short_case("tanh-rotated", 16, 2);
  const TrainedAutoencoder made = train_digit_autoencoder(
      {.function = BottleneckFunction::kTanhRotated, .seed = 2, .num_epochs = kShort.num_epochs},
      split().training_images);
  const BottleneckActivations seen = held_out_bottleneck(made.model);
  const auto measured = [&](Place place, JudgedBasis basis) { return result.find(Stage::kTrained, place, basis)->a4; };
  EXPECT_NEAR(measured(Place::kBefore, JudgedBasis::kActing), a4(seen.before, *made.acting_basis), 1e-9);
  EXPECT_NEAR(measured(Place::kAfter, JudgedBasis::kActing), a4(seen.after, *made.acting_basis), 1e-9);
  EXPECT_NEAR(measured(Place::kAfter, JudgedBasis::kStandard), a4(seen.after), 1e-9);
  EXPECT_DOUBLE_EQ(result.trained_error, reconstruction_error(made.model, split().held_out_images));
}

TEST(ExperimentCaseTest, FilesReadBackTheSame) {
  const ScratchFolder folder;
  const CaseResult result = short_case("linear", 4, 5);
  write_case(folder.path(), result);
  const std::filesystem::path path = folder / "linear-w4-s5.json";
  EXPECT_EQ(read_case(path, kShort), result);
  const std::string bytes = bytes_of(path);
  const auto refuses = [&](const std::string& from, const std::string& to, const std::string& words) {
    std::string changed = bytes;
    ASSERT_NE(changed.find(from), std::string::npos) << from;
    changed.replace(changed.find(from), from.size(), to);
    std::ofstream(path) << changed;
    EXPECT_THAT([&] { read_case(path, kShort); }, ThrowsMessage<Error>(HasSubstr(words))) << to;
  };
  refuses("\"epochs\": 2", "\"epochs\": 3", "must have the same --epochs; got 3 in this file and 2 now");
  refuses("\"rotations\": 3", "\"rotations\": 200", "must have the same --rotations; got 200 in this file and 3 now");
  refuses("\"version\": \"", "\"version\": \"9.", "must come from one version of torchsrm");
  refuses("\"seed\": 5", "\"seed\": 6", "a case must lie in the file of its name; got linear-w4-s6");
  refuses("\"before\"", "\"behind\"", "got behind");
  refuses("\"scores\"", "\"score\"", "must be one that this command wrote");
  refuses("{", "", "must be one that this command wrote");
}

TEST(ExperimentTest, AnEndedExperimentGoesOnToTheSameBytesOnAnyNumberOfThreads) {
  const ExperimentOptions options = tiny({"tanh", "isotropic"}, 2);
  const ScratchFolder whole;
  const std::vector<CaseResult> cases = run_experiment(options, whole.path());
  EXPECT_EQ(cases.size(), 4U);

  const ScratchFolder ended;
  const auto end_after_one = [](const ExperimentProgress& progress) {
    if (progress.num_done == 1) throw std::runtime_error("ended");
  };
  EXPECT_THAT([&] { run_experiment(options, ended.path(), end_after_one); },
              ThrowsMessage<std::runtime_error>(HasSubstr("ended")));
  EXPECT_EQ(ended.num_files(), 1);
  ExperimentOptions threaded = options;
  threaded.num_threads = 3;
  std::int64_t num_found = -1;
  std::vector<std::string> finished;
  const std::vector<CaseResult> resumed =
      run_experiment(threaded, ended.path(), [&](const ExperimentProgress& progress) {
        num_found = progress.num_found;
        EXPECT_EQ(progress.num_cases, 4);
        if (progress.finished != nullptr) finished.push_back(progress.finished->key.name());
      });
  EXPECT_EQ(num_found, 1);
  EXPECT_EQ(finished.size(), 3U);
  EXPECT_EQ(resumed, cases);
  EXPECT_EQ(files_of(ended.path()), files_of(whole.path()));

  double share = 0;
  EXPECT_EQ(run_experiment(options, ended.path(), [&](const auto& progress) { share = progress.share_done; }), cases);
  EXPECT_EQ(share, 1);
}

TEST(ExperimentTest, EndingInTheMiddleOfATrainingLeavesNoHalfCase) {
  const ScratchFolder folder;
  const auto end_halfway = [](const ExperimentProgress& progress) {
    if (progress.share_done > 0.5) throw std::runtime_error("ended");
  };
  EXPECT_THROW(run_experiment(tiny({"linear"}), folder.path(), end_halfway), std::runtime_error);
  EXPECT_EQ(folder.num_files(), 0);
}

TEST(ExperimentTest, OtherSettingsInTheFolderAreRefusedBeforeAnythingIsTrained) {
  const ScratchFolder folder;
  run_experiment(tiny({"linear"}), folder.path());
  ExperimentOptions other = tiny({"tanh"});
  other.settings.num_epochs = 3;
  EXPECT_THAT([&] { run_experiment(other, folder.path()); },
              ThrowsMessage<Error>(HasSubstr("the same --epochs; got 2 in this file and 3 now")));
  EXPECT_EQ(folder.num_files(), 1);
}

TEST(ExperimentReportTest, TableTextAndFilesTellTheSame) {
  const ScratchFolder folder;
  ExperimentOptions options = tiny({"tanh", "tanh-rotated", "isotropic"}, 3);
  options.widths = {16};
  const Findings findings = findings_of(run_experiment(options, folder.path()));
  EXPECT_EQ(findings.table.size(), 2U * 2 * (4 + 4 + 3));
  const SummaryRow& row = findings.table.front();
  EXPECT_EQ(row.num_seeds, 3);
  EXPECT_LE(row.a4.min, row.a4.median);
  EXPECT_LE(row.a4.median, row.a4.max);

  const std::string text = to_text(findings);
  EXPECT_THAT(text, HasSubstr("tanh-rotated, width 16\n"));
  EXPECT_THAT(text, HasSubstr("trained for 2 epochs; nulls of 3 rotations"));
  EXPECT_THAT(text,
              HasSubstr("  DIFFERS tanh          after, learned-diagonal: match          >= 0.99                  "
                        "measured "));
  EXPECT_THAT(text, HasSubstr("so these networks do not bear out the claim"));
  std::istringstream lines(text.substr(0, text.find("\nExpectations")));
  for (std::string line; std::getline(lines, line);) EXPECT_LE(line.size(), 122U) << line;

  write_reports(findings, folder.path());
  const std::string csv = bytes_of(folder / "table.csv");
  EXPECT_EQ(std::count(csv.begin(), csv.end(), '\n'), 1 + 3 * 2 * 2 * (4 + 4 + 3));
  const auto num_fields = std::count(csv.begin(), csv.begin() + static_cast<std::ptrdiff_t>(csv.find('\n')), ',');
  std::istringstream rows(csv);
  for (std::string line; std::getline(rows, line);) EXPECT_EQ(std::count(line.begin(), line.end(), ','), num_fields);
  const auto json = nlohmann::ordered_json::parse(bytes_of(folder / "experiment.json"));
  EXPECT_EQ(json.at("cases").size(), 9U);
  EXPECT_EQ(json.at("table").size(), findings.table.size());
  EXPECT_EQ(json.at("conclusion"), findings.conclusion);
  const std::string page = bytes_of(folder / "experiment.html");
  for (const char* place : {"{{data}}", "{{page.js}}", "{{report.css}}", "{{plotly.min.js}}"}) {
    EXPECT_THAT(page, Not(HasSubstr(place)));
  }
  EXPECT_THAT(page, HasSubstr("id=\"data\">{\"format\":\"torchsrm-experiment\""));
}

TEST(ExperimentReportTest, WithoutTheNetworksThatItTakesThereIsNoConclusion) {
  const ScratchFolder folder;
  const Findings findings = findings_of(run_experiment(tiny({"tanh"}), folder.path()));
  EXPECT_TRUE(findings.expectations.empty()) << "expectations are of width 16";
  EXPECT_THAT(findings.conclusion, HasSubstr("No conclusion"));
}

// What the networks of the experiment show, in a form that takes a minute: 150 epochs suffice for it.
TEST(ActivationBasisTest, TanhPrivilegesItsBasisAndIsotropicNone) {
  const ScratchFolder folder;
  ExperimentOptions options;
  options.networks = {"tanh", "tanh-turned", "isotropic", "relu"};
  options.num_seeds = 2;
  options.num_threads = 2;
  options.settings = {.num_epochs = 150, .num_rotations = 100};
  const Findings findings = findings_of(run_experiment(options, folder.path()));
  std::map<std::string, int> num_bounds;
  for (const Expectation& one : findings.expectations) {
    if (one.is_figure) continue;
    ++num_bounds[one.network];
    EXPECT_TRUE(one.holds) << one.network << ", " << one.claim << ": " << one.expected << "; measured " << one.measured;
  }
  EXPECT_EQ(num_bounds, (std::map<std::string, int>{{"tanh", 4}, {"tanh-turned", 2}, {"isotropic", 3}, {"relu", 1}}));
}

}  // namespace
}  // namespace srm::activation_basis
