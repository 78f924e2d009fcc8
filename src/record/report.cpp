#include "record/report.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "base/atomic_file.h"
#include "base/byte_size.h"
#include "base/duration.h"
#include "base/error.h"
#include "base/file_lock.h"
#include "base/sha256.h"
#include "base/utc_time.h"
#include "base/version.h"
#include "record/metrics.h"
#include "record/run_list.h"

namespace moola::record {
namespace report {
namespace {

namespace fs = std::filesystem;

Html fact_list(const Json& values, const std::vector<std::string>& left_out = {}) {
  std::vector<std::pair<std::string, Html>> rows;
  if (values.is_object()) {
    for (const auto& [key, value] : values.items()) {
      if (std::find(left_out.begin(), left_out.end(), key) != left_out.end()) continue;
      const bool is_hash = key.ends_with("sha256") && value.is_string();
      rows.emplace_back(words(key), is_hash ? hash(value.get<std::string>()) : text(value_text(value)));
    }
  }
  return rows.empty() ? Html{} : facts(rows);
}

std::string count_of(const Json& causes) {
  double sum = 0;
  for (const auto& [name, number] : numbers_of(causes)) sum += number;
  return readable(sum);
}

Html node(const std::string& role, const std::string& id, const std::string& sha256, const Html& more) {
  return Html{"<div class=\"node\"><span class=\"role\">"} + text(words(role)) + Html{"</span>"} + code(id) +
         (sha256.empty() ? Html{} : Html{" "} + hash(sha256)) + more + Html{"</div>"};
}

Html data_node(const DataUse& use) {
  std::vector<std::pair<std::string, Html>> rows;
  const Json& known = use.facts;
  std::set<std::string> shown;
  for (const auto& [first, last] : {std::pair("first_time", "last_time"), std::pair("first", "last")}) {
    if (!known.is_object() || !known.contains(first) || !known.contains(last)) continue;
    rows.emplace_back("time range", text(value_text(known[first]) + " to " + value_text(known[last])));
    shown = {first, last};
    break;
  }
  if (known.is_object()) {
    for (const auto& [key, value] : known.items()) {
      if (shown.contains(key)) continue;
      const bool causes = (key == "dropped" || key == "repaired") && value.is_object();
      const std::string list = causes && !value.empty() ? " (" + value_text(value) + ")" : "";
      rows.emplace_back(words(key), text(causes ? count_of(value) + list : value_text(value)));
    }
  }
  Html out = Html{"<li>"} + node(use.role, use.id, use.content_sha256, rows.empty() ? Html{} : facts(rows));
  if (!use.sources.empty()) {
    out += Html{"<ul>"};
    for (const DataUse& source : use.sources) out += data_node(source);
    out += Html{"</ul>"};
  }
  return out + Html{"</li>"};
}

std::string joined(const std::vector<std::string>& words_of) {
  std::string out;
  for (const std::string& word : words_of) {
    const bool plain = !word.empty() && word.find_first_of(" \t\n'\"\\$`*?;&|<>()") == std::string::npos;
    out += (out.empty() ? "" : " ") + (plain ? word : "'" + word + "'");
  }
  return out;
}

std::string session_length(const Session& session) {
  if (session.ended.empty() || session.started.empty()) return "";
  return readable_seconds(static_cast<double>(parse_utc(session.ended) - parse_utc(session.started)) * 1e-9);
}

std::string host_value(const Session& session, const char* key) {
  return session.host.contains(key) ? value_text(session.host[key]) : "";
}

}  // namespace

std::string words(const std::string& key) {
  std::string out = key, unit;
  // A unit at the end of a key: "max_gap_s" is seconds, "windows_per_s" a rate.
  if (out.ends_with("_per_s")) {
    out.resize(out.size() - 6);
    unit = "/s";
  } else if (out.ends_with("_s")) {
    out.resize(out.size() - 2);
    unit = ", s";
  }
  std::replace_if(
      out.begin(), out.end(), [](char c) { return c == '_' || c == '.'; }, ' ');
  for (std::size_t at = 0; (at = out.find("holdout", at)) != std::string::npos; at += 8) out.replace(at, 7, "hold-out");
  return out + unit;
}

std::string value_text(const Json& value) {
  if (value.is_string()) return moment(value.get<std::string>());
  if (value.is_number_integer()) {
    const double number = value.get<double>();
    return readable(number);
  }
  if (const auto number = json_number(value)) return readable(*number);
  if (value.is_boolean()) return value.get<bool>() ? "yes" : "no";
  if (value.is_null()) return "none";
  std::string out;
  if (value.is_object()) {
    for (const auto& [key, element] : value.items())
      out += (out.empty() ? "" : ", ") + words(key) + " " + value_text(element);
  } else {
    for (const Json& element : value) out += (out.empty() ? "" : ", ") + value_text(element);
  }
  return out.empty() ? "none" : out;
}

std::string moment(const std::string& utc) {
  const bool stamp =
      utc.size() >= 20 && utc[4] == '-' && utc[7] == '-' && utc[10] == 'T' && utc[13] == ':' && utc.back() == 'Z';
  return stamp ? utc.substr(0, 10) + " " + utc.substr(11, 8) + " UTC" : utc;
}

Source read_source(const fs::path& run) {
  RunSummary summary = summarize(run);
  Source out;
  out.run = run;
  out.manifest = std::move(summary.manifest);
  out.state = summary.state;
  out.seconds = summary.seconds;
  out.metrics = read_events(run / "metrics.jsonl");
  out.timings = read_events(run / "timings.jsonl");
  out.config = fs::exists(run / "config.toml") ? read_file(run / "config.toml") : "";
  return out;
}

Html lineage(const Source& source) {
  const Manifest& manifest = source.manifest;
  Html out = Html{"<ul class=\"lineage\"><li>"} +
             node("run", manifest.run, "",
                  facts({{"code", text(manifest.code_version)}, {"seed", text(std::to_string(manifest.seed))}}));
  out += Html{"<ul>"};
  for (const Parent& parent : manifest.parents)
    out += Html{"<li>"} + node(parent.kind, parent.id, parent.sha256, {}) + Html{"</li>"};
  for (const DataUse& use : manifest.data) out += data_node(use);
  return out + Html{"</ul></li></ul>\n"};
}

Html split(const Json& split) {
  if (!split.is_object() || split.empty()) return paragraph(muted("No split was recorded: everything was trained on."));
  Html out;
  for (const char* what : {"windows", "rows"}) {
    const auto amount = [&](const std::string& part) {
      const auto at = split.find(part + "_" + what);
      return at == split.end() ? std::optional<double>() : json_number(*at);
    };
    const auto train = amount("train"), purged = amount("purged"), holdout = amount("holdout");
    if (!train || !holdout) continue;
    std::vector<Share> shares{{fmt::format("train {}", what), *train, Tone::good}};
    if (purged) shares.push_back({fmt::format("purged {}", what), *purged, Tone::warning});
    shares.push_back({fmt::format("hold-out {}", what), *holdout, Tone::plain});
    out += share_bar(shares);
  }
  return out + fact_list(split, {"train_windows", "purged_windows", "holdout_windows", "train_rows", "purged_rows",
                                 "holdout_rows"});
}

Html configuration(const Source& source) {
  return paragraph(Html{"Every key with the value it had, also the defaults: "} + code("config.toml") + Html{"."}) +
         listing_in_columns(source.config);
}

Html environment(const Source& source) {
  const Manifest& manifest = source.manifest;
  const Session latest = manifest.sessions.empty() ? Session{} : manifest.sessions.back();
  const std::string gpus = host_value(latest, "gpus");
  const std::string memory =
      latest.host.contains("memory_bytes")
          ? readable_bytes(static_cast<std::uint64_t>(json_number(latest.host["memory_bytes"]).value_or(0)))
          : "";
  Html out =
      facts({{"host", text(host_value(latest, "name"))},
             {"system", text(host_value(latest, "system"))},
             {"kernel", text(host_value(latest, "kernel"))},
             {"processor", text(host_value(latest, "cpu"))},
             {"cores", text(host_value(latest, "cores") + " (x86-64-" + host_value(latest, "instruction_set") + ")")},
             {"memory", text(memory)},
             {"GPUs", text(gpus.empty() ? "none" : gpus)},
             {"ranks", text(std::to_string(latest.ranks))},
             {"code", text(manifest.code_version)},
             {"git commit", code(manifest.git_commit)}});
  if (manifest.git_dirty) {
    out += callout(Tone::warning, text("Built from a checkout with changes that were not committed: this commit alone "
                                       "does not give the same program."));
  }
  if (!manifest.versions.empty()) out += Html{"<h3>Libraries</h3>\n"} + fact_list(manifest.versions);
  HtmlTable sessions{{"session", "worked", "host", "ranks", "outcome"}, {}, {false, true, false, true}};
  for (const Session& session : manifest.sessions) {
    const bool latest_one = &session == &manifest.sessions.back();
    const std::string outcome = !session.outcome.empty()                  ? session.outcome
                                : latest_one && source.state == "running" ? "at work"
                                                                          : "killed";
    sessions.rows.push_back({text(moment(session.started)), text(session_length(session)),
                             text(host_value(session, "name")), text(std::to_string(session.ranks)), text(outcome)});
  }
  out += Html{"<h3>Sessions</h3>\n"} + table(sessions);
  return out + Html{"<h3>Command</h3>\n"} + listing(joined(latest.command));
}

Html artifacts(const Source& source) {
  if (source.manifest.artifacts.empty()) return paragraph(muted("Listed when the run has ended."));
  HtmlTable files{{"file", "size", "SHA-256"}, {}, {false, true, false}};
  for (const Artifact& artifact : source.manifest.artifacts) {
    files.rows.push_back({code(artifact.path), text(readable_bytes(artifact.bytes)), code(artifact.sha256)});
  }
  return table(files);
}

Html metrics_table(const Source& source) {
  HtmlTable out{{"metric", "value"}, {}, {false, true}};
  for (const auto& [name, number] : numbers_of(source.manifest.metrics))
    out.rows.push_back({text(words(name)), text(readable(number))});
  for (const auto& [name, number] : numbers_of(source.manifest.timings)) {
    out.rows.push_back({text(words(name)), text(name == "seconds" ? readable_seconds(number) : readable(number))});
  }
  return out.rows.empty() ? paragraph(muted("No final metrics were recorded.")) : table(out);
}

}  // namespace report

namespace {

namespace fs = std::filesystem;

// Reads the manifest anew under the run's lock: a process may have gone on with the run since the page was begun.
void record_drawings(const fs::path& run, RunLock held) {
  if (!fs::is_directory(run / "plots")) return;
  std::optional<FileLock> lock;
  try {
    if (held == RunLock::free) lock.emplace(run / "run.lock");
  } catch (const CommError&) {
    return;
  }
  Manifest manifest = read_manifest(run);
  if (manifest.status == RunState::running) return;
  std::erase_if(manifest.artifacts, [](const Artifact& known) { return known.path.starts_with("plots/"); });
  std::vector<fs::path> files;
  for (const auto& entry : fs::directory_iterator(run / "plots")) {
    if (entry.is_regular_file() && !entry.path().filename().string().starts_with('.')) files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  for (const fs::path& file : files) {
    manifest.artifacts.push_back({"plots/" + file.filename().string(), fs::file_size(file), sha256_of_file(file)});
  }
  write_manifest(run, manifest);
}

}  // namespace

fs::path write_report(const fs::path& run, RunLock lock) {
  using namespace report;  // NOLINT(google-build-using-namespace): the page is made of these parts
  Source source = read_source(run);
  const Manifest& manifest = source.manifest;
  Page out;
  out.title = manifest.name;
  out.kicker = (manifest.job == "pretrain" ? "Pretraining run" : "Run of moola " + manifest.job) + std::string(" · ") +
               source.state;
  const std::string started = manifest.sessions.empty() ? "" : manifest.sessions.front().started;
  out.subtitle =
      fmt::format("{} · begun {} · {} of work", manifest.run, moment(started), readable_seconds(source.seconds));
  out.footer = fmt::format(
      "Made by moola {} from {}. Everything on this page is in the run's folder: manifest.json, config.toml, "
      "metrics.jsonl, "
      "timings.jsonl, plots/.",
      code_version(), manifest.run);
  if (manifest.job == "pretrain") {
    const PretrainParts parts = pretrain_parts(source);
    out.body += parts.verdict + parts.cards + section("curves", "Training", parts.curves) +
                section("summary", "Summary", parts.summary);
  } else {
    if (source.state != "finished") out.body += callout(Tone::warning, text(source.state + ". " + manifest.reason));
    out.body += section("metrics", "Metrics", metrics_table(source));
  }
  if (manifest.status != RunState::running) {
    record_drawings(run, lock);
    source.manifest.artifacts = read_manifest(run).artifacts;
  }
  out.body += section("lineage", "Where the data come from", lineage(source));
  out.body += section("split", "Train, purge and hold-out", split(manifest.split));
  out.body += section("configuration", "Configuration", configuration(source));
  out.body += section("environment", "Environment", environment(source));
  out.body += section("artifacts", "Artifacts", artifacts(source));
  fs::path file = run / "report.html";
  write_file(file, page(out));
  return file;
}

}  // namespace moola::record
