#pragma once
#include <arrow/api.h>
#include <arrow/io/interfaces.h>

#include <cstdint>
#include <exception>
#include <memory>
#include <span>

#include "data/files/byte_source.h"

namespace moola::data {

/// A ByteSource as Arrow wants to read it. Arrow knows no exceptions, so one is kept until it has returned.
class ArrowInput : public arrow::io::InputStream {
 public:
  explicit ArrowInput(ByteSource& source) : source_(source) {}

  arrow::Status Close() override {
    closed_ = true;
    return arrow::Status::OK();
  }
  bool closed() const override { return closed_; }
  arrow::Result<std::int64_t> Tell() const override { return position_; }

  arrow::Result<std::int64_t> Read(std::int64_t bytes, void* out) override {
    try {
      std::span<char> rest(static_cast<char*>(out), static_cast<std::size_t>(bytes));
      while (!rest.empty()) {
        const std::size_t n = source_.read(rest);
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
  void rethrow() const {
    if (error_) std::rethrow_exception(error_);
  }

 private:
  ByteSource& source_;
  std::int64_t position_ = 0;
  bool closed_ = false;
  std::exception_ptr error_;
};

}  // namespace moola::data
