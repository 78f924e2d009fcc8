#pragma once
// A file cut and with flipped bits, read again and again.
#include <boost/test/unit_test.hpp>
#include <filesystem>
#include <fstream>
#include <random>
#include <string>

#include "base/atomic_file.h"
#include "base/error.h"

namespace moola::test {

/// Cuts `file` at 40 lengths, each of which `read` must refuse by an Error, and flips a bit of it 400 times: what is
/// read then is what was written (`is_whole`), or refused, as it is in more than a quarter.
void damage(const std::filesystem::path& file, const auto& read, const auto& is_whole) {
  const std::string whole = read_file(file);
  std::filesystem::permissions(file, std::filesystem::perms::owner_write, std::filesystem::perm_options::add);
  const auto put = [&](const std::string& bytes) { std::ofstream(file, std::ios::binary | std::ios::trunc) << bytes; };
  for (std::size_t length = 0; length < whole.size(); length += whole.size() / 40) {
    put(whole.substr(0, length));
    BOOST_CHECK_THROW(static_cast<void>(read()), Error);
  }
  std::mt19937_64 random(3);
  std::size_t refusals = 0;
  for (int i = 0; i < 400; ++i) {
    std::string flipped = whole;
    char& byte = flipped[random() % whole.size()];
    byte = static_cast<char>(byte ^ (1 << random() % 8));
    put(flipped);
    try {
      BOOST_TEST(is_whole(read()));
    } catch (const Error&) {
      ++refusals;
    }
  }
  BOOST_TEST(refusals > 100U);
}

}  // namespace moola::test
