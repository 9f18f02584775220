// Adapter of libzip.

#include "data/formats/npz.h"

#include <zip.h>

#include <algorithm>
#include <mutex>
#include <utility>

#include "data/formats/npy.h"

namespace tare::data {
namespace {

Error CorruptArchive(const std::string& name, std::string_view why) {
  return DataLoss(StrCat("cannot read ", name, " as .npz: ", why),
                  "make or download the file again; numpy.savez writes a valid one");
}

// Lets libzip read from a ByteSource: the archive is then never a path to it.
struct Reader {
  ByteSourcePtr source;
  zip_int64_t offset = 0;
  zip_error_t error{};

  zip_int64_t Read(void* data, zip_uint64_t length) {
    const auto count = std::min<int64_t>(
        static_cast<int64_t>(std::min<zip_uint64_t>(length, zip_uint64_t{1} << 40)),
        source->size() - offset);
    const auto out = std::span(static_cast<std::byte*>(data), static_cast<size_t>(count));
    if (!source->ReadAt(offset, out)) {
      zip_error_set(&error, ZIP_ER_READ, 0);
      return -1;
    }
    offset += count;
    return count;
  }

  zip_int64_t Seek(void* data, zip_uint64_t length) {
    const auto size = static_cast<zip_uint64_t>(source->size());
    const zip_int64_t to = zip_source_seek_compute_offset(static_cast<zip_uint64_t>(offset), size,
                                                          data, length, &error);
    if (to < 0) return -1;
    offset = to;
    return 0;
  }

  zip_int64_t Stat(void* data) {
    auto* stat = static_cast<zip_stat_t*>(data);
    zip_stat_init(stat);
    stat->valid = ZIP_STAT_SIZE;
    stat->size = static_cast<zip_uint64_t>(source->size());
    return sizeof(zip_stat_t);
  }
};

zip_int64_t ServeZip(void* state, void* data, zip_uint64_t length, zip_source_cmd_t command) {
  auto* reader = static_cast<Reader*>(state);
  switch (command) {
    case ZIP_SOURCE_SUPPORTS:
      return zip_source_make_command_bitmap(ZIP_SOURCE_OPEN, ZIP_SOURCE_READ, ZIP_SOURCE_CLOSE,
                                            ZIP_SOURCE_STAT, ZIP_SOURCE_ERROR, ZIP_SOURCE_FREE,
                                            ZIP_SOURCE_SEEK, ZIP_SOURCE_TELL, -1);
    case ZIP_SOURCE_OPEN:
      reader->offset = 0;
      return 0;
    case ZIP_SOURCE_READ:
      return reader->Read(data, length);
    case ZIP_SOURCE_SEEK:
      return reader->Seek(data, length);
    case ZIP_SOURCE_TELL:
      return reader->offset;
    case ZIP_SOURCE_STAT:
      return reader->Stat(data);
    case ZIP_SOURCE_ERROR:
      return zip_error_to_data(&reader->error, data, length);
    case ZIP_SOURCE_CLOSE:
      return 0;
    case ZIP_SOURCE_FREE:
      delete reader;
      return 0;
    default:
      zip_error_set(&reader->error, ZIP_ER_OPNOTSUPP, 0);
      return -1;
  }
}

// An open archive. libzip is not thread-safe: who calls it holds `mutex`.
struct Archive {
  zip_t* zip = nullptr;
  std::mutex mutex;

  Archive() = default;
  ~Archive() {
    if (zip != nullptr) zip_discard(zip);
  }
  Archive(const Archive&) = delete;
  Archive& operator=(const Archive&) = delete;
};
using ArchivePtr = std::shared_ptr<Archive>;  // shared by the members that are read in place

Result<ArchivePtr> OpenArchive(ByteSourcePtr source) {
  const std::string name = source->name();
  zip_error_t error;
  zip_error_init(&error);
  auto reader = std::make_unique<Reader>();
  reader->source = std::move(source);
  zip_error_init(&reader->error);
  auto archive = std::make_shared<Archive>();
  zip_source_t* zip_source = zip_source_function_create(ServeZip, reader.get(), &error);
  if (zip_source != nullptr) {
    static_cast<void>(reader.release());  // freed by ZIP_SOURCE_FREE
    archive->zip = zip_open_from_source(zip_source, ZIP_RDONLY, &error);
    // It takes the source only when it opens.
    if (archive->zip == nullptr) zip_source_free(zip_source);
  }
  const std::string why = zip_error_strerror(&error);
  zip_error_fini(&error);
  if (archive->zip == nullptr) return CorruptArchive(name, why);
  return archive;
}

struct Member {
  std::string place;  // "train.npz, member images.npy"
  zip_uint64_t index = 0;
  int64_t size = 0;
  int64_t encoded_size = 0;
  bool is_stored = false;
};

// An open member, at its start.
class MemberFile {
 public:
  static Result<MemberFile> Open(const ArchivePtr& archive, const Member& member) {
    zip_file_t* file = zip_fopen_index(archive->zip, member.index, 0);
    if (file != nullptr) return MemberFile(archive, file);
    return CorruptArchive(member.place, zip_strerror(archive->zip));
  }
  ~MemberFile() {
    if (file_ != nullptr) zip_fclose(file_);
  }
  MemberFile(MemberFile&& other) noexcept
      : archive_(std::move(other.archive_)), file_(std::exchange(other.file_, nullptr)) {}
  MemberFile& operator=(MemberFile&&) = delete;

  /// Returns how many bytes were read: fewer than asked for at the end only.
  Result<int64_t> Read(std::span<std::byte> out, const std::string& place) {
    int64_t total = 0;
    while (!out.empty()) {
      const zip_int64_t count = zip_fread(file_, out.data(), out.size());
      if (count < 0) return CorruptArchive(place, zip_error_strerror(zip_file_get_error(file_)));
      if (count == 0) break;
      total += count;
      out = out.subspan(static_cast<size_t>(count));
    }
    return total;
  }
  bool Seek(int64_t offset) { return zip_fseek(file_, offset, SEEK_SET) == 0; }

 private:
  MemberFile(ArchivePtr archive, zip_file_t* file) : archive_(std::move(archive)), file_(file) {}

  ArchivePtr archive_;
  zip_file_t* file_;
};

// A stored member, read in place.
class InPlaceSource : public ByteSource {
 public:
  InPlaceSource(ArchivePtr archive, MemberFile file, Member member)
      : archive_(std::move(archive)), file_(std::move(file)), member_(std::move(member)) {}
  const std::string& name() const override { return member_.place; }
  int64_t size() const override { return member_.size; }
  Result<void> ReadAt(int64_t offset, std::span<std::byte> out) const override {
    const std::lock_guard lock(archive_->mutex);
    if (offset < 0 || offset > member_.size || !file_.Seek(offset)) {
      return CorruptArchive(member_.place, StrCat("there is no byte ", offset));
    }
    TARE_TRY(const int64_t count, file_.Read(out, member_.place));
    if (count != std::ssize(out)) return CorruptArchive(member_.place, "it is cut off");
    return {};
  }

 private:
  ArchivePtr archive_;
  mutable MemberFile file_;  // used under archive_->mutex
  Member member_;
};

// Reads a member to its end, which checks its CRC-32; keeps what it decodes unless it can be read
// in place.
Result<ByteSourcePtr> Decode(const ArchivePtr& archive, const Member& member) {
  const std::lock_guard lock(archive->mutex);
  TARE_TRY_VOID(CheckExpansion(member.place, member.encoded_size, member.size));
  TARE_TRY(MemberFile file, MemberFile::Open(archive, member));
  const bool in_place = member.is_stored && member.size > Spool::kMemoryBytes;
  Spool spool(member.place);
  std::vector<std::byte> buffer(1 << 18);
  int64_t total = 0;
  // One buffer beyond what the archive says is enough to know that it lies: the rest of a bomb is
  // never decoded.
  while (total <= member.size) {
    TARE_TRY(const int64_t count, file.Read(buffer, member.place));
    total += count;
    if (!in_place) {
      TARE_TRY_VOID(spool.Append(std::span(buffer).first(static_cast<size_t>(count))));
    }
    if (count < std::ssize(buffer)) break;
  }
  if (total != member.size) {
    return CorruptArchive(member.place, StrCat("it decodes to ", total,
                                               " bytes or more, the archive says ", member.size));
  }
  if (!in_place) return spool.Finish();
  // The first reading came to the end, where the CRC-32 is checked; readings in place need not.
  TARE_TRY(MemberFile again, MemberFile::Open(archive, member));
  return ByteSourcePtr(std::make_shared<InPlaceSource>(archive, std::move(again), member));
}

Result<StoredArray> OpenMember(const ArchivePtr& archive, const Member& member,
                               const std::string& array_name) {
  std::string prefix(static_cast<size_t>(std::min(member.size, kMaxNpyHeaderBytes)), '\0');
  {
    const std::lock_guard lock(archive->mutex);
    TARE_TRY(MemberFile file, MemberFile::Open(archive, member));
    TARE_TRY(const int64_t count,
             file.Read(std::as_writable_bytes(std::span(prefix)), member.place));
    prefix.resize(static_cast<size_t>(count));
  }
  TARE_TRY(const ArrayLayout layout, ParseNpyHeader(prefix, member.place));
  auto bytes = MakeLazySource(member.place, member.size,
                              [archive, member] { return Decode(archive, member); });
  return StoredArray::Create(array_name, layout, std::move(bytes));
}

Result<Member> DescribeMember(const Archive& archive, zip_uint64_t index, const std::string& file) {
  zip_stat_t stat;
  zip_stat_init(&stat);
  // The sizes are what the file says: beyond 2^48 they are no sizes, and sums of them could
  // overflow.
  constexpr zip_uint64_t kNeeded =
      ZIP_STAT_NAME | ZIP_STAT_SIZE | ZIP_STAT_COMP_SIZE | ZIP_STAT_COMP_METHOD;
  if (zip_stat_index(archive.zip, index, 0, &stat) != 0 || (stat.valid & kNeeded) != kNeeded ||
      stat.size > zip_uint64_t{1} << 48 || stat.comp_size > zip_uint64_t{1} << 48) {
    return CorruptArchive(file, StrCat("entry ", index, " of its directory is broken"));
  }
  return Member{StrCat(file, ", member ", stat.name), index, static_cast<int64_t>(stat.size),
                static_cast<int64_t>(stat.comp_size), stat.comp_method == ZIP_CM_STORE};
}

// scipy.sparse.save_npz: its arrays are the parts of one matrix, and no columns.
Result<void> CheckIsDense(std::span<const StoredArray> arrays, const std::string& file) {
  const auto has = [&](std::string_view name) {
    return std::ranges::any_of(arrays,
                               [&](const StoredArray& array) { return array.info().name == name; });
  };
  const bool is_compressed = has("indices") && has("indptr");
  const bool is_list = has("row") && has("col");
  if (!has("data") || !has("shape") || (!is_compressed && !is_list)) return {};
  return Unsupported(StrCat(file, " holds a sparse matrix, as scipy.sparse.save_npz writes it"),
                     "save it dense: numpy.savez(FILE, x=scipy.sparse.load_npz(FILE).toarray())");
}

}  // namespace

Result<std::unique_ptr<Dataset>> OpenNpz(const ByteSourcePtr& source, ByteSourcePtr file) {
  TARE_TRY(const ArchivePtr archive, OpenArchive(source));
  const zip_int64_t num_members = zip_get_num_entries(archive->zip, 0);
  if (num_members > 65536) return CorruptArchive(source->name(), "it has more than 65,536 members");
  std::vector<StoredArray> arrays;
  std::vector<SkippedArray> skipped;
  for (zip_int64_t i = 0; i < num_members; ++i) {
    TARE_TRY(const Member member,
             DescribeMember(*archive, static_cast<zip_uint64_t>(i), source->name()));
    std::string name = member.place.substr(source->name().size() + std::string(", member ").size());
    if (name.ends_with('/')) continue;  // a folder entry
    if (name.ends_with(".npy")) name.resize(name.size() - 4);
    auto array = OpenMember(archive, member, name);
    const auto is_same = [&](const StoredArray& other) { return other.info().name == name; };
    if (array && std::ranges::any_of(arrays, is_same)) {
      // "a" and "a.npy", or a member that was appended anew: numpy reads the last, others the first.
      return InvalidArgument(StrCat(member.place, " is a second array named '", name, "'"),
                             "give each array a name of its own");
    }
    if (array) {
      arrays.push_back(*std::move(array));
    } else {
      skipped.push_back({std::move(name), std::move(array).error()});
    }
  }
  if (arrays.empty() && skipped.empty()) return CorruptArchive(source->name(), "it has no members");
  TARE_TRY_VOID(CheckIsDense(arrays, source->name()));
  return MakeStoredDataset(std::move(arrays), std::move(skipped), std::move(file));
}

}  // namespace tare::data
