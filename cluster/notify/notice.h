#pragma once
#include <string>

#include "base/json.h"

namespace moola::cluster {

/// What somebody is told of a job.
struct Notice {
  std::string event = {};      // "finish", "failure", "over-budget"; "test" of `moola notify`
  std::string job = {};        // its name
  std::string run = {};        // its folder in artifacts/jobs
  std::string digest = {};     // a screen of text
  Json json = Json::object();  // the same for programs
};

}  // namespace moola::cluster
