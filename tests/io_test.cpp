#include "srm/io.h"

#include <ATen/ATen.h>
#include <ATen/core/Dict.h>
#include <ATen/core/List.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <string>
#include <vector>

#include "file_bytes.h"
#include "file_size_limit.h"
#include "plain_pickle.h"
#include "scratch_folder.h"
#include "srm/error.h"

namespace srm {
namespace {

using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

const std::filesystem::path kData = std::filesystem::path(TORCHSRM_TEST_DATA) / "io";

at::Tensor numbers() { return at::arange(12, at::kFloat).reshape({3, 4}); }

c10::impl::GenericDict load_dict(const std::string& name) { return load_pickle(kData / name).toGenericDict(); }

// ---- reading what Python's torch.save() wrote

TEST(LoadPickle, TensorsOfEveryTypeAreRead) {
  const auto types = load_dict("types.pt");
  EXPECT_EQ(types.size(), 14);
  for (const auto& entry : types) {
    const std::string& name = entry.key().toStringRef();
    const at::Tensor tensor = entry.value().toTensor();
    const at::Tensor wanted = name == "bool" ? numbers().gt(5).to(at::kFloat) : numbers();
    const at::Tensor read = tensor.is_complex() ? at::real(tensor) : tensor;
    EXPECT_TRUE(at::equal(read.to(at::kFloat), wanted)) << name;
  }
  EXPECT_EQ(types.at("bfloat16").toTensor().scalar_type(), at::kBFloat16);
  EXPECT_EQ(types.at("uint16").toTensor().scalar_type(), at::kUInt16);
  EXPECT_EQ(types.at("bool").toTensor().scalar_type(), at::kBool);
}

TEST(LoadPickle, ViewsKeepTheirShapesAndSharedMemoryStaysShared) {
  const auto views = load_dict("views.pt");
  EXPECT_TRUE(at::equal(views.at("transposed").toTensor(), numbers().t()));
  EXPECT_TRUE(at::equal(views.at("every_second").toTensor(), numbers().slice(1, 1, 4, 2)));
  EXPECT_TRUE(at::equal(views.at("last_row").toTensor(), numbers()[2]));
  EXPECT_TRUE(at::equal(views.at("expanded").toTensor(), at::ones({2, 3})));
  EXPECT_EQ(views.at("one_number").toTensor().item<float>(), 2.5F);
  EXPECT_EQ(views.at("empty").toTensor().sizes(), (std::vector<std::int64_t>{0, 3}));
  EXPECT_TRUE(views.at("shared").toTensor().is_alias_of(views.at("transposed").toTensor()));
}

TEST(LoadPickle, ContainersNumbersAndTextAreRead) {
  const auto values = load_dict("containers.pt");
  const auto list = values.at("list").toList();
  EXPECT_EQ(list.get(0).toInt(), 1);
  EXPECT_EQ(list.get(1).toDouble(), 2.5);
  EXPECT_TRUE(list.get(2).toBool());
  EXPECT_TRUE(list.get(3).isNone());
  EXPECT_EQ(values.at("one_element").toList().get(0).toInt(), 7);
  EXPECT_EQ(values.at("empty_list").toList().size(), 0);
  EXPECT_EQ(values.at("tuple").toTupleRef().elements()[2].toTupleRef().elements()[0].toInt(), 3);
  EXPECT_EQ(values.at("four").toTupleRef().size(), 4);
  EXPECT_TRUE(
      at::equal(values.at("nested").toList().get(0).toGenericDict().at("a").toList().get(0).toTensor(), numbers()));
  EXPECT_EQ(values.at("ordered").toGenericDict().begin()->key().toStringRef(), "z");
  EXPECT_EQ(values.at("ordered").toGenericDict().at("a").toInt(), 2);
  EXPECT_EQ(values.at("text").toStringRef(), "gr\xc3\xbc\xc3\x9f");
  EXPECT_EQ(values.at(3).toStringRef(), "three");
  EXPECT_EQ(values.at("size").toTupleRef().elements()[1].toInt(), 4);
  const std::vector<std::int64_t> integers = {
      0,         255,      256, 65536, -1, std::int64_t{1} << 31, std::int64_t{1} << 40, -(std::int64_t{1} << 40),
      INT64_MAX, INT64_MIN};
  for (std::size_t k = 0; k < integers.size(); ++k) {
    EXPECT_EQ(values.at("integers").toList().get(k).toInt(), integers[k]);
  }
}

TEST(LoadPickle, ParametersComeAsTensorsWithoutGradient) {
  for (const char* name : {"parameter.pt", "requires_grad.pt", "tensor.pt"}) {
    const at::Tensor tensor = load_pickle(kData / name).toTensor();
    EXPECT_TRUE(at::equal(tensor, numbers())) << name;
    EXPECT_FALSE(tensor.requires_grad());
  }
  EXPECT_TRUE(at::equal(load_dict("state_dict.pt").at("weight").toTensor(), numbers()));
}

TEST(LoadPickle, NewerPickleProtocolsAreRead) {
  const auto list = load_pickle(kData / "protocol_4.pt").toList();
  EXPECT_TRUE(at::equal(list.get(0).toTensor(), numbers()));
  EXPECT_EQ(list.get(1).toGenericDict().at("a").toTupleRef().elements()[0].toInt(), 1);
}

TEST(LoadPickle, EveryOtherKindOfFileHasAnErrorOfItsOwn) {
  const ScratchFolder folder;
  const auto expect = [](const std::filesystem::path& path, const char* words) {
    EXPECT_THAT([&] { load_pickle(path); },
                ThrowsMessage<Error>(AllOf(HasSubstr(path.filename().string()), HasSubstr(words))));
  };
  expect(kData / "legacy.pt", "its legacy format");
  expect(kData / "python.pkl", "a pickle of Python itself");
  expect(kData / "module.pt", "'torch.nn.modules.linear.Linear'");
  expect(kData / "numpy_array.pt", "numpy");
  expect(kData / "set.pt", "'__builtin__.set'");
  expect(kData / "plain.npy", "a NumPy array file");
  expect(kData / "only.npz", "a .npz of NumPy arrays");
  expect(kData / ".." / "models" / "mlp_scripted.pt", "a TorchScript model");
  expect(write_bytes(folder / "words.pt", "words"), "a file of an unknown kind");
  expect(write_bytes(folder / "empty.pt", ""), "an empty file");
  expect(folder / "none.pt", "no file of that name");
  expect(folder.path(), "got a folder");
}

TEST(LoadPickle, AFileThatIsCutShortIsRefused) {
  const ScratchFolder folder;
  const std::string bytes = bytes_of(kData / "activations.pt");
  const auto path = write_bytes(folder / "cut.pt", bytes);
  for (std::size_t size = bytes.size() - 1; size > 7; size -= 7) {
    std::filesystem::resize_file(path, size);
    EXPECT_THROW(load_pickle(path), Error) << size;
  }
}

// ---- writing

c10::IValue plain_value() {
  c10::Dict<std::string, c10::List<std::int64_t>> typed;
  typed.insert("typed", c10::List<std::int64_t>({1, -2, std::int64_t{1} << 40}));
  c10::impl::GenericDict value(c10::AnyType::get(), c10::AnyType::get());
  value.insert("typed", typed);
  value.insert("doubles", c10::List<double>({0.5, std::numeric_limits<double>::infinity()}));
  value.insert("tensors", c10::List<at::Tensor>({numbers(), numbers().t(), at::zeros({0, 2})}));
  value.insert("tuple", c10::ivalue::Tuple::create({c10::IValue(), true, std::string("text")}));
  value.insert("half", numbers().to(at::kHalf).requires_grad_());
  return value;
}

TEST(SavePickle, WhatIsWrittenIsReadBack) {
  const ScratchFolder folder;
  save_pickle(plain_value(), folder / "value.pt");
  const auto value = load_pickle(folder / "value.pt").toGenericDict();
  EXPECT_EQ(value.at("typed").toGenericDict().at("typed").toList().get(2).toInt(), std::int64_t{1} << 40);
  EXPECT_TRUE(std::isinf(value.at("doubles").toList().get(1).toDouble()));
  EXPECT_TRUE(at::equal(value.at("tensors").toList().get(1).toTensor(), numbers().t()));
  EXPECT_TRUE(value.at("tuple").toTupleRef().elements()[0].isNone());
  EXPECT_TRUE(at::equal(value.at("half").toTensor(), numbers().to(at::kHalf)));
  EXPECT_EQ(folder.num_files(), 1);
}

TEST(SavePickle, PythonOpensItAndEqualValuesGiveEqualBytes) {
  const ScratchFolder folder;
  save_pickle(plain_value(), folder / "value.pt");
  save_pickle(plain_value(), folder / "again.pt");
  EXPECT_TRUE(is_plain_for_python(folder / "value.pt"));
  EXPECT_EQ(bytes_of(folder / "value.pt"), bytes_of(folder / "again.pt"));
}

TEST(SavePickle, WhatPythonWouldNotOpenIsRefused) {
  const ScratchFolder folder;
  const auto path = folder / "value.pt";
  EXPECT_THAT([&] { save_pickle(numbers().to_sparse(), path); }, ThrowsMessage<Error>(HasSubstr("Sparse")));
  EXPECT_THAT([&] { save_pickle(numbers().to(at::kUInt16), path); }, ThrowsMessage<Error>(HasSubstr("UInt16")));
  EXPECT_THAT([&] { save_pickle(std::string("\xff"), path); }, ThrowsMessage<Error>(HasSubstr("not UTF-8")));
  EXPECT_THAT([&] { save_pickle(c10::Device("cpu"), path); }, ThrowsMessage<Error>(HasSubstr("Device")));
  EXPECT_EQ(folder.num_files(), 0);
}

TEST(SavePickle, AFullDiskIsAnErrorAndTheOlderFileStays) {
  const ScratchFolder folder;
  const auto path = folder / "value.pt";
  save_pickle(std::string("old"), path);
  const FileSizeLimit limit(1 << 20);
  EXPECT_THAT([&] { save_pickle(at::zeros({1 << 20}), path); },
              ThrowsMessage<Error>(HasSubstr("must fit on the disk")));
  EXPECT_EQ(load_pickle(path).toStringRef(), "old");
  EXPECT_EQ(folder.num_files(), 1);
}

// ---- one array, or all of them, by FILE or FILE:KEY

TEST(ReadTensor, OneArrayIsFoundInEveryKindOfFile) {
  for (const char* name : {"tensor.pt", "parameter.pt", "activations.pt", "activations.pt:activations", "state_dict.pt",
                           "plain.npy", "stored.npz", "stored.npz:activations", "arrays.npz:float32"}) {
    const at::Tensor tensor = read_tensor((kData / name).string());
    EXPECT_EQ(tensor.scalar_type(), at::kFloat) << name;
    EXPECT_TRUE(at::equal(tensor, numbers())) << name;
  }
  EXPECT_EQ(read_tensor((kData / "stored.npz").string(), "labels").scalar_type(), at::kLong);
  EXPECT_EQ(read_tensor((kData / "arrays.npz:uint16").string()).scalar_type(), at::kUInt16);
  EXPECT_EQ(read_tensor((kData / "arrays.npz:half_values").string())[4].item<double>(), 65504);
  EXPECT_TRUE(at::equal(read_tensor((kData / "arrays.npz:fortran").string()).flatten(), at::arange(24, at::kDouble)));
}

TEST(ReadTensor, WhatIsNotOneArraySaysWhatThereIs) {
  const auto expect = [](const std::string& name, const std::string& preferred_key, const char* words) {
    EXPECT_THAT([&] { read_tensor((kData / name).string(), preferred_key); }, ThrowsMessage<Error>(HasSubstr(words)));
  };
  expect("stored.npz", "basis", "choose from activations, labels");
  expect("stored.npz:weights", "basis", "choose from activations, labels");
  expect("activations.pt", "basis", "the keys activations, labels");
  expect("activations.pt:basis", "basis", "choose from activations, labels");
  expect("tensor.pt:basis", "basis", "'basis' and a Tensor");
  expect("plain.npy:basis", "basis", "without a key");
  expect("protocol_4.pt", "basis", "one tensor");
  expect("none.npy:basis", "basis", "none.npy");
  expect("python.pkl", "basis", "a pickle of Python itself");
}

TEST(ReadValue, AnArchiveOfSeveralArraysIsADict) {
  const auto arrays = read_value((kData / "stored.npz").string()).toGenericDict();
  EXPECT_EQ(arrays.size(), 2);
  EXPECT_EQ(arrays.begin()->key().toStringRef(), "activations");
  EXPECT_EQ(arrays.at("labels").toTensor().scalar_type(), at::kLong);
  EXPECT_TRUE(read_value((kData / "only.npz").string()).isTensor());
  EXPECT_TRUE(read_value((kData / "stored.npz:labels").string()).isTensor());
  EXPECT_TRUE(read_value((kData / "protocol_4.pt").string()).isList());
}

}  // namespace
}  // namespace srm
