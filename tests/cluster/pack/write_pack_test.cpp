// Packs of a user's own files: what unfolds is what was packed, and nothing else passes for it.
#include "cluster/pack/write_pack.h"

#include <signal.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <boost/test/unit_test.hpp>
#include <chrono>
#include <set>
#include <thread>

#include "base/error.h"
#include "base/file_lock.h"
#include "tests/cluster/pack/pack_folder.h"
#include "tests/support/messages.h"

using namespace moola;
using namespace moola::cluster;
using namespace moola::test;
namespace fs = std::filesystem;

namespace {

const MadeFiles kAnyNames{
    {"plain", {"text\n"}},
    {"empty", {""}},
    {"a program", {"#!/bin/sh\necho ran \"$@\"\n", true}},
    {"the same bytes, no program", {"#!/bin/sh\necho ran \"$@\"\n"}},
    {"zeros", {std::string(5000, '\0')}},
    {"noise", {noise(70'000, 3)}},
    {"deep/er/and deeper/'single' \"double\" `back` $HOME $(echo no) \\ *?[a] {b,c} ~ # !", {"quoted"}},
    {"line\nbreak\n", {"in its name"}},
    {"tab\tand\rreturn", {"control"}},
    {"-rf", {"an option's name"}},
    {" blanks ", {"at both ends"}},
    {"größer 你好 🙂", {"Unicode"}},
    {"no\xff\xfe unicode", {"bytes"}},
    {"%s %d", {"a format"}},
    {"item", {"a function's name"}},
};

std::map<std::string, std::pair<ino_t, std::int64_t>> inodes(const fs::path& pack) {
  std::map<std::string, std::pair<ino_t, std::int64_t>> out;
  for (const auto& entry : fs::recursive_directory_iterator(pack)) {
    struct stat facts = {};
    if (entry.is_regular_file() && ::lstat(entry.path().c_str(), &facts) == 0)
      out[entry.path().lexically_relative(pack).string()] = {facts.st_ino, facts.st_mtim.tv_nsec};
  }
  return out;
}

// All files of a pack that are part of it.
std::vector<fs::path> parts_of(const fs::path& pack) {
  std::vector<fs::path> out;
  for (const auto& [path, facts] : inodes(pack)) {
    if (path != ".lock") out.push_back(pack / path);
  }
  return out;
}

bool whole(const fs::path& pack) {
  return verify_pack(pack).problems.empty();
}

}  // namespace

BOOST_AUTO_TEST_CASE(names_bytes_and_programs_arrive_unchanged_in_the_place) {
  const TemporaryFolder folder;
  const WrittenPack pack = write_pack(planned(folder / "from", kAnyNames, PackPart::configurations), folder / "pack");
  const ProcessResult started = start(folder / "pack", {"--at", (folder / "at").string()});
  BOOST_TEST(started.exit_code == 0, started.errors);
  BOOST_TEST((found_in(folder / "at" / pack.id.substr(0, 16)) == kAnyNames));
}

BOOST_AUTO_TEST_CASE(names_bytes_and_programs_arrive_unchanged_in_the_workspace) {
  const TemporaryFolder folder;
  write_pack(planned(folder / "from", kAnyNames, PackPart::files), folder / "pack");
  const ProcessResult started = start(folder / "pack", {"--workspace", (folder / "w").string()});
  BOOST_TEST(started.exit_code == 0, started.errors);
  BOOST_TEST((found_in(folder / "w") == kAnyNames));
}

BOOST_AUTO_TEST_CASE(the_words_run_in_the_place_with_its_workspace_and_their_own_exit_code) {
  const TemporaryFolder folder;
  const WrittenPack pack = write_pack(
      planned(folder / "from",
              {{"bin/say", {"#!/bin/sh\npwd\necho \"$MOOLA_WORKSPACE\"\nprintf '<%s>' \"$@\"\nexit 7\n", true}}},
              PackPart::configurations),
      folder / "pack");
  const ProcessResult ran = start(
      folder / "pack", {"--workspace", (folder / "w x").string(), "say", "a b", "$HOME", "", "--verify", "line\n"});
  BOOST_TEST(ran.exit_code == 7);
  const fs::path real = fs::canonical(folder.path());
  BOOST_TEST(ran.output == (real / "pack" / "place" / pack.id.substr(0, 16)).string() + "\n" + (real / "w x").string() +
                               "\n<a b><$HOME><><--verify><line\n>");
}

BOOST_AUTO_TEST_CASE(the_same_files_give_the_same_pack_whenever_and_wherever_they_are_packed) {
  const TemporaryFolder folder;
  const WrittenPack first = write_pack(planned(folder / "one", kAnyNames, PackPart::files), folder / "a");
  std::this_thread::sleep_for(std::chrono::milliseconds(20));
  const PackPlan again = planned(folder / "another place", kAnyNames, PackPart::files);
  BOOST_TEST(write_pack(again, folder / "b").id == first.id);
  BOOST_TEST(measure_pack(again).id == first.id);
  for (const char* file : {"id", "manifest.json", "contents.sh", "start"})
    BOOST_TEST(read_file(folder / "a" / file) == read_file(folder / "b" / file));
}

BOOST_AUTO_TEST_CASE(a_manifest_reads_back_as_it_was_and_leads_nowhere_else) {
  const TemporaryFolder folder;
  const WrittenPack pack = write_pack(planned(folder / "from", kAnyNames, PackPart::files), folder / "pack");
  const std::string text = read_file(folder / "pack" / "manifest.json");
  BOOST_TEST(manifest_text(read_manifest(text, "m")) == text);
  for (const char* path : {"../plain", "/plain", "a/../plain", "a//b", "./plain", "", "plain/"}) {
    std::string other = text;
    const std::string found = "\"path\": \"plain\"";
    BOOST_REQUIRE(other.find(found) != std::string::npos);
    other.replace(other.find(found), found.size(), "\"path\": \"" + std::string(path) + "\"");
    BOOST_TEST(holds(refusal_of([&] { read_manifest(other, "m"); }), "leads out of the place"), path);
  }
}

BOOST_AUTO_TEST_CASE(a_second_pack_writes_only_what_changed_and_keeps_nothing_of_the_first) {
  const TemporaryFolder folder;
  write_pack(planned(folder / "from", kAnyNames, PackPart::files), folder / "pack");
  const auto before = inodes(folder / "pack");
  BOOST_TEST(write_pack(planned(folder / "from", kAnyNames, PackPart::files), folder / "pack").new_objects == 0U);
  BOOST_TEST((inodes(folder / "pack") == before));

  MadeFiles changed = kAnyNames;
  changed["plain"].content = "other text\n";
  changed.erase("noise");
  changed["new"] = {"new"};
  const WrittenPack second = write_pack(planned(folder / "from", changed, PackPart::files), folder / "pack");
  BOOST_TEST(second.new_objects == 2U);
  BOOST_TEST(second.new_bytes == 14U);
  BOOST_TEST(whole(folder / "pack"));
  const auto after = inodes(folder / "pack");
  std::size_t kept = 0;
  for (const auto& [path, facts] : after)
    kept += path.starts_with("objects/") && before.contains(path) && before.at(path) == facts;
  std::set<std::string> objects;
  for (const PackedFile& file : second.manifest.files) objects.insert(file.sha256);
  BOOST_TEST(kept == objects.size() - 2);
  BOOST_TEST(after.size() == objects.size() + 5);  // id, manifest, contents, start, lock
}

BOOST_AUTO_TEST_CASE(a_pack_that_is_damaged_anywhere_is_refused_and_mended_by_packing_again) {
  const TemporaryFolder folder;
  const MadeFiles files{{"one", {noise(300, 1)}}, {"two", {"#!/bin/sh\n", true}}, {"empty", {""}}};
  const PackPlan plan = planned(folder / "from", files, PackPart::files);
  const fs::path pack = folder / "pack";
  const WrittenPack made = write_pack(plan, pack);
  const auto refused = [&](const fs::path& part) {
    bool out = !whole(pack);
    // A start script can't be asked whether it is damaged; the others can't be started from.
    if (part.filename() != "start")
      out = start(pack, {"--at", (folder / "at").string(), "--workspace", (folder / "w").string(), "--verify"})
                    .exit_code == 2 &&
            out;
    return out;
  };
  for (const fs::path& part : parts_of(pack)) {
    const std::string good = read_file(part);
    const auto with = [&](const std::string& bad) {
      fs::permissions(part, fs::perms(0644));
      write_file(part, bad);
      return refused(part);
    };
    for (const std::size_t region : {0, 1, 2, 3, 5, 7, 11, 13, 15}) {
      if (good.empty()) continue;
      std::string bad = good;
      bad[std::min(good.size() - 1, good.size() * region / 15)] ^= 1;
      BOOST_TEST(with(bad), part.string() + " byte region " + std::to_string(region));
    }
    if (!good.empty()) BOOST_TEST(with(good.substr(0, good.size() - 1)), part.string() + " cut");
    if (!good.empty()) BOOST_TEST(with(""), part.string() + " empty");
    BOOST_TEST(with(good + "x"), part.string() + " longer");
    fs::remove(part);
    BOOST_TEST(!whole(pack));
    BOOST_TEST(write_pack(plan, pack).id == made.id);
    BOOST_TEST(whole(pack));
  }
}

BOOST_AUTO_TEST_CASE(another_pack_than_the_one_that_is_expected_is_refused) {
  const TemporaryFolder folder;
  const WrittenPack pack = write_pack(planned(folder / "from", {{"f", {"x"}}}, PackPart::files), folder / "pack");
  BOOST_TEST(start(folder / "pack", {"--id", pack.id, "true"}).exit_code == 0);
  const ProcessResult other = start(folder / "pack", {"--id", std::string(64, '0'), "true"});
  BOOST_TEST(other.exit_code == 2);
  BOOST_TEST(holds_all(other.errors, {pack.id, std::string(64, '0')}));
}

BOOST_AUTO_TEST_CASE(a_killed_packing_leaves_nothing_that_passes_for_whole_and_is_done_again) {
  const TemporaryFolder folder;
  MadeFiles files;
  for (unsigned i = 0; i < 40; ++i) files["f" + std::to_string(i)] = {noise(20'000, i)};
  const PackPlan plan = planned(folder / "from", files, PackPart::files);
  const std::string id = write_pack(plan, folder / "whole").id;
  const auto began = std::chrono::steady_clock::now();
  write_pack(plan, folder / "timed");
  const auto takes = std::chrono::steady_clock::now() - began;
  std::size_t cut_off = 0;
  for (int i = 0; i < 20; ++i) {
    const fs::path pack = folder / ("pack" + std::to_string(i));
    const pid_t pid = ::fork();
    if (pid == 0) {
      write_pack(plan, pack);
      ::_exit(0);
    }
    std::this_thread::sleep_for(takes * i / 20);
    ::kill(pid, SIGKILL);
    int status = 0;
    ::waitpid(pid, &status, 0);
    if (fs::exists(pack / "id")) {
      BOOST_TEST(whole(pack));
    } else {
      ++cut_off;
      BOOST_TEST(!whole(pack));
      if (fs::exists(pack / "start")) BOOST_TEST(start(pack, {"true"}).exit_code == 2);
    }
    BOOST_TEST(write_pack(plan, pack).id == id);
    BOOST_TEST(whole(pack));
  }
  BOOST_TEST(cut_off > 5U);
}

BOOST_AUTO_TEST_CASE(a_full_disk_ends_packing_with_a_paragraph_and_it_goes_on_when_there_is_room) {
  const TemporaryFolder folder;
  const fs::path disk = folder / "disk";
  fs::create_directory(disk);
  if (::mount("none", disk.c_str(), "tmpfs", 0, "size=256k") != 0) {
    BOOST_TEST_MESSAGE("SKIPPED: no file system can be mounted here");
    return;
  }
  const PackPlan plan =
      planned(folder / "from", {{"a", {noise(100'000, 1)}}, {"b", {noise(300'000, 2)}}}, PackPart::files);
  BOOST_TEST(holds_all(message_of<IoError>([&] { write_pack(plan, disk / "pack"); }),
                       {(disk / "pack").string(), "No space left on device"}));
  BOOST_TEST(!fs::exists(disk / "pack" / "id"));
  BOOST_TEST((::mount("none", disk.c_str(), "tmpfs", MS_REMOUNT, "size=2m") == 0));
  write_pack(plan, disk / "pack");
  BOOST_TEST(whole(disk / "pack"));
  BOOST_TEST((::mount("none", disk.c_str(), "tmpfs", MS_REMOUNT, "size=600k") == 0));
  // Folders of another file system, where links don't work, and no room for copies.
  write_pack(plan, folder / "far");
  const ProcessResult full = start(folder / "far", {"--workspace", (disk / "w").string(), "true"});
  BOOST_TEST(full.exit_code == 2);
  BOOST_TEST(holds_all(full.errors, {"MiB free", "make room"}));
  ::umount(disk.c_str());
}

BOOST_AUTO_TEST_CASE(one_process_at_a_time_packs_into_a_folder_and_none_into_one_of_something_else) {
  const TemporaryFolder folder;
  const PackPlan plan = planned(folder / "from", {{"f", {"x"}}}, PackPart::files);
  write_pack(plan, folder / "pack");
  {
    const FileLock other(folder / "pack" / ".lock");
    BOOST_TEST(message_of<CommError>([&] { write_pack(plan, folder / "pack"); }) != "");
  }
  write_file(folder / "thesis" / "chapter.txt", "mine");
  BOOST_TEST(holds_all(refusal_of([&] { write_pack(plan, folder / "thesis"); }), {"chapter.txt", "of no pack"}));
  BOOST_TEST(parts_of(folder / "thesis").size() == 1U);
}

BOOST_AUTO_TEST_CASE(a_file_of_the_workspace_is_replaced_but_kept_and_a_data_set_is_never_replaced) {
  const TemporaryFolder folder;
  const std::string workspace = (folder / "w").string();
  const auto into = [&](const char* name, PackPart part, const std::string& content) {
    write_pack(planned(folder / "from", {{"data/x", {content}}}, part), folder / name);
    return start(folder / name, {"--workspace", workspace, "true"});
  };
  BOOST_TEST(into("one", PackPart::files, "first").exit_code == 0);
  write_file(folder / "w" / "data" / "x", "what a run made of it");
  BOOST_TEST(start(folder / "one", {"--workspace", workspace, "true"}).exit_code == 0);
  BOOST_TEST(read_file(folder / "w" / "data" / "x") == "what a run made of it");

  BOOST_TEST(into("two", PackPart::files, "second").exit_code == 0);
  BOOST_TEST(read_file(folder / "w" / "data" / "x") == "second");
  std::vector<std::string> contents;
  for (const auto& [path, file] : found_in(folder / "w")) contents.push_back(file.content);
  BOOST_TEST((contents == std::vector<std::string>{"second", "what a run made of it"}));

  const ProcessResult refused = into("three", PackPart::data, "third");
  BOOST_TEST(refused.exit_code == 2);
  BOOST_TEST(holds(refused.errors, "is another data set"));
  BOOST_TEST(read_file(folder / "w" / "data" / "x") == "second");
}

BOOST_AUTO_TEST_CASE(what_the_gpus_lack_is_said_a_line_each_and_enough_of_them_will_do) {
  const TemporaryFolder folder;
  PackPlan plan = planned(folder / "from", {{"f", {"x"}}}, PackPart::files);
  plan.needs.cuda_driver = 580;
  plan.needs.gpus = 2;
  plan.needs.gpu_memory_mib = 40'000;
  write_pack(plan, folder / "pack");
  // As nvidia-smi writes it: version of the driver, MiB.
  const auto with = [&](const std::string& gpus) {
    write_file(folder / "bin" / "nvidia-smi", "#!/bin/sh\nprintf '" + gpus + "'\n");
    fs::permissions(folder / "bin" / "nvidia-smi", fs::perms(0755));
    return run_process({"env", "PATH=" + (folder / "bin").string() + ":/usr/bin:/bin", "sh",
                        (folder / "pack" / "start").string(), "true"});
  };
  const ProcessResult old = with("535.183.01, 24564\\n");
  BOOST_TEST(old.exit_code == 2);
  BOOST_TEST(holds_all(old.errors, {"driver here is 535, ", "580 or newer", "24564 MiB, and 40000 MiB are needed",
                                    "1 GPUs are here, and 2 are needed", "3 things are wrong"}));
  BOOST_TEST(with("580.65.06, 81559\\n580.65.06, 24564\\n").exit_code == 2);
  BOOST_TEST(with("580.65.06, 81559\\n580.65.06, 81559\\n").exit_code == 0);
}
