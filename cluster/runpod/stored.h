#pragma once
// What an account keeps while nothing runs: network volumes, templates, registries' credentials.
#include <string>
#include <vector>

#include "base/json.h"
#include "cluster/runpod/answer_fields.h"
#include "cluster/runpod/container.h"

namespace moola::cluster::runpod {

struct VolumeRequest {
  std::string name;
  int size_gb = 10;  // 10 to 4096; costs money until the volume is deleted
  std::string data_center = {};
  std::string type = {};  // "STANDARD", "HIGH_PERFORMANCE"; empty: the data center's own
};

struct Volume {
  std::string id, name, data_center, type;
  int size_gb = 0;
};

/// Settings that a person can start the same pod from.
struct TemplateRequest {
  Container container = {};
  Mounts mounts = {};                           // a disk on the host; a template takes no network volume
  std::vector<std::string> cuda_versions = {};  // empty: any
  bool start_ssh = true, start_jupyter = false;
  std::string registry_id = {};
};

struct Template {
  std::string id, name;
  Container container;
  bool serverless = false;
};

struct Registry {
  std::string id, name;
};

/// Each throws ConfigError for what RunPod would refuse, before anything is sent.
void check(const VolumeRequest& request);
void check(const TemplateRequest& request);

Json to_json(const VolumeRequest& request);
/// With the name that its content gives: see template_name.
Json to_json(const TemplateRequest& request);

/// "moola-" and the first 16 hexadecimal digits of the SHA-256 of everything in the request: the same settings have the
/// same template. An environment variable's value counts, so a secret belongs into RunPod's own store
/// ({{ RUNPOD_SECRET_name }}).
std::string template_name(const TemplateRequest& request);

/// Throw DataError.
Volume parse_volume(const AnswerFields& fields);
Template parse_template(const AnswerFields& fields);
Registry parse_registry(const AnswerFields& fields);

}  // namespace moola::cluster::runpod
