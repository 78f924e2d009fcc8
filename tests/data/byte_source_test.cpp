#include "data/files/byte_source.h"

#include <lzma.h>
#include <zlib.h>
#include <zstd.h>

#include <boost/test/unit_test.hpp>
#include <cstring>
#include <map>
#include <random>

#include "base/atomic_file.h"
#include "base/error.h"
#include "data/files/tar_reader.h"
#include "tests/support/messages.h"
#include "tests/support/temporary_folder.h"

using namespace moola;
using namespace moola::data;
using namespace moola::test;

namespace {

std::string gzip(const std::string& text) {
  z_stream stream{};
  deflateInit2(&stream, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY);
  std::string packed(deflateBound(&stream, text.size()), '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(packed.data());
  stream.avail_out = static_cast<uInt>(packed.size());
  deflate(&stream, Z_FINISH);
  packed.resize(stream.total_out);
  deflateEnd(&stream);
  return packed;
}

std::string xz(const std::string& text) {
  std::string packed(lzma_stream_buffer_bound(text.size()), '\0');
  std::size_t size = 0;
  lzma_easy_buffer_encode(6, LZMA_CHECK_CRC64, nullptr, reinterpret_cast<const std::uint8_t*>(text.data()), text.size(),
                          reinterpret_cast<std::uint8_t*>(packed.data()), &size, packed.size());
  packed.resize(size);
  return packed;
}

std::string zstd(const std::string& text) {
  std::string packed(ZSTD_compressBound(text.size()), '\0');
  ZSTD_CCtx* context = ZSTD_createCCtx();
  ZSTD_CCtx_setParameter(context, ZSTD_c_checksumFlag, 1);
  packed.resize(ZSTD_compress2(context, packed.data(), packed.size(), text.data(), text.size()));
  ZSTD_freeCCtx(context);
  return packed;
}

// Rows that pack neither to nothing nor not at all; several buffers long.
std::string some_text(std::size_t lines) {
  std::mt19937 random(5);
  std::string text;
  for (std::size_t i = 0; i < lines; ++i) text += std::to_string(random() % 100000) + "," + std::to_string(i) + "\n";
  return text;
}

std::string all_of(ByteSource& source, std::size_t step = 1 << 16) {
  std::string text;
  std::string piece(step, '\0');
  while (const std::size_t n = source.read(piece)) text.append(piece, 0, n);
  return text;
}

std::string contents(const TemporaryFolder& folder, const std::string& bytes, std::size_t step = 1 << 16) {
  write_file(folder / "file", bytes);
  InputFile input(folder / "file");
  return all_of(input, step);
}

// One header and its content, as POSIX wants them.
std::string tar_entry(const std::string& name, const std::string& content, char type = '0') {
  std::string header(512, '\0');
  const auto put = [&](std::size_t at, const std::string& text) { header.replace(at, text.size(), text); };
  char size[13];
  std::snprintf(size, sizeof size, "%011zo", content.size());
  put(0, name);
  put(100, "0000644");
  put(124, size);
  put(136, "00000000000");
  header[156] = type;
  put(257, std::string("ustar\00000", 8));
  put(148, "        ");
  unsigned sum = 0;
  for (const char c : header) sum += static_cast<unsigned char>(c);
  char checksum[8];
  std::snprintf(checksum, sizeof checksum, "%06o", sum);
  put(148, std::string(checksum, 7) + ' ');
  return header + content + std::string((512 - content.size() % 512) % 512, '\0');
}

const std::string kTarEnd(1024, '\0');

std::map<std::string, std::string> members(const std::string& archive) {
  std::map<std::string, std::string> found;
  MemorySource source(archive);
  read_tar(source, "a.tar", [&](const std::string& name, std::string content) { found[name] = std::move(content); });
  return found;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(byte_source)

BOOST_AUTO_TEST_CASE(every_packing_is_known_by_its_content) {
  const TemporaryFolder folder;
  const std::string text = some_text(300'000);
  for (const std::string& packed : {text, gzip(text), xz(text), zstd(text)}) {
    BOOST_TEST((contents(folder, packed) == text));
    BOOST_TEST((contents(folder, packed, 7) == text));
  }
  BOOST_TEST(contents(folder, gzip("")) == "");
  BOOST_TEST(contents(folder, xz("")) == "");
  BOOST_TEST(contents(folder, zstd("")) == "");
  BOOST_TEST(contents(folder, "") == "");
}

BOOST_AUTO_TEST_CASE(streams_one_after_another_are_one_text) {
  const TemporaryFolder folder;
  BOOST_TEST(contents(folder, gzip("one,") + gzip("two")) == "one,two");
  BOOST_TEST(contents(folder, xz("one,") + xz("two")) == "one,two");
  BOOST_TEST(contents(folder, zstd("one,") + zstd("two")) == "one,two");
}

BOOST_AUTO_TEST_CASE(packed_data_cut_short_anywhere_are_an_error) {
  const TemporaryFolder folder;
  const std::string text = some_text(2'000);
  for (const std::string& packed : {gzip(text), xz(text), zstd(text)}) {
    for (std::size_t size = 6; size < packed.size(); size += 1 + packed.size() / 300) {
      BOOST_TEST_CONTEXT(size << " of " << packed.size()) {
        BOOST_CHECK_THROW(contents(folder, packed.substr(0, size)), DataError);
      }
    }
    BOOST_TEST(holds(refusal_of([&] { contents(folder, packed.substr(0, packed.size() - 1)); }), "cut short"));
  }
}

BOOST_AUTO_TEST_CASE(a_flipped_byte_in_packed_data_is_an_error_or_does_not_matter) {
  const TemporaryFolder folder;
  const std::string text = some_text(2'000);
  for (const std::string& packed : {gzip(text), xz(text), zstd(text)}) {
    for (std::size_t at = 0; at < packed.size(); at += 1 + packed.size() / 300) {
      std::string damaged = packed;
      damaged[at] = static_cast<char>(damaged[at] ^ 0x40);
      std::string read;
      try {
        read = contents(folder, damaged);
      } catch (const DataError&) {
        continue;
      }
      // A header's time or name may differ; or the magic is gone and the bytes are taken as they are.
      BOOST_TEST((read == text || read == damaged));
    }
  }
}

BOOST_AUTO_TEST_CASE(what_follows_packed_data_is_an_error) {
  const TemporaryFolder folder;
  for (const std::string& packed : {gzip("text"), xz("text"), zstd("text")}) {
    BOOST_CHECK_THROW(contents(folder, packed + "something else"), DataError);
  }
}

BOOST_AUTO_TEST_CASE(foreign_packings_are_named) {
  const TemporaryFolder folder;
  BOOST_TEST(holds(refusal_of([&] { contents(folder, "PK\x03\x04 and so on"); }), "zip"));
  BOOST_TEST(holds(refusal_of([&] { contents(folder, "BZh91AY"); }), "bzip2"));
  BOOST_TEST(holds(refusal_of([&] { contents(folder, "\x89HDF\r\n\x1a\n"); }), "HDF5"));
}

BOOST_AUTO_TEST_CASE(no_file_or_a_folder_or_a_pipe_is_said) {
  const TemporaryFolder folder;
  BOOST_TEST(holds(refusal_of([&] { InputFile{folder / "absent.csv"}; }), "there is no file"));
  BOOST_TEST(holds(refusal_of([&] { InputFile{folder.path()}; }), "is a folder"));
  BOOST_TEST(holds(refusal_of([&] { InputFile{"/dev/null"}; }), "no regular file"));
}

BOOST_AUTO_TEST_CASE(looking_ahead_takes_nothing_away) {
  const TemporaryFolder folder;
  write_file(folder / "file", gzip("abcdef"));
  InputFile input(folder / "file");
  BOOST_TEST(input.peek(3) == "abc");
  BOOST_TEST(input.peek(100) == "abcdef");
  BOOST_TEST(input.peek(2) == "ab");
  BOOST_TEST(all_of(input, 4) == "abcdef");
}

BOOST_AUTO_TEST_CASE(the_hash_is_that_of_the_file_on_disk) {
  const TemporaryFolder folder;
  const std::string packed = xz(some_text(100));
  write_file(folder / "file", packed);
  InputFile read(folder / "file"), unread(folder / "file");
  all_of(read);
  BOOST_TEST(read.sha256() == sha256_hex(packed));
  BOOST_TEST(unread.sha256() == sha256_hex(packed));
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(tar_reader)

BOOST_AUTO_TEST_CASE(regular_files_are_handed_out_whole_and_others_passed_over) {
  const std::string big = some_text(10'000);
  const auto found = members(tar_entry("data/", "", '5') + tar_entry("data/a.csv", "one") + tar_entry("link", "", '2') +
                             tar_entry("data/empty.csv", "") + tar_entry("data/b.csv", big) + kTarEnd);
  BOOST_TEST(found.size() == 3U);
  BOOST_TEST(found.at("data/a.csv") == "one");
  BOOST_TEST(found.at("data/empty.csv") == "");
  BOOST_TEST((found.at("data/b.csv") == big));
}

BOOST_AUTO_TEST_CASE(long_names_of_gnu_and_pax_are_understood) {
  const std::string name = std::string(150, 'n') + ".csv";
  const auto gnu = members(tar_entry("././@LongLink", name + '\0', 'L') + tar_entry(name.substr(0, 99), "x") + kTarEnd);
  BOOST_TEST(gnu.contains(name));
  const std::string record = " path=" + name + "\n";
  const auto pax = members(tar_entry("pax", std::to_string(record.size() + 3) + record, 'x') + tar_entry("short", "x") +
                           tar_entry("next", "y") + kTarEnd);
  BOOST_TEST(pax.contains(name));
  BOOST_TEST(pax.contains("next"));
}

BOOST_AUTO_TEST_CASE(an_archive_is_known_by_its_checksum) {
  BOOST_TEST(is_tar(tar_entry("a", "x")));
  BOOST_TEST(!is_tar(std::string(512, '\0')));
  BOOST_TEST(!is_tar("a"));
  BOOST_TEST(!is_tar(some_text(200).substr(0, 512)));
}

BOOST_AUTO_TEST_CASE(an_archive_without_its_end_blocks_is_accepted_when_no_file_is_cut) {
  BOOST_TEST(members(tar_entry("a", "x")).size() == 1U);
}

BOOST_AUTO_TEST_CASE(a_cut_or_damaged_archive_is_an_error) {
  const std::string archive = tar_entry("a", std::string(700, 'x')) + tar_entry("b", "y") + kTarEnd;
  for (const std::size_t size : {100U, 511U, 513U, 1100U, 1535U, 1600U}) {
    BOOST_TEST_CONTEXT(size) BOOST_CHECK_THROW(members(archive.substr(0, size)), DataError);
  }
  std::string damaged = archive;
  damaged[1536] = 'z';  // in the second header
  BOOST_CHECK_THROW(members(damaged), DataError);
}

BOOST_AUTO_TEST_CASE(a_size_that_is_not_there_does_not_take_memory) {
  std::string entry = tar_entry("a", "");
  entry.replace(124, 12, "77777777777 ");  // 8 GiB
  BOOST_CHECK_THROW(members(entry + kTarEnd), DataError);
}

BOOST_AUTO_TEST_SUITE_END()
