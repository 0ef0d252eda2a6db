// PRIVATE: TensorBoard's event files. They are read back by the `tensorboard` package in tests/tensorboard_test.py.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "files/append_file.h"

namespace srm::tensorboard {

struct Scalar {
  std::string tag;
  double value = 0;  ///< kept as float32, as the format has it
};

struct Image {
  std::string tag;
  int height = 0;
  int width = 0;
  std::string png;
};

/// Where and when an event was.
struct Moment {
  std::int64_t step = 0;
  double seconds = 0;  ///< since 1970
};

/// An event file of a run. Its records are a length, masked CRC-32Cs of that and of the data, and the data: protobuf
/// messages of tensorflow.Event. Not thread-safe.
class EventFile {
 public:
  /// Makes `folder` where it is not there, and in it a file of a name that no other has, which starts at `now`. Throws
  /// srm::Error when that fails.
  EventFile(const std::filesystem::path& folder, double now);

  const std::filesystem::path& path() const { return path_; }

  /// Appends one event and brings it to the disk; throws srm::Error when the disk is full, and then appends nothing.
  /// The first one also tells TensorBoard that a run starts at its step: what an earlier file has of that step and
  /// later is not shown.
  void append(const Moment& when, const std::vector<Scalar>& scalars, const std::vector<Image>& images);

 private:
  std::filesystem::path path_;
  std::optional<AppendFile> file_;
  bool is_begun_ = false;
};

/// `data` as a record.
std::string framed(const std::string& data);

}  // namespace srm::tensorboard
