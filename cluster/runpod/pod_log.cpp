// The part of the client that reads logs.
#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "base/error.h"
#include "cluster/runpod/client.h"
#include "cluster/runpod/event_stream.h"

namespace moola::cluster::runpod {
namespace {

// A server that has nothing to say sends comments; after so long without any the connection counts as broken.
constexpr Duration kSilence = Duration::seconds(60);
constexpr int kLongestTail = 5000;

void check(const LogRequest& request) {
  if (request.tail < 0 || request.tail > kLongestTail) {
    throw ConfigError(fmt::format("{} lines of a log; expected 0 to {} to begin with.", request.tail, kLongestTail));
  }
  if (!request.source.empty() && request.source != "container" && request.source != "system") {
    throw ConfigError(fmt::format("'{}' is no source of a log: expected container or system.", request.source));
  }
}

std::string path_of(const std::string& pod, const LogRequest& request) {
  std::string path = fmt::format("/v2/pods/{}/logs?tail={}", url_encoded(pod), request.tail);
  if (!request.source.empty()) path += "&source=" + request.source;
  return path;
}

// A log that is read on after its connection broke.
class LogReader {
 public:
  LogReader(ApiSession& session, std::string pod, LogRequest request)
      : session_(session), pod_(std::move(pod)), request_(std::move(request)) {}

  // One connection until it ends: how many lines came. Throws ApiError when RunPod does not answer with a log.
  std::size_t read(Duration quiet, const std::function<bool(const LogLine&)>& each,
                   const std::function<bool()>& give_up) {
    const std::string path = path_of(pod_, request_);
    HttpRequest asked = session_.request("GET", path);
    for (auto& [name, value] : asked.headers) {
      if (name == "Accept") value = "text/event-stream";
    }
    if (!request_.after_id.empty()) asked.headers.emplace_back("Last-Event-ID", request_.after_id);
    // Lines of one moment share an id, and a server that resumes there sends them again.
    const std::string resumed_at = request_.after_id;
    const std::multiset<std::string> known = at_last_id_;
    std::multiset<std::string> again = known;
    std::size_t lines = 0;
    EventStream events;
    const auto take = [&](const StreamEvent& event) {
      if (event.data.empty() || ended_) return;
      const LogLine line = parse(event);
      if (!resumed_at.empty() && line.id == resumed_at) {
        if (const auto old = again.find(line.text); old != again.end()) return void(again.erase(old));
      }
      if (line.id != request_.after_id) at_last_id_.clear();
      at_last_id_.insert(line.text);
      request_.after_id = line.id;
      ++lines;
      ended_ = !each(line);
    };
    const HttpAnswer answer = session_.connection().stream(
        asked, quiet,
        [&](std::string_view bytes) {
          events.feed(bytes, take);
          return !ended_;
        },
        give_up);
    if (answer.status != 0 && answer.status != 200) throw session_.error_of("GET", path, answer);
    return lines;
  }

  bool ended() const { return ended_; }

 private:
  ApiSession& session_;
  std::string pod_;
  LogRequest request_;
  std::multiset<std::string> at_last_id_;
  bool ended_ = false;

  LogLine parse(const StreamEvent& event) const {
    const Json data = parse_json(event.data, "a line of RunPod's log of the pod " + pod_);
    const AnswerFields fields(data, "RunPod's log: ");
    return {.source = fields.text_or_empty("source"),
            .time = fields.text_or_empty("ts"),
            .text = session_.key().hide(fields.text("line")),
            .id = event.id};
  }
};

// Whether an error passes: then what was to be done is tried again.
bool passes(const ApiError& error) {
  return error.status() == 0 || error.status() == 429 || error.status() >= 500;
}

}  // namespace

std::vector<LogLine> Client::log(const std::string& pod, const LogRequest& request, Duration quiet) {
  check(request);
  for (int attempt = 1;; ++attempt) {
    std::vector<LogLine> lines;
    const auto keep = [&](const LogLine& line) {
      lines.push_back(line);
      return true;
    };
    try {
      LogReader(session_, pod, request).read(quiet, keep, nullptr);
      return lines;
    } catch (const HttpFailure& failure) {
      const std::string what = session_.key().hide(failure.what());
      if (failure.hopeless() || attempt >= session_.patience().attempts) {
        throw ApiError(fmt::format("RunPod could not be asked: {}.", what), 0, what);
      }
    } catch (const ApiError& error) {
      if (!passes(error) || attempt >= session_.patience().attempts) throw;
    }
    session_.wait_before_attempt(attempt + 1);
  }
}

void Client::follow_log(const std::string& id, LogRequest request, const std::function<bool(const LogLine&)>& each,
                        const std::function<bool()>& give_up) {
  check(request);
  LogReader reader(session_, id, std::move(request));
  const auto over = [&] { return reader.ended() || (give_up && give_up()); };
  int failures = 0;
  while (!over()) {
    std::size_t lines = 0;
    try {
      lines = reader.read(kSilence, each, give_up);
      failures = 0;
    } catch (const HttpFailure& failure) {
      const std::string what = session_.key().hide(failure.what());
      if (failure.hopeless() || ++failures >= session_.patience().attempts) {
        throw ApiError(fmt::format("RunPod could not be asked: {}.", what), 0, what);
      }
    } catch (const ApiError& error) {
      if (error.status() == 404) return;
      if (!passes(error) || ++failures >= session_.patience().attempts) throw;
    }
    if (over()) return;
    if (lines == 0 && failures == 0) {
      try {
        if (has_ended(pod(id))) return;
      } catch (const ApiError& error) {
        if (error.status() != 404) throw;
        return;
      }
    }
    session_.wait_before_attempt(failures + 2);
  }
}

}  // namespace moola::cluster::runpod
