// See Note [Histories] in srm/history.h.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <boost/crc.hpp>
#include <fstream>
#include <string_view>

#include "files/append_file.h"
#include "history_records.h"
#include "srm/error.h"
#include "srm/history.h"

namespace srm {
namespace {

constexpr std::string_view kMagic = "SRMHIST\x01";
constexpr const char* kWhat = "history";
constexpr std::size_t kNameBytes = 7;   // of it, before the version
constexpr std::size_t kHeadBytes = 12;  // length, its checksum and that of the payload, little-endian

std::uint32_t checksum_of(std::string_view bytes) {
  boost::crc_32_type crc;
  crc.process_bytes(bytes.data(), bytes.size());
  return crc.checksum();
}

std::string number_bytes(std::uint32_t number) {
  std::string bytes;
  for (int shift = 0; shift < 32; shift += 8) bytes.push_back(static_cast<char>(number >> shift & 0xFF));
  return bytes;
}

std::uint32_t number_at(std::string_view bytes, std::size_t at) {
  std::uint32_t number = 0;
  for (std::size_t k = 0; k < 4; ++k) {
    number |= static_cast<std::uint32_t>(static_cast<unsigned char>(bytes[at + k])) << (8 * k);
  }
  return number;
}

std::string framed(const std::string& payload) {
  const std::string length = number_bytes(static_cast<std::uint32_t>(payload.size()));
  return length + number_bytes(checksum_of(length)) + number_bytes(checksum_of(payload)) + payload;
}

struct Contents {
  std::optional<Settings> settings;  // none where not even these are whole
  std::vector<Window> windows;
  std::size_t num_whole_bytes = 0;
};

// Whether what begins with a bad head or payload is what a dying run left: the last record, as far as it was written. A
// file system that had not written the data of a longer file yet shows zeros behind that.
bool is_torn(std::string_view rest) {
  if (rest.size() <= kHeadBytes || rest.find_first_not_of('\0', kHeadBytes) == std::string_view::npos) return true;
  if (checksum_of(rest.substr(0, 4)) != number_at(rest, 4)) return false;
  return number_at(rest, 0) >= rest.size() - kHeadBytes;
}

// The records of a history until its end, or until one that is torn.
Contents read_records(std::string_view bytes, const std::string& where) {
  Contents contents;
  std::size_t at = std::min(kMagic.size(), bytes.size());
  contents.num_whole_bytes = at;
  while (at < bytes.size()) {
    const std::string_view rest = bytes.substr(at);
    const bool has_head = rest.size() >= kHeadBytes && checksum_of(rest.substr(0, 4)) == number_at(rest, 4);
    const std::size_t size = has_head ? number_at(rest, 0) : 0;
    const std::string payload(has_head ? rest.substr(kHeadBytes, size) : "");
    if (size == 0 || payload.size() != size || checksum_of(payload) != number_at(rest, 8)) {
      if (is_torn(rest)) break;
      throw Error(where, "every record but the last must be whole", fmt::format("damage at byte {}", at),
                  "take the copy from a backup; windows before it are good");
    }
    const std::string record = fmt::format("{}, record at byte {}", where, at);
    if (!contents.settings) {
      contents.settings = settings_from_record(payload, record);
    } else {
      contents.windows.push_back(window_from_record(payload, record));
    }
    at += kHeadBytes + size;
    contents.num_whole_bytes = at;
  }
  return contents;
}

// Of a file that a dying run had just made there may be less than its first bytes.
bool begins_as_history(std::string_view bytes) { return kMagic.starts_with(bytes.substr(0, kMagic.size())); }

void require_history(std::string_view bytes, const std::string& where) {
  if (begins_as_history(bytes)) return;
  const bool is_newer = bytes.starts_with(kMagic.substr(0, kNameBytes));
  throw Error(where, "the file must be a history of this version", is_newer ? "a newer one" : "something else",
              is_newer ? "update torchsrm" : "name the file of a monitor");
}

void require_same(const Settings& earlier, const Settings& settings, const std::string& where) {
  const auto found = std::mismatch(earlier.begin(), earlier.end(), settings.begin(), settings.end());
  if (found.first == earlier.end() && found.second == settings.end()) return;
  const auto text = [](const auto& it, const auto& end) {
    return it == end ? std::string("nothing") : fmt::format("{} = {}", it->first, it->second);
  };
  throw Error(where, "a history goes on with the settings that it was begun with",
              fmt::format("{} after {}", text(found.second, settings.end()), text(found.first, earlier.end())),
              "give the same, or name another file");
}

}  // namespace

bool is_history(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::array<char, kMagic.size()> start;
  return file.read(start.data(), start.size()) &&
         std::string_view(start.data(), kNameBytes) == kMagic.substr(0, kNameBytes);
}

History load_history(const std::filesystem::path& path) {
  const std::string bytes = AppendFile::read(path, kWhat);
  require_history(bytes, path.string());
  Contents contents = read_records(bytes, path.string());
  return {contents.settings.value_or(Settings()), std::move(contents.windows),
          static_cast<std::int64_t>(bytes.size() - contents.num_whole_bytes)};
}

HistoryWriter::HistoryWriter(const std::filesystem::path& path, const Settings& settings)
    : file_(std::make_unique<AppendFile>(path, kWhat)) {
  const std::string bytes = file_->read();
  require_history(bytes, path.string());
  Contents contents = read_records(bytes, path.string());
  const bool is_new = contents.windows.empty();
  if (!is_new) require_same(*contents.settings, settings, path.string());
  file_->cut_to(is_new ? 0 : static_cast<std::int64_t>(contents.num_whole_bytes));
  const std::int64_t num_torn = static_cast<std::int64_t>(bytes.size() - contents.num_whole_bytes);
  earlier_ = {settings, std::move(contents.windows), num_torn};
  for (Window& window : earlier_.windows) {
    for (LayerWindow& layer : window.layers) layer.holistic_counts = {};
  }
  if (is_new) file_->append(std::string(kMagic) + framed(to_record(settings)));
}

HistoryWriter::~HistoryWriter() = default;

void HistoryWriter::append(const Window& window) { file_->append(framed(to_record(window))); }

}  // namespace srm
