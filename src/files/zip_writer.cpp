#include "files/zip_writer.h"

#include <fmt/format.h>
#include <zip.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <deque>
#include <exception>

#include "files/atomic_file.h"
#include "srm/error.h"

namespace srm {
namespace {

constexpr zip_uint16_t kFirstDosDate = (1 << 5) | 1;  // 1 January 1980, the first that the format knows

[[noreturn]] void fail(const std::filesystem::path& path, const char* message) {
  throw Error(path.string(), "the archive must be possible to write", message, "write it again");
}

}  // namespace

// What libzip writes to: it asks for positions and goes back to a member's head when it knows its checksum.
struct ZipWriter::Target {
  std::filesystem::path path;
  AtomicFile file;
  std::uint64_t position = 0;
  std::uint64_t size = 0;
  std::exception_ptr failure = {};  // must not go through libzip, which is C
  zip_error_t error = {};
  zip* archive = nullptr;
  std::deque<std::string> heads = {};  // stay where they are
  std::deque<std::array<zip_buffer_fragment_t, 2>> fragments = {};

  explicit Target(const std::filesystem::path& where) : path(where), file(where) {}

  zip_int64_t write(const void* data, zip_uint64_t num_bytes) {
    try {
      if (position == size) {
        file.write(data, num_bytes);
      } else {
        file.write_at(position, data, num_bytes);
      }
    } catch (...) {
      failure = std::current_exception();
      zip_error_set(&error, ZIP_ER_WRITE, 0);
      return -1;
    }
    position += num_bytes;
    size = std::max(size, position);
    return static_cast<zip_int64_t>(num_bytes);
  }

  zip_int64_t seek(void* data, zip_uint64_t num_bytes) {
    const zip_int64_t place = zip_source_seek_compute_offset(position, size, data, num_bytes, &error);
    if (place < 0) return -1;
    position = static_cast<std::uint64_t>(place);
    return 0;
  }

  static zip_int64_t call(void* self, void* data, zip_uint64_t num_bytes, zip_source_cmd_t command) {
    auto& target = *static_cast<Target*>(self);
    switch (command) {
      case ZIP_SOURCE_SUPPORTS:
        return zip_source_make_command_bitmap(ZIP_SOURCE_OPEN, ZIP_SOURCE_READ, ZIP_SOURCE_CLOSE, ZIP_SOURCE_STAT,
                                              ZIP_SOURCE_ERROR, ZIP_SOURCE_FREE, ZIP_SOURCE_SEEK, ZIP_SOURCE_TELL,
                                              ZIP_SOURCE_BEGIN_WRITE, ZIP_SOURCE_COMMIT_WRITE,
                                              ZIP_SOURCE_ROLLBACK_WRITE, ZIP_SOURCE_WRITE, ZIP_SOURCE_SEEK_WRITE,
                                              ZIP_SOURCE_TELL_WRITE, ZIP_SOURCE_REMOVE, -1);
      case ZIP_SOURCE_STAT:
        zip_error_set(&target.error, ZIP_ER_READ, ENOENT);  // so it is made anew
        return -1;
      case ZIP_SOURCE_ERROR:
        return zip_error_to_data(&target.error, data, num_bytes);
      case ZIP_SOURCE_WRITE:
        return target.write(data, num_bytes);
      case ZIP_SOURCE_SEEK_WRITE:
        return target.seek(data, num_bytes);
      case ZIP_SOURCE_TELL_WRITE:
        return static_cast<zip_int64_t>(target.position);
      case ZIP_SOURCE_BEGIN_WRITE:
      case ZIP_SOURCE_COMMIT_WRITE:
      case ZIP_SOURCE_ROLLBACK_WRITE:
      case ZIP_SOURCE_REMOVE:
      case ZIP_SOURCE_FREE:
        return 0;
      default:  // nothing is read
        zip_error_set(&target.error, ZIP_ER_OPNOTSUPP, 0);
        return -1;
    }
  }
};

ZipWriter::ZipWriter(const std::filesystem::path& path) : target_(std::make_unique<Target>(path)) {
  zip_error_init(&target_->error);
  zip_error_t error;
  zip_error_init(&error);
  zip_source_t* source = zip_source_function_create(&Target::call, target_.get(), &error);
  if (source != nullptr) {
    target_->archive = zip_open_from_source(source, ZIP_CREATE | ZIP_TRUNCATE, &error);
    if (target_->archive == nullptr) zip_source_free(source);
  }
  const std::string message = target_->archive == nullptr ? zip_error_strerror(&error) : "";
  zip_error_fini(&error);
  if (target_->archive == nullptr) fail(path, message.c_str());
}

ZipWriter::~ZipWriter() {
  if (target_->archive != nullptr) zip_discard(target_->archive);
  zip_error_fini(&target_->error);
}

void ZipWriter::add(const std::string& name, const void* data, std::size_t num_bytes) {
  add(name, std::string(), data, num_bytes);
}

void ZipWriter::add(const std::string& name, const std::string& head, const void* data, std::size_t num_bytes) {
  zip* archive = target_->archive;
  std::string& kept = target_->heads.emplace_back(head);
  auto& fragments = target_->fragments.emplace_back();
  auto* bytes = const_cast<zip_uint8_t*>(static_cast<const zip_uint8_t*>(data));  // libzip reads and frees nothing
  fragments = {{{reinterpret_cast<zip_uint8_t*>(kept.data()), kept.size()}, {bytes, num_bytes}}};
  zip_source_t* source = zip_source_buffer_fragment(archive, fragments.data(), fragments.size(), /*freep=*/0);
  if (source == nullptr) fail(target_->path, zip_strerror(archive));
  const zip_int64_t index = zip_file_add(archive, name.c_str(), source, ZIP_FL_ENC_UTF_8);
  if (index < 0) {
    zip_source_free(source);
    throw Error(target_->path.string(), "each member must have a name of its own",
                fmt::format("{}: {}", name, zip_strerror(archive)), "give it another name");
  }
  const auto place = static_cast<zip_uint64_t>(index);
  zip_set_file_compression(archive, place, ZIP_CM_STORE, 0);
  zip_file_set_dostime(archive, place, 0, kFirstDosDate, 0);
}

void ZipWriter::commit() {
  if (zip_close(target_->archive) != 0) {
    if (target_->failure) std::rethrow_exception(target_->failure);
    fail(target_->path, zip_strerror(target_->archive));
  }
  target_->archive = nullptr;
  target_->file.commit();
}

}  // namespace srm
