// What RunPod's server sends, by the first byte: answers of each kind, a log's stream of events, the headers of its
// quota. What is read is within its bounds; the rest is refused with a DataError.
#include "base/error.h"
#include "base/json.h"
#include "cluster/http/retry_after.h"
#include "cluster/runpod/answer_fields.h"
#include "cluster/runpod/catalog.h"
#include "cluster/runpod/event_stream.h"
#include "cluster/runpod/instant_cluster.h"
#include "cluster/runpod/pod.h"
#include "cluster/runpod/rate_limit.h"
#include "cluster/runpod/stored.h"
#include "fuzz/memory_file.h"

using namespace moola;
using namespace moola::cluster::runpod;

namespace {

std::string events_of(std::string_view text, std::size_t cut) {
  EventStream stream;
  std::string out;
  const auto keep = [&](const StreamEvent& event) { out += event.id + '\0' + event.type + '\0' + event.data + '\1'; };
  stream.feed(text.substr(0, cut), keep);
  stream.feed(text.substr(cut), keep);
  return out;
}

void read_answer(unsigned kind, std::string_view text) {
  const Json answer = parse_json(text, "fuzz");
  const AnswerFields fields(answer, "fuzz: ");
  switch (kind) {
    case 0:
      for (const Pod& pod : parse_pods(answer, "fuzz: "))
        test::require(pod.gpu_count >= 0 && pod.container.disk_gb >= 0);
      break;
    case 1:
      test::require(parse_cluster(fields).pods >= 0);
      break;
    case 2:
      for (const GpuType& gpu : parse_gpu_types(answer)) test::require(gpu.memory_gb >= 0 && gpu.most_secure >= 0);
      break;
    case 3:
      parse_data_centers(answer);
      break;
    case 4:
      test::require(parse_volume(fields).size_gb >= 0);
      break;
    default:
      parse_template(fields);
      parse_registry(fields);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  if (size < 2) return 0;
  const std::string_view text(reinterpret_cast<const char*>(bytes) + 2, size - 2);
  try {
    switch (bytes[0] % 8) {
      case 6:
        test::require(events_of(text, bytes[1] % (text.size() + 1)) == events_of(text, 0));
        break;
      case 7: {
        RateLimit limit;
        const RateLimit::Clock::time_point now{};
        limit.read(text, now);
        const auto wait = limit.wait_at(now);
        test::require(!wait || (wait->length.count() > 0 && wait->length.count() <= 365 * 86400));
        if (const auto seconds = cluster::retry_after(text)) test::require(seconds->count() >= 0);
        break;
      }
      default:
        read_answer(bytes[0] % 8, text);
    }
  } catch (const DataError&) {
  }
  return 0;
}
