#include "cluster/runpod/stored.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/error.h"
#include "base/sha256.h"

namespace moola::cluster::runpod {
namespace {

constexpr int kSmallestVolume = 10, kLargestVolume = 4096;

// Everything but the name.
Json content_of(const TemplateRequest& request) {
  Json body = Json::object();
  add_to(body, request.container);
  add_to(body, request.mounts);
  if (!request.cuda_versions.empty()) body["allowedCudaVersions"] = request.cuda_versions;
  if (!request.registry_id.empty()) body["registry"] = request.registry_id;
  body["category"] = "NVIDIA";
  body["public"] = false;
  body["serverless"] = false;
  body["startSsh"] = request.start_ssh;
  body["startJupyter"] = request.start_jupyter;
  return body;
}

int gigabytes(std::optional<std::int64_t> value) {
  return static_cast<int>(std::clamp<std::int64_t>(value.value_or(0), 0, 1'000'000'000));
}

}  // namespace

void check(const VolumeRequest& request) {
  const std::string what = fmt::format("network volume '{}'", request.name);
  check_name(request.name, "network volume");
  if (request.size_gb < kSmallestVolume || request.size_gb > kLargestVolume) {
    throw ConfigError(
        fmt::format("{}: {} GB; expected {} to {} GB.", what, request.size_gb, kSmallestVolume, kLargestVolume));
  }
  if (request.data_center.empty()) throw ConfigError(fmt::format("{}: expected a data centre; it has none.", what));
  if (!request.type.empty() && request.type != "STANDARD" && request.type != "HIGH_PERFORMANCE") {
    throw ConfigError(
        fmt::format("{}: '{}' is no type of volume: expected STANDARD or HIGH_PERFORMANCE.", what, request.type));
  }
}

void check(const TemplateRequest& request) {
  check(request.container, "template");
  check(request.mounts, "template");
  check_cuda_versions(request.cuda_versions, "template");
  if (request.container.image.empty()) throw ConfigError("template: expected an image; it has none.");
  if (!request.mounts.volume_id.empty()) {
    throw ConfigError("template: it can't name a network volume; give the volume when a pod is started.");
  }
}

Json to_json(const VolumeRequest& request) {
  Json body{{"name", request.name}, {"size", request.size_gb}, {"dataCenter", request.data_center}};
  if (!request.type.empty()) body["type"] = request.type;
  return body;
}

Json to_json(const TemplateRequest& request) {
  Json body{{"name", template_name(request)}};
  body.update(content_of(request));
  return body;
}

std::string template_name(const TemplateRequest& request) {
  return "moola-" + sha256_hex(json_text(content_of(request))).substr(0, 16);
}

Volume parse_volume(const AnswerFields& fields) {
  return {.id = fields.text("id"),
          .name = fields.text("name"),
          .data_center = fields.text("dataCenter"),
          .type = fields.text_or_empty("type"),
          .size_gb = gigabytes(fields.whole("size"))};
}

Template parse_template(const AnswerFields& fields) {
  Template out{.id = fields.text("id"), .name = fields.text("name"), .container = {}};
  out.container.image = fields.text_or_empty("image");
  out.container.args = fields.text_or_empty("args");
  out.container.disk_gb = gigabytes(fields.whole_if("disk"));
  out.container.env = fields.pairs_or_none("env");
  out.container.ports = fields.texts_or_none("ports");
  out.serverless = fields.flag_or_false("serverless");
  return out;
}

Registry parse_registry(const AnswerFields& fields) {
  return {.id = fields.text("id"), .name = fields.text("name")};
}

}  // namespace moola::cluster::runpod
