#include "data/annotation/review_list.h"

#include <fmt/format.h>

#include "base/atomic_file.h"
#include "data/files/csv_text.h"

namespace moola::data {

std::map<std::string, std::uint64_t> changes_of(const std::vector<ReviewItem>& items) {
  std::map<std::string, std::uint64_t> changes;
  for (const ReviewItem& item : items) ++changes[item.change];
  return changes;
}

void write_review(const std::filesystem::path& csv, const std::filesystem::path& json,
                  const std::vector<ReviewItem>& items, const Json& about) {
  std::string text = "window_id,change,before,after,reason\n";
  Json list = Json::array();
  for (const ReviewItem& item : items) {
    text += fmt::format("{},{},{},{},{}\n", csv_field(item.window_id), item.change, csv_field(item.before),
                        csv_field(item.after), csv_field(item.reason));
    list.push_back({{"window_id", item.window_id},
                    {"change", item.change},
                    {"before", item.before},
                    {"after", item.after},
                    {"reason", item.reason}});
  }
  write_file(csv, text);
  Json review = about;
  review["changes"] = changes_of(items);
  review["windows"] = list;
  write_file(json, review.dump(1) + "\n");
}

}  // namespace moola::data
