#include "sweep/journal/journal_reader.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <condition_variable>
#include <cstring>
#include <exception>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "base/descriptor.h"
#include "base/error.h"
#include "base/thread_count.h"

namespace moola::sweep {
namespace {

constexpr std::uint64_t kPieceBytes = 256 << 10;

class OpenFile {
 public:
  explicit OpenFile(const std::filesystem::path& file) : in_(file, O_RDONLY), file_(file) {
    if (!in_.is_open()) throw IoError("cannot open the journal " + file.string(), errno);
  }

  struct stat status() const {
    struct stat out {};
    if (::fstat(in_.get(), &out) != 0) throw IoError("cannot read the journal " + file_.string(), errno);
    return out;
  }

  // Less than `size` at the end of the file only.
  std::size_t read(char* to, std::size_t size, std::uint64_t offset) const {
    std::size_t done = 0;
    while (done < size) {
      const ssize_t got = ::pread(in_.get(), to + done, size - done, static_cast<off_t>(offset + done));
      if (got < 0 && errno == EINTR) continue;
      if (got < 0) throw IoError("cannot read the journal " + file_.string(), errno);
      if (got == 0) break;
      done += static_cast<std::size_t>(got);
    }
    return done;
  }

 private:
  Descriptor in_;
  const std::filesystem::path& file_;
};

}  // namespace

// The lines that begin in a stretch of the file, scanned.
struct JournalReader::Piece {
  std::vector<char> bytes = {};
  std::vector<Record> records = {};      // of which the first `count` are this stretch's
  std::vector<std::uint64_t> ends = {};  // where each of them ends in the file
  std::size_t count = 0;
  std::optional<std::string> bad = {};  // what is wrong with the line behind them
  RecordScanner scanner = {};

  // Of a file that is `limit` bytes long. A line begins at 0 and behind each newline, and counts when it has its own.
  void scan(const OpenFile& file, std::uint64_t begin, std::uint64_t stop, std::uint64_t limit);

 private:
  std::string_view load(const OpenFile& file, std::uint64_t from, std::uint64_t stop, std::uint64_t limit);
};

// The bytes from `from` on, as far as the newline that ends the last line that begins before `stop`, and maybe more.
std::string_view JournalReader::Piece::load(const OpenFile& file, std::uint64_t from, std::uint64_t stop,
                                            std::uint64_t limit) {
  std::size_t size = 0, seen = static_cast<std::size_t>(stop - from - 1);
  for (std::uint64_t to = stop + 4096;; to += size) {
    const auto wanted = static_cast<std::size_t>(std::min(limit, to) - from);
    if (bytes.size() < wanted) bytes.resize(wanted);
    size += file.read(bytes.data() + size, wanted - size, from + size);
    if (size < wanted || wanted == limit - from) break;  // the file ends, or was cut meanwhile
    if (std::memchr(bytes.data() + seen, '\n', size - seen) != nullptr) break;
    seen = size;
  }
  return {bytes.data(), size};
}

void JournalReader::Piece::scan(const OpenFile& file, std::uint64_t begin, std::uint64_t stop, std::uint64_t limit) {
  scanner.forget();
  count = 0;
  bad.reset();
  // One byte before: where it is a newline, a line begins at `begin`.
  const std::uint64_t from = begin == 0 ? 0 : begin - 1;
  const std::string_view text = load(file, from, stop, limit);
  std::size_t at = 0;
  if (begin > 0 && (at = text.find('\n')) == text.npos) return;
  if (begin > 0) ++at;
  while (from + at < stop) {
    const std::size_t newline = text.find('\n', at);
    if (newline == text.npos) return;
    if (count == records.size()) {
      records.emplace_back();
      ends.push_back(0);
    }
    try {
      scanner.scan(text.substr(at, newline - at), records[count]);
    } catch (const BadRecord& error) {
      bad = error.what();
      return;
    }
    at = newline + 1;
    ends[count++] = from + at;
  }
}

JournalReader::JournalReader(std::filesystem::path file, unsigned threads)
    : file_(std::move(file)), threads_(thread_count(threads)) {}

void JournalReader::apply(const Piece& piece) {
  const auto refuse = [&](std::string_view reason) {
    throw DataError(
        fmt::format("{}, line {}: this is no record of a journal: {}. No program can go on with the journal like this; "
                    "`moola sweep "
                    "repair {}` makes one without such lines.",
                    file_.string(), lines_ + 1, reason, file_.string()));
  };
  for (std::size_t i = 0; i < piece.count; ++i) {
    try {
      state_.apply(piece.records[i]);
    } catch (const BadRecord& error) {
      refuse(error.what());
    }
    ++lines_;
    offset_ = piece.ends[i];
  }
  if (piece.bad) refuse(*piece.bad);
}

bool JournalReader::update() {
  const OpenFile file(file_);
  const struct stat status = file.status();
  const auto size = static_cast<std::uint64_t>(status.st_size);
  if (offset_ > 0 && (size < offset_ || status.st_dev != device_ || status.st_ino != inode_)) {
    throw DataError(
        fmt::format("{} was cut or replaced while it was in use: {} bytes of it were read, now it has {}{}. Nothing "
                    "may change what "
                    "stands in a journal while somebody works with it. Stop all who do, then call again.",
                    file_.string(), offset_, size, size < offset_ ? "" : " and is another file"));
  }
  device_ = status.st_dev;
  inode_ = status.st_ino;
  if (size == offset_) return false;

  const std::uint64_t first = offset_, lines_before = lines_;
  const auto pieces = static_cast<std::size_t>((size - first + kPieceBytes - 1) / kPieceBytes);
  const std::size_t threads = std::min<std::size_t>(threads_, pieces);
  // Pieces are scanned by whoever is free and applied in order by whoever comes first; only so many are kept.
  struct Place {
    Piece piece;
    bool scanned = false;
  };
  std::vector<Place> places(2 * threads);
  std::mutex mutex;
  std::condition_variable changed;
  std::size_t next_scan = 0, next_apply = 0;
  bool applying = false;
  std::exception_ptr error;
  const auto work = [&] {
    std::unique_lock lock(mutex);
    const auto unlocked = [&](const auto& action) {
      lock.unlock();
      std::exception_ptr mine;
      try {
        action();
      } catch (...) {
        mine = std::current_exception();
      }
      lock.lock();
      if (mine && !error) error = mine;
      changed.notify_all();
    };
    while (next_apply < pieces && !error) {
      Place& oldest = places[next_apply % places.size()];
      if (!applying && oldest.scanned) {
        applying = true;
        unlocked([&] { apply(oldest.piece); });
        applying = oldest.scanned = false;
        ++next_apply;
      } else if (next_scan < std::min(pieces, next_apply + places.size())) {
        const std::uint64_t begin = first + next_scan * kPieceBytes;
        Place& place = places[next_scan++ % places.size()];
        unlocked([&] { place.piece.scan(file, begin, std::min(size, begin + kPieceBytes), size); });
        place.scanned = true;
      } else {
        changed.wait(lock);
      }
    }
  };
  {
    std::vector<std::jthread> others;
    for (std::size_t i = 1; i < threads; ++i) others.emplace_back(work);
    work();
  }
  if (error) std::rethrow_exception(error);
  return lines_ > lines_before;
}

std::vector<Study> read_journal(const std::filesystem::path& file) {
  JournalReader reader(file);
  reader.update();
  return reader.studies();
}

}  // namespace moola::sweep
