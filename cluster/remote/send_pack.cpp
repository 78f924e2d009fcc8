#include "cluster/remote/send_pack.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <map>
#include <sstream>
#include <vector>

#include "base/atomic_file.h"
#include "base/pipeline.h"
#include "base/shell_words.h"
#include "base/text_ends.h"

namespace moola::cluster {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kHexDigits = 64, kShort = 16;

std::string pack_id(const fs::path& pack) {
  const fs::path file = pack / "id";
  std::string id(trimmed(fs::exists(file) ? read_file(file) : std::string(), "\n"));
  if (id.size() != kHexDigits || id.find_first_not_of("0123456789abcdef") != std::string::npos)
    throw DataError(fmt::format("{} holds no whole pack: packing was cut off. Pack again.", pack.string()));
  return id;
}

// The same of what is there; with `check` only what has the content that its name says.
std::map<std::string, std::uint64_t> objects_there(const RemoteShell& shell, const fs::path& root, bool check) {
  const std::string script = fmt::format(
      "cd -- {} 2>/dev/null && [ -d objects ] || exit 0\n"
      "{}"
      "find objects -type f -printf '%s %p\\n'",
      shell_word(root.string()),
      check ? "find objects -type f -exec sha256sum {} + | while read -r sum file; do\n"
              "  name=${file#objects/}; [ \"$sum\" = \"${name%%/*}${name#*/}\" ] || rm -f -- \"$file\"\ndone\n"
            : "");
  std::istringstream lines(shell.output_of("cannot look at what is there", script));
  std::map<std::string, std::uint64_t> out;
  std::uint64_t size = 0;
  for (std::string path; lines >> size >> path;) out[path] = size;
  return out;
}

// `paths` below `from` to `to` there.
void send_files(const RemoteShell& shell, const fs::path& from, const fs::path& to, const std::string& paths) {
  const PipelineResult sent = run_pipeline(
      {"tar", "-C", from.string(), "-cf", "-", "--owner=0", "--group=0", "-T", "-"},
      shell.words(fmt::format("mkdir -p -- {0} && tar -C {0} --no-same-owner -xf -", shell_word(to.string()))), paths);
  shell.check(sent.second_code, sent.second_errors);
  if (sent.second_code != 0)
    throw Error(fmt::format("cannot write to {} on {}: {}", to.string(), shell.name(), sent.second_errors),
                ExitCode::failed);
  if (sent.first_code != 0) throw Error("cannot read what is to be sent: " + sent.first_errors, ExitCode::failed);
}

}  // namespace

fs::path submitted_folder(const fs::path& root, const std::string& run) {
  return root / "submitted" / run;
}

std::string short_id(const std::string& pack_id) {
  return pack_id.substr(0, kShort);
}

fs::path remote_root(const RemoteShell& shell) {
  const fs::path& wanted = shell.target().root;
  const std::string script = fmt::format(
      "set -eu\n"
      "lacks=''\n"
      "for tool in tar find sha256sum flock tail head; do command -v $tool >/dev/null || lacks=\"$lacks $tool\"; done\n"
      "[ -z \"$lacks\" ] || {{ echo \"it lacks$lacks, which Moola works with. Install them\" >&2; exit 2; }}\n"
      "[ \"$(uname -m)\" = x86_64 ] || {{ echo \"its processor is $(uname -m), and the programs are for x86_64\" >&2; "
      "exit 2; }}\n"
      "root={}\n"
      "[ -n \"$root\" ] || if [ -d /workspace ] && [ -w /workspace ]; then root=/workspace/moola; else "
      "root=$HOME/moola; "
      "fi\n"
      "mkdir -p -- \"$root\" || exit 2\n"
      "cd -- \"$root\" && [ -w . ] || {{ echo \"$root can't be written to. Name another folder behind the port\" >&2; "
      "exit "
      "2; }}\n"
      "pwd -P",
      shell_word(wanted.string()));
  std::string out(trimmed(shell.output_of("cannot work", script), "\n"));
  // What a login script prints comes before.
  out.erase(0, out.rfind('\n') + 1);
  if (!out.starts_with('/')) throw DataError(fmt::format("{} says no folder but \"{}\".", shell.name(), out));
  return out;
}

std::map<std::string, std::uint64_t> pack_objects(const fs::path& pack) {
  std::map<std::string, std::uint64_t> out;
  for (const auto& each : fs::recursive_directory_iterator(pack / "objects")) {
    if (each.is_regular_file()) out[each.path().lexically_relative(pack).generic_string()] = each.file_size();
  }
  return out;
}

SentPack send_pack(const RemoteShell& shell, const fs::path& root, const fs::path& pack, bool check) {
  SentPack out{.id = pack_id(pack)};
  const fs::path folder = root / "packs" / short_id(out.id);
  const std::map<std::string, std::uint64_t> there = objects_there(shell, root, check);
  std::string missing;
  for (const auto& [path, size] : pack_objects(pack)) {
    const auto at = there.find(path);
    if (at != there.end() && at->second == size) continue;
    missing += path + "\n";
    ++out.objects;
    out.bytes += size;
  }
  if (!missing.empty()) send_files(shell, pack, root, missing);
  send_files(shell, pack, folder, "manifest.json\ncontents.sh\nstart\n");
  shell.output_of("cannot finish the pack",
                  fmt::format("cd -- {} && ln -sfn ../../objects objects", shell_word(folder.string())));
  send_file(shell, folder / "id", out.id + "\n");
  return out;
}

void send_file(const RemoteShell& shell, const fs::path& file, std::string_view content, bool executable) {
  shell.output_of("cannot write " + file.string(),
                  fmt::format("set -eu; umask 022; file={}; new=\"$file.$$.new\"; mkdir -p -- \"${{file%/*}}\"; cat "
                              ">\"$new\"; chmod {} -- \"$new\"; mv -f -- \"$new\" \"$file\"",
                              shell_word(file.string()), executable ? "755" : "644"),
                  content);
}

}  // namespace moola::cluster
