#include "cluster/pack/private_files.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <string_view>
#include <utility>

#include "base/atomic_file.h"

namespace moola::cluster {
namespace {

namespace fs = std::filesystem;

constexpr std::uintmax_t kLongestText = 4 << 20;

std::string lower(std::string text) {
  std::ranges::transform(text, text.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return text;
}

bool private_name(const fs::path& file) {
  constexpr std::array names{".env",     ".netrc",      "_netrc",    ".pgpass",    ".git-credentials", ".npmrc",
                             ".pypirc",  "credentials", ".htpasswd", "kubeconfig", "id_rsa",           "id_dsa",
                             "id_ecdsa", "id_ed25519",  "munge.key", "token",      "tokens",           "secrets"};
  constexpr std::array endings{".key", ".pem", ".p12", ".pfx", ".jks", ".kdbx", ".ppk", ".token", ".secret"};
  constexpr std::array folders{".ssh", ".aws", ".gnupg", ".kube", ".docker"};
  const std::string name = lower(file.filename().string());
  if (std::ranges::find(names, name) != names.end() || name.starts_with(".env.")) return true;
  if (std::ranges::any_of(endings, [&](std::string_view each) { return name.ends_with(each); })) return true;
  constexpr std::array stems{"credentials", "token", "secret", "secrets", "password", "passwords", "api_key", "apikey"};
  if (std::ranges::find(stems, lower(file.stem().string())) != stems.end()) return true;
  return std::ranges::any_of(
      file, [&](const fs::path& part) { return std::ranges::find(folders, part.string()) != folders.end(); });
}

// Beginnings of keys, and how many letters and digits follow at least.
std::string private_word(std::string_view text) {
  constexpr std::array<std::pair<std::string_view, std::size_t>, 13> kinds{{{"rpa_", 30},
                                                                            {"ghp_", 30},
                                                                            {"gho_", 30},
                                                                            {"ghs_", 30},
                                                                            {"github_pat_", 30},
                                                                            {"glpat-", 20},
                                                                            {"hf_", 30},
                                                                            {"xoxb-", 10},
                                                                            {"xoxp-", 10},
                                                                            {"AKIA", 16},
                                                                            {"sk-", 32},
                                                                            {"hooks.slack.com/services/", 8},
                                                                            {"pypi-AgEI", 30}}};
  const auto is_letter = [](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || c == '-';
  };
  for (const auto& [beginning, least] : kinds) {
    for (std::size_t at = 0; (at = text.find(beginning, at)) != std::string_view::npos; ++at) {
      if (at > 0 && is_letter(text[at - 1])) continue;
      std::size_t end = at + beginning.size();
      while (end < text.size() && is_letter(text[end])) ++end;
      if (end - at - beginning.size() >= least) return std::string(beginning);
    }
  }
  return {};
}

}  // namespace

std::string looks_private(const fs::path& file) {
  if (private_name(file)) return "its name is that of a key or a password";
  if (fs::file_size(file) > kLongestText) return {};
  const std::string text = read_file(file);
  if (text.find("PRIVATE KEY-----") != std::string::npos) return "a private key stands in it";
  if (std::string_view(text).substr(0, 8192).find('\0') != std::string_view::npos) return {};
  if (const std::string word = private_word(text); !word.empty())
    return fmt::format("what looks like a key ({}…) stands in it", word);
  return {};
}

}  // namespace moola::cluster
