#include "srm/model_inputs.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "scratch_folder.h"
#include "srm/error.h"
#include "srm/io.h"

namespace srm {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::ThrowsMessage;

/// forward(self, x, mask, scale=2): two arguments that must be given and one that need not.
c10::FunctionSchema schema() {
  const auto argument = [](const char* name, const c10::TypePtr& type) { return c10::Argument(name, type); };
  return c10::FunctionSchema("forward", "",
                             {argument("self", c10::AnyType::get()), argument("x", c10::TensorType::get()),
                              argument("mask", c10::TensorType::get()),
                              c10::Argument("scale", c10::FloatType::get(), std::nullopt, c10::IValue(2.0))},
                             {argument("", c10::TensorType::get())});
}

class ModelInputsTest : public testing::Test {
 protected:
  std::string save(const c10::IValue& value) {
    const auto path = folder_ / "inputs.pt";
    save_pickle(value, path);
    return path.string();
  }

  ScratchFolder folder_;
  const torch::Tensor x_ = torch::arange(12, torch::kFloat).reshape({6, 2});
  const torch::Tensor mask_ = torch::arange(6, torch::kFloat);
};

c10::IValue dict_of(std::vector<std::pair<std::string, c10::IValue>> entries) {
  c10::impl::GenericDict dict(c10::StringType::get(), c10::AnyType::get());
  for (auto& [key, value] : entries) dict.insert(key, value);
  return dict;
}

TEST_F(ModelInputsTest, TupleGoesByPositionInBatches) {
  const auto inputs = ModelInputs::read(save(c10::ivalue::Tuple::create({x_, mask_})), schema());
  EXPECT_EQ(inputs.num_samples(), 6);
  const auto [positional, named] = inputs.batch(4, 6);
  ASSERT_EQ(positional.size(), 2U);
  EXPECT_TRUE(torch::equal(positional[0].toTensor(), x_.slice(0, 4, 6)));
  EXPECT_TRUE(torch::equal(positional[1].toTensor(), mask_.slice(0, 4, 6)));
  EXPECT_TRUE(named.empty());
}

TEST_F(ModelInputsTest, DictGoesByNameAndWhatIsNoTensorWithEveryBatch) {
  const auto inputs = ModelInputs::read(save(dict_of({{"mask", mask_}, {"x", x_}, {"scale", 3.0}})), schema());
  const auto [positional, named] = inputs.batch(0, 4);
  EXPECT_TRUE(positional.empty());
  EXPECT_TRUE(torch::equal(named.at("x").toTensor(), x_.slice(0, 0, 4)));
  EXPECT_EQ(named.at("scale").toDouble(), 3.0);
}

TEST_F(ModelInputsTest, WhatIsDoneToABatchInPlaceIsNotSeenAgain) {
  const auto inputs = ModelInputs::read(save(c10::ivalue::Tuple::create({x_, mask_})), schema());
  inputs.batch(0, 3).first[0].toTensor().zero_();
  EXPECT_TRUE(torch::equal(inputs.batch(0, 3).first[0].toTensor(), x_.slice(0, 0, 3)));
}

TEST_F(ModelInputsTest, WhatTheModelDoesNotTakeIsNamed) {
  EXPECT_THAT([&] { ModelInputs::read(save(x_), schema()); },
              ThrowsMessage<Error>(AllOf(HasSubstr("forward(x, mask, scale)"), HasSubstr("none for 'mask'"))));
  EXPECT_THAT(
      [&] {
        ModelInputs::read(save(dict_of({{"x", x_}, {"masks", mask_}})), schema());
      },
      ThrowsMessage<Error>(HasSubstr("got 'masks'")));
  EXPECT_THAT(
      [&] {
        ModelInputs::read(save(c10::ivalue::Tuple::create({x_, mask_, 1.0, 2.0})), schema());
      },
      ThrowsMessage<Error>(HasSubstr("takes 3 arguments; got 4")));
}

TEST_F(ModelInputsTest, SamplesMustAgreeAndBeThere) {
  EXPECT_THAT(
      [&] {
        ModelInputs::read(save(c10::ivalue::Tuple::create({x_, mask_.slice(0, 0, 5)})), schema());
      },
      ThrowsMessage<Error>(HasSubstr("6 in 'x' and 5 in 'mask'")));
  EXPECT_THAT(
      [&] {
        ModelInputs::read(save(c10::ivalue::Tuple::create({x_.slice(0, 0, 0), mask_.slice(0, 0, 0)})), schema());
      },
      ThrowsMessage<Error>(HasSubstr("0 samples")));
  EXPECT_THAT(
      [&] {
        ModelInputs::read(save(c10::ivalue::Tuple::create({1.0, 2.0})), schema());
      },
      ThrowsMessage<Error>(HasSubstr("no tensor")));
  EXPECT_THAT([&] { ModelInputs::read(save(c10::IValue(1.0)), schema()); },
              ThrowsMessage<Error>(HasSubstr("must be a tensor, a tuple or list")));
}

}  // namespace
}  // namespace srm
