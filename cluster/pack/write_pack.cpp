#include "cluster/pack/write_pack.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <functional>
#include <optional>
#include <set>
#include <span>
#include <vector>

#include "base/atomic_file.h"
#include "base/descriptor.h"
#include "base/error.h"
#include "base/file_lock.h"
#include "base/scratch_folder.h"
#include "base/sha256.h"
#include "base/subprocess.h"
#include "base/version.h"
#include "cluster/pack/elf_file.h"

namespace moola::cluster {
namespace {

namespace fs = std::filesystem;

// lib/ seen from where the file will lie, as the loader writes it.
std::string run_path_of(const std::string& path) {
  const fs::path up = fs::path("lib").lexically_relative(fs::path(path).parent_path());
  return up == "." ? "$ORIGIN" : "$ORIGIN/" + up.generic_string();
}

std::string without_debug_symbols(const fs::path& program) {
  static const std::optional<fs::path> strip = find_program("strip");
  if (!strip) return read_file(program);
  const ScratchFolder scratch(fs::temp_directory_path() / "moola-pack-");
  const fs::path stripped = scratch.path() / "stripped";
  const ProcessResult done = run_process({strip->string(), "--strip-debug", "-o", stripped.string(), program.string()});
  if (done.exit_code != 0)
    throw IoError(fmt::format("strip could not take the debug symbols off {}: {}", program.string(), done.errors));
  return read_file(stripped);
}

std::string content_of(const PackFile& file) {
  const std::string name = file.source.string();
  switch (file.edit) {
    case PackEdit::none:
      return read_file(file.source);
    case PackEdit::relocate:
      return with_run_path(read_file(file.source), run_path_of(file.path), name);
    case PackEdit::relocate_and_strip:
      return with_run_path(without_debug_symbols(file.source), run_path_of(file.path), name);
  }
  return {};
}

bool of_programs(PackPart part) {
  return part == PackPart::programs || part == PackPart::libraries || part == PackPart::mpi ||
         part == PackPart::torch || part == PackPart::run_time;
}

// The bytes of one file of a pack: in memory where they were changed or had to be looked into, else in `source`.
struct Content {
  std::optional<std::string> text;
  const fs::path& source;
};

// Goes through all files; `keep` gets each with its content, one at a time in memory.
PackManifest read_all(const PackPlan& plan, const std::function<void(const PackedFile&, const Content&)>& keep) {
  PackManifest out{.code_version = code_version(),
                   .needs = plan.needs,
                   .datasets = plan.datasets,
                   .files = {},
                   .start_sha256 = sha256_hex(start_script()),
                   .contents_sha256 = {}};
  for (const PackFile& file : plan.files) {
    Content content{.text = {}, .source = file.source};
    if (of_programs(file.part)) content.text = content_of(file);
    PackedFile packed{.part = file.part,
                      .path = file.path,
                      .bytes = content.text ? content.text->size() : fs::file_size(file.source),
                      .executable = file.executable,
                      .sha256 = content.text ? sha256_hex(*content.text) : sha256_of_file(file.source),
                      .version = file.version};
    const auto elf = content.text ? read_elf(*content.text, file.source.string()) : std::nullopt;
    if (elf && file.part == PackPart::run_time) {
      packed.glibc = elf->glibc;
    } else if (elf && older_version(out.needs.glibc, elf->glibc)) {
      out.needs.glibc = elf->glibc;
      out.needs.glibc_because = file.path;
    }
    keep(packed, content);
    out.files.push_back(std::move(packed));
  }
  out.contents_sha256 = sha256_hex(contents_script(out));
  return out;
}

// The SHA-256 of what was copied. (The standard library's copy says "Input/output error" of a full disk.)
std::string copy_bytes(const fs::path& from, const fs::path& to) {
  const Descriptor in = open_file(from, O_RDONLY), out = open_file(to, O_WRONLY | O_CREAT | O_TRUNC);
  std::vector<std::byte> block(1 << 20);
  Sha256 hash;
  for (;;) {
    const ssize_t got = ::read(in.get(), block.data(), block.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) throw IoError("cannot read " + from.string(), errno);
    if (got == 0) return hash.hex();
    std::span<const std::byte> left(block.data(), static_cast<std::size_t>(got));
    hash.update(left);
    while (!left.empty()) {
      const ssize_t put = ::write(out.get(), left.data(), left.size());
      if (put < 0 && errno != EINTR) throw IoError("cannot write " + to.string(), errno);
      if (put > 0) left = left.subspan(static_cast<std::size_t>(put));
    }
  }
}

class PackWriter {
 public:
  explicit PackWriter(const fs::path& folder) : folder_(folder) {
    create_folders(folder);
    refuse_others();
    lock_.emplace(folder / ".lock");
    remove_abandoned(folder);
  }

  WrittenPack write(const PackPlan& plan) {
    WrittenPack out;
    out.manifest = read_all(plan, [&](const PackedFile& file, const Content& content) {
      if (wanted_.insert(file.sha256).second && keep(file, content)) {
        ++out.new_objects;
        out.new_bytes += file.bytes;
      }
    });
    const std::string manifest = manifest_text(out.manifest);
    out.id = sha256_hex(manifest);
    const bool same = fs::exists(folder_ / "id") && read_file(folder_ / "id") == out.id + "\n";
    if (!same) take_id_away();
    put("contents.sh", contents_script(out.manifest));
    put("start", start_script());
    if (::chmod((folder_ / "start").c_str(), 0755) != 0) throw IoError("cannot make start a program", errno);
    put("manifest.json", manifest);
    put("id", out.id + "\n");
    remove_others();
    return out;
  }

 private:
  // A folder of something else would lose nothing, but get a pack among its files.
  void refuse_others() const {
    static const std::set<std::string> ours{"id",      "manifest.json", "contents.sh", "start",
                                            "objects", "place",         "workspace",   ".lock"};
    for (const auto& entry : fs::directory_iterator(folder_)) {
      const std::string name = entry.path().filename().string();
      if (!ours.contains(name) && !name.ends_with(".tmp") && !name.starts_with("torch-") &&
          !name.starts_with(".verify-"))
        throw ConfigError(fmt::format("{} holds {}, which is of no pack. Name a new folder, or one that holds a pack.",
                                      folder_.string(), name));
    }
  }

  // Until the end there is no pack here, whatever happens.
  void take_id_away() {
    if (::unlink((folder_ / "id").c_str()) == 0)
      sync_folder(folder_);
    else if (errno != ENOENT)
      throw IoError(fmt::format("cannot remove {}", (folder_ / "id").string()), errno);
  }

  // Whether the object had to be written.
  bool keep(const PackedFile& file, const Content& content) {
    const fs::path object = folder_ / object_path(file.sha256);
    std::error_code none;
    if (fs::is_regular_file(object, none) && fs::file_size(object) == file.bytes &&
        sha256_of_file(object) == file.sha256)
      return false;
    take_id_away();
    if (content.text) {
      write_file(object, *content.text);
      set_mode(object, file.executable);
      return true;
    }
    AtomicFile copy(object, Overwrite::yes);
    if (copy_bytes(content.source, copy.temporary()) != file.sha256)
      throw IoError(fmt::format("{} has changed while it was packed; pack again when nothing writes to it.",
                                content.source.string()));
    copy.commit();
    set_mode(object, file.executable);
    return true;
  }

  // As it will be needed where it is linked; nobody writes into what others have links to.
  static void set_mode(const fs::path& object, bool executable) {
    if (::chmod(object.c_str(), executable ? 0555 : 0444) != 0)
      throw IoError(fmt::format("cannot change the permissions of {}", object.string()), errno);
  }

  // The same bytes keep their time, so that an upload by time and size passes them over.
  void put(const std::string& name, const std::string& content) const {
    const fs::path file = folder_ / name;
    if (!fs::exists(file) || read_file(file) != content) write_file(file, content);
  }

  void remove_others() const {
    for (const auto& folder : fs::directory_iterator(folder_ / "objects")) {
      if (!folder.is_directory()) continue;
      remove_abandoned(folder.path());
      for (const auto& entry : fs::directory_iterator(folder.path())) {
        if (!wanted_.contains(folder.path().filename().string() + entry.path().filename().string()))
          fs::remove(entry.path());
      }
    }
  }

  fs::path folder_;
  std::optional<FileLock> lock_;
  std::set<std::string> wanted_;
};

}  // namespace

WrittenPack measure_pack(const PackPlan& plan) {
  WrittenPack out;
  std::set<std::string> seen;
  out.manifest = read_all(plan, [&](const PackedFile& file, const Content&) {
    if (!seen.insert(file.sha256).second) return;
    ++out.new_objects;
    out.new_bytes += file.bytes;
  });
  out.id = sha256_hex(manifest_text(out.manifest));
  return out;
}

WrittenPack write_pack(const PackPlan& plan, const fs::path& folder) {
  return PackWriter(folder).write(plan);
}

}  // namespace moola::cluster
