#include "base/pipeline.h"

#include <fcntl.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <memory>

#include "base/descriptor.h"
#include "base/error.h"
#include "base/spawn.h"

namespace moola {
namespace {

// A stream of a program goes here, so that nobody has to read while it runs.
class Catcher {
 public:
  Catcher() : file_(std::tmpfile()) {
    if (!file_) throw IoError("cannot create a temporary file", errno);
    // Not for the programs that are started: they get a copy.
    ::fcntl(fd(), F_SETFD, FD_CLOEXEC);
  }
  int fd() const { return ::fileno(file_.get()); }
  void fill(const std::string& text) const {
    if (std::fwrite(text.data(), 1, text.size(), file_.get()) != text.size() || std::fflush(file_.get()) != 0)
      throw IoError("cannot write a temporary file", errno);
    std::rewind(file_.get());
  }
  std::string text() const {
    std::rewind(file_.get());
    std::string out;
    std::array<char, 65536> buffer{};
    for (std::size_t n = 0; (n = std::fread(buffer.data(), 1, buffer.size(), file_.get())) > 0;)
      out.append(buffer.data(), n);
    return out;
  }

 private:
  struct Close {
    void operator()(std::FILE* file) const { std::fclose(file); }
  };
  std::unique_ptr<std::FILE, Close> file_;
};

}  // namespace

PipelineResult run_pipeline(const std::vector<std::string>& first, const std::vector<std::string>& second,
                            const std::string& input) {
  const Catcher in, out, first_errors, second_errors;
  in.fill(input);
  Pipe between = open_pipe();
  const pid_t writer = spawn(first, in.fd(), between.write_end.get(), first_errors.fd());
  between.write_end.close();
  pid_t reader = 0;
  try {
    reader = spawn(second, between.read_end.get(), out.fd(), second_errors.fd());
  } catch (...) {
    ::kill(writer, SIGKILL);
    wait_for(writer);
    throw;
  }
  between.read_end.close();
  PipelineResult result;
  result.second_code = wait_for(reader);
  result.first_code = wait_for(writer);
  result.first_errors = first_errors.text();
  result.second_errors = second_errors.text();
  result.output = out.text();
  return result;
}

}  // namespace moola
