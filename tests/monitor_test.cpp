#include "srm/monitor.h"

#include <ATen/ATen.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <torch/csrc/autograd/autograd.h>
#include <torch/csrc/jit/runtime/graph_executor.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <nlohmann/json.hpp>
#include <thread>

#include "file_bytes.h"
#include "file_size_limit.h"
#include "hooked_models.h"
#include "scratch_folder.h"
#include "srm/basis_comparison.h"
#include "srm/basis_generators.h"
#include "srm/error.h"
#include "srm/io.h"
#include "srm/merge.h"
#include "srm/null.h"
#include "srm/report.h"
#include "srm/statistics.h"

namespace srm {
namespace {

using test::load_model;
using test::rows;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;
using testing::ThrowsMessage;

MonitorOptions options_of(std::vector<std::string> layers = {"*"}) {
  MonitorOptions options;
  options.observe.layers = std::move(layers);
  options.observe.epsilon = {0.5};
  options.observe.num_angles = 36;
  return options;
}

std::shared_ptr<MemoryBudget> ample() { return std::make_shared<MemoryBudget>(std::int64_t{1} << 32); }

Resonance counted(const std::vector<at::Tensor>& activations, const ObserveOptions& options) {
  Observer observer("h", options, Layout::kAuto, ample());
  for (const at::Tensor& activation : activations) observer.observe(activation);
  return observer.resonance().value();
}

// Would catch rows that fall between windows, or into both.
TEST(MonitorTest, WindowsTogetherAreTheWhole) {
  const ScratchFolder folder;
  MonitorOptions options = options_of();
  options.results = folder / "results";
  Monitor monitor(options, ample());
  std::vector<at::Tensor> all;
  for (std::int64_t step = 1; step <= 3; ++step) {
    for (std::uint64_t batch = 0; batch < 4; ++batch) {
      all.push_back(rows({7 + step, 8}, 10 * static_cast<std::uint64_t>(step) + batch));
      monitor.observe("h", all.back());
    }
    const std::vector<Window> closed = monitor.step(step, {{"loss", 0.5}});
    ASSERT_THAT(closed, SizeIs(1));
    EXPECT_EQ(closed[0].phase, "training");
    EXPECT_THAT(closed[0].scalars, ElementsAre(std::pair<std::string, double>("loss", 0.5)));
    ASSERT_THAT(closed[0].layers, SizeIs(1));
    const std::vector<at::Tensor> own(all.end() - 4, all.end());
    EXPECT_EQ(closed[0].layers[0], window_of(counted(own, options.observe)));
  }
  Resonance sum = load_results(options.results / "step-00000001-training.srm.pt").layers.at(0);
  for (const char* name : {"step-00000002-training.srm.pt", "step-00000003-training.srm.pt"}) {
    sum = merge(sum, load_results(options.results / name).layers.at(0));
  }
  const Resonance whole = counted(all, options.observe);
  EXPECT_EQ(sum.parts().counts, whole.parts().counts);
  EXPECT_EQ(sum.parts().scores, whole.parts().scores);
  EXPECT_EQ(sum.parts().num_calls, whole.parts().num_calls);
}

TEST(MonitorTest, EvaluationIsKeptApart) {
  const torch::jit::Module model = load_model("mlp_scripted");
  torch::jit::Module trained = model;
  Monitor monitor(model, options_of({"*"}), ample());
  trained.train();
  monitor.forward({rows({5, 6})});
  trained.eval();
  monitor.forward({rows({9, 6})});
  monitor.forward({rows({2, 6})});
  const std::vector<Window> closed = monitor.step(1);
  ASSERT_THAT(closed, SizeIs(2));
  EXPECT_EQ(closed[0].phase, "training");
  EXPECT_EQ(closed[1].phase, "evaluation");
  EXPECT_EQ(closed[0].layers.at(0).num_samples_seen, 5);
  EXPECT_EQ(closed[1].layers.at(0).num_samples_seen, 11);
  EXPECT_THAT(monitor.step(2), SizeIs(1)) << "a window of training without rows has its scalars still";
  monitor.set_phase(Phase::kEvaluation);
  monitor.module().forward({rows({3, 6})});
  EXPECT_EQ(monitor.step(3).at(1).layers.at(0).num_samples_seen, 3);
}

// A loop that trains is the same bit for bit, watched or not, and handed tensors stay in their graph.
TEST(MonitorTest, TrainingIsTheSameWatchedOrNot) {
  const bool was_on = torch::jit::getGraphExecutorOptimize();
  torch::jit::setGraphExecutorOptimize(false);
  const auto trained = [&](bool is_watched) {
    torch::jit::Module model = load_model("mlp_scripted");
    std::vector<at::Tensor> parameters;
    for (const auto& parameter : model.parameters()) {
      const torch::NoGradGuard no_grad;
      parameter.copy_(rows(parameter.sizes(), 3) * 0.3);
      parameters.push_back(parameter);
    }
    model.train();
    std::optional<Monitor> monitor;
    if (is_watched) monitor.emplace(model, options_of(), ample());
    for (std::int64_t step = 0; step < 12; ++step) {
      const std::vector<c10::IValue> inputs = {rows({16, 6}, 40 + static_cast<std::uint64_t>(step))};
      const at::Tensor out = (is_watched ? monitor->forward(inputs) : model.forward(inputs)).toTensor();
      if (is_watched) monitor->observe("handed", out);
      const auto loss = out.pow(2).mean();
      const auto gradients = torch::autograd::grad({loss}, parameters);
      const torch::NoGradGuard no_grad;
      for (std::size_t k = 0; k < parameters.size(); ++k) parameters[k].sub_(0.1 * gradients[k]);
      if (is_watched && step % 4 == 3) monitor->step(step);
    }
    std::vector<at::Tensor> values;
    for (const at::Tensor& parameter : parameters) values.push_back(parameter.detach().clone());
    return values;
  };
  // Dropout draws from one generator.
  at::manual_seed(5);
  const auto bare = trained(false);
  at::manual_seed(5);
  const auto watched = trained(true);
  for (std::size_t k = 0; k < bare.size(); ++k) EXPECT_TRUE(at::equal(bare[k], watched[k])) << k;
  torch::jit::setGraphExecutorOptimize(was_on);
}

TEST(MonitorTest, EachWindowIsTestedAgainstRotations) {
  MonitorOptions options = options_of();
  options.num_rotations = 40;
  Monitor monitor(options, ample());
  const at::Tensor noise = rows({300, 8});
  const at::Tensor on_axes = at::one_hot(at::arange(300) % 8, 8).to(at::kFloat) + 0.05 * noise;
  monitor.observe("isotropic", noise);
  monitor.observe("aligned", on_axes);
  const Window window = monitor.step(0).at(0);
  EXPECT_GT(window.layers.at(0).p.value(), 0.05);
  EXPECT_LT(window.layers.at(1).p.value(), 0.05);
  NullOptions nulls;
  nulls.num_rotations = 40;
  EXPECT_EQ(window.layers[1].p, haar_null(on_axes, Basis::standard(8), nulls).p);
  monitor.observe("aligned", on_axes.slice(0, 0, 1));
  EXPECT_EQ(monitor.step(1).at(0).layers.at(0).p, std::nullopt) << "one row is no sample";
}

TEST(MonitorTest, TheHistoryGoesOnAfterADeath) {
  const ScratchFolder folder;
  MonitorOptions options = options_of();
  options.history = folder / "run.srmh";
  {
    Monitor monitor(options, ample());
    EXPECT_THAT(monitor.earlier().windows, IsEmpty());
    monitor.observe("h", rows({20, 8}));
    monitor.step(100);
  }
  std::filesystem::resize_file(options.history, std::filesystem::file_size(options.history) - 3);
  Monitor monitor(options, ample());
  EXPECT_THAT(monitor.earlier().windows, IsEmpty());
  EXPECT_GT(monitor.earlier().num_bytes_torn, 0);
  monitor.observe("h", rows({20, 8}));
  const std::vector<Window> closed = monitor.step(100);
  EXPECT_EQ(load_history(options.history).windows, closed);
  MonitorOptions other = options;
  other.observe.epsilon = {0.75};
  other.history = folder / "other.srmh";
  Monitor fresh(other, ample());
  EXPECT_THAT(load_history(other.history).settings, testing::Contains(testing::Pair("epsilon", "0.75")));
}

TEST(MonitorTest, WindowsThatTheDiskDidNotTakeComeWithTheNextStep) {
  const ScratchFolder folder;
  MonitorOptions options = options_of();
  options.history = folder / "run.srmh";
  Monitor monitor(options, ample());
  monitor.observe("h", rows({20, 8}));
  {
    const FileSizeLimit limit(std::filesystem::file_size(options.history) + 10);
    EXPECT_THAT([&] { monitor.step(1); }, ThrowsMessage<Error>(HasSubstr("must fit on the disk")));
  }
  monitor.observe("h", rows({30, 8}));
  monitor.step(2);
  const History history = load_history(options.history);
  ASSERT_THAT(history.windows, SizeIs(2));
  EXPECT_EQ(history.windows[0].step, 1);
  EXPECT_EQ(history.windows[0].layers.at(0).num_samples_seen, 20);
  EXPECT_EQ(history.windows[1].layers.at(0).num_samples_seen, 30);
}

TEST(MonitorTest, ResultsThatTheDiskDidNotTakeComeWithTheNextStep) {
  const ScratchFolder folder;
  MonitorOptions options = options_of();
  options.history = folder / "run.srmh";
  options.results = folder / "results";
  Monitor monitor(options, ample());
  monitor.observe("h", rows({20, 8}));
  std::filesystem::remove_all(options.results);
  std::ofstream(options.results) << "in the way";
  EXPECT_THROW(monitor.step(1), Error);
  std::filesystem::remove(options.results);
  monitor.step(2);
  EXPECT_EQ(load_results(options.results / "step-00000001-training.srm.pt").layers.at(0).num_samples_seen(), 20);
  EXPECT_EQ(load_history(options.history).windows.size(), 2U) << "each once";
  options.results = options.history;
  EXPECT_THAT([&] { Monitor(options, ample()); }, ThrowsMessage<Error>(HasSubstr("folder for results")));
}

TEST(MonitorTest, ALayerOfNothingButNansIsToldAndCentredRowsTakeNoWindowAlong) {
  MonitorOptions options = options_of();
  options.observe.centre = true;
  options.observe.mean = std::vector<double>(8, 1.0);
  options.num_rotations = 20;
  Monitor monitor(options, ample());
  monitor.observe("nan", at::full({4, 8}, std::nan("")));
  monitor.observe("mean", at::ones({4, 8}));
  const Window window = monitor.step(1).at(0);
  ASSERT_THAT(window.layers, SizeIs(2));
  EXPECT_EQ(window.layers[0].num_samples_nonfinite, 4);
  EXPECT_EQ(window.layers[1].p, std::nullopt);
}

TEST(MonitorTest, LimitsAndSamplingHoldInEachWindow) {
  MonitorOptions options = options_of();
  options.observe.limit = 10;
  Monitor monitor(options, ample());
  for (const std::int64_t step : {1, 2}) {
    for (int k = 0; k < 3; ++k) monitor.observe("h", rows({7, 8}));
    const Window window = monitor.step(step).at(0);
    EXPECT_EQ(window.layers.at(0).num_samples_seen, 10);
    EXPECT_EQ(window.layers.at(0).num_samples_skipped, 11);
  }
}

// Every row is in exactly one window, whatever the threads do.
TEST(MonitorTest, ThreadsMayObserveWhileWindowsClose) {
  Monitor monitor(options_of(), ample());
  constexpr std::int64_t kCalls = 60;
  std::vector<std::jthread> threads;
  for (std::uint64_t t = 0; t < 3; ++t) {
    threads.emplace_back([&monitor, x = rows({5, 8}, t)] {
      for (std::int64_t k = 0; k < kCalls; ++k) monitor.observe(k % 2 == 0 ? "even" : "odd", x);
    });
  }
  std::int64_t num_samples = 0;
  const auto add = [&](const std::vector<Window>& closed) {
    for (const LayerWindow& layer : closed.at(0).layers) num_samples += layer.num_samples_seen;
  };
  for (std::int64_t step = 0; step < 20; ++step) add(monitor.step(step));
  threads.clear();
  add(monitor.step(20));
  EXPECT_EQ(num_samples, 3 * kCalls * 5);
}

TEST(MonitorTest, MemoryOfAWindowIsThatOfTheNext) {
  const auto budget = ample();
  Monitor monitor(options_of(), budget);
  monitor.observe("h", rows({50, 32}));
  const std::int64_t bytes = budget->reserved_bytes();
  for (std::int64_t step = 0; step < 5; ++step) {
    monitor.step(step);
    monitor.observe("h", rows({50, 32}));
    EXPECT_EQ(budget->reserved_bytes(), bytes);
  }
}

// A width that changes is an error of the observer, which must not end a training.
TEST(MonitorTest, AnObserverThatFailsIsTakenOffAndTold) {
  MonitorOptions options = options_of({"*"});
  options.observe.basis = std::make_shared<const Basis>(Basis::standard(99));
  options.observe.on_error = OnError::kDetach;
  Monitor monitor(load_model("mlp_scripted"), options, ample());
  EXPECT_NO_THROW(monitor.forward({rows({5, 6})}));
  EXPECT_THAT(monitor.failures(), testing::Not(IsEmpty()));
  EXPECT_THAT(monitor.step(1).at(0).layers, IsEmpty());
}

TEST(MonitorTest, JsonLinesAreTheWindowsOfTheHistory) {
  const ScratchFolder folder;
  MonitorOptions options = options_of();
  options.history = folder / "run.srmh";
  options.json_lines = folder / "run.jsonl";
  for (const std::int64_t step : {1, 2}) {
    Monitor monitor(options, ample());
    monitor.observe("h", rows({20, 8}, static_cast<std::uint64_t>(step)));
    monitor.step(step, {{"loss", 0.5}});
  }
  std::string lines;
  for (const auto& window : timeline_json(load_history(options.history))) lines += window.dump() + "\n";
  EXPECT_EQ(bytes_of(options.json_lines), lines);
}

// Each file has each window once, whichever of them the disk did not take.
TEST(MonitorTest, WhatWasTakenAwayIsMadeAgainOrTold) {
  const ScratchFolder folder;
  MonitorOptions options = options_of();
  options.history = folder / "gone.srmh";
  options.json_lines = folder / "stays.jsonl";
  options.results = folder / "results";
  Monitor monitor(options, ample());
  std::filesystem::remove_all(options.results);
  monitor.observe("h", rows({20, 8}));
  monitor.step(1);
  EXPECT_TRUE(std::filesystem::exists(options.results / "step-00000001-training.srm.pt"));
  std::filesystem::remove(options.history);
  for (const std::int64_t step : {2, 3}) {
    monitor.observe("h", rows({20, 8}));
    EXPECT_THAT([&] { monitor.step(step); }, ThrowsMessage<Error>(HasSubstr("the history must stay where it is")));
  }
  // The other places go on.
  const std::string lines = bytes_of(options.json_lines);
  EXPECT_EQ(std::count(lines.begin(), lines.end(), '\n'), 3);
  EXPECT_TRUE(std::filesystem::exists(options.results / "step-00000003-training.srm.pt"));
}

TEST(MonitorTest, AFullDiskLosesNoLineAndWritesNoneTwice) {
  const ScratchFolder folder;
  MonitorOptions options = options_of();
  options.json_lines = folder / "run.jsonl";
  options.tensorboard = folder / "events";
  Monitor monitor(options, ample());
  monitor.observe("h", rows({20, 8}));
  monitor.step(1);
  monitor.observe("h", rows({30, 8}));
  {
    const auto events = std::filesystem::directory_iterator(options.tensorboard)->path();  // longer than lines
    const FileSizeLimit limit(std::filesystem::file_size(events) + 10);
    EXPECT_THAT([&] { monitor.step(2); }, ThrowsMessage<Error>(HasSubstr("must fit on the disk")));
  }
  monitor.step(3);
  const std::string lines = bytes_of(options.json_lines);
  EXPECT_EQ(std::count(lines.begin(), lines.end(), '\n'), 3);
}

MonitorOptions relearning() {
  MonitorOptions options = options_of();
  options.observe.basis_rule = learning_rule({.method = LearnMethod::kAligned}, 2000);
  options.relearn_every = 10;
  return options;
}

// Rows on the axes of a turned basis: the learned one finds it, and counts in it from the next window on.
TEST(MonitorTest, ABasisIsLearnedAnewAndItsDriftIsTold) {
  constexpr std::int64_t kDim = 6;
  const at::Tensor axes = at::cat({at::eye(kDim, at::kDouble), -at::eye(kDim, at::kDouble)}).repeat({50, 1});
  const at::Tensor on_axes = axes + 0.02 * rows({600, kDim});
  const at::Tensor turn = haar_rotation(kDim, 1), other_turn = haar_rotation(kDim, 2);
  Monitor monitor(relearning(), ample());
  const auto closed = [&](std::int64_t step, const at::Tensor& seen) {
    monitor.set_phase(Phase::kTraining);
    monitor.observe("h", seen);
    monitor.set_phase(Phase::kEvaluation);
    monitor.observe("h", seen);
    return monitor.step(step);
  };
  const std::vector<Window> first = closed(5, at::matmul(on_axes, turn));
  const LayerWindow& learned = first.at(0).layers.at(0);
  EXPECT_EQ(learned.basis_name, "standard");
  ASSERT_TRUE(learned.drift);
  EXPECT_TRUE(std::isnan(learned.drift->to_previous)) << "there is none before";
  const double to_axes = compare_bases(turn, at::eye(kDim, at::kDouble)).mean_matched_cosine;
  EXPECT_NEAR(learned.drift->to_standard, to_axes, 0.01);
  EXPECT_GT(learned.drift->chance, 0.5);
  EXPECT_FALSE(first.at(1).layers.at(0).drift) << "bases are learned while the model trains";

  const std::vector<Window> second = closed(10, at::matmul(on_axes, turn));
  for (const Window& window : second) {
    EXPECT_EQ(window.layers.at(0).basis_name, "learned-aligned, step 5") << window.phase;
    EXPECT_GT(window.layers.at(0).a4, 0.9) << window.phase;
    EXPECT_FALSE(window.layers.at(0).drift) << "5 steps are less than 10";
  }
  const LayerWindow same = closed(15, at::matmul(on_axes, turn)).at(0).layers.at(0);
  EXPECT_GT(same.drift.value().to_previous, 0.999);
  const LayerWindow turned = closed(25, at::matmul(on_axes, other_turn)).at(0).layers.at(0);
  EXPECT_NEAR(turned.drift.value().to_previous, compare_bases(turn, other_turn).mean_matched_cosine, 0.01);
}

// A layer that evaluation alone comes to later counts in the same basis; one of too few rows keeps what it has.
TEST(MonitorTest, ALearnedBasisIsThatOfBothPhases) {
  Monitor monitor(relearning(), ample());
  monitor.observe("h", rows({300, 6}));
  monitor.observe("few", rows({1, 6}));
  const Window first = monitor.step(0).at(0);
  EXPECT_TRUE(first.layers.at(0).drift);
  EXPECT_FALSE(first.layers.at(1).drift);
  monitor.set_phase(Phase::kEvaluation);
  monitor.observe("h", rows({300, 6}));
  EXPECT_EQ(monitor.step(1).at(1).layers.at(0).basis_name, "learned-aligned, step 0");
  MonitorOptions without = relearning();
  without.observe.basis_rule = {"standard"};
  EXPECT_THAT([&] { Monitor(without, ample()); }, ThrowsMessage<Error>(HasSubstr("a rule that takes rows")));
  without.relearn_every = -1;
  EXPECT_THAT([&] { Monitor(without, ample()); }, ThrowsMessage<Error>(HasSubstr("every 1 step or more")));
}

TEST(MonitorTest, ABasisIsLearnedFromAModelsLayersToo) {
  torch::jit::Module model = load_model("mlp_scripted");
  MonitorOptions options = relearning();
  Monitor monitor(model, options, ample());
  model.train();
  monitor.forward({rows({200, 6})});
  monitor.step(0);
  model.eval();
  monitor.forward({rows({200, 6})});
  for (const LayerWindow& layer : monitor.step(1).at(1).layers) EXPECT_THAT(layer.basis_name, HasSubstr("step 0"));
}

TEST(MonitorTest, WhatCannotBeWatchedIsRefused) {
  MonitorOptions centred = options_of();
  centred.observe.centre = true;
  EXPECT_THAT([&] { Monitor(centred, ample()); }, ThrowsMessage<Error>(HasSubstr("no pass before it")));
  MonitorOptions rotations = options_of();
  rotations.num_rotations = 1;
  EXPECT_THAT([&] { Monitor(rotations, ample()); }, ThrowsMessage<Error>(HasSubstr("two rotations or more")));
  MonitorOptions without = options_of();
  without.observe.counts = false;
  without.observe.num_test_rows = 5;
  EXPECT_THAT([&] { Monitor(without, ample()); }, ThrowsMessage<Error>(HasSubstr("a window is of counts")));
  Monitor monitor(options_of(), ample());
  EXPECT_THAT([&] { monitor.step(-1); }, ThrowsMessage<Error>(HasSubstr("numbered from 0; got -1")));
  EXPECT_THAT([&] { monitor.module(); }, ThrowsMessage<Error>(HasSubstr("there must be a model")));
  EXPECT_THAT([&] { monitor.forward({}); }, ThrowsMessage<Error>(HasSubstr("there must be a model")));
  monitor.observe("h", rows({4, 8}));
  EXPECT_THAT([&] { monitor.observe("h", rows({4, 9})); }, ThrowsMessage<Error>(HasSubstr("must have 8 numbers")));
  EXPECT_EQ(monitor.step(0).at(0).layers.at(0).num_samples_seen, 4);
}

}  // namespace
}  // namespace srm
