// Programs as the loader sees them; readelf is the independent reader.
#include "cluster/pack/elf_file.h"

#include <sys/stat.h>

#include <boost/test/unit_test.hpp>
#include <regex>
#include <set>

#include "base/atomic_file.h"
#include "base/error.h"
#include "base/subprocess.h"
#include "cluster/pack/loaded_libraries.h"
#include "tests/support/messages.h"
#include "tests/support/temporary_folder.h"

using namespace moola;
using namespace moola::cluster;
using namespace moola::test;
namespace fs = std::filesystem;

namespace {

const fs::path kPrograms = MOOLA_BINARY_DIR;

std::vector<std::string> readelf(const fs::path& file, const std::string& option, const std::string& pattern) {
  const std::string said = run_process({"readelf", "-W", option, file.string()}).output;
  const std::regex wanted(pattern);
  std::vector<std::string> out;
  for (std::sregex_iterator at(said.begin(), said.end(), wanted), end; at != end; ++at) out.push_back((*at)[1]);
  return out;
}

}  // namespace

BOOST_AUTO_TEST_CASE(needs_names_and_versions_are_those_that_readelf_finds) {
  if (!find_program("readelf")) {
    BOOST_TEST_MESSAGE("SKIPPED: no readelf");
    return;
  }
  for (const fs::path& file :
       {kPrograms / "moola", kPrograms / "moola-data", fs::path("/lib/x86_64-linux-gnu/libstdc++.so.6"),
        fs::path("/bin/sh"), fs::path("/lib/x86_64-linux-gnu/libm.so.6")}) {
    if (!fs::exists(file)) continue;
    const auto elf = read_elf(read_file(file), file.string());
    BOOST_REQUIRE(elf.has_value());
    BOOST_TEST(elf->needed == readelf(file, "-d", "\\(NEEDED\\).*\\[(.*)\\]"), file.string());
    const auto names = readelf(file, "-d", "\\(SONAME\\).*\\[(.*)\\]");
    BOOST_TEST(elf->soname == (names.empty() ? "" : names.front()));
    const auto paths = readelf(file, "-d", "\\((?:RPATH|RUNPATH)\\).*\\[(.*)\\]");
    BOOST_TEST(elf->run_path == (paths.empty() ? "" : paths.front()));
    std::string newest;
    for (const std::string& version : readelf(file, "-V", "Name: GLIBC_([0-9.]+) ")) {
      if (older_version(newest, version)) newest = version;
    }
    BOOST_TEST(elf->glibc == newest, file.string());
  }
}

BOOST_AUTO_TEST_CASE(versions_are_compared_by_numbers) {
  BOOST_TEST(older_version("2.9", "2.36"));
  BOOST_TEST(older_version("2.36", "2.36.1"));
  BOOST_TEST(older_version("", "2.2.5"));
  BOOST_TEST(older_version("6.0.9", "6.0.30"));
  BOOST_TEST(!older_version("2.36", "2.36"));
  BOOST_TEST(!older_version("3.0", "2.36"));
}

BOOST_AUTO_TEST_CASE(a_program_with_another_run_path_finds_its_libraries_there_and_runs) {
  const TemporaryFolder folder;
  const fs::path program = kPrograms / "moola";
  const std::string moved = with_run_path(read_file(program), "$ORIGIN/../lib", "moola");
  BOOST_TEST(read_elf(moved, "moola")->run_path == "$ORIGIN/../lib");
  BOOST_TEST(moved.size() == fs::file_size(program));
  write_file(folder / "bin" / "moola", moved);
  fs::permissions(folder / "bin" / "moola", fs::perms(0755));
  for (const LoadedLibrary& each : loaded_libraries(program)) {
    if (owner_of(each.name) != LibraryOwner::other) continue;
    fs::create_directories(folder / "lib");
    fs::copy_file(each.file, folder / "lib" / each.name);
  }
  bool ours = false;
  for (const LoadedLibrary& each : loaded_libraries(folder / "bin" / "moola")) {
    BOOST_TEST(!each.file.empty(), each.name);
    ours = ours || each.file.string().find(folder.path().string()) == 0;
  }
  BOOST_TEST(ours);
  const ProcessResult ran = run_process({(folder / "bin" / "moola").string(), "--version"});
  BOOST_TEST(ran.exit_code == 0, ran.errors);
}

BOOST_AUTO_TEST_CASE(a_run_path_that_does_not_fit_is_refused) {
  BOOST_TEST(holds_all(refusal_of([] {
                         static_cast<void>(
                             with_run_path(read_file(kPrograms / "moola"), std::string(5000, 'x'), "a program"));
                       }),
                       {"a program", "too short", "--programs"}));
}

BOOST_AUTO_TEST_CASE(what_is_no_program_is_none_and_a_damaged_one_is_refused_or_read_within_its_bytes) {
  for (const char* text : {"", "#!/bin/sh\n",
                           "\x7f"
                           "ELF",
                           "\x7f"
                           "ELF and more of it, but no header of the right kind, however long it is"})
    BOOST_TEST(!read_elf(text, "text").has_value());
  const std::string good = read_file(kPrograms / "moola");
  std::size_t refused = 0;
  const auto read = [&](const std::string& bytes) {
    try {
      static_cast<void>(read_elf(bytes, "damaged"));
    } catch (const DataError& error) {
      ++refused;
      BOOST_TEST(std::string(error.what()).starts_with("damaged is a damaged program"));
    }
  };
  for (std::size_t size = 0; size < good.size(); size = size < 4096 ? size + 7 : size * 5 / 4)
    read(good.substr(0, size));
  // Headers and tables with every byte turned around; the sanitizers see to it that nothing is read beyond the end.
  for (std::size_t at = 0; at < 3000; ++at) {
    std::string bad = good;
    bad[at] = static_cast<char>(~bad[at]);
    read(bad);
  }
  BOOST_TEST(refused > 100U);
}
