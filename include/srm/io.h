#pragma once

#include <ATen/core/Tensor.h>
#include <ATen/core/ivalue.h>

#include <filesystem>
#include <string>
#include <string_view>

#include "srm/results.h"

namespace srm {

// Note [Files]
// Every file that is written here is written beside its place and renamed, so that it is there whole or not at all,
// and is a `.pt` that Python's torch.load(path, weights_only=True) opens. Equal values give equal bytes. Every file
// that is read is checked: what is damaged, cut short or something else throws srm::Error that names the file.

/// Writes `results` as a dict with "format", "version", "settings", "partial", "layers" and "findings"; see Note
/// [Files]. Throws srm::Error when the file cannot be written, and for a setting or findings that are there twice.
void save(const Results& results, const std::filesystem::path& path);

/// Reads what save() wrote. Throws srm::Error naming the key when one is missing or does not hold what it should, and
/// for a newer version of the format.
Results load_results(const std::filesystem::path& path);

/// What save() writes, as a value that shares nothing with `results`.
c10::IValue to_value(const Results& results);
/// The bytes of the file that save() writes, and back; `where` stands in messages for the file's name. Throw as those.
std::string to_bytes(const Results& results);
Results results_from_bytes(std::string_view bytes, const std::string& where);  ///< of what to_bytes() gives

/// Writes a plain value: tensors, numbers, bools, text, None, and lists, tuples and dicts of them; see Note [Files].
/// Throws srm::Error for any other value, for tensors that are not dense, and when the file cannot be written.
void save_pickle(const c10::IValue& value, const std::filesystem::path& path);

/// The bytes of the file that save_pickle() writes, and back; they throw as those do.
std::string pickle_to_bytes(const c10::IValue& value);
c10::IValue pickle_from_bytes(std::string_view bytes, const std::string& where);  ///< of what pickle_to_bytes() gives

/// Reads a plain value from a file of save_pickle() or of Python's torch.save() (since PyTorch 1.6). Tensors come to
/// the CPU without requires_grad, an nn.Parameter as its tensor, an OrderedDict as a dict; lists and dicts are typed
/// Any. Throws srm::Error for a file of any other kind or with any other object in it.
c10::IValue load_pickle(const std::filesystem::path& path);

/// What FILE or FILE:KEY holds: a `.pt` as load_pickle() gives it, or the entry KEY of its dict; a `.npy` as a tensor;
/// of a `.npz` the array KEY, else the only one, else a dict from names to tensors. Tensors from NumPy are
/// C-contiguous. What a file is goes by its content. Throws srm::Error naming the file, or the keys there are.
c10::IValue read_value(const std::string& file_and_key);

/// One array of FILE or FILE:KEY as read_value() reads it; of several without a KEY that called `preferred_key`, of a
/// dict with one tensor that one. Throws srm::Error when there is none.
at::Tensor read_tensor(const std::string& file_and_key, std::string_view preferred_key = "activations");

}  // namespace srm
