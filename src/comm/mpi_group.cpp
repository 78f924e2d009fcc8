#include "comm/mpi_group.h"

#include <fmt/format.h>
#include <mpi.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstring>
#include <limits>
#include <thread>

#include "base/error.h"
#include "base/host_name.h"
#include "comm/activity.h"
#include "comm/mailbox.h"
#include "comm/mpi_check.h"

namespace moola::comm {

void throw_mpi_error(int code, const char* expression) {
  std::array<char, MPI_MAX_ERROR_STRING + 1> text{};
  int length = 0, rank = -1;
  MPI_Error_string(code, text.data(), &length);
  int initialised = 0;
  MPI_Initialized(&initialised);
  if (initialised != 0) MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  throw CommError(fmt::format("{} failed on rank {} ({}): {}", expression, rank, host_name(), text.data()));
}

namespace {

constexpr std::chrono::microseconds kLongestPause{5000};
constexpr int kFloatsTag = 1, kBytesTag = 2, kLetterTag = 3;

// A communicator of MPI. MPI_COMM_WORLD is not ours to free; the others are freed while MPI still runs, and not at all
// after it.
class Handle {
 public:
  explicit Handle(MPI_Comm comm) : comm_(comm) {}
  ~Handle() {
    int finalised = 0;
    MPI_Finalized(&finalised);
    // Freeing is collective: a group left behind by an exception is not freed, for the other ranks may not be there.
    if (finalised == 0 && comm_ != MPI_COMM_WORLD && std::uncaught_exceptions() == 0) MPI_Comm_free(&comm_);
  }
  Handle(const Handle&) = delete;
  Handle& operator=(const Handle&) = delete;
  // NOLINTNEXTLINE(google-explicit-constructor): stands in MPI's calls for what it holds
  operator MPI_Comm() const { return comm_; }

 private:
  MPI_Comm comm_;
};

class MpiMailbox final : public Mailbox {
 public:
  // Owns the communicator, which nothing else uses.
  explicit MpiMailbox(MPI_Comm comm) : comm_(comm) { MOOLA_MPI(MPI_Comm_set_errhandler(comm_, MPI_ERRORS_RETURN)); }

  void send(int to, std::string_view text) override {
    if (text.size() > static_cast<std::size_t>(std::numeric_limits<int>::max()))
      throw CommError(fmt::format("a letter of {} bytes: one message of MPI is no larger than 2 GiB", text.size()));
    MOOLA_MPI(MPI_Send(text.data(), static_cast<int>(text.size()), MPI_BYTE, to, kLetterTag, comm_));
  }

  std::optional<Letter> look() override {
    int found = 0, bytes = 0;
    MPI_Message message = MPI_MESSAGE_NULL;
    MPI_Status status{};
    MOOLA_MPI(MPI_Improbe(MPI_ANY_SOURCE, kLetterTag, comm_, &found, &message, &status));
    if (found == 0) return std::nullopt;
    MOOLA_MPI(MPI_Get_count(&status, MPI_BYTE, &bytes));
    Letter letter{status.MPI_SOURCE, std::string(static_cast<std::size_t>(bytes), '\0')};
    MOOLA_MPI(MPI_Mrecv(letter.text.data(), bytes, MPI_BYTE, &message, MPI_STATUS_IGNORE));
    return letter;
  }

 private:
  Handle comm_;
};

class MpiGroup final : public Group, public PostOffice {
 public:
  MpiGroup(MPI_Comm comm, std::size_t largest_message) : comm_(comm), largest_(largest_message) {
    MOOLA_MPI(MPI_Comm_set_errhandler(comm_, MPI_ERRORS_RETURN));
    MOOLA_MPI(MPI_Comm_rank(comm_, &rank_));
    MOOLA_MPI(MPI_Comm_size(comm_, &size_));
    MPI_Comm host = MPI_COMM_NULL;
    MOOLA_MPI(MPI_Comm_split_type(comm_, MPI_COMM_TYPE_SHARED, rank_, MPI_INFO_NULL, &host));
    const Handle owned(host);
    MOOLA_MPI(MPI_Comm_rank(host, &host_rank_));
    MOOLA_MPI(MPI_Comm_size(host, &host_size_));
  }

  int rank() const override { return rank_; }
  int size() const override { return size_; }
  int host_rank() const override { return host_rank_; }
  int host_size() const override { return host_size_; }

  void barrier() override {
    const WaitingIn waiting("barrier");
    MOOLA_MPI(MPI_Barrier(comm_));
  }

  void idle_barrier() override {
    const WaitingIn waiting("barrier");
    MPI_Request request = MPI_REQUEST_NULL;
    MOOLA_MPI(MPI_Ibarrier(comm_, &request));
    for (auto pause = std::chrono::microseconds(20);; pause = std::min(2 * pause, kLongestPause)) {
      int done = 0;
      MOOLA_MPI(MPI_Test(&request, &done, MPI_STATUS_IGNORE));
      if (done != 0) return;
      std::this_thread::sleep_for(pause);
    }
  }

  void broadcast(std::byte* data, std::size_t bytes, int root) override {
    const WaitingIn waiting("broadcast", root);
    for (std::size_t done = 0; done < bytes;) {
      const std::size_t part = std::min(bytes - done, largest_);
      MOOLA_MPI(MPI_Bcast(data + done, static_cast<int>(part), MPI_BYTE, root, comm_));
      done += part;
    }
  }

  void all_reduce(void* data, std::size_t count, Type type, Operation operation) override {
    const WaitingIn waiting("all-reduce");
    MPI_Datatype mpi_type = type == Type::float32 ? MPI_FLOAT : type == Type::float64 ? MPI_DOUBLE : MPI_INT64_T;
    const std::size_t width = type == Type::float32 ? 4 : 8;
    const std::size_t most = std::max<std::size_t>(largest_ / width, 1);
    for (std::size_t done = 0; done < count;) {
      const std::size_t part = std::min(count - done, most);
      MOOLA_MPI(MPI_Allreduce(MPI_IN_PLACE, static_cast<std::byte*>(data) + done * width, static_cast<int>(part),
                              mpi_type, operation == Operation::sum ? MPI_SUM : MPI_MAX, comm_));
      done += part;
    }
  }

  std::vector<std::string> gather(const std::string& mine, int root) override {
    const WaitingIn waiting("gather", rank_ == root ? -1 : root);
    std::int64_t length = static_cast<std::int64_t>(mine.size());
    std::vector<std::int64_t> lengths(rank_ == root ? static_cast<std::size_t>(size_) : 0);
    MOOLA_MPI(MPI_Gather(&length, 1, MPI_INT64_T, lengths.data(), 1, MPI_INT64_T, root, comm_));
    if (rank_ != root) {
      for (std::size_t done = 0; done < mine.size();) {
        const std::size_t part = std::min(mine.size() - done, largest_);
        MOOLA_MPI(MPI_Send(mine.data() + done, static_cast<int>(part), MPI_BYTE, root, kBytesTag, comm_));
        done += part;
      }
      return {};
    }
    std::vector<std::string> texts;
    for (int from = 0; from < size_; ++from) {
      std::string text(static_cast<std::size_t>(lengths[static_cast<std::size_t>(from)]), '\0');
      if (from == root) text = mine;
      for (std::size_t done = 0; from != root && done < text.size();) {
        const std::size_t part = std::min(text.size() - done, largest_);
        MOOLA_MPI(
            MPI_Recv(text.data() + done, static_cast<int>(part), MPI_BYTE, from, kBytesTag, comm_, MPI_STATUS_IGNORE));
        done += part;
      }
      texts.push_back(std::move(text));
    }
    return texts;
  }

  void exchange(std::span<const Send> sends, std::span<const Receive> receives) override {
    const WaitingIn waiting(receives.empty() ? "send" : "receive", !receives.empty() ? receives.front().peer
                                                                   : !sends.empty()  ? sends.front().peer
                                                                                     : -1);
    std::vector<MPI_Request> requests;
    for (const Receive& one : receives) {
      in_parts(one.into.size(), [&](std::size_t from, int count) {
        MOOLA_MPI(
            MPI_Irecv(one.into.data() + from, count, MPI_FLOAT, one.peer, kFloatsTag, comm_, &requests.emplace_back()));
      });
    }
    for (const Send& one : sends) {
      in_parts(one.from.size(), [&](std::size_t from, int count) {
        MOOLA_MPI(
            MPI_Isend(one.from.data() + from, count, MPI_FLOAT, one.peer, kFloatsTag, comm_, &requests.emplace_back()));
      });
    }
    std::vector<MPI_Status> ends(requests.size());
    const int code = MPI_Waitall(static_cast<int>(requests.size()), requests.data(), ends.data());
    if (code == MPI_ERR_IN_STATUS) {
      for (const MPI_Status& end : ends) {
        if (end.MPI_ERROR != MPI_SUCCESS && end.MPI_ERROR != MPI_ERR_PENDING)
          throw_mpi_error(end.MPI_ERROR, "MPI_Waitall");
      }
    }
    if (code != MPI_SUCCESS) throw_mpi_error(code, "MPI_Waitall");
  }

  std::shared_ptr<Group> split(int colour, int key) override {
    const WaitingIn waiting("split");
    MPI_Comm part = MPI_COMM_NULL;
    MOOLA_MPI(MPI_Comm_split(comm_, colour < 0 ? MPI_UNDEFINED : colour, key, &part));
    if (part == MPI_COMM_NULL) return nullptr;
    return std::make_shared<MpiGroup>(part, largest_);
  }

  std::unique_ptr<Mailbox> open_mailbox() override {
    const WaitingIn waiting("open mailbox");
    MPI_Comm own = MPI_COMM_NULL;
    MOOLA_MPI(MPI_Comm_dup(comm_, &own));
    return std::make_unique<MpiMailbox>(own);
  }

 private:
  Handle comm_;
  std::size_t largest_;
  int rank_ = 0, size_ = 1, host_rank_ = 0, host_size_ = 1;

  // An empty message is one part too: the other side waits for it.
  template <class Part>
  void in_parts(std::size_t floats, const Part& part) const {
    const std::size_t most = std::max<std::size_t>(largest_ / sizeof(float), 1);
    std::size_t done = 0;
    do {
      const std::size_t count = std::min(floats - done, most);
      part(done, static_cast<int>(count));
      done += count;
    } while (done < floats);
  }
};

}  // namespace

std::shared_ptr<Group> mpi_world_group(std::size_t largest_message) {
  return std::make_shared<MpiGroup>(MPI_COMM_WORLD, largest_message);
}

}  // namespace moola::comm
