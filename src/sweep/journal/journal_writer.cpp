#include "sweep/journal/journal_writer.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <stdexcept>
#include <utility>

#include "base/atomic_file.h"
#include "base/descriptor.h"
#include "base/error.h"

namespace moola::sweep {
namespace {

void require_lines(std::string_view lines) {
  if (!lines.empty() && lines.back() != '\n')
    throw std::logic_error(fmt::format("what is appended to a journal must end with a newline, not: {}",
                                       lines.substr(lines.size() > 80 ? lines.size() - 80 : 0)));
}

// The journal as it is opened for one write, under the lock: on network file systems only a file that is opened anew
// shows what other hosts have appended.
class OpenJournal {
 public:
  explicit OpenJournal(const std::filesystem::path& file) : file_(file), out_(file, O_RDWR | O_CREAT | O_APPEND, 0666) {
    if (!out_.is_open()) throw IoError("cannot write to the journal " + file.string(), errno);
  }

  struct stat status() const;
  void cut_unfinished_line() const;
  void append_or_undo(std::string_view lines) const;

 private:
  const std::filesystem::path& file_;
  Descriptor out_;
};

struct stat OpenJournal::status() const {
  struct stat out {};
  if (::fstat(out_.get(), &out) != 0) throw IoError("cannot read the journal " + file_.string(), errno);
  return out;
}

void OpenJournal::cut_unfinished_line() const {
  const std::int64_t size = status().st_size;
  std::array<char, 4096> bytes;
  for (std::int64_t end = size; end > 0;) {
    const std::int64_t begin = end == size ? end - 1 : std::max<std::int64_t>(0, end - std::ssize(bytes));
    const auto wanted = static_cast<std::size_t>(end - begin);
    if (::pread(out_.get(), bytes.data(), wanted, begin) != static_cast<ssize_t>(wanted))
      throw IoError("cannot read the end of the journal " + file_.string(), errno);
    const std::size_t newline = std::string_view(bytes.data(), wanted).rfind('\n');
    if (newline != std::string_view::npos) {
      end = begin + static_cast<std::int64_t>(newline) + 1;
      if (end < size && ::ftruncate(out_.get(), end) != 0)
        throw IoError("cannot cut the unfinished last line off the journal " + file_.string(), errno);
      return;
    }
    end = begin;
  }
  if (size > 0 && ::ftruncate(out_.get(), 0) != 0)
    throw IoError("cannot cut the unfinished last line off the journal " + file_.string(), errno);
}

void OpenJournal::append_or_undo(std::string_view lines) const {
  const std::int64_t size = status().st_size;
  int error = 0;
  while (!lines.empty()) {
    const ssize_t written = ::write(out_.get(), lines.data(), lines.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) {
      error = written < 0 ? errno : ENOSPC;
      break;
    }
    lines.remove_prefix(static_cast<std::size_t>(written));
  }
  if (error == 0 && ::fdatasync(out_.get()) != 0) error = errno;
  if (error == 0) return;
  const bool undone = ::ftruncate(out_.get(), size) == 0;
  throw IoError(fmt::format("cannot append to the journal {}; {}", file_.string(),
                            undone ? "it is as it was before" : "what was written of it could not be taken back"),
                error);
}

}  // namespace

JournalWriter::JournalWriter(std::filesystem::path file, std::chrono::milliseconds grace)
    : file_(std::move(file)), grace_(grace) {
  const bool is_new = !std::filesystem::exists(file_);
  const struct stat status = OpenJournal(file_).status();
  device_ = status.st_dev;
  inode_ = status.st_ino;
  if (is_new) sync_folder(std::filesystem::absolute(file_).parent_path());
}

// Lets the next batch be written, or whoever wants to write alone.
void JournalWriter::stop_writing() {
  writing_ = false;
  next_->finished.notify_one();
  free_.notify_one();
}

void JournalWriter::append(std::string_view lines) {
  require_lines(lines);
  if (lines.empty()) return;
  std::unique_lock lock(mutex_);
  const std::shared_ptr<Batch> mine = next_;
  mine->lines += lines;
  while (!mine->done) {
    if (writing_) {
      mine->finished.wait(lock);
      continue;
    }
    writing_ = true;
    next_ = std::make_shared<Batch>();
    lock.unlock();
    std::exception_ptr error;
    try {
      write_alone([&] { return std::string_view(mine->lines); });
    } catch (...) {
      error = std::current_exception();
    }
    lock.lock();
    mine->error = error;
    mine->done = true;
    mine->finished.notify_all();
    stop_writing();
  }
  if (mine->error) std::rethrow_exception(mine->error);
}

void JournalWriter::append_after_reading(JournalReader& reader,
                                         const std::function<std::string(const JournalReader&)>& decide) {
  std::unique_lock lock(mutex_);
  free_.wait(lock, [&] { return !writing_; });
  writing_ = true;
  lock.unlock();
  std::exception_ptr error;
  try {
    std::string lines;
    write_alone([&] {
      reader.update();
      lines = decide(reader);
      require_lines(lines);
      return std::string_view(lines);
    });
    reader.update();
  } catch (...) {
    error = std::current_exception();
  }
  lock.lock();
  stop_writing();
  if (error) std::rethrow_exception(error);
}

void JournalWriter::write_alone(const std::function<std::string_view()>& lines_of) {
  for (;;) {
    const JournalLock held(file_, grace_);
    const OpenJournal journal(file_);
    if (const struct stat status = journal.status(); status.st_dev != device_ || status.st_ino != inode_)
      throw DataError(
          fmt::format("{} was replaced by another file while it was in use. Stop all who use it, then call again.",
                      file_.string()));
    journal.cut_unfinished_line();
    const std::string_view lines = lines_of();
    if (lines.empty()) return;
    if (!held.is_held()) continue;  // we slept for so long that others took us for dead
    journal.append_or_undo(lines);
    return;
  }
}

}  // namespace moola::sweep
