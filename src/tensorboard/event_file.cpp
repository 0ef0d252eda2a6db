#include "tensorboard/event_file.h"

#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <bit>
#include <boost/crc.hpp>
#include <string_view>
#include <system_error>

#include "srm/error.h"

namespace srm::tensorboard {
namespace {

// Numbers of fields, in event.proto and summary.proto of TensorBoard.
constexpr int kEventWallTime = 1, kEventStep = 2, kEventFileVersion = 3, kEventSummary = 5, kEventSession = 7;
constexpr int kSummaryValue = 1;
constexpr int kValueTag = 1, kValueSimple = 2, kValueImage = 4;
constexpr int kImageHeight = 1, kImageWidth = 2, kImageColours = 3, kImageBytes = 4;
constexpr int kSessionStatus = 1;
constexpr std::int64_t kStart = 1;
constexpr std::int64_t kRgb = 3;

template <typename Number>
std::string little_endian(Number number) {
  std::string bytes;
  for (std::size_t k = 0; k < sizeof(Number); ++k) bytes.push_back(static_cast<char>(number >> (8 * k) & 0xFF));
  return bytes;
}

std::string varint(std::uint64_t number) {
  std::string bytes;
  for (; number >= 0x80; number >>= 7) bytes.push_back(static_cast<char>((number & 0x7F) | 0x80));
  bytes.push_back(static_cast<char>(number));
  return bytes;
}

// A field is its number and kind, then what it holds.
std::string tagged(int field, unsigned kind) { return varint(static_cast<std::uint64_t>(field) << 3 | kind); }
std::string whole(int field, std::int64_t number) {
  return tagged(field, 0) + varint(static_cast<std::uint64_t>(number));
}
std::string real64(int field, double number) {
  return tagged(field, 1) + little_endian(std::bit_cast<std::uint64_t>(number));
}
std::string bytes(int field, std::string_view text) {
  return tagged(field, 2) + varint(text.size()) + std::string(text);
}
std::string real32(int field, double number) {
  return tagged(field, 5) + little_endian(std::bit_cast<std::uint32_t>(static_cast<float>(number)));
}

std::uint32_t masked_crc(std::string_view data) {
  boost::crc_optimal<32, 0x1EDC6F41, 0xFFFFFFFF, 0xFFFFFFFF, true, true> crc;
  crc.process_bytes(data.data(), data.size());
  return std::rotr(crc.checksum(), 15) + 0xA282EAD8U;
}

std::string value_of(const Scalar& scalar) {
  return bytes(kSummaryValue, bytes(kValueTag, scalar.tag) + real32(kValueSimple, scalar.value));
}

std::string value_of(const Image& image) {
  const std::string picture = whole(kImageHeight, image.height) + whole(kImageWidth, image.width) +
                              whole(kImageColours, kRgb) + bytes(kImageBytes, image.png);
  return bytes(kSummaryValue, bytes(kValueTag, image.tag) + bytes(kValueImage, picture));
}

std::string event(const Moment& when, const std::string& what) {
  return framed(real64(kEventWallTime, when.seconds) + whole(kEventStep, when.step) + what);
}

// TensorBoard takes files of a folder in the order of their names. Two monitors of a process have files of their own.
std::string name_of_file(double now) {
  static std::atomic<int> num_files = 0;
  std::array<char, 256> host{};
  const bool has_name = gethostname(host.data(), host.size() - 1) == 0 && host[0] != '\0';
  return fmt::format("events.out.tfevents.{:010}.{}.{}.{}", static_cast<std::int64_t>(now),
                     has_name ? host.data() : "localhost", getpid(), num_files++);
}

std::filesystem::path made(const std::filesystem::path& folder) {
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (std::filesystem::is_directory(folder)) return folder;
  throw Error(folder.string(), "the folder for TensorBoard must be possible to make",
              error ? error.message() : "something else of that name", "name one that you may write to");
}

}  // namespace

std::string framed(const std::string& data) {
  const std::string length = little_endian(static_cast<std::uint64_t>(data.size()));
  return length + little_endian(masked_crc(length)) + data + little_endian(masked_crc(data));
}

EventFile::EventFile(const std::filesystem::path& folder, double now) : path_(made(folder) / name_of_file(now)) {
  file_.emplace(path_, "file of events");
  file_->append(framed(real64(kEventWallTime, now) + bytes(kEventFileVersion, "brain.Event:2")));
}

void EventFile::append(const Moment& when, const std::vector<Scalar>& scalars, const std::vector<Image>& images) {
  std::string values;
  for (const Scalar& scalar : scalars) values += value_of(scalar);
  for (const Image& image : images) values += value_of(image);
  const std::string start = is_begun_ ? "" : event(when, bytes(kEventSession, whole(kSessionStatus, kStart)));
  file_->append(start + event(when, bytes(kEventSummary, values)));
  is_begun_ = true;
}

}  // namespace srm::tensorboard
