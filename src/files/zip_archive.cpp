#include "files/zip_archive.h"

#include <fmt/format.h>
#include <zip.h>

#include <algorithm>

#include "srm/error.h"

namespace srm {
namespace {

// Deflate cannot do better; what claims more would only take memory.
constexpr std::uint64_t kLargestDeflateRatio = 1032;

[[noreturn]] void fail_damaged(std::string_view where, std::string_view got) {
  throw Error(where, "the archive must be whole", got, "it is damaged or was cut short; get or write it again");
}

}  // namespace

void ZipArchive::Close::operator()(zip* archive) const { zip_discard(archive); }
void ZipMember::Close::operator()(zip_file* file) const { zip_fclose(file); }

ZipArchive::ZipArchive(const std::filesystem::path& path)
    : path_(path.string()), num_file_bytes_(std::filesystem::file_size(path)) {
  int code = 0;
  archive_.reset(zip_open(path_.c_str(), ZIP_RDONLY, &code));
  if (!archive_) {
    zip_error_t error;
    zip_error_init_with_code(&error, code);
    const std::string message = zip_error_strerror(&error);
    zip_error_fini(&error);
    fail_damaged(path_, message);
  }
  list_names();
}

ZipArchive::ZipArchive(std::string name, std::string_view bytes)
    : path_(std::move(name)), num_file_bytes_(bytes.size()) {
  zip_error_t error;
  zip_error_init(&error);
  zip_source_t* source = zip_source_buffer_create(bytes.data(), bytes.size(), /*freep=*/0, &error);
  if (source != nullptr) archive_.reset(zip_open_from_source(source, ZIP_RDONLY, &error));
  const std::string message = archive_ ? "" : zip_error_strerror(&error);
  if (!archive_ && source != nullptr) zip_source_free(source);
  zip_error_fini(&error);
  if (!archive_) fail_damaged(path_, message);
  list_names();
}

void ZipArchive::list_names() {
  const zip_int64_t num_members = zip_get_num_entries(archive_.get(), 0);
  for (zip_int64_t k = 0; k < num_members; ++k) {
    const char* name = zip_get_name(archive_.get(), static_cast<zip_uint64_t>(k), ZIP_FL_ENC_RAW);
    if (name == nullptr) fail_damaged(path_, zip_strerror(archive_.get()));
    names_.emplace_back(name);
  }
}

bool ZipArchive::contains(std::string_view name) const {
  return std::find(names_.begin(), names_.end(), name) != names_.end();
}

ZipMember ZipArchive::open(const std::string& name) const {
  ZipMember member;
  member.where_ = fmt::format("{}: {}", path_, name);
  const auto found = std::find(names_.begin(), names_.end(), name);
  if (found == names_.end()) fail_damaged(member.where_, "no such member");
  const auto index = static_cast<zip_uint64_t>(found - names_.begin());
  zip_stat_t stat;
  constexpr zip_uint64_t kNeeded = ZIP_STAT_SIZE | ZIP_STAT_COMP_SIZE | ZIP_STAT_COMP_METHOD;
  if (zip_stat_index(archive_.get(), index, 0, &stat) != 0 || (stat.valid & kNeeded) != kNeeded) {
    fail_damaged(member.where_, zip_strerror(archive_.get()));
  }
  const std::uint64_t ratio = stat.comp_method == ZIP_CM_STORE ? 1 : kLargestDeflateRatio;
  if (stat.comp_size > num_file_bytes_ || stat.size / ratio > stat.comp_size) {
    fail_damaged(member.where_, fmt::format("a claim of {} bytes in a file of {}", stat.size, num_file_bytes_));
  }
  member.num_bytes_ = stat.size;
  member.file_.reset(zip_fopen_index(archive_.get(), index, 0));
  if (!member.file_) fail_damaged(member.where_, zip_strerror(archive_.get()));
  return member;
}

std::string ZipArchive::read_text(const std::string& name) const {
  ZipMember member = open(name);
  std::string text(member.num_bytes(), '\0');
  member.read(text.data(), text.size());
  member.finish();
  return text;
}

void ZipMember::read(void* data, std::size_t num_bytes) {
  auto* target = static_cast<char*>(data);
  while (num_bytes > 0) {
    const zip_int64_t num_read = zip_fread(file_.get(), target, num_bytes);
    if (num_read < 0) fail_damaged(where_, zip_file_strerror(file_.get()));
    if (num_read == 0) fail_damaged(where_, fmt::format("an end {} bytes too early", num_bytes));
    target += num_read;
    num_bytes -= static_cast<std::size_t>(num_read);
  }
}

void ZipMember::finish() {
  char beyond = 0;
  const zip_int64_t num_read = zip_fread(file_.get(), &beyond, 1);
  if (num_read < 0) fail_damaged(where_, zip_file_strerror(file_.get()));
  if (num_read > 0) fail_damaged(where_, "more bytes than announced");
}

}  // namespace srm
