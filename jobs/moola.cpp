// The dispatcher: `moola JOB …` becomes moola-JOB beside it, as git does. Links nothing heavy, so it starts in a
// millisecond.
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <iostream>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/nearest.h"
#include "base/subprocess.h"
#include "base/version.h"
#include "jobs/job_table.h"

namespace {

namespace fs = std::filesystem;

// The jobs whose programs are there: those of the table in its order, then others by name.
std::vector<std::string> jobs_in(const fs::path& folder) {
  std::vector<std::string> known, others;
  for (const auto& job : moola::kJobs) {
    if (::access((folder / fmt::format("moola-{}", job.name)).c_str(), X_OK) == 0) known.emplace_back(job.name);
  }
  for (const auto& entry : fs::directory_iterator(folder)) {
    const std::string name = entry.path().filename().string();
    // A job's ranks are started by the job.
    if (!name.starts_with("moola-") || name.ends_with("-rank") || entry.is_directory() ||
        ::access(entry.path().c_str(), X_OK) != 0)
      continue;
    if (std::find(known.begin(), known.end(), name.substr(6)) == known.end()) others.push_back(name.substr(6));
  }
  std::sort(others.begin(), others.end());
  known.insert(known.end(), others.begin(), others.end());
  return known;
}

std::string help(const std::vector<std::string>& jobs) {
  std::string out =
      "moola: market bars into data sets, data sets into pretrained encoders, on one machine or many.\n\nUsage: moola "
      "JOB "
      "[CONFIG.toml] [options]\n\n";
  for (const std::string& name : jobs) {
    const auto line =
        std::find_if(moola::kJobs.begin(), moola::kJobs.end(), [&](const auto& job) { return job.name == name; });
    out += fmt::format("  {:<12} {}", name, line == moola::kJobs.end() ? "" : line->does);
    out.erase(out.find_last_not_of(' ') + 1);
    out += "\n";
  }
  out +=
      "\n`moola JOB --help` (or `moola help JOB`) names every option of a job with its default. `moola --version` says "
      "which code this is.\n"
      "Example: moola doctor\n";
  return out;
}

int run_job(const std::vector<std::string>& jobs, const fs::path& folder, const std::string& job,
            std::vector<std::string> arguments) {
  if (std::find(jobs.begin(), jobs.end(), job) == jobs.end()) {
    const bool option = job.starts_with("-");
    throw moola::ConfigError(fmt::format("'{}' is no {} of moola.{} `moola --help` lists what there is.", job,
                                         option ? "option" : "job",
                                         option ? std::string() : moola::did_you_mean(job, jobs)));
  }
  const std::string program = (folder / ("moola-" + job)).string();
  arguments.insert(arguments.begin(), program);
  std::vector<char*> argv;
  for (std::string& argument : arguments) argv.push_back(argument.data());
  argv.push_back(nullptr);
  ::execv(program.c_str(), argv.data());
  throw moola::IoError("cannot start " + program, errno);
}

}  // namespace

int main(int argc, char** argv) {
  std::vector<std::string> arguments(argv + 1, argv + argc);
  std::string job;
  try {
    const fs::path folder = moola::executable_folder();
    const std::vector<std::string> jobs = jobs_in(folder);
    if (arguments.empty() || arguments.front() == "--help" || arguments.front() == "-h" ||
        (arguments.front() == "help" && arguments.size() == 1)) {
      std::cout << help(jobs);
      return 0;
    }
    if (arguments.front() == "--version") {
      std::cout << "moola " << moola::code_version() << "\n";
      return 0;
    }
    job = arguments.front();
    arguments.erase(arguments.begin());
    if (job == "help") {
      job = arguments.front();
      arguments = {"--help"};
    }
    return run_job(jobs, folder, job, std::move(arguments));
  } catch (const std::exception& error) {
    std::cerr << "moola: " << error.what() << "\n";
    const auto* own = dynamic_cast<const moola::Error*>(&error);
    return static_cast<int>(own != nullptr ? own->exit_code() : moola::ExitCode::failed);
  }
}
