#include "data/bars/bar_inputs.h"

#include <fmt/format.h>

#include "base/error.h"
#include "data/bars/csv_layout.h"
#include "data/bars/read_csv.h"
#include "data/bars/read_parquet.h"
#include "data/files/byte_source.h"
#include "data/files/tar_reader.h"

namespace moola::data {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kBeginning = std::size_t{64} * 1024;  // enough to see a file's layout

bool may_hold_bars(const std::string& member) {
  const fs::path path(member);
  const std::string name = path.filename().string(), extension = path.extension().string();
  return !name.starts_with('.') &&
         (extension == ".csv" || extension == ".CSV" || extension == ".txt" || extension == ".TXT");
}

class Reading {
 public:
  Reading(const RowChoice& choice, bool careful) : choice_(choice), careful_(careful) {}

  void file(const fs::path& path) {
    InputFile input(path);
    if (is_parquet(input.peek(4))) {
      if (input.compression() != "none") {
        throw DataError(path.string() +
                        " is a compressed Parquet file. Unpack it first; Parquet compresses its columns itself.");
      }
      add(path.string(), read_parquet(path, next(), choice_, result_.unreadable));
    } else if (is_tar(input.peek(512))) {
      archive(input);
    } else {
      csv(input);
    }
    result_.sources.push_back(
        {{"name", path.filename().string()}, {"bytes", fs::file_size(path)}, {"sha256", input.sha256()}});
  }
  BarInputs take() { return std::move(result_); }

 private:
  std::uint32_t next() const { return static_cast<std::uint32_t>(result_.inputs.size()); }
  void add(std::string name, RawFile rows) { result_.inputs.push_back({std::move(name), std::move(rows)}); }

  void csv(InputFile& input) {
    const std::string name = input.path().string();
    const CsvLayout layout = recognise_csv(input.peek(kBeginning), name);
    if (careful_ || !is_fast(layout)) {
      add(name, read_csv(input, layout, next(), choice_, result_.unreadable));
      return;
    }
    if (auto rows = read_csv_fast(input, layout)) {
      result_.fast = true;
      add(name, std::move(*rows));
      return;
    }
    InputFile again(input.path());
    add(name, read_csv(again, layout, next(), choice_, result_.unreadable));
  }

  void archive(InputFile& input) {
    const std::string name = input.path().string();
    const std::size_t before = result_.inputs.size();
    read_tar(input, name, [&](const std::string& member, const std::string& content) {
      if (!may_hold_bars(member)) return;
      const std::string full = name + ":" + member;
      MemorySource source(content);
      add(full, read_csv(source, recognise_csv(content, full), next(), choice_, result_.unreadable));
    });
    if (result_.inputs.size() == before) throw DataError(fmt::format("the archive {} holds no .csv file.", name));
  }

  const RowChoice& choice_;
  bool careful_;
  BarInputs result_;
};

}  // namespace

BarInputs read_bar_inputs(std::span<const fs::path> files, const RowChoice& choice, bool careful) {
  Reading reading(choice, careful);
  for (const fs::path& file : files) reading.file(file);
  return reading.take();
}

}  // namespace moola::data
