#include "data/store/hdf5_text_heaps.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <future>
#include <thread>

#include "base/error.h"

namespace moola::data::hdf5 {
namespace {

constexpr std::string_view kSignature = "GCOL";
constexpr std::uint64_t kHead = 16;  // signature, version, three reserved bytes, size of the heap

/// A file's bytes without a copy of them.
class Mapping {
 public:
  explicit Mapping(const std::filesystem::path& path) {
    const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (descriptor < 0) throw IoError("cannot open " + path.string(), errno);
    struct stat status {};
    const bool known = ::fstat(descriptor, &status) == 0 && status.st_size > 0;
    size_ = known ? static_cast<std::size_t>(status.st_size) : 0;
    if (known) data_ = ::mmap(nullptr, size_, PROT_READ, MAP_SHARED, descriptor, 0);
    const int error = errno;
    ::close(descriptor);
    if (data_ == MAP_FAILED || !known) throw IoError("cannot read " + path.string(), error);
  }
  ~Mapping() { ::munmap(data_, size_); }
  Mapping(const Mapping&) = delete;
  Mapping& operator=(const Mapping&) = delete;

  std::string_view bytes() const { return {static_cast<const char*>(data_), size_}; }

 private:
  void* data_ = MAP_FAILED;
  std::size_t size_ = 0;
};

std::int64_t checksum(std::string_view bytes) {
  return static_cast<std::int64_t>(::crc32_z(0, reinterpret_cast<const Bytef*>(bytes.data()), bytes.size()));
}

// Those that begin in [begin, end) of `bytes`; `seen` is what is searched. Numbers that happen to hold the signature
// are sealed as well when they could be a heap; that does no harm.
std::vector<std::int64_t> heaps_between(std::string_view bytes, std::string_view seen, std::size_t begin,
                                        std::size_t end) {
  std::vector<std::int64_t> heaps;
  for (std::size_t at = seen.find(kSignature, begin); at < end; at = seen.find(kSignature, at + 1)) {
    if (bytes.size() - at < kHead || bytes[at + 4] != 1) continue;
    std::uint64_t size = 0;
    std::memcpy(&size, bytes.data() + at + 8, sizeof size);
    if (size < kHead || size > bytes.size() - at) continue;
    heaps.push_back(static_cast<std::int64_t>(at));
    heaps.push_back(static_cast<std::int64_t>(size));
    heaps.push_back(checksum(bytes.substr(at, size)));
  }
  return heaps;
}

std::vector<std::int64_t> heaps_of(std::string_view bytes) {
  const std::size_t pieces =
      std::clamp<std::size_t>(bytes.size() >> 24, 1, std::max(1U, std::thread::hardware_concurrency()));
  std::vector<std::future<std::vector<std::int64_t>>> found;
  for (std::size_t i = 0; i < pieces; ++i) {
    const std::size_t begin = bytes.size() * i / pieces, end = bytes.size() * (i + 1) / pieces;
    // The search of one piece ends at the first heap of the next, and does not go on to the end of the file.
    const std::string_view seen = bytes.substr(0, std::min(bytes.size(), end + kSignature.size() - 1));
    found.push_back(std::async(pieces == 1 ? std::launch::deferred : std::launch::async,
                               [bytes, seen, begin, end] { return heaps_between(bytes, seen, begin, end); }));
  }
  std::vector<std::int64_t> heaps;
  for (auto& piece : found) {
    const std::vector<std::int64_t> part = piece.get();
    heaps.insert(heaps.end(), part.begin(), part.end());
  }
  return heaps;
}

}  // namespace

void seal_texts(const std::filesystem::path& path) {
  const std::vector<std::int64_t> heaps = heaps_of(Mapping(path).bytes());
  File file = File::open_to_add(path);
  file.set_attribute(kTextHeaps, heaps);
  file.close();
}

void check_texts(const File& file) {
  const auto attribute = file.attribute(kTextHeaps);
  if (!attribute) return;
  const auto* heaps = std::get_if<std::vector<std::int64_t>>(&*attribute);
  bool sound = heaps != nullptr && heaps->size() % 3 == 0;
  if (sound) {
    const Mapping mapping(file.path());
    const std::string_view bytes = mapping.bytes();
    for (std::size_t i = 0; sound && i < heaps->size(); i += 3) {
      const auto at = static_cast<std::uint64_t>((*heaps)[i]), size = static_cast<std::uint64_t>((*heaps)[i + 1]);
      sound = at <= bytes.size() && size <= bytes.size() - at && checksum(bytes.substr(at, size)) == (*heaps)[i + 2];
    }
  }
  if (!sound) {
    throw DataError(
        fmt::format("cannot read the texts of {}: their checksum is wrong. The file is damaged; take it from a copy or "
                    "make it again.",
                    file.path().string()));
  }
}

}  // namespace moola::data::hdf5
