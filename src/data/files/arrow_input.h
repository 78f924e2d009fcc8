#pragma once
#include <arrow/api.h>
#include <arrow/io/interfaces.h>

#include <atomic>
#include <cstdint>
#include <exception>
#include <memory>
#include <mutex>
#include <span>
#include <utility>

#include "data/files/byte_source.h"

namespace moola::data {

/// A ByteSource as Arrow wants to read it. Arrow knows no exceptions, so one is kept until it has returned; and threads
/// of its own may still read ahead when it has given up, so that nothing may be read from then on: see read_through.
class ArrowInput : public arrow::io::InputStream {
 public:
  explicit ArrowInput(ByteSource& source) : source_(&source) {}

  arrow::Status Close() override {
    closed_ = true;
    return arrow::Status::OK();
  }
  bool closed() const override { return closed_; }
  arrow::Result<std::int64_t> Tell() const override {
    const std::lock_guard lock(mutex_);
    return position_;
  }

  arrow::Result<std::int64_t> Read(std::int64_t bytes, void* out) override {
    const std::lock_guard lock(mutex_);
    if (source_ == nullptr) return arrow::Status::Cancelled("nobody waits for it");
    try {
      std::span<char> rest(static_cast<char*>(out), static_cast<std::size_t>(bytes));
      while (!rest.empty()) {
        const std::size_t n = source_->read(rest);
        if (n == 0) break;
        rest = rest.subspan(n);
      }
      const std::int64_t read = bytes - static_cast<std::int64_t>(rest.size());
      position_ += read;
      return read;
    } catch (...) {
      error_ = std::current_exception();
      return arrow::Status::IOError("the source failed");
    }
  }
  arrow::Result<std::shared_ptr<arrow::Buffer>> Read(std::int64_t bytes) override {
    ARROW_ASSIGN_OR_RAISE(auto buffer, arrow::AllocateResizableBuffer(bytes));
    ARROW_ASSIGN_OR_RAISE(const std::int64_t read, Read(bytes, buffer->mutable_data()));
    ARROW_RETURN_NOT_OK(buffer->Resize(read));
    return std::shared_ptr<arrow::Buffer>(std::move(buffer));
  }
  /// Waits for a read that is under way; later ones are cancelled. Returns what a read has thrown.
  std::exception_ptr detach() {
    const std::lock_guard lock(mutex_);
    source_ = nullptr;
    return std::exchange(error_, nullptr);
  }

 private:
  mutable std::mutex mutex_;
  ByteSource* source_;
  std::int64_t position_ = 0;
  std::atomic<bool> closed_ = false;
  std::exception_ptr error_;
};

/// What `work(input)` returns of a std::shared_ptr<ArrowInput> on `source`, of which nothing is read when this has
/// returned. Throws what reading has thrown.
template <class Work>
auto read_through(ByteSource& source, Work&& work) {
  const auto input = std::make_shared<ArrowInput>(source);
  auto result = [&] {
    try {
      return work(input);
    } catch (...) {
      input->detach();
      throw;
    }
  }();
  if (const std::exception_ptr error = input->detach()) std::rethrow_exception(error);
  return result;
}

}  // namespace moola::data
