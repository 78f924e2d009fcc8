#include "data/store/hdf5.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <unistd.h>

#include <algorithm>
#include <bit>
#include <cerrno>
#include <cstdlib>
#include <numeric>
#include <utility>

#include "base/error.h"
#include "base/nearest.h"
#include "data/store/hdf5_call.h"

namespace moola::data::hdf5 {
namespace {

// Of this process. One thread at a time is in here, as in HDF5.
int write_failures = 0;

static_assert(std::endian::native == std::endian::little,
              "files are little-endian and memory is handed to HDF5 as it is");

constexpr std::uint64_t kChunkBytes = std::uint64_t{512} * 1024;  // two fit HDF5's chunk cache of 1 MiB

// Walking upward visits the innermost failure first: it says why, the outer ones only who asked.
herr_t keep_first(unsigned n, const H5E_error2_t* error, void* text) {
  if (n == 0 && error->desc != nullptr) *static_cast<std::string*>(text) = error->desc;
  return 0;
}

std::optional<Type> element_type(hid_t id) {
  const std::size_t size = H5Tget_size(id);
  switch (H5Tget_class(id)) {
    case H5T_INTEGER:
      if (H5Tget_sign(id) == H5T_SGN_NONE) return size == 1 ? std::optional(Type::uint8) : std::nullopt;
      if (size == 1) return Type::int8;
      if (size == 2) return Type::int16;
      if (size == 4) return Type::int32;
      if (size == 8) return Type::int64;
      return std::nullopt;
    case H5T_FLOAT:
      if (H5Tequal(id, H5T_IEEE_F32LE) > 0 || H5Tequal(id, H5T_IEEE_F32BE) > 0) return Type::float32;
      if (H5Tequal(id, H5T_IEEE_F64LE) > 0 || H5Tequal(id, H5T_IEEE_F64BE) > 0) return Type::float64;
      return std::nullopt;
    default:
      return std::nullopt;
  }
}

// Chunks of equal size, so that the last one is not mostly empty.
Shape default_chunk(const Shape& shape, Type type) {
  const std::uint64_t rows = shape.front();
  const std::uint64_t row_bytes = std::max<std::uint64_t>(1, element_count(shape) / rows * size_of(type));
  const std::uint64_t most_rows = std::clamp<std::uint64_t>(kChunkBytes / row_bytes, 1, rows);
  const std::uint64_t chunks = (rows + most_rows - 1) / most_rows;
  Shape chunk = shape;
  chunk.front() = (rows + chunks - 1) / chunks;
  return chunk;
}

herr_t collect_name(hid_t, const char* name, const H5L_info_t*, void* names) {
  static_cast<std::vector<std::string>*>(names)->emplace_back(name);
  return 0;
}

Handle file_access() {
  silence();
  const std::string where = "HDF5's file settings";
  Handle access = checked(H5Pcreate(H5P_FILE_ACCESS), H5Pclose, Doing::writing, where, "H5Pcreate");
  check(H5Pset_file_locking(access.get(), false, true), Doing::writing, where, "H5Pset_file_locking");
  // The format of 1.10: attributes of any size (lists of thousands of names), and a checksum on every index.
  check(H5Pset_libver_bounds(access.get(), H5F_LIBVER_V110, H5F_LIBVER_V110), Doing::writing, where,
        "H5Pset_libver_bounds");
  // A forgotten handle must not keep a file open.
  check(H5Pset_fclose_degree(access.get(), H5F_CLOSE_STRONG), Doing::writing, where, "H5Pset_fclose_degree");
  return access;
}

}  // namespace

File File::open_existing(const std::filesystem::path& path, unsigned flags) {
  // The system's own words for what is missing or forbidden are better than HDF5's.
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) throw IoError("cannot open " + path.string(), errno);
  ::close(descriptor);
  if (std::filesystem::is_directory(path)) throw IoError("cannot open " + path.string(), EISDIR);
  const Handle access = file_access();
  return {checked(H5Fopen(path.c_str(), flags, access.get()), H5Fclose, Doing::reading, path.string(), "H5Fopen"),
          path};
}

// At the end of the process HDF5 would close what a failed write has spoilt, and crash over it. What is sound was
// closed by its handle. It must be told before anything else, and even its constants set it to work.
__attribute__((constructor)) void leave_all_as_it_is_at_exit() {
  H5dont_atexit();
}

void silence() {
  H5Eset_auto2(H5E_DEFAULT, nullptr, nullptr);
}

std::int64_t check(std::int64_t returned, Doing doing, const std::string& where, std::string_view call) {
  if (returned >= 0) return returned;
  std::string why;
  H5Ewalk2(H5E_DEFAULT, H5E_WALK_UPWARD, keep_first, &why);
  H5Eclear2(H5E_DEFAULT);
  if (doing == Doing::writing) {
    ++write_failures;
    // HDF5 says it in the middle of offsets and addresses.
    if (const std::size_t at = why.find("errno = "); at != why.npos) {
      if (const int number = std::atoi(why.c_str() + at + 8); number > 0)
        throw IoError("cannot write " + where, number);
    }
    throw IoError(fmt::format("cannot write {}: {} failed ({}). Is the disk full, or the file system read-only?", where,
                              call, why));
  }
  throw DataError(
      fmt::format("cannot read {}: {} failed ({}). The file is damaged, cut short, or not what it should be; take it "
                  "from a copy or make it again.",
                  where, call, why));
}

Handle checked(std::int64_t id, Handle::Close close, Doing doing, const std::string& where, std::string_view call) {
  return {check(id, doing, where, call), close};
}

hid_t file_type(Type type) {
  switch (type) {
    case Type::int8:
      return H5T_STD_I8LE;
    case Type::int16:
      return H5T_STD_I16LE;
    case Type::int32:
      return H5T_STD_I32LE;
    case Type::int64:
      return H5T_STD_I64LE;
    case Type::uint8:
      return H5T_STD_U8LE;
    case Type::float32:
      return H5T_IEEE_F32LE;
    case Type::float64:
      return H5T_IEEE_F64LE;
  }
  throw std::logic_error("no such element type");
}

Handle::Handle(std::int64_t id, Close close) : id_(id), close_(close), failures_(write_failures) {}

Handle::Handle(Handle&& other) noexcept
    : id_(std::exchange(other.id_, -1)), close_(other.close_), failures_(other.failures_) {}

Handle& Handle::operator=(Handle&& other) noexcept {
  if (this != &other) {
    reset();
    id_ = std::exchange(other.id_, -1);
    close_ = other.close_;
    failures_ = other.failures_;
  }
  return *this;
}

int Handle::reset() {
  const std::int64_t id = std::exchange(id_, -1);
  if (id < 0) return 0;
  if (spoilt()) return -1;
  const int closed = close_(id);
  if (closed < 0) ++write_failures;  // closing reads nothing: it is a flush that failed
  return closed;
}

bool Handle::spoilt() const {
  return failures_ != write_failures;
}

std::string numpy_name(Type type) {
  switch (type) {
    case Type::int8:
      return "|i1";
    case Type::int16:
      return "<i2";
    case Type::int32:
      return "<i4";
    case Type::int64:
      return "<i8";
    case Type::uint8:
      return "|u1";
    case Type::float32:
      return "<f4";
    case Type::float64:
      return "<f8";
  }
  throw std::logic_error("no such element type");
}

std::size_t size_of(Type type) {
  return static_cast<std::size_t>(numpy_name(type).back() - '0');
}

std::uint64_t element_count(const Shape& shape) {
  return std::accumulate(shape.begin(), shape.end(), std::uint64_t{1}, std::multiplies<>());
}

std::string Dataset::where() const {
  return fmt::format("data set '{}' of {}", name_, file_);
}

std::uint64_t Dataset::row_elements() const {
  return std::accumulate(shape_.begin() + 1, shape_.end(), std::uint64_t{1}, std::multiplies<>());
}

Shape Dataset::chunk() const {
  const Handle plist =
      checked(H5Dget_create_plist(id_.get()), H5Pclose, Doing::reading, where(), "H5Dget_create_plist");
  if (H5Pget_layout(plist.get()) != H5D_CHUNKED) return shape_;
  std::vector<hsize_t> chunk(shape_.size());
  check(H5Pget_chunk(plist.get(), static_cast<int>(chunk.size()), chunk.data()), Doing::reading, where(),
        "H5Pget_chunk");
  return {chunk.begin(), chunk.end()};
}

void Dataset::transfer_rows(Doing doing, Type type, std::uint64_t begin, std::uint64_t count, void* memory,
                            std::size_t elements) const {
  Shape first(shape_.size(), 0), extent = shape_;
  first.front() = begin;
  extent.front() = count;
  transfer(doing, type, first, extent, memory, elements);
}

void Dataset::transfer(Doing doing, Type type, const Shape& begin, const Shape& count, void* memory,
                       std::size_t elements) const {
  if (type != type_) {
    throw DataError(fmt::format("{} holds elements of type {}, but {} was expected.", where(), numpy_name(type_),
                                numpy_name(type)));
  }
  bool inside = begin.size() == shape_.size() && count.size() == shape_.size();
  for (std::size_t axis = 0; inside && axis < shape_.size(); ++axis) {
    inside = begin[axis] <= shape_[axis] && count[axis] <= shape_[axis] - begin[axis];
  }
  if (!inside) {
    throw DataError(fmt::format("{} has the shape [{}]; the block of [{}] from [{}] is not inside it.", where(),
                                fmt::join(shape_, ", "), fmt::join(count, ", "), fmt::join(begin, ", ")));
  }
  if (elements != element_count(count)) {
    throw DataError(
        fmt::format("{}: a block of {} elements does not fit memory for {}.", where(), element_count(count), elements));
  }
  if (elements == 0) return;

  const std::vector<hsize_t> first(begin.begin(), begin.end()), extent(count.begin(), count.end());
  const Handle file_space = checked(H5Dget_space(id_.get()), H5Sclose, doing, where(), "H5Dget_space");
  check(H5Sselect_hyperslab(file_space.get(), H5S_SELECT_SET, first.data(), nullptr, extent.data(), nullptr), doing,
        where(), "H5Sselect_hyperslab");
  const Handle memory_space = checked(H5Screate_simple(static_cast<int>(extent.size()), extent.data(), nullptr),
                                      H5Sclose, doing, where(), "H5Screate_simple");
  if (doing == Doing::reading) {
    check(H5Dread(id_.get(), file_type(type_), memory_space.get(), file_space.get(), H5P_DEFAULT, memory), doing,
          where(), "H5Dread");
  } else {
    check(H5Dwrite(id_.get(), file_type(type_), memory_space.get(), file_space.get(), H5P_DEFAULT, memory), doing,
          where(), "H5Dwrite");
  }
}

void Dataset::read_row_bytes(std::uint64_t begin, std::uint64_t count, std::span<std::byte> out) const {
  transfer_rows(Doing::reading, type_, begin, count, out.data(), out.size() / size_of(type_));
}

void Dataset::write_row_bytes(std::uint64_t begin, std::uint64_t count, std::span<const std::byte> values) {
  transfer_rows(Doing::writing, type_, begin, count, const_cast<std::byte*>(values.data()),
                values.size() / size_of(type_));
}

std::string File::where(std::string_view kind, std::string_view name) const {
  return fmt::format("{} '{}' of {}", kind, name, path_.string());
}

File File::create(const std::filesystem::path& path) {
  const Handle access = file_access();
  const Handle creation = checked(H5Pcreate(H5P_FILE_CREATE), H5Pclose, Doing::writing, path.string(), "H5Pcreate");
  check(H5Pset_obj_track_times(creation.get(), false), Doing::writing, path.string(), "H5Pset_obj_track_times");
  return {checked(H5Fcreate(path.c_str(), H5F_ACC_TRUNC, creation.get(), access.get()), H5Fclose, Doing::writing,
                  path.string(), "H5Fcreate"),
          path};
}

File File::open(const std::filesystem::path& path) {
  return open_existing(path, H5F_ACC_RDONLY);
}
File File::open_to_add(const std::filesystem::path& path) {
  return open_existing(path, H5F_ACC_RDWR);
}

void File::close() {
  // A data set's last chunks are written when it is closed, where nothing can be thrown.
  if (id_.spoilt()) check(-1, Doing::writing, path_.string(), "closing a data set");
  check(H5Fflush(id_.get(), H5F_SCOPE_GLOBAL), Doing::writing, path_.string(), "H5Fflush");
  check(id_.reset(), Doing::writing, path_.string(), "H5Fclose");
}

std::vector<std::string> File::dataset_names() const {
  std::vector<std::string> names;
  check(H5Literate(id_.get(), H5_INDEX_NAME, H5_ITER_NATIVE, nullptr, collect_name, &names), Doing::reading,
        path_.string(), "H5Literate");
  std::sort(names.begin(), names.end());
  for (const std::string& name : names) {
    const Handle object = checked(H5Oopen(id_.get(), name.c_str(), H5P_DEFAULT), H5Oclose, Doing::reading,
                                  where("object", name), "H5Oopen");
    if (H5Iget_type(object.get()) != H5I_DATASET) {
      throw DataError(fmt::format("{} is not a data set; Moola's files hold data sets only.", where("object", name)));
    }
  }
  return names;
}

bool File::has_dataset(const std::string& name) const {
  return check(H5Lexists(id_.get(), name.c_str(), H5P_DEFAULT), Doing::reading, path_.string(), "H5Lexists") > 0;
}

Dataset File::dataset(const std::string& name) const {
  if (!has_dataset(name)) {
    const std::vector<std::string> names = dataset_names();
    throw DataError(fmt::format("{} has no data set '{}'; it has: {}.{}", path_.string(), name, fmt::join(names, ", "),
                                did_you_mean(name, names)));
  }
  const std::string at = where("data set", name);
  Handle id = checked(H5Dopen2(id_.get(), name.c_str(), H5P_DEFAULT), H5Dclose, Doing::reading, at, "H5Dopen2");
  const Handle type = checked(H5Dget_type(id.get()), H5Tclose, Doing::reading, at, "H5Dget_type");
  const std::optional<Type> element = element_type(type.get());
  if (!element) {
    throw DataError(
        fmt::format("{} holds elements of a type that Moola's files do not have; "
                    "expected int8 to int64, uint8, float32 or float64.",
                    at));
  }
  const Handle space = checked(H5Dget_space(id.get()), H5Sclose, Doing::reading, at, "H5Dget_space");
  const auto rank = check(H5Sget_simple_extent_ndims(space.get()), Doing::reading, at, "H5Sget_simple_extent_ndims");
  if (rank < 1) throw DataError(at + " has no axes; at least one was expected.");
  std::vector<hsize_t> extents(static_cast<std::size_t>(rank));
  check(H5Sget_simple_extent_dims(space.get(), extents.data(), nullptr), Doing::reading, at,
        "H5Sget_simple_extent_dims");
  return {std::move(id), path_.string(), name, *element, Shape(extents.begin(), extents.end())};
}

Dataset File::create_dataset(const std::string& name, Type type, const Shape& shape, const Layout& layout) {
  const std::string at = where("data set", name);
  if (shape.empty()) throw std::logic_error(at + " needs at least one axis");
  const std::vector<hsize_t> extents(shape.begin(), shape.end());
  const Handle space = checked(H5Screate_simple(static_cast<int>(extents.size()), extents.data(), nullptr), H5Sclose,
                               Doing::writing, at, "H5Screate_simple");
  const Handle plist = checked(H5Pcreate(H5P_DATASET_CREATE), H5Pclose, Doing::writing, at, "H5Pcreate");
  check(H5Pset_obj_track_times(plist.get(), false), Doing::writing, at, "H5Pset_obj_track_times");
  if (element_count(shape) > 0) {  // chunks of nothing can't be; nor is there anything to protect
    const Shape chosen = layout.chunk.empty() ? default_chunk(shape, type) : layout.chunk;
    std::vector<hsize_t> chunk(chosen.begin(), chosen.end());
    if (chunk.size() != shape.size()) throw std::logic_error(at + ": a chunk has as many axes as the data set");
    for (std::size_t axis = 0; axis < chunk.size(); ++axis)
      chunk[axis] = std::clamp<hsize_t>(chunk[axis], 1, shape[axis]);
    check(H5Pset_chunk(plist.get(), static_cast<int>(chunk.size()), chunk.data()), Doing::writing, at, "H5Pset_chunk");
    if (layout.deflate > 0) {
      check(H5Pset_shuffle(plist.get()), Doing::writing, at, "H5Pset_shuffle");
      check(H5Pset_deflate(plist.get(), static_cast<unsigned>(layout.deflate)), Doing::writing, at, "H5Pset_deflate");
    }
    check(H5Pset_fletcher32(plist.get()), Doing::writing, at, "H5Pset_fletcher32");
  }
  Handle id =
      checked(H5Dcreate2(id_.get(), name.c_str(), file_type(type), space.get(), H5P_DEFAULT, plist.get(), H5P_DEFAULT),
              H5Dclose, Doing::writing, at, "H5Dcreate2");
  return {std::move(id), path_.string(), name, type, shape};
}

}  // namespace moola::data::hdf5
