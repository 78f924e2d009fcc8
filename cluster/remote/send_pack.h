#pragma once
#include <cstdint>
#include <filesystem>
#include <map>
#include <string>

#include "cluster/remote/remote_shell.h"

// A machine's folder of Moola:
//
//     objects/ab/cdef…     contents of all packs, each once
//     packs/PACK/          manifest.json, contents.sh, start, id (docs/pack.md); objects leads to the folder above
//     place/PACK/          a pack unfolded
//     submitted/RUN/       job.toml, and moola.sh, which runs moola as the run's pack has it
//     workspace/           data sets and results; artifacts/jobs/RUN is the run there
namespace moola::cluster {

struct SentPack {
  std::string id;                        // its SHA-256
  std::uint64_t objects = 0, bytes = 0;  // that were not there
};

/// Where a run's job and script are there.
std::filesystem::path submitted_folder(const std::filesystem::path& root, const std::string& run);

/// What is in a pack: bytes by path below it.
std::map<std::string, std::uint64_t> pack_objects(const std::filesystem::path& pack);

/// The name of a pack's folders there.
std::string short_id(const std::string& pack_id);

/// The folder of Moola on that machine, made where it is not: the target's own, else moola in /workspace where there is
/// one, else in the home folder. Throws ConfigError with what the machine lacks, Unreachable.
std::filesystem::path remote_root(const RemoteShell& shell);

/// Brings a pack of `moola pack` there: what is there with the right size is not sent again, and the pack's id goes
/// last. `check`: hashes what is there first, for when its start script has found it damaged. Throws DataError for a
/// folder that holds no whole pack, Unreachable, Error in the words of that machine (a full disk).
SentPack send_pack(const RemoteShell& shell, const std::filesystem::path& root, const std::filesystem::path& pack,
                   bool check = false);

/// Writes a file there that appears whole or not at all; folders are made.
void send_file(const RemoteShell& shell, const std::filesystem::path& file, std::string_view content,
               bool executable = false);

}  // namespace moola::cluster
