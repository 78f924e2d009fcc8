#include "cluster/remote/remote_shell.h"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <filesystem>

#include "base/sha256.h"
#include "base/shell_words.h"
#include "base/text_ends.h"

namespace moola::cluster {
namespace {

namespace fs = std::filesystem;

constexpr int kSshFailed = 255;

// Where connections that are shared have their sockets: a short name, in a folder that nobody else may enter. Empty:
// there is none, and every call makes a connection of its own.
std::string socket_folder() {
  const char* own = std::getenv("XDG_RUNTIME_DIR");
  const fs::path folder = own != nullptr && *own != '\0' ? fs::path(own) / "moola-ssh"
                                                         : fs::path(fmt::format("/tmp/moola-ssh-{}", ::geteuid()));
  ::mkdir(folder.c_str(), 0700);
  struct stat there {};
  const bool is_ours = ::lstat(folder.c_str(), &there) == 0 && S_ISDIR(there.st_mode) && there.st_uid == ::geteuid() &&
                       (there.st_mode & 077) == 0;
  return is_ours && folder.string().size() < 60 ? folder.string() : std::string();
}

struct Refusal {
  const char* words;  // ssh's own
  const char* advice;
};
// What another try does not mend.
constexpr std::array kRefusals{
    Refusal{"Permission denied",
            "No key of yours is taken there: `ssh-copy-id` sends one, and an agent or ~/.ssh/config must know it, for "
            "Moola can't type a password"},
    Refusal{
        "Host key verification failed",
        "Its key is not known yet, or is another than the known one. Call ssh once by hand and look at what it asks"},
    Refusal{
        "REMOTE HOST IDENTIFICATION HAS CHANGED",
        "It is another machine than the last one of that address. If that is right, remove the old key: ssh-keygen -R"},
    Refusal{"Could not resolve hostname", "Is the name right?"},
    Refusal{
        "Too many authentication failures",
        "Your agent offers too many keys: name the right one for this host in ~/.ssh/config, with IdentitiesOnly yes"},
    Refusal{"Bad configuration option", "Mend your ssh configuration"},
};

// A path in an option of ssh's, where % begins a token.
std::string in_option(const std::string& path) {
  std::string out = "\"";
  for (const char c : path) out += c == '%' ? "%%" : std::string(1, c);
  return out + "\"";
}

std::string last_line(std::string_view text) {
  text = trimmed(text, "\r\n");
  return std::string(text.substr(text.rfind('\n') + 1));  // npos + 1 is 0
}

}  // namespace

RemoteShell::RemoteShell(SshTarget target) : target_(std::move(target)) {
  const auto ssh = find_program("ssh");
  if (!ssh) throw ConfigError("there is no ssh on this machine: install openssh-client.");
  // No question to anybody, and a connection that is dead is noticed.
  ssh_ = {ssh->string(), "-T",
          "-o",          "BatchMode=yes",
          "-o",          "ConnectTimeout=15",
          "-o",          "ServerAliveInterval=15",
          "-o",          "ServerAliveCountMax=4"};
  if (!target_.key.empty())
    ssh_.insert(ssh_.end(), {"-o", "IdentityFile=" + in_option(target_.key.string()), "-o", "IdentitiesOnly=yes"});
  if (!target_.hosts.empty()) {
    ssh_.insert(ssh_.end(), {"-o", "UserKnownHostsFile=" + in_option(target_.hosts.string()), "-o",
                             "StrictHostKeyChecking=accept-new"});
  }
  if (const std::string folder = socket_folder(); !folder.empty()) {
    const std::string id = sha256_hex(to_string(target_) + "\n" + target_.key.string()).substr(0, 16);
    ssh_.insert(ssh_.end(), {"-o", "ControlMaster=auto", "-o", "ControlPersist=60", "-o",
                             "ControlPath=" + in_option(folder + "/" + id)});
  }
  if (target_.port > 0) ssh_.insert(ssh_.end(), {"-p", std::to_string(target_.port)});
  if (!target_.user.empty()) ssh_.insert(ssh_.end(), {"-l", target_.user});
  ssh_.insert(ssh_.end(), {"--", target_.host});
}

std::string RemoteShell::name() const {
  return (target_.user.empty() ? "" : target_.user + "@") + target_.host;
}

std::vector<std::string> RemoteShell::words(const std::string& script) const {
  std::vector<std::string> out = ssh_;
  // Whatever the login shell there is, it reads these words alike.
  out.push_back("exec sh -c " + shell_word(script));
  return out;
}

void RemoteShell::check(int exit_code, const std::string& errors) const {
  if (exit_code != kSshFailed) return;
  for (const Refusal& each : kRefusals) {
    if (errors.find(each.words) != std::string::npos)
      throw ConfigError(fmt::format("ssh to {} is refused: {}. {}.", name(), last_line(errors), each.advice));
  }
  throw Unreachable(fmt::format("{} can't be reached by ssh: {}", name(),
                                errors.empty() ? "it broke off without a word" : last_line(errors)));
}

ProcessResult RemoteShell::run(const std::string& script, std::string_view input) const {
  ProcessResult out = run_process(words(script), input);
  check(out.exit_code, out.errors);
  return out;
}

std::string RemoteShell::output_of(const std::string& doing, const std::string& script, std::string_view input) const {
  ProcessResult out = run(script, input);
  if (out.exit_code == 0) return std::move(out.output);
  const std::string words(trimmed(out.errors, "\n"));
  throw Error(
      fmt::format("{} on {}: {}", doing, name(), words.empty() ? fmt::format("status {}", out.exit_code) : words),
      out.exit_code == static_cast<int>(ExitCode::permanent) ? ExitCode::permanent : ExitCode::failed);
}

}  // namespace moola::cluster
