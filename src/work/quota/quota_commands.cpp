#include "work/quota/quota_commands.h"

#include <fmt/format.h>

#include <algorithm>
#include <iostream>
#include <map>

#include "base/byte_size.h"
#include "base/error.h"
#include "base/json.h"
#include "base/log.h"
#include "base/text_table.h"
#include "base/utc_time.h"
#include "record/report.h"
#include "work/quota/quota_plan.h"

namespace moola::work {
namespace {

constexpr std::size_t kRows = 25;  // of what stays; nobody reads more, and --json has all

std::string begun(std::int64_t started) {
  return started == 0 ? "-" : record::report::moment(utc_text(started));
}

// A row for each run, its checkpoints together.
std::string removal_table(const std::vector<QuotaStep>& steps) {
  struct Row {
    const QuotaStep* first;
    std::size_t count = 0;
    std::uint64_t frees = 0;
  };
  std::vector<Row> rows;
  for (const QuotaStep& step : steps) {
    const bool more = !rows.empty() && step.what == Removal::checkpoint && rows.back().first->what == step.what &&
                      rows.back().first->run == step.run;
    if (!more) rows.push_back({.first = &step});
    ++rows.back().count;
    rows.back().frees += step.frees;
  }
  TextTable table({{"what"}, {"of"}, {"state"}, {"begun"}, {"frees", Align::right}});
  for (const Row& row : rows) {
    const std::string what = row.first->what == Removal::run ? "the whole run"
                             : row.first->what == Removal::checkpoint
                                 ? fmt::format("{} older checkpoint{}", row.count, row.count == 1 ? "" : "s")
                                 : "what a killed deletion left";
    table.row({what, row.first->run, row.first->state, begun(row.first->started), readable_bytes(row.frees)});
  }
  return table.text();
}

std::string stay_table(const std::vector<QuotaStay>& stays) {
  TextTable table({{"what"}, {"name"}, {"takes", Align::right}, {"stays because"}});
  std::uint64_t rest = 0;
  for (std::size_t i = 0; i < stays.size(); ++i) {
    if (i < kRows)
      table.row({std::string(name_of(stays[i].kind)), stays[i].name, readable_bytes(stays[i].bytes), stays[i].why});
    else
      rest += stays[i].bytes;
  }
  std::string out = table.text();
  if (stays.size() > kRows) out += fmt::format("and {} more, {}\n", stays.size() - kRows, readable_bytes(rest));
  return out;
}

Json plan_json(const QuotaPlan& plan, bool dry_run) {
  Json out{{"quota", plan.quota},      {"used", plan.used},     {"left", plan.left},
           {"met", plan.met()},        {"dry_run", dry_run},    {"freed", plan.used - plan.left},
           {"removed", Json::array()}, {"stays", Json::array()}};
  for (const QuotaStep& step : plan.remove) {
    out["removed"].push_back({{"what", std::string(name_of(step.what))},
                              {"run", step.run},
                              {"path", step.path.string()},
                              {"state", step.state},
                              {"started", step.started == 0 ? Json() : Json(utc_text(step.started))},
                              {"bytes", step.frees}});
  }
  for (const QuotaStay& stay : plan.stays) {
    out["stays"].push_back(
        {{"what", std::string(name_of(stay.kind))}, {"name", stay.name}, {"bytes", stay.bytes}, {"why", stay.why}});
  }
  return out;
}

std::string holders(const QuotaPlan& plan) {
  std::string out;
  for (std::size_t i = 0; i < plan.stays.size() && i < 3; ++i) {
    const QuotaStay& stay = plan.stays[i];
    out += fmt::format("{}{} {} with {} ({})", i == 0 ? "" : "; ", name_of(stay.kind), stay.name,
                       readable_bytes(stay.bytes), stay.why);
  }
  return out;
}

void prune_to_quota(const record::RunsOptions& options) {
  const std::filesystem::path& workspace = options.common.workspace;
  const QuotaOptions wanted{
      .quota = parse_byte_size(options.quota), .keep = options.keep.value_or(1), .unfinished = options.unfinished};
  const std::vector<StoredThing> things = stored_in(workspace);
  const record::RunList runs = record::list_runs(workspace);
  const bool fits = use_of(things).bytes() <= wanted.quota;
  const QuotaPlan plan = plan_quota(things, runs, fits ? NamedRuns() : named_runs(workspace, runs), wanted);
  if (options.yes) apply_quota(workspace, plan);
  if (options.common.json) {
    std::cout << json_text(plan_json(plan, !options.yes), 2) << "\n";
  } else {
    std::cout << fmt::format("data and artifacts take {}; the quota is {}.\n", readable_bytes(plan.used),
                             readable_bytes(plan.quota));
    if (!plan.remove.empty())
      std::cout << fmt::format("\n{}\n{}", options.yes ? "deleted" : "would be deleted", removal_table(plan.remove));
    if (!fits) std::cout << "\nstays\n" << stay_table(plan.stays);
    if (plan.remove.empty())
      std::cout << (fits ? "Nothing has to go.\n" : "\nNothing may go.\n");
    else
      std::cout << fmt::format("\n{} {}; {} {}.{}\n", options.yes ? "Freed" : "Frees",
                               readable_bytes(plan.used - plan.left), readable_bytes(plan.left),
                               options.yes ? "are left" : "would be left",
                               options.yes ? "" : " Nothing is deleted yet: --yes does it.");
  }
  if (plan.met()) return;
  throw Error(
      fmt::format("the quota of {} can't be met: {} {} when all has gone that may go, {} too much. Most room is "
                  "held by {}. Raise the quota, or delete what you no longer need of that yourself{}.",
                  readable_bytes(plan.quota), readable_bytes(plan.left), options.yes ? "are left" : "would be left",
                  readable_bytes(plan.left - plan.quota), holders(plan),
                  options.unfinished ? "" : "; --unfinished lets runs go that could be continued"),
      ExitCode::gate_not_met);
}

}  // namespace

void list_by_size_command(const record::RunsOptions& options) {
  std::vector<StoredThing> things = stored_in(options.common.workspace);
  const DiskUse all = use_of(things);
  struct Size {
    const StoredThing* thing;
    std::uint64_t bytes, alone;
  };
  std::vector<Size> sizes;
  for (const StoredThing& each : things) {
    DiskUse own;
    own.add(each.entries);
    if (own.bytes() == 0) continue;
    sizes.push_back({.thing = &each, .bytes = own.bytes(), .alone = all.freed_by(each.entries)});
  }
  std::ranges::stable_sort(sizes, std::ranges::greater{}, &Size::bytes);
  if (options.common.json) {
    Json out{{"bytes", all.bytes()}, {"things", Json::array()}};
    for (const Size& each : sizes) {
      out["things"].push_back({{"what", std::string(name_of(each.thing->kind))},
                               {"name", each.thing->name},
                               {"path", each.thing->path.string()},
                               {"bytes", each.bytes},
                               {"bytes_of_its_own", each.alone}});
    }
    std::cout << json_text(out, 2) << "\n";
    return;
  }
  TextTable table({{"takes", Align::right}, {"of its own", Align::right}, {"what"}, {"name"}});
  for (const Size& each : sizes)
    table.row({readable_bytes(each.bytes), readable_bytes(each.alone), std::string(name_of(each.thing->kind)),
               each.thing->name});
  std::cout << table.text() << fmt::format("{} in all; what several share counts once.\n", readable_bytes(all.bytes()));
}

void prune_command(const record::RunsOptions& options) {
  if (options.quota.empty() && options.yes)
    throw ConfigError("--yes is for --quota; without a quota, prune deletes at once, and --dry-run says what.");
  if (options.yes && options.dry_run) throw ConfigError("--yes and --dry-run exclude each other.");
  options.quota.empty() ? record::prune_runs_command(options) : prune_to_quota(options);
}

}  // namespace moola::work
