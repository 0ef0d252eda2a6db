#include "checkpoint.h"

#include <ATen/ATen.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>

#include "hooked_models.h"
#include "scratch_folder.h"
#include "srm/error.h"
#include "srm/io.h"

namespace srm {
namespace {

using testing::HasSubstr;
using testing::ThrowsMessage;

ObserveOptions everything() {
  ObserveOptions options;
  options.epsilon = {0.5, -0.1};
  options.num_angles = 15;
  options.is_signed = true;
  options.centre = true;
  options.num_classes = 3;
  options.by_class = true;
  options.num_nearest = 2;
  options.density_planes = {{0, 1}, {2, 3}};
  options.density_points = 4;
  options.num_test_rows = 20;
  options.fraction = 0.7;
  options.limit = 60;
  return options;
}

struct Samples {
  at::Tensor rows = test::rows({100, 5});
  at::Tensor labels = at::arange(100, at::kLong).remainder(4) - 1;

  void give(Observer& observer, std::int64_t begin, std::int64_t end) const {
    observer.observe(rows.slice(0, begin, end), {}, {labels.slice(0, begin, end), begin, end - begin});
  }
};

std::string bytes_of(const Observer& observer) {
  Results results;
  add(observer.layer(), results);
  return to_bytes(results);
}

class CheckpointTest : public testing::Test {
 protected:
  // Behind the pass that takes the mean.
  std::unique_ptr<Observer> observer() const {
    auto made = std::make_unique<Observer>("layer", options_, Layout::kAuto, std::make_shared<MemoryBudget>());
    samples_.give(*made, 0, 100);
    made->finish_pass();
    return made;
  }
  Checkpoint through_file(const Checkpoint& checkpoint) const {
    save(checkpoint, folder_ / "checkpoint.pt");
    return load_checkpoint(folder_ / "checkpoint.pt");
  }

  const Samples samples_;
  const ObserveOptions options_ = everything();
  const ScratchFolder folder_;
};

TEST_F(CheckpointTest, AnObserverGoesOnFromAFileAndCountsOn) {
  const auto once = observer();
  for (std::int64_t k = 0; k < 100; k += 10) samples_.give(*once, k, k + 10);
  for (const std::int64_t middle : {0, 10, 50, 90, 100}) {
    const auto first = observer(), second = observer();
    for (std::int64_t k = 0; k < middle; k += 10) samples_.give(*first, k, k + 10);
    Checkpoint checkpoint{{{"--seed", "0"}}, middle, 1 << 30};
    checkpoint.sites.push_back({"layer", 3, Error("where", "rule", "got", "advice"), {{"layer:1", "an integer"}}});
    checkpoint.sites[0].parts.push_back(first->state());
    Checkpoint read = through_file(checkpoint);
    EXPECT_EQ(read.run, checkpoint.run);
    EXPECT_EQ(read.num_samples_done, middle);
    EXPECT_EQ(read.memory_limit, 1 << 30);
    EXPECT_EQ(read.sites.at(0).num_calls, 3);
    EXPECT_STREQ(read.sites.at(0).failure->what(), checkpoint.sites[0].failure->what());
    EXPECT_EQ(read.sites.at(0).left_out, checkpoint.sites[0].left_out);
    second->resume(std::move(read.sites.at(0).parts.at(0)));
    for (std::int64_t k = middle; k < 100; k += 10) samples_.give(*second, k, k + 10);
    EXPECT_EQ(bytes_of(*second), bytes_of(*once)) << middle;
    EXPECT_EQ(second->sample()->rows(), once->sample()->rows()) << middle;
    EXPECT_EQ(second->sample()->row_numbers(), once->sample()->row_numbers());
  }
}

TEST_F(CheckpointTest, ItGoesOnOnlyWhereItWouldCount) {
  const auto first = observer();
  samples_.give(*first, 0, 50);
  const auto counted = observer();
  samples_.give(*counted, 0, 10);
  EXPECT_THAT([&] { counted->resume(first->state()); }, ThrowsMessage<Error>(HasSubstr("one that has counted")));
  Observer early("layer", options_, Layout::kAuto, std::make_shared<MemoryBudget>());
  EXPECT_THAT([&] { early.resume(first->state()); }, ThrowsMessage<Error>(HasSubstr("one with a pass to come")));
}

TEST_F(CheckpointTest, AnotherMeanIsRefusedNamingBoth) {
  const auto first = observer();
  samples_.give(*first, 0, 50);
  Observer other("layer", options_, Layout::kAuto, std::make_shared<MemoryBudget>());
  other.add(samples_.rows + 1);
  other.finish_pass();
  EXPECT_THAT([&] { other.resume(first->state()); },
              ThrowsMessage<Error>(HasSubstr("mean, at number 0, must be the same in both")));
}

TEST_F(CheckpointTest, AModuleGoesOnAtTheSamePlacesAlone) {
  const torch::jit::Module model = test::load_model("mlp_scripted");
  ObserveOptions options;
  options.epsilon = {0.5};
  const ObservedModule whole(model, options), first(model, options), second(model, options);
  const at::Tensor rows = test::rows({30, 6});
  whole.forward({rows.slice(0, 0, 10)});
  whole.forward({rows.slice(0, 10, 30)});
  first.forward({rows.slice(0, 0, 10)});
  second.resume(through_file({{}, 10, 0, first.states()}).sites);
  second.forward({rows.slice(0, 10, 30)});
  EXPECT_EQ(to_bytes(second.results()), to_bytes(whole.results()));
  options.layers = {whole.addresses().front()};
  const ObservedModule fewer(model, options);
  EXPECT_THAT([&] { fewer.resume(first.states()); }, ThrowsMessage<Error>(HasSubstr("observed at the same places")));
}

TEST_F(CheckpointTest, SomethingElseIsNamed) {
  save(Results(), folder_ / "result.pt");
  EXPECT_THAT([&] { load_checkpoint(folder_ / "result.pt"); },
              ThrowsMessage<Error>(HasSubstr("with the format 'torchsrm-checkpoint'; got torchsrm-result")));
  save_pickle(at::zeros({1}), folder_ / "tensor.pt");
  EXPECT_THAT([&] { load_checkpoint(folder_ / "tensor.pt"); }, ThrowsMessage<Error>(HasSubstr("must be a dict")));
}

}  // namespace
}  // namespace srm
