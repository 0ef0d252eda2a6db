#include "srm/activation_rows.h"

#include <ATen/ATen.h>
#include <ATen/EmptyTensor.h>
#include <ATen/ops/_reshape_alias_native.h>
#include <ATen/ops/as_strided_native.h>
#include <ATen/ops/view_native.h>
#include <c10/core/impl/DeviceGuardImplInterface.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/library.h>

#include <algorithm>
#include <cstdlib>
#include <utility>
#include <vector>

#include "hooked_models.h"
#include "srm/error.h"

namespace {

// ---- A device that is not the CPU: its memory is the host's, but only copies may look into it ----

std::vector<std::int64_t> copied_bytes;  // of each copy that touches the device

struct DeviceMemory final : c10::Allocator {
  c10::DataPtr allocate(std::size_t size) override {
    void* const data = std::malloc(std::max<std::size_t>(size, 1));
    return {data, data, &std::free, c10::Device(c10::DeviceType::PrivateUse1, 0)};
  }
  void copy_data(void* to, const void* from, std::size_t size) const override { default_copy_data(to, from, size); }
};

DeviceMemory device_memory;
constexpr c10::DispatchKeySet kDeviceKey(c10::DispatchKey::PrivateUse1);

at::Tensor make_empty(at::IntArrayRef size, std::optional<at::ScalarType> type, std::optional<at::Layout>,
                      std::optional<at::Device>, std::optional<bool>, std::optional<at::MemoryFormat> format) {
  return at::Tensor(at::detail::empty_generic(size, &device_memory, kDeviceKey, type.value_or(at::kFloat), format));
}

at::Tensor make_empty_strided(at::IntArrayRef size, at::IntArrayRef stride, std::optional<at::ScalarType> type,
                              std::optional<at::Layout>, std::optional<at::Device>, std::optional<bool>) {
  return at::Tensor(
      at::detail::empty_strided_generic(size, stride, &device_memory, kDeviceKey, type.value_or(at::kFloat)));
}

at::Tensor on_host(const at::Tensor& tensor) {
  return at::from_blob(tensor.data_ptr(), tensor.sizes(), tensor.strides(), at::TensorOptions(tensor.dtype()));
}

at::Tensor copy_from(const at::Tensor& from, const at::Tensor& to, bool) {
  copied_bytes.push_back(static_cast<std::int64_t>(std::max(to.nbytes(), from.nbytes())));
  on_host(to).copy_(on_host(from));
  return to;
}

at::Tensor select_rows(const at::Tensor& from, std::int64_t dim, const at::Tensor& index) {
  const at::Tensor rows = at::empty({index.numel(), from.size(1)}, from.options());
  on_host(rows).copy_(on_host(from).index_select(dim, on_host(index)));
  return rows;
}

TORCH_LIBRARY_IMPL(aten, PrivateUse1, library) {
  library.impl("empty.memory_format", make_empty);
  library.impl("empty_strided", make_empty_strided);
  library.impl("_copy_from", copy_from);
  library.impl("as_strided", at::native::as_strided_tensorimpl);
  library.impl("index_select", select_rows);
  library.impl("view", at::native::view);
  library.impl("_reshape_alias", at::native::_reshape_alias);
}

}  // namespace

namespace c10::impl {
C10_REGISTER_GUARD_IMPL(PrivateUse1, NoOpDeviceGuardImpl<DeviceType::PrivateUse1>)
}

namespace srm {
namespace {

using test::message_of;
using ::testing::AllOf;
using ::testing::HasSubstr;

at::Tensor numbered(at::IntArrayRef shape) {
  return at::arange(c10::multiply_integers(shape), at::kFloat).reshape(shape);
}

/// The rows by the definition: one sample after the other, first dimension slowest; `number` holds a sample's numbers.
void collect(const at::Tensor& x, std::int64_t number, std::vector<at::Tensor>& samples) {
  if (x.dim() == 1) return samples.push_back(x.contiguous());
  const std::int64_t slowest = number == 0 ? 1 : 0;
  for (std::int64_t k = 0; k < x.size(slowest); ++k) {
    collect(x.select(slowest, k), number == 0 ? 0 : number - 1, samples);
  }
}

at::Tensor expected_rows(const at::Tensor& x, Layout layout) {
  std::vector<at::Tensor> samples;
  if (layout == Layout::kFlatten) {
    for (std::int64_t k = 0; k < x.size(0); ++k) samples.push_back(x.select(0, k).contiguous().view({-1}));
  } else {
    const bool last = layout == Layout::kLast || (layout == Layout::kAuto && x.dim() <= 3);
    collect(x, last ? x.dim() - 1 : 1, samples);
  }
  return at::stack(samples);
}

const std::vector<Layout> kLayouts = {Layout::kLast, Layout::kFlatten, Layout::kAuto, Layout::kChannels};

std::vector<at::Tensor> pieces_of(const at::Tensor& x, Layout layout, std::int64_t piece_bytes) {
  std::vector<at::Tensor> pieces;
  ActivationRows(x, layout, "a").for_each_piece([&](const at::Tensor& rows) { pieces.push_back(rows); }, piece_bytes);
  return pieces;
}

TEST(ActivationRowsTest, EachLayoutPutsOneSampleInARowHoweverTheTensorLiesInMemory) {
  const std::vector<std::int64_t> sizes = {3, 4, 2, 5, 3};
  for (std::int64_t num_dims = 1; num_dims <= 5; ++num_dims) {
    const at::IntArrayRef shape(sizes.data(), static_cast<std::size_t>(num_dims));
    const at::Tensor x = numbered(shape);
    std::vector<std::pair<const char*, at::Tensor>> cases = {
        {"contiguous", x},
        {"transposed", x.transpose(0, -1).contiguous().transpose(0, -1)},
        {"as it lies, turned", x.transpose(0, -1)},
        {"expanded", x.select(0, 1).unsqueeze(0).expand(shape)},
        {"every second", at::cat({x, x + 100}).slice(0, 1, std::nullopt, 2)},
        {"the end of each", at::cat({x, x + 100}, -1).slice(-1, 1, shape.back() + 1)},
        {"negated by a flag", at::_neg_view(x)},
    };
    if (num_dims == 4) cases.emplace_back("channels last", x.contiguous(at::MemoryFormat::ChannelsLast));
    if (num_dims == 5) cases.emplace_back("channels last", x.contiguous(at::MemoryFormat::ChannelsLast3d));
    for (const auto& [name, tensor] : cases) {
      for (const Layout layout : kLayouts) {
        if (num_dims == 1 && (layout == Layout::kAuto || layout == Layout::kChannels)) continue;
        const at::Tensor expected = expected_rows(tensor, layout);
        const at::Tensor rows = to_rows(tensor, layout, "a");
        EXPECT_TRUE(at::equal(rows, expected)) << name << " " << num_dims << " " << to_string(layout);
        // Read as the numerics do, past every flag of the tensor.
        EXPECT_EQ(rows.const_data_ptr<float>()[rows.numel() - 1], expected.view({-1})[-1].item<float>()) << name;
        const ActivationRows described(tensor, layout, "a");
        EXPECT_EQ(described.num_samples(), expected.size(0));
        EXPECT_EQ(described.dim(), expected.size(1));
      }
    }
  }
}

TEST(ActivationRowsTest, ShortTypesWidenExactlyAndDoubleStays) {
  const at::Tensor x = test::rows({4, 5});
  for (const at::ScalarType type : {at::kHalf, at::kBFloat16, at::kFloat8_e4m3fn, at::kFloat8_e5m2}) {
    const at::Tensor rows = to_rows(x.to(type), Layout::kAuto, "a");
    EXPECT_EQ(rows.scalar_type(), at::kFloat);
    EXPECT_TRUE(at::equal(rows, x.to(type).to(at::kFloat))) << c10::toString(type);
    EXPECT_TRUE(at::equal(rows.to(type).to(at::kFloat), rows)) << "exact: " << c10::toString(type);
  }
  const at::Tensor wide = x.to(at::kDouble) / 3;
  EXPECT_EQ(to_rows(wide, Layout::kAuto, "a").scalar_type(), at::kDouble);
  EXPECT_TRUE(at::equal(to_rows(wide, Layout::kAuto, "a"), wide));
}

TEST(ActivationRowsTest, SparseQuantisedNestedAndMkldnnTensorsGiveTheRowsOfWhatTheyStandFor) {
  const at::Tensor x = numbered({3, 4, 5}) - 20;
  const at::Tensor sparse = x.where(x.remainder(3) == 0, at::zeros_like(x));
  EXPECT_TRUE(at::equal(to_rows(sparse.to_sparse(), Layout::kAuto, "a"), sparse.reshape({12, 5})));
  const at::Tensor flat = sparse.reshape({12, 5});
  EXPECT_TRUE(at::equal(to_rows(flat.to_sparse_csr(), Layout::kAuto, "a"), flat));
  for (const at::ScalarType type : {at::kQInt8, at::kQUInt8}) {
    const at::Tensor by_tensor = at::quantize_per_tensor(x, 0.5, 3, type);
    const at::Tensor by_channel =
        at::quantize_per_channel(x, numbered({4}).to(at::kDouble) + 1, at::ones({4}, at::kLong), 1, type);
    for (const at::Tensor& quantised : {by_tensor, by_channel}) {
      EXPECT_TRUE(at::equal(to_rows(quantised, Layout::kChannels, "a"),
                            expected_rows(quantised.dequantize(), Layout::kChannels)));
    }
  }
  const at::Tensor nested = at::_nested_tensor_from_tensor_list({x[0].slice(0, 0, 2), x[1].slice(0, 0, 0), x[2]});
  EXPECT_TRUE(at::equal(to_rows(nested, Layout::kAuto, "a"), at::cat({x[0].slice(0, 0, 2), x[2]})));
  EXPECT_FALSE(ActivationRows(nested, Layout::kAuto, "a").kept_by(at::zeros({3, 4})).defined()) << "has no padding";
  if (!at::hasMKLDNN()) return;
  EXPECT_TRUE(at::equal(to_rows(x.to_mkldnn(), Layout::kAuto, "a"), x.reshape({12, 5})));
}

TEST(ActivationRowsTest, HowManyRowsThereAreIsKnownFromTheShapeAlone) {
  const at::Tensor nested = at::_nested_tensor_from_tensor_list({at::ones({2, 4}), at::ones({0, 4}), at::ones({5, 4})});
  const std::vector<at::Tensor> tensors = {at::ones({3, 4}),
                                           at::ones({4, 3}).t(),
                                           at::ones({2, 3, 4}),
                                           at::ones({2, 5, 3, 4}),
                                           at::ones({2, 5, 3, 4, 2}),
                                           at::ones({0, 4}),
                                           at::ones({3, 4}).to_sparse(),
                                           at::quantize_per_tensor(at::ones({3, 4}), 0.5, 0, at::kQUInt8),
                                           nested};
  for (const at::Tensor& tensor : tensors) {
    for (const Layout layout : {Layout::kAuto, Layout::kLast, Layout::kChannels, Layout::kFlatten}) {
      const ActivationRows expected(tensor, layout, "layer");
      EXPECT_EQ(num_rows_of(tensor, layout), expected.num_samples()) << tensor.sizes() << to_string(layout);
      if (tensor.numel() > 0) {
        EXPECT_EQ(batch_size_of(tensor), expected.batch_size());
      }
    }
  }
  EXPECT_EQ(num_rows_of(at::ones({7}), Layout::kLast), 1);
  EXPECT_EQ(batch_size_of(at::ones({7})), 1);
  for (const at::Tensor& none : {at::Tensor(), at::ones({}), at::ones({7})}) {
    EXPECT_EQ(num_rows_of(none, Layout::kAuto), 0) << "which ActivationRows refuses";
  }
}

TEST(ActivationRowsTest, EmptyBatchesAreNoRowsOfTheWidthOfTheLayer) {
  const auto width = [](at::IntArrayRef shape, Layout layout) {
    const ActivationRows rows(at::empty(shape), layout, "a");
    EXPECT_EQ(rows.num_samples(), 0);
    EXPECT_FALSE(rows.kept_by(at::ones({0})).defined());
    rows.for_each_piece([](const at::Tensor&) { ADD_FAILURE() << "there is no piece"; });
    return rows.dim();
  };
  EXPECT_EQ(width({0, 7}, Layout::kAuto), 7);
  EXPECT_EQ(width({0, 3, 7}, Layout::kAuto), 7);
  EXPECT_EQ(width({0, 3, 5, 7}, Layout::kAuto), 3);
  EXPECT_EQ(width({0, 3, 5}, Layout::kChannels), 3);
  EXPECT_EQ(width({0, 3, 5}, Layout::kFlatten), 15);
  width({0}, Layout::kAuto);
  EXPECT_EQ(to_rows(at::empty({0, 7}), Layout::kAuto, "a").size(0), 0);
}

TEST(ActivationRowsTest, WhatHasNoRowsIsRefusedWithItsAddress) {
  const auto refusal = [](const at::Tensor& tensor, Layout layout = Layout::kAuto) {
    return message_of([&] { ActivationRows(tensor, layout, "encoder.0"); });
  };
  EXPECT_THAT(refusal(at::ones({2, 2}, at::kLong)),
              AllOf(HasSubstr("floating point; got Long (2, 2)"), HasSubstr("--layers '!encoder.0'")));
  for (const auto& [type, name] : {std::pair(at::kBool, "Bool (2, 3)"), {at::kComplexFloat, "ComplexFloat (2, 3)"}}) {
    EXPECT_THAT(refusal(at::ones({2, 3}, type)), AllOf(HasSubstr(name), HasSubstr("'!encoder.0'")));
  }
  EXPECT_THAT(refusal({}), AllOf(HasSubstr("an undefined tensor"), HasSubstr("'!encoder.0'")));
  EXPECT_THAT(refusal(at::empty({2, 3}, at::kMeta)),
              AllOf(HasSubstr("Float (2, 3) on the meta device"), HasSubstr("'!encoder.0'")));
  EXPECT_THAT(refusal(at::ones({})), AllOf(HasSubstr("a dimension"), HasSubstr("'encoder.0'")));
  EXPECT_THAT(refusal(at::ones({3})), AllOf(HasSubstr("2 to 5 dimensions"), HasSubstr("--layout for 'encoder.0'")));
  EXPECT_THAT(refusal(at::ones({1, 1, 1, 1, 1, 1})), HasSubstr("2 to 5 dimensions"));
  EXPECT_THAT(refusal(at::ones({3}), Layout::kChannels), HasSubstr("channels takes 2 dimensions or more"));
}

TEST(ActivationRowsTest, PiecesTogetherAreTheRowsAndNoneIsLargerThanAsked) {
  const at::Tensor x = numbered({3, 5, 4, 2});
  for (const at::Tensor& tensor :
       {x, x.transpose(1, 3), x.to(at::kHalf), x.to(at::kDouble), x.contiguous(at::MemoryFormat::ChannelsLast)}) {
    for (const Layout layout : kLayouts) {
      const at::Tensor all = to_rows(tensor, layout, "a");
      const std::int64_t row_bytes = all.size(1) * all.element_size();
      for (const std::int64_t piece_bytes : {std::int64_t{1}, row_bytes, 3 * row_bytes, 7 * row_bytes, kPieceBytes}) {
        const auto pieces = pieces_of(tensor, layout, piece_bytes);
        for (const at::Tensor& piece : pieces) {
          EXPECT_TRUE(piece.size(0) == 1 || static_cast<std::int64_t>(piece.nbytes()) <= piece_bytes);
          EXPECT_TRUE(piece.is_contiguous());
        }
        EXPECT_TRUE(at::equal(at::cat(pieces), all)) << to_string(layout) << " " << piece_bytes;
      }
    }
  }
}

TEST(ActivationRowsTest, WhatIsOnTheCpuAndContiguousIsNotCopied) {
  for (const at::ScalarType type : {at::kFloat, at::kDouble}) {
    const at::Tensor x = numbered({4, 3, 5}).to(type);
    EXPECT_EQ(to_rows(x, Layout::kAuto, "a").const_data_ptr(), x.const_data_ptr());
    std::int64_t offset = 0;
    for (const at::Tensor& piece : pieces_of(x, Layout::kAuto, 2 * 5 * x.element_size())) {
      EXPECT_EQ(piece.const_data_ptr(), x.view({-1})[offset].const_data_ptr());
      offset += piece.numel();
    }
    EXPECT_EQ(offset, x.numel());
  }
  const at::Tensor image = numbered({2, 3, 4, 5}).contiguous(at::MemoryFormat::ChannelsLast);
  EXPECT_EQ(to_rows(image, Layout::kAuto, "a").const_data_ptr(), image.const_data_ptr());
}

TEST(ActivationRowsTest, MasksLeaveOutThePaddingWhereverItsTokensGo) {
  const at::Tensor mask = numbered({2, 3}).remainder(3) != 0;  // 0 1 1, twice
  const at::Tensor one_head = mask.reshape({-1});
  const at::Tensor heads = mask.unsqueeze(1).expand({2, 4, 3}).reshape({-1});
  for (const at::Tensor& given :
       {mask, mask.to(at::kInt) * 5, mask.to(at::kFloat) * -0.25, mask.t().contiguous().t(), mask.to(at::kHalf)}) {
    const ActivationRows tokens(at::ones({2, 3, 6}), Layout::kAuto, "a");
    EXPECT_TRUE(at::equal(tokens.kept_by(given), one_head));
    EXPECT_TRUE(tokens.kept_by(given).is_contiguous());
    const ActivationRows attention(at::ones({2, 4, 3, 6}), Layout::kLast, "a");
    EXPECT_TRUE(at::equal(attention.kept_by(given), heads));
    EXPECT_TRUE(attention.kept_by(given).is_contiguous());
  }
  EXPECT_TRUE(at::equal(ActivationRows(at::ones({3, 6}), Layout::kAuto, "a").kept_by(mask[0]), mask[0]));
  EXPECT_FALSE(ActivationRows(at::ones({2, 6}), Layout::kAuto, "a").kept_by(mask).defined()) << "pooled";
  EXPECT_FALSE(ActivationRows(at::ones({2, 3, 6}), Layout::kFlatten, "a").kept_by(mask).defined());
  EXPECT_FALSE(ActivationRows(at::ones({2, 3, 6}), Layout::kAuto, "a").kept_by({}).defined());
  const std::vector<std::vector<std::int64_t>> wrong = {{2, 5, 6}, {3, 3, 6}, {5, 6}, {2, 4, 5, 6}};
  for (const auto& shape : wrong) {
    const ActivationRows rows(at::ones(shape), Layout::kLast, "encoder.0");
    EXPECT_THAT(message_of([&] { rows.kept_by(mask); }),
                AllOf(HasSubstr("shape of the samples; got (2, 3) for samples (" + std::to_string(shape[0])),
                      HasSubstr("'!encoder.0'")));
  }
}

void expect_bounded_copies(const at::Tensor& x, const at::Tensor& moved) {
  for (const Layout layout : kLayouts) {
    for (const bool turned : {false, true}) {
      const at::Tensor there = turned ? moved.transpose(1, 3) : moved;
      const at::Tensor expected = expected_rows((turned ? x.transpose(1, 3) : x).to(at::kFloat), layout);
      const std::int64_t bound = 2 * expected.size(1) * 4;
      copied_bytes.clear();
      EXPECT_TRUE(at::equal(at::cat(pieces_of(there, layout, bound)), expected)) << to_string(layout);
      for (const std::int64_t bytes : copied_bytes) EXPECT_LE(bytes, bound) << to_string(layout);
      EXPECT_EQ(copied_bytes.empty(), !there.device().is_privateuseone());
    }
  }
}

TEST(ActivationRowsTest, OnlyTheRowsThatAreChosenComeOver) {
  const at::Tensor x = numbered({7, 3, 4});
  const at::Tensor wanted = at::tensor({2, 7, 8, 20}, at::kLong);
  for (const at::Device& device : {at::Device(at::kCPU), at::Device(c10::DeviceType::PrivateUse1, 0)}) {
    for (const at::ScalarType type : {at::kFloat, at::kHalf}) {
      const ActivationRows rows(x.to(type).to(device), Layout::kAuto, "a");
      std::vector<at::Tensor> pieces;
      std::vector<std::int64_t> chosen;
      std::int64_t first = 0;
      const auto choose = [&](std::int64_t num_rows) -> const std::vector<std::int64_t>& {
        chosen.clear();
        for (std::int64_t k = 0; k < num_rows; ++k) {
          if (wanted.eq(first + k).any().item<bool>()) chosen.push_back(k);
        }
        first += num_rows;
        return chosen;
      };
      copied_bytes.clear();
      // Three rows in a piece; those of some are not wanted at all.
      rows.for_each_piece([&](const at::Tensor& piece) { pieces.push_back(piece); }, 3 * 16, HalfTypes::kBecomeFloat,
                          choose);
      EXPECT_EQ(first, 21);
      EXPECT_EQ(pieces.size(), 3U);
      EXPECT_TRUE(at::equal(at::cat(pieces), x.reshape({-1, 4}).index_select(0, wanted)));
      // Each time their places go there and they come back; they are widened here or there.
      for (const std::int64_t bytes : copied_bytes) EXPECT_LE(bytes, 2 * 16);
    }
  }
}

TEST(ActivationRowsTest, ActivationsOnAnotherDeviceComeOverInBoundedPiecesAndMasksToo) {
  const c10::Device device(c10::DeviceType::PrivateUse1, 0);
  for (const at::ScalarType type : {at::kFloat, at::kHalf}) {
    const at::Tensor x = numbered({6, 5, 4, 2}).to(type);
    expect_bounded_copies(x, x.to(device));
    if (at::hasCUDA()) expect_bounded_copies(x, x.to(at::kCUDA));
  }
  const at::Tensor mask = numbered({2, 3}).remainder(3) != 0;
  const ActivationRows tokens(at::ones({2, 3, 6}), Layout::kAuto, "a");
  EXPECT_TRUE(at::equal(tokens.kept_by(mask.to(device)), mask.reshape({-1})));
}

std::vector<std::int64_t> ends_of(const at::Tensor& x, std::int64_t batch, Layout layout = Layout::kAuto) {
  return ActivationRows(x, layout, "a", batch).batch_ends();
}

TEST(ActivationRowsTest, RowsOfOneSampleStandTogetherWhereverTheBatchIs) {
  using ::testing::ElementsAre;
  EXPECT_THAT(ends_of(at::ones({3, 6}), -1), ElementsAre(1, 2, 3));
  EXPECT_THAT(ends_of(at::ones({3, 2, 6}), -1), ElementsAre(2, 4, 6));
  EXPECT_THAT(ends_of(at::ones({3, 2, 6}), 3), ElementsAre(2, 4, 6));
  EXPECT_THAT(ends_of(at::ones({3, 6, 2, 2}), 3), ElementsAre(4, 8, 12)) << "channels";
  EXPECT_THAT(ends_of(at::ones({3, 6, 2, 2}), 3, Layout::kFlatten), ElementsAre(1, 2, 3));
  EXPECT_THAT(ends_of(at::ones({2, 3, 6}), 3), ElementsAre(2, 4, 6)) << "batch second";
  EXPECT_THAT(ends_of(at::ones({6, 4}), 3), ElementsAre(2, 4, 6)) << "folded";
  EXPECT_THAT(ends_of(at::ones({6, 2, 4}), 3), ElementsAre(4, 8, 12)) << "heads folded";
  EXPECT_THAT(ends_of(at::ones({1, 5, 4}), 3), ElementsAre(5)) << "shared by all";
  EXPECT_THAT(ends_of(at::ones({7, 4}), 3), ElementsAre(7));
  EXPECT_THAT(ends_of(at::ones({0, 4}), 3), ElementsAre());
}

TEST(ActivationRowsTest, WhereTheBatchIsSecondRowsComeSampleBySampleAndMasksFit) {
  const at::Tensor x = test::rows({2, 3, 6});  // (T, N, n)
  EXPECT_TRUE(
      at::equal(ActivationRows(x, Layout::kAuto, "a", 3).kept_by(at::tensor({1, 1, 1, 0, 0, 1}).reshape({3, 2})),
                at::tensor({1, 1, 1, 0, 0, 1}).ne(0)));
  at::Tensor rows;
  ActivationRows(x, Layout::kAuto, "a", 3).for_each_piece([&](const at::Tensor& piece) { rows = piece; });
  EXPECT_TRUE(at::equal(rows, x.transpose(0, 1).reshape({6, 6})));
  EXPECT_TRUE(ActivationRows(x, Layout::kAuto, "a", 3).takes_labels(at::arange(3)));
  EXPECT_FALSE(ActivationRows(x, Layout::kAuto, "a", 2).takes_labels(at::arange(3)));
  EXPECT_FALSE(ActivationRows(x, Layout::kAuto, "a", 3).takes_labels(at::ones({3})));
}

}  // namespace
}  // namespace srm
