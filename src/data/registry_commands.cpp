#include "data/registry_commands.h"

#include <fmt/format.h>

#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <algorithm>
#include <array>
#include <iostream>
#include <memory>
#include <set>

#include "base/byte_size.h"
#include "base/command_line.h"
#include "base/error.h"
#include "base/progress.h"
#include "base/text_table.h"
#include "data/store/registry.h"

namespace moola::data {
namespace {

namespace fs = std::filesystem;

struct Arguments {
  CommonOptions common;
  std::string kind, id, other;
  std::vector<std::string> ids;
};

// Rows of the first axis that most data sets share; what a reader would call its length.
std::uint64_t length_of(const Json& datasets) {
  std::uint64_t longest = 0;
  for (const auto& [name, part] : datasets.items()) longest = std::max(longest, part["shape"][0].get<std::uint64_t>());
  return longest;
}

// "2398110 windows" of a view, which stores runs of them; else the rows in the plain name of the kind.
std::string holds_text(const std::string& kind, const Json& row) {
  if (row.contains("windows")) return fmt::format("{} windows", row["windows"].get<std::uint64_t>());
  const auto rows = row["rows"].get<std::uint64_t>();
  if (kind == "bars") return fmt::format("{} bars", rows);
  return fmt::format("{} {}", rows, kind.ends_with("windows") || kind == "synthetic_cache" ? "windows" : "rows");
}

void list(const Arguments& arguments) {
  const fs::path& workspace = arguments.common.workspace;
  Json rows = Json::array();
  for (const DatasetId& id : list_datasets(workspace)) {
    if (!arguments.kind.empty() && id.kind != arguments.kind) continue;
    Json row = {{"id", to_string(id)}};
    try {
      const Json about = describe(workspace, id);
      row["rows"] = length_of(about["datasets"]);
      if (about["manifest"].contains("windows")) row["windows"] = about["manifest"]["windows"];
      row["bytes"] = about["bytes"];
      row["content_sha256"] = about["content_sha256"];
      row["first"] = about["manifest"].value("first", "");
      row["last"] = about["manifest"].value("last", "");
    } catch (const Error& error) {  // one bad file must not hide the others
      row["problem"] = error.what();
    }
    rows.push_back(row);
  }
  if (arguments.common.json) {
    std::cout << Json{{"workspace", workspace.string()}, {"datasets", rows}}.dump(2) << "\n";
    return;
  }
  if (rows.empty()) {
    std::cout << fmt::format("no data sets in {}; 'moola data import bars FILE --symbol S' makes the first.\n",
                             (workspace / "data").string());
    return;
  }
  TextTable table({{"id"}, {"holds", Align::right}, {"size", Align::right}, {"first"}, {"last"}, {"content"}});
  for (const Json& row : rows) {
    if (row.contains("problem")) {
      table.row({row["id"], "", "", "", "", "DAMAGED: moola data verify says how"});
    } else {
      const std::string id = row["id"];
      table.row({id, holds_text(id.substr(0, id.find('/')), row), readable_bytes(row["bytes"]), row["first"],
                 row["last"], row["content_sha256"].get<std::string>().substr(0, 12)});
    }
  }
  std::cout << table.text();
}

void show(const Arguments& arguments) {
  const fs::path& workspace = arguments.common.workspace;
  const Json about = describe(workspace, find_dataset(workspace, arguments.id));
  if (arguments.common.json) {
    std::cout << about.dump(2) << "\n";
    return;
  }
  std::cout << fmt::format("{}  ({}, {})\n  file    {}\n  sha256  {}\n\n", about["id"].get<std::string>(),
                           about["schema"].get<std::string>(), readable_bytes(about["bytes"]),
                           about["file"].get<std::string>(), about["content_sha256"].get<std::string>());
  TextTable table({{"data set"}, {"type"}, {"shape"}});
  for (const auto& [name, part] : about["datasets"].items()) table.row({name, part["type"], part["shape"].dump()});
  std::cout << table.text() << "\nattributes " << about["attributes"].dump(2) << "\nmanifest "
            << about["manifest"].dump(2) << "\ncircumstances " << about["circumstances"].dump(2) << "\n";
}

void verify_all(const Arguments& arguments) {
  const fs::path& workspace = arguments.common.workspace;
  std::vector<DatasetId> ids;
  for (const std::string& text : arguments.ids) ids.push_back(find_dataset(workspace, text));
  if (arguments.ids.empty()) ids = list_datasets(workspace);
  Json checked = Json::array();
  std::string problems;
  std::size_t bad = 0;
  std::set<std::string> damaged;  // bars come before what is made from them
  {
    Progress progress("verify", static_cast<std::int64_t>(ids.size()), "data sets");
    for (const DatasetId& id : ids) {
      const Verification result = verify(workspace, id);
      if (!result.problems.empty()) damaged.insert(to_string(id));
      Json bad_parents = Json::array();
      for (const std::string& parent : result.parents) {
        if (damaged.contains(parent)) bad_parents.push_back(parent);
      }
      checked.push_back({{"id", to_string(id)},
                         {"ok", result.problems.empty()},
                         {"bad_parents", bad_parents},
                         {"bytes", result.bytes},
                         {"problems", result.problems}});
      bad += result.problems.empty() ? 0 : 1;
      for (const std::string& problem : result.problems) problems += fmt::format("\n  {}: {}", to_string(id), problem);
      progress.update(static_cast<std::int64_t>(checked.size()), to_string(id));
    }
  }
  if (arguments.common.json) {
    std::cout << Json{{"checked", ids.size()}, {"bad", bad}, {"datasets", checked}}.dump(2) << "\n";
  } else {
    for (const Json& each : checked) {
      std::cout << fmt::format("{}  {}  {}", each["ok"].get<bool>() ? "ok " : "BAD", each["id"].get<std::string>(),
                               readable_bytes(each["bytes"]));
      for (const Json& parent : each["bad_parents"])
        std::cout << "  made from the damaged " << parent.get<std::string>();
      std::cout << "\n";
    }
    if (ids.empty()) std::cout << "no data sets in " << (workspace / "data").string() << "\n";
  }
  if (bad > 0)
    throw DataError(fmt::format("{} of {} data sets are not what was written:{}", bad, ids.size(), problems));
}

void print_lineage(const Json& node, const std::string& indent) {
  std::cout << fmt::format("{}{}  {:.12}  {}\n", indent, node["id"].get<std::string>(),
                           node["content_sha256"].get<std::string>(), node["state"].get<std::string>());
  for (const Json& source : node.value("sources", Json::array())) {
    std::cout << fmt::format("{}  from {}  {:.12}\n", indent, source.value("name", ""), source.value("sha256", ""));
  }
  for (const Json& parent : node.value("parents", Json::array())) print_lineage(parent, indent + "  ");
}

void show_lineage(const Arguments& arguments) {
  const fs::path& workspace = arguments.common.workspace;
  const Json tree = lineage(workspace, find_dataset(workspace, arguments.id));
  if (arguments.common.json) {
    std::cout << tree.dump(2) << "\n";
  } else {
    print_lineage(tree, "");
  }
}

void show_diff(const Arguments& arguments) {
  const fs::path& workspace = arguments.common.workspace;
  const Json difference =
      diff(workspace, find_dataset(workspace, arguments.id), find_dataset(workspace, arguments.other));
  if (arguments.common.json) {
    std::cout << difference.dump(2) << "\n";
    return;
  }
  if (difference["same_content"].get<bool>()) {
    std::cout << fmt::format("{} and {} have the same content.\n", difference["a"].get<std::string>(),
                             difference["b"].get<std::string>());
  }
  for (const auto& [key, value] : difference.items()) {
    const bool said = key == "a" || key == "b" || key == "same_content" || (value.is_structured() && value.empty());
    if (!said) std::cout << fmt::format("{}: {}\n", key, value.dump(2));
  }
}

}  // namespace

void add_registry_commands(CLI::App& data) {
  const auto add = [&](const char* name, const char* does, void (*run)(const Arguments&)) {
    CLI::App* app = data.add_subcommand(name, does);
    auto arguments = std::make_shared<Arguments>();
    add_common_options(*app, arguments->common);
    app->callback([arguments, run] {
      require_workspace(arguments->common.workspace);
      run(*arguments);
    });
    return std::pair(app, arguments);
  };
  {
    const auto [app, arguments] = add("list", "every data set of the workspace", list);
    app->add_option("--kind", arguments->kind, "only this kind")->check(CLI::IsMember(dataset_kinds()));
  }
  {
    const auto [app, arguments] = add("show", "one data set: shapes, attributes, how and when it was made", show);
    app->add_option("ID", arguments->id, "kind/name/version, or name/version; example: bars/BTCUSD/v1")->required();
  }
  {
    const auto [app, arguments] =
        add("verify", "read data sets whole, and compare hashes, also those of what they were made from", verify_all);
    app->add_option("ID", arguments->ids, "which (default: all); example: bars/BTCUSD/v1");
  }
  {
    const auto [app, arguments] =
        add("lineage", "what a data set was made from, down to the files that were imported", show_lineage);
    app->add_option("ID", arguments->id, "example: unlabeled_windows/BTCUSD/v1")->required();
  }
  {
    const auto [app, arguments] = add("diff", "how two data sets differ", show_diff);
    app->add_option("A", arguments->id, "the one; example: bars/BTCUSD/v1")->required();
    app->add_option("B", arguments->other, "the other; example: bars/BTCUSD/v2")->required();
  }
}

}  // namespace moola::data
