#include <fmt/format.h>

#include "record/report.h"
#include "work/prepare/report/report_parts.h"
#include "work/prepare/report/report_sections.h"

namespace moola::work {
namespace {

using namespace record;  // NOLINT(google-build-using-namespace): the page is made of its parts

}  // namespace

Html parts_section(const Json& splits) {
  const auto rows = [&](const char* part) { return splits.at("parts").at(part).at("rows").get<double>(); };
  // Of ranges [begin, end): rows between the first of a part and the first of the next that are in neither.
  const auto first_row = [&](const char* part) { return splits.at(part).front().at(0).get<double>(); };
  const double before_val = first_row("val") - first_row("train") - rows("train");
  const double before_test = first_row("test") - first_row("val") - rows("val");
  HtmlTable out{{"part", "rows", "from", "to"}, {}, {false, true}};
  for (const char* part : {"train", "val", "test"}) {
    const Json& entry = splits.at("parts").at(part);
    out.rows.push_back({cell(part), number(rows(part)), cell(report::moment(entry.at("first").get<std::string>())),
                        cell(report::moment(entry.at("last").get<std::string>()))});
  }
  return share_bar({{"train", rows("train"), Tone::good},
                    {"left out before validation", before_val, Tone::warning},
                    {"validation", rows("val"), Tone::plain},
                    {"left out before test", before_test, Tone::warning},
                    {"test", rows("test"), Tone::bad}}) +
         record::table(out) +
         paragraph(text(fmt::format("Purged {} rows (purge {}), embargoed {} (embargo {}).",
                                    readable(splits.at("purged").get<double>()), splits.at("purge").get<std::string>(),
                                    readable(splits.at("embargoed").get<double>()),
                                    splits.at("embargo").get<std::string>())));
}

}  // namespace moola::work
