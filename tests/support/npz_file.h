#pragma once
// Archives of arrays as np.savez writes them: stored, not compressed.
#include <zlib.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "data/files/npy.h"

namespace moola::test {

template <class T>
std::string npy_bytes(std::string_view type, const std::vector<std::uint64_t>& shape, const std::vector<T>& values) {
  return data::npy_header(type, shape) +
         std::string(reinterpret_cast<const char*>(values.data()), values.size() * sizeof(T));
}

// Fixed-width text, as np.array(["calm", "dip"]) holds it.
inline std::string npy_bytes(const std::vector<std::string>& texts) {
  std::size_t width = 1;
  for (const std::string& text : texts) width = std::max(width, text.size());
  std::vector<std::uint32_t> letters(texts.size() * width);
  for (std::size_t i = 0; i < texts.size(); ++i) {
    for (std::size_t c = 0; c < texts[i].size(); ++c) letters[i * width + c] = static_cast<unsigned char>(texts[i][c]);
  }
  return npy_bytes("<U" + std::to_string(width), {texts.size()}, letters);
}

/// `arrays`: name and content of each .npy.
inline std::string npz_bytes(const std::vector<std::pair<std::string, std::string>>& arrays) {
  const auto little = [](std::uint64_t value, int bytes) {
    std::string text;
    for (int i = 0; i < bytes; ++i) text += static_cast<char>(value >> (8 * i) & 255);
    return text;
  };
  std::string out, directory;
  for (const auto& [array, content] : arrays) {
    const std::string name = array + ".npy";
    const auto crc = ::crc32(0, reinterpret_cast<const Bytef*>(content.data()), static_cast<uInt>(content.size()));
    const std::string shared = little(20, 2) + little(0, 2) + little(0, 2) + little(0, 4) + little(crc, 4) +
                               little(content.size(), 4) + little(content.size(), 4);
    directory += little(0x02014b50, 4) + little(20, 2) + shared + little(name.size(), 2) + little(0, 2) + little(0, 2) +
                 little(0, 8) + little(out.size(), 4) + name;
    out += little(0x04034b50, 4) + shared + little(name.size(), 2) + little(0, 2) + name + content;
  }
  return out + directory + little(0x06054b50, 4) + little(0, 4) + little(arrays.size(), 2) + little(arrays.size(), 2) +
         little(directory.size(), 4) + little(out.size(), 4) + little(0, 2);
}

}  // namespace moola::test
