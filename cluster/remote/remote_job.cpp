#include "cluster/remote/remote_job.h"

#include <fmt/format.h>

#include <algorithm>
#include <sstream>

#include "base/error.h"
#include "base/lies_in.h"
#include "base/toml.h"
#include "cluster/remote/send_pack.h"

namespace moola::cluster {

namespace fs = std::filesystem;

fs::path pack_root(const fs::path& job_file, const JobFile& job) {
  std::vector<fs::path> files{fs::canonical(job_file)};
  for (const JobStep& step : job.steps) {
    if (!step.config.empty()) files.push_back(fs::canonical(step.config));
  }
  const fs::path here = fs::current_path();
  if (std::ranges::all_of(files, [&](const fs::path& file) { return lies_in(file, here); })) return here;
  fs::path out = files.front().parent_path();
  while (!std::ranges::all_of(files, [&](const fs::path& file) { return lies_in(file, out); })) out = out.parent_path();
  return out;
}

std::string remote_job_text(const JobFile& job, const fs::path& root, const std::string& pack_id) {
  toml::table table = parse_toml(job.text, "the resolved job file");
  table.erase("notify");
  if (toml::table* own = table["local"].as_table()) own->erase("hosts");  // those of here
  if (toml::table* own = table["job"].as_table()) own->insert_or_assign("cost_budget", 0.0);
  for (const JobStep& step : job.steps) {
    if (step.config.empty()) continue;
    const fs::path there =
        fs::path("../../place") / short_id(pack_id) / fs::canonical(step.config).lexically_relative(root);
    table["step"][step.name].as_table()->insert_or_assign("config", there.generic_string());
  }
  std::ostringstream out;
  out << "# As Moola has sent it; what it was made of is where it was submitted.\n"
      << toml::toml_formatter(table, toml::toml_formatter::default_flags & ~toml::format_flags::allow_literal_strings)
      << "\n";
  return out.str();
}

std::string remote_moola_script(const std::string& pack_id) {
  return fmt::format(
      "#!/bin/sh\n"
      "# Runs moola as the pack of this run has it: sh moola.sh status RUN\n"
      "here=$(CDPATH='' cd -- \"$(dirname -- \"$0\")\" && pwd -P)\n"
      "root=${{here%/submitted/*}}\n"
      "export MOOLA_WORKSPACE=\"$root/workspace\"\n"
      // An object store has no links.
      "[ -e \"$root/packs/{0}/objects\" ] || ln -s ../../objects \"$root/packs/{0}/objects\"\n"
      "exec sh \"$root/packs/{0}/start\" --id {1} --at \"$root/place\" --workspace \"$root/workspace\" moola \"$@\"\n",
      short_id(pack_id), pack_id);
}

}  // namespace moola::cluster
