#include "data/files/decompress.h"

#include <fmt/format.h>
#include <lzma.h>
#include <zlib.h>
#include <zstd.h>

#include <stdexcept>
#include <vector>

#include "base/error.h"

namespace moola::data {
namespace {

/// What the three decoders share: a buffer of packed bytes, and what to say when they are wrong.
class Decoder : public ByteSource {
 public:
  Decoder(ByteSource& packed, std::string name, std::string_view compression)
      : packed_(packed), name_(std::move(name)), compression_(compression), buffer_(1 << 20) {}

 protected:
  /// More packed bytes, none at the end.
  std::span<char> more() { return std::span(buffer_).first(packed_.read(buffer_)); }

  [[noreturn]] void cut_short() const {
    throw DataError(
        fmt::format("{} ends in the middle of its {} data. The file was cut short, perhaps by an interrupted download; "
                    "fetch it again.",
                    name_, compression_));
  }
  [[noreturn]] void damaged(std::string_view why) const {
    throw DataError(fmt::format("{} holds damaged {} data ({}). Fetch the file again.", name_, compression_, why));
  }

 private:
  ByteSource& packed_;
  std::string name_;
  std::string_view compression_;
  std::vector<char> buffer_;
};

class Gzip : public Decoder {
 public:
  Gzip(ByteSource& packed, std::string name) : Decoder(packed, std::move(name), "gzip") {
    // 15 + 16: the largest window, gzip headers only.
    if (inflateInit2(&stream_, 15 + 16) != Z_OK) throw IoError("zlib refused inflateInit2");
  }
  ~Gzip() override { inflateEnd(&stream_); }

  std::size_t read(std::span<char> out) override {
    stream_.next_out = reinterpret_cast<Bytef*>(out.data());
    stream_.avail_out = static_cast<uInt>(std::min<std::size_t>(out.size(), 1 << 30));
    const uInt room = stream_.avail_out;
    while (stream_.avail_out == room) {
      if (stream_.avail_in == 0) {
        const std::span<char> bytes = more();
        if (bytes.empty()) {
          if (!between_) cut_short();
          return 0;
        }
        stream_.next_in = reinterpret_cast<Bytef*>(bytes.data());
        stream_.avail_in = static_cast<uInt>(bytes.size());
      }
      between_ = false;
      const int result = inflate(&stream_, Z_NO_FLUSH);
      if (result == Z_STREAM_END) {  // another member may follow
        if (inflateReset(&stream_) != Z_OK) throw IoError("zlib refused inflateReset");
        between_ = true;
      } else if (result != Z_OK && result != Z_BUF_ERROR) {
        damaged(stream_.msg != nullptr ? stream_.msg : "unknown");
      }
    }
    return room - stream_.avail_out;
  }

 private:
  z_stream stream_{};
  bool between_ = false;
};

class Xz : public Decoder {
 public:
  Xz(ByteSource& packed, std::string name) : Decoder(packed, std::move(name), "xz") {
    if (lzma_stream_decoder(&stream_, UINT64_MAX, LZMA_CONCATENATED) != LZMA_OK)
      throw IoError("liblzma refused lzma_stream_decoder");
  }
  ~Xz() override { lzma_end(&stream_); }

  std::size_t read(std::span<char> out) override {
    stream_.next_out = reinterpret_cast<std::uint8_t*>(out.data());
    stream_.avail_out = out.size();
    while (!ended_ && stream_.avail_out == out.size()) {
      if (stream_.avail_in == 0 && !drained_) {
        const std::span<char> bytes = more();
        drained_ = bytes.empty();
        stream_.next_in = reinterpret_cast<std::uint8_t*>(bytes.data());
        stream_.avail_in = bytes.size();
      }
      switch (lzma_code(&stream_, drained_ ? LZMA_FINISH : LZMA_RUN)) {
        case LZMA_OK:
          break;
        case LZMA_STREAM_END:
          ended_ = true;
          break;
        case LZMA_BUF_ERROR:
          cut_short();
        case LZMA_DATA_ERROR:
          damaged("a checksum or a code is wrong");
        case LZMA_FORMAT_ERROR:
          damaged("something else follows it");
        case LZMA_OPTIONS_ERROR:
          damaged("an unknown filter");
        default:
          throw IoError("liblzma refused lzma_code");
      }
    }
    return out.size() - stream_.avail_out;
  }

 private:
  lzma_stream stream_ = LZMA_STREAM_INIT;
  bool drained_ = false, ended_ = false;
};

class Zstandard : public Decoder {
 public:
  Zstandard(ByteSource& packed, std::string name)
      : Decoder(packed, std::move(name), "Zstandard"), stream_(ZSTD_createDStream()) {
    if (stream_ == nullptr) throw IoError("libzstd refused ZSTD_createDStream");
    // zstd --long=31: archives with the largest windows.
    if (ZSTD_isError(ZSTD_DCtx_setParameter(stream_, ZSTD_d_windowLogMax, 31)))
      throw IoError("libzstd refused windowLogMax");
  }
  ~Zstandard() override { ZSTD_freeDStream(stream_); }

  std::size_t read(std::span<char> out) override {
    ZSTD_outBuffer to{out.data(), out.size(), 0};
    while (to.pos == 0) {
      if (in_.pos == in_.size) {
        const std::span<char> bytes = more();
        if (bytes.empty()) {
          // The decoder may still hold unpacked bytes of a frame whose input it has taken.
          if (due_ == 0) return 0;
          due_ = step(to);
          if (to.pos == 0) cut_short();
          break;
        }
        in_ = {bytes.data(), bytes.size(), 0};
      }
      due_ = step(to);
    }
    return to.pos;
  }

 private:
  std::size_t step(ZSTD_outBuffer& to) {
    const std::size_t due = ZSTD_decompressStream(stream_, &to, &in_);
    if (ZSTD_isError(due)) damaged(ZSTD_getErrorName(due));
    return due;
  }

  ZSTD_DStream* stream_;
  ZSTD_inBuffer in_{nullptr, 0, 0};
  std::size_t due_ = 0;  // what the current frame still needs; 0 between frames
};

}  // namespace

std::unique_ptr<ByteSource> decompress(ByteSource& packed, std::string_view compression, std::string name) {
  if (compression == "gzip") return std::make_unique<Gzip>(packed, std::move(name));
  if (compression == "xz") return std::make_unique<Xz>(packed, std::move(name));
  if (compression == "zstd") return std::make_unique<Zstandard>(packed, std::move(name));
  throw std::logic_error("no decoder for " + std::string(compression));
}

}  // namespace moola::data
