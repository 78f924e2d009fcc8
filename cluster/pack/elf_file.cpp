#include "cluster/pack/elf_file.h"

#include <elf.h>
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstring>

#include "base/error.h"

namespace moola::cluster {
namespace {

// A file's tables, every access within the file.
class ElfTables {
 public:
  ElfTables(std::string_view bytes, const std::string& name) : bytes_(bytes), name_(name) {
    const auto header = at<Elf64_Ehdr>(0);
    if (header.e_phentsize != sizeof(Elf64_Phdr)) damaged();
    for (std::size_t i = 0; i < header.e_phnum; ++i) {
      const auto segment = at<Elf64_Phdr>(header.e_phoff + i * sizeof(Elf64_Phdr));
      if (segment.p_type == PT_LOAD) loads_.push_back(segment);
      if (segment.p_type == PT_DYNAMIC) read_dynamic(segment);
    }
  }

  template <class T>
  T at(std::uint64_t offset) const {
    if (offset > bytes_.size() || bytes_.size() - offset < sizeof(T)) damaged();
    T out;
    std::memcpy(&out, bytes_.data() + offset, sizeof(T));
    return out;
  }

  struct Entry {
    std::uint64_t offset;  // of the Elf64_Dyn in the file
    Elf64_Dyn value;
  };
  const std::vector<Entry>& dynamic() const { return dynamic_; }

  std::optional<std::uint64_t> value_of(std::int64_t tag) const {
    for (const Entry& entry : dynamic_) {
      if (entry.value.d_tag == tag) return entry.value.d_un.d_val;
    }
    return std::nullopt;
  }

  // Where in the file an address of the loaded image lies.
  std::uint64_t offset_of(std::uint64_t address) const {
    for (const Elf64_Phdr& load : loads_) {
      if (address >= load.p_vaddr && address - load.p_vaddr < load.p_filesz)
        return load.p_offset + (address - load.p_vaddr);
    }
    damaged();
  }

  std::uint64_t text_offset(std::uint64_t index) const {
    const auto strings = value_of(DT_STRTAB), size = value_of(DT_STRSZ);
    if (!strings || !size || index >= *size) damaged();
    return offset_of(*strings) + index;
  }
  std::string text(std::uint64_t index) const {
    const std::uint64_t begin = text_offset(index);
    const auto end = begin < bytes_.size() ? bytes_.find('\0', begin) : std::string_view::npos;
    if (end == std::string_view::npos) damaged();
    return std::string(bytes_.substr(begin, end - begin));
  }

  [[noreturn]] void damaged() const {
    throw DataError(
        fmt::format("{} is a damaged program or library: a table of it lies outside of the file. Build or install it "
                    "again.",
                    name_));
  }

 private:
  void read_dynamic(const Elf64_Phdr& segment) {
    for (std::uint64_t at_byte = 0; at_byte + sizeof(Elf64_Dyn) <= segment.p_filesz; at_byte += sizeof(Elf64_Dyn)) {
      const Entry entry{segment.p_offset + at_byte, at<Elf64_Dyn>(segment.p_offset + at_byte)};
      if (entry.value.d_tag == DT_NULL) return;
      dynamic_.push_back(entry);
    }
  }

  std::string_view bytes_;
  const std::string& name_;
  std::vector<Elf64_Phdr> loads_;
  std::vector<Entry> dynamic_;
};

bool is_elf(std::string_view bytes) {
  Elf64_Ehdr header;
  if (bytes.size() < sizeof header) return false;
  std::memcpy(&header, bytes.data(), sizeof header);
  return std::memcmp(header.e_ident, ELFMAG, SELFMAG) == 0 && header.e_ident[EI_CLASS] == ELFCLASS64 &&
         header.e_machine == EM_X86_64 && (header.e_type == ET_DYN || header.e_type == ET_EXEC);
}

// The newest GLIBC_x.y of the versions that are asked for.
std::string glibc_of(const ElfTables& tables) {
  std::string newest;
  const auto table = tables.value_of(DT_VERNEED), count = tables.value_of(DT_VERNEEDNUM);
  if (!table || !count) return newest;
  std::uint64_t need_at = tables.offset_of(*table);
  for (std::uint64_t i = 0; i < *count; ++i) {
    const auto need = tables.at<Elf64_Verneed>(need_at);
    std::uint64_t version_at = need_at + need.vn_aux;
    for (unsigned j = 0; j < need.vn_cnt; ++j) {
      const auto version = tables.at<Elf64_Vernaux>(version_at);
      const std::string name = tables.text(version.vna_name);
      if (name.starts_with("GLIBC_2") && older_version(newest, name.substr(6))) newest = name.substr(6);
      if (version.vna_next == 0) break;
      version_at += version.vna_next;
    }
    if (need.vn_next == 0) break;
    need_at += need.vn_next;
  }
  return newest;
}

}  // namespace

bool older_version(std::string_view a, std::string_view b) {
  const auto numbers = [](std::string_view text) {
    std::vector<int> out;
    while (!text.empty()) {
      int value = 0;
      const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
      if (error != std::errc()) break;
      out.push_back(value);
      text.remove_prefix(static_cast<std::size_t>(end - text.data()));
      if (text.empty() || text.front() != '.') break;
      text.remove_prefix(1);
    }
    return out;
  };
  return numbers(a) < numbers(b);
}

std::optional<ElfFile> read_elf(std::string_view bytes, const std::string& name) {
  if (!is_elf(bytes)) return std::nullopt;
  const ElfTables tables(bytes, name);
  ElfFile out;
  for (const auto& entry : tables.dynamic()) {
    const std::uint64_t value = entry.value.d_un.d_val;
    if (entry.value.d_tag == DT_NEEDED) out.needed.push_back(tables.text(value));
    if (entry.value.d_tag == DT_SONAME) out.soname = tables.text(value);
    if (entry.value.d_tag == DT_RPATH || entry.value.d_tag == DT_RUNPATH) out.run_path = tables.text(value);
  }
  out.glibc = glibc_of(tables);
  return out;
}

std::string with_run_path(std::string bytes, std::string_view run_path, const std::string& name) {
  const auto elf = read_elf(bytes, name);
  if (!elf || elf->run_path.empty() || elf->run_path == run_path) return bytes;
  if (run_path.size() > elf->run_path.size()) {
    throw ConfigError(
        fmt::format("{} has the run path '{}', which is too short to become '{}'. Pack what `cmake "
                    "--install` has made instead: --programs PREFIX/bin.",
                    name, elf->run_path, run_path));
  }
  const ElfTables tables(bytes, name);
  std::vector<std::pair<std::uint64_t, Elf64_Dyn>> entries;
  std::uint64_t text_at = 0;
  for (const auto& entry : tables.dynamic()) {
    if (entry.value.d_tag != DT_RPATH && entry.value.d_tag != DT_RUNPATH) continue;
    text_at = tables.text_offset(entry.value.d_un.d_val);
    Elf64_Dyn changed = entry.value;
    changed.d_tag = DT_RPATH;
    entries.emplace_back(entry.offset, changed);
  }
  for (const auto& [offset, entry] : entries) std::memcpy(bytes.data() + offset, &entry, sizeof entry);
  std::fill_n(bytes.begin() + static_cast<std::ptrdiff_t>(text_at), elf->run_path.size(), '\0');
  std::ranges::copy(run_path, bytes.begin() + static_cast<std::ptrdiff_t>(text_at));
  return bytes;
}

}  // namespace moola::cluster
