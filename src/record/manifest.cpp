#include "record/manifest.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/atomic_file.h"
#include "base/error.h"
#include "base/sha256.h"

namespace moola::record {
namespace {

namespace fs = std::filesystem;
constexpr const char* kSchema = "moola.run/1";

// Reads keys of one JSON object, naming file and key when something is not as it must be.
class Reader {
 public:
  Reader(const Json& json, std::string where) : json_(json), where_(std::move(where)) {
    if (!json_.is_object())
      throw DataError(fmt::format("{}: expected a JSON object, found {}.", where_, json_.type_name()));
  }

  template <class T>
  void required(const char* key, T& field) const {
    if (!json_.contains(key)) throw DataError(fmt::format("{}: the key '{}' is missing.", where_, key));
    optional(key, field);
  }

  template <class T>
  void optional(const char* key, T& field) const {
    const auto at = json_.find(key);
    if (at == json_.end()) return;
    if constexpr (std::is_same_v<T, Json>) {
      field = *at;
    } else {
      try {
        field = at->template get<T>();
      } catch (const Json::exception&) {
        throw DataError(
            fmt::format("{}: the key '{}' holds {}, which is not what belongs there.", where_, key, at->type_name()));
      }
    }
  }

  void object(const char* key, Json& field) const {
    optional(key, field);
    if (!field.is_object()) {
      throw DataError(fmt::format("{}: the key '{}' must be an object; found {}.", where_, key, field.type_name()));
    }
  }

  template <class T, class Read>
  void list(const char* key, std::vector<T>& out, Read read) const {
    const auto at = json_.find(key);
    if (at == json_.end()) return;
    if (!at->is_array())
      throw DataError(fmt::format("{}: the key '{}' must be a list; found {}.", where_, key, at->type_name()));
    for (const Json& element : *at) out.push_back(read(Reader(element, where_ + ", " + key)));
  }

 private:
  const Json& json_;
  std::string where_;
};

Json to_json(const DataUse& use) {
  Json out{{"role", use.role}, {"id", use.id}, {"content_sha256", use.content_sha256}, {"facts", use.facts}};
  if (!use.sources.empty()) {
    out["sources"] = Json::array();
    for (const DataUse& source : use.sources) out["sources"].push_back(to_json(source));
  }
  return out;
}

DataUse read_use(const Reader& in) {
  DataUse use;
  in.optional("role", use.role);
  in.required("id", use.id);
  in.optional("content_sha256", use.content_sha256);
  in.object("facts", use.facts);
  in.list("sources", use.sources, read_use);
  return use;
}

Json to_json(const Session& session) {
  return {{"command", session.command}, {"host", session.host},
          {"ranks", session.ranks},     {"code_version", session.code_version},
          {"started", session.started}, {"ended", session.ended},
          {"outcome", session.outcome}};
}

Session read_session(const Reader& in) {
  Session session;
  in.optional("command", session.command);
  in.object("host", session.host);
  std::string name;
  Reader(session.host, "host").optional("name", name);  // a text, if it is there
  in.optional("ranks", session.ranks);
  in.optional("code_version", session.code_version);
  in.optional("started", session.started);
  in.optional("ended", session.ended);
  in.optional("outcome", session.outcome);
  return session;
}

constexpr std::pair<RunState, const char*> kStates[] = {{RunState::running, "running"},
                                                        {RunState::finished, "finished"},
                                                        {RunState::stopped, "stopped"},
                                                        {RunState::failed, "failed"}};

}  // namespace

std::string to_string(RunState state) {
  for (const auto& [known, name] : kStates) {
    if (known == state) return name;
  }
  return "unknown";
}

RunState run_state(const std::string& word) {
  for (const auto& [state, name] : kStates) {
    if (word == name) return state;
  }
  throw DataError("'" + word + "' is no state of a run; expected running, finished, stopped or failed.");
}

Json Manifest::to_json() const {
  // What the interface names at the top is that of the latest session; earlier ones are in the list.
  const Session latest = sessions.empty() ? Session{} : sessions.back();
  Json out{{"schema", kSchema},
           {"run", run},
           {"job", job},
           {"name", name},
           {"status", record::to_string(status)},
           {"reason", reason},
           {"key", key},
           {"config_sha256", config_sha256},
           {"data_sha256", data_sha256},
           {"code", {{"version", code_version}, {"git_commit", git_commit}, {"git_dirty", git_dirty}}},
           {"versions", versions},
           {"command", latest.command},
           {"host", latest.host.value("name", "")},
           {"ranks", latest.ranks},
           {"gpus", latest.host.value("gpus", Json::array())},
           {"seed", seed},
           {"started", sessions.empty() ? "" : sessions.front().started},
           {"ended", latest.ended}};
  const auto list = [&](const char* key_name, const auto& elements, auto convert) {
    out[key_name] = Json::array();
    for (const auto& element : elements) out[key_name].push_back(convert(element));
  };
  list("data", data, [](const DataUse& use) { return record::to_json(use); });
  out["split"] = split;
  list("parents", parents, [](const Parent& p) { return Json{{"kind", p.kind}, {"id", p.id}, {"sha256", p.sha256}}; });
  out["parameters"] = parameters;
  out["metrics"] = metrics;
  out["timings"] = timings;
  list("artifacts", artifacts, [](const Artifact& a) {
    return Json{{"path", a.path}, {"bytes", a.bytes}, {"sha256", a.sha256}};
  });
  list("sessions", sessions, [](const Session& session) { return record::to_json(session); });
  return out;
}

Manifest Manifest::from_json(const Json& json, const std::string& where) {
  const Reader in(json, where);
  std::string schema, status;
  in.required("schema", schema);
  if (schema != kSchema) {
    throw DataError(fmt::format("{}: expected the schema {}, found {:?}. It was written by another version of moola.",
                                where, kSchema, schema));
  }
  Manifest out;
  in.required("run", out.run);
  in.required("job", out.job);
  in.required("name", out.name);
  in.required("status", status);
  out.status = run_state(status);
  in.optional("reason", out.reason);
  in.required("key", out.key);
  in.optional("config_sha256", out.config_sha256);
  in.optional("data_sha256", out.data_sha256);
  Json code = Json::object();
  in.optional("code", code);
  const Reader code_in(code, where + ", code");
  code_in.optional("version", out.code_version);
  code_in.optional("git_commit", out.git_commit);
  code_in.optional("git_dirty", out.git_dirty);
  in.object("versions", out.versions);
  in.optional("seed", out.seed);
  in.list("data", out.data, read_use);
  in.object("split", out.split);
  in.list("parents", out.parents, [](const Reader& at) {
    Parent parent;
    at.optional("kind", parent.kind);
    at.required("id", parent.id);
    at.optional("sha256", parent.sha256);
    return parent;
  });
  in.object("parameters", out.parameters);
  in.object("metrics", out.metrics);
  in.object("timings", out.timings);
  in.list("artifacts", out.artifacts, [](const Reader& at) {
    Artifact artifact;
    at.required("path", artifact.path);
    at.optional("bytes", artifact.bytes);
    at.optional("sha256", artifact.sha256);
    return artifact;
  });
  in.list("sessions", out.sessions, read_session);
  return out;
}

Manifest read_manifest(const fs::path& run) {
  const fs::path file = run / "manifest.json";
  return Manifest::from_json(read_json(file), file.string());
}

void write_manifest(const fs::path& run, const Manifest& manifest) {
  write_file(run / "manifest.json", json_text(manifest.to_json(), 2) + "\n");
}

std::vector<Artifact> artifacts_of(const fs::path& run) {
  std::vector<fs::path> files;
  for (auto at = fs::recursive_directory_iterator(run); at != fs::recursive_directory_iterator(); ++at) {
    const std::string name = at->path().filename().string();
    const bool at_top = at.depth() == 0;
    if (name.starts_with('.')) {
      if (at->is_directory()) at.disable_recursion_pending();
      continue;
    }
    const bool no_result =
        at_top && (name == "manifest.json" || name == "report.html" || name == "run.lock" ||
                   (name.starts_with("log") && name.ends_with(".txt")) || name == "heartbeats" || name == "logs");
    if (no_result && at->is_directory()) at.disable_recursion_pending();
    if (!no_result && at->is_regular_file()) files.push_back(at->path());
  }
  std::sort(files.begin(), files.end());
  std::vector<Artifact> out;
  for (const fs::path& file : files) {
    out.push_back({file.lexically_relative(run).generic_string(), fs::file_size(file), sha256_of_file(file)});
  }
  return out;
}

}  // namespace moola::record
