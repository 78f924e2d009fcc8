#include "base/heartbeat_record.h"

#include <fmt/format.h>

#include <fstream>
#include <iterator>

#include "base/json.h"

namespace moola {
namespace {

constexpr const char* kStates[] = {"running", "finished", "failed"};

}  // namespace

std::filesystem::path heartbeat_file(const std::filesystem::path& folder, int rank) {
  return folder / fmt::format("rank-{:05}.json", rank);
}

std::string heartbeat_text(const HeartbeatRecord& record) {
  const Json json{{"rank", record.rank},
                  {"host", record.host},
                  {"pid", record.pid},
                  {"state", kStates[static_cast<int>(record.state)]},
                  {"exit_code", record.exit_code},
                  {"step", record.step},
                  {"phase", record.phase},
                  {"collective", record.collective},
                  {"peer", record.peer},
                  {"changes", record.changes},
                  {"stopping", record.stopping},
                  {"alive", record.alive},
                  {"error", record.error}};
  // What an error quotes may be any bytes.
  return json.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
}

std::optional<HeartbeatRecord> read_heartbeat(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  const std::string text{std::istreambuf_iterator<char>(in), {}};
  const Json json = Json::parse(text, nullptr, false);
  if (!json.is_object()) return std::nullopt;
  HeartbeatRecord record;
  try {
    record.rank = json.at("rank").get<int>();
    record.host = json.at("host").get<std::string>();
    record.pid = json.at("pid").get<std::int64_t>();
    const auto state = json.at("state").get<std::string>();
    record.state = state == kStates[1]   ? HeartbeatRecord::State::finished
                   : state == kStates[2] ? HeartbeatRecord::State::failed
                                         : HeartbeatRecord::State::running;
    record.exit_code = json.at("exit_code").get<int>();
    record.step = json.at("step").get<std::int64_t>();
    record.phase = json.at("phase").get<std::string>();
    record.collective = json.at("collective").get<std::string>();
    record.peer = json.at("peer").get<int>();
    record.changes = json.at("changes").get<std::uint64_t>();
    record.stopping = json.at("stopping").get<bool>();
    record.alive = json.at("alive").get<std::int64_t>();
    record.error = json.at("error").get<std::string>();
  } catch (const Json::exception&) {
    return std::nullopt;  // half of an older text behind half of a newer one
  }
  return record;
}

}  // namespace moola
