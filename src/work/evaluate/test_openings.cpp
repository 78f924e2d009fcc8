#include "work/evaluate/test_openings.h"

#include <fmt/format.h>

#include <algorithm>
#include <sstream>

#include "base/atomic_file.h"
#include "base/error.h"
#include "base/file_lock.h"
#include "base/json.h"
#include "base/utc_time.h"

namespace moola::work {
namespace {

namespace fs = std::filesystem;

fs::path openings_file(const fs::path& workspace) {
  return workspace / "artifacts" / "test_openings.jsonl";
}

std::vector<TestOpening> read_all(const fs::path& file) {
  std::vector<TestOpening> out;
  if (!fs::exists(file)) return out;
  std::istringstream lines(read_file(file));
  std::size_t number = 0;
  for (std::string line; std::getline(lines, line);) {
    ++number;
    const std::string where = fmt::format("{}, line {}", file.string(), number);
    const Json json = parse_json(line, where);
    try {
      out.push_back({.run = json.at("run").get<std::string>(),
                     .table = json.at("table").get<std::string>(),
                     .horizon = json.at("horizon").get<std::int32_t>(),
                     .first = parse_utc(json.at("first").get<std::string>()),
                     .last = parse_utc(json.at("last").get<std::string>()),
                     .rows = json.at("rows").get<std::size_t>(),
                     .when = parse_utc(json.at("when").get<std::string>())});
    } catch (const Json::exception& error) {
      throw DataError(fmt::format("{} is no record of an opening: {}.", where, error.what()));
    }
  }
  return out;
}

bool meet(const TestOpening& opening, const std::string& table, std::int64_t first, std::int64_t last) {
  return opening.table == table && opening.first <= last && opening.last >= first;
}

}  // namespace

void record_opening(const fs::path& workspace, const TestOpening& opening) {
  const fs::path file = openings_file(workspace);
  fs::create_directories(file.parent_path());
  const FileLock lock(file.string() + ".lock", std::chrono::seconds(10));
  for (const TestOpening& each : read_all(file)) {
    if (each.run == opening.run && meet(each, opening.table, opening.first, opening.last)) return;
  }
  const Json json = {{"run", opening.run},
                     {"table", opening.table},
                     {"horizon", opening.horizon},
                     {"first", utc_text(opening.first)},
                     {"last", utc_text(opening.last)},
                     {"rows", opening.rows},
                     {"when", utc_text(opening.when)}};
  write_file(file, (fs::exists(file) ? read_file(file) : std::string()) + json_text(json) + "\n");
}

std::vector<TestOpening> find_openings(const fs::path& workspace, const std::string& table, std::int64_t first,
                                       std::int64_t last) {
  std::vector<TestOpening> out = read_all(openings_file(workspace));
  std::erase_if(out, [&](const TestOpening& each) { return !meet(each, table, first, last); });
  return out;
}

}  // namespace moola::work
