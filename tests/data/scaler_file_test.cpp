#include "data/tables/scaler_file.h"

#include <boost/test/unit_test.hpp>
#include <functional>

#include "base/atomic_file.h"
#include "tests/support/messages.h"
#include "tests/support/temporary_folder.h"

using namespace moola;
using namespace moola::test;

namespace {

// One column of each form.
data::TableScaler some_scaler() {
  return {.table = "feature_table/SYM-5m/v1",
          .table_sha256 = "ab12",
          .split = "SYM-5m-v1",
          .fitted_on = {{0, 100}, {200, 250}},
          .first = 1'577'836'800'000'000'000,
          .last = 1'577'923'200'000'000'000,
          .clip = 5,
          .columns = {{.name = "hour_sin", .method = market::ScaleMethod::none},
                      {.name = "sma_20",
                       .method = market::ScaleMethod::robust,
                       .logarithm = true,
                       .least = 0.25,
                       .centre = 0.1,
                       .width = 3},
                      {.name = "atr_14", .method = market::ScaleMethod::quantile, .knots = {0.1, 0.2, 0.2, 7}}}};
}

// What the file says when `change` was made to it by hand.
std::string said_of(const std::function<void(Json&)>& change) {
  Json json = data::to_json(some_scaler());
  change(json);
  return refusal_of([&] { data::scaler_from_json(json, "a.json"); });
}

}  // namespace

BOOST_AUTO_TEST_SUITE(scaler_file)

BOOST_AUTO_TEST_CASE(what_was_written_is_read_with_every_bit) {
  const data::TableScaler scaler = some_scaler();
  const TemporaryFolder folder;
  write_file(folder / "a.json", json_text(data::to_json(scaler)));
  const data::TableScaler read = data::read_scaler(folder / "a.json");
  BOOST_TEST(read.table == scaler.table);
  BOOST_TEST(read.table_sha256 == scaler.table_sha256);
  BOOST_TEST(read.split == scaler.split);
  BOOST_REQUIRE(read.fitted_on.size() == 2U);
  BOOST_TEST(read.fitted_on[1].begin == 200U);
  BOOST_TEST(read.fitted_on[1].end == 250U);
  BOOST_TEST(read.first == scaler.first);
  BOOST_TEST(read.last == scaler.last);
  BOOST_TEST(read.clip == 5);
  BOOST_REQUIRE(read.columns.size() == 3U);
  for (std::size_t i = 0; i < 3; ++i) {
    BOOST_TEST(read.columns[i].name == scaler.columns[i].name);
    for (const double x : {-2.0, 0.1, 0.3, 12.5}) BOOST_TEST(read.columns[i](x) == scaler.columns[i](x));
  }
}

BOOST_AUTO_TEST_CASE(a_scale_that_would_make_no_numbers_is_refused_by_its_column) {
  const auto column = [](std::size_t i, const char* key, const Json& value) {
    return said_of([&](Json& json) { json["columns"][i][key] = value; });
  };
  for (const double width : {0.0, -1.0}) BOOST_TEST(holds(column(1, "width", width), "sma_20"));
  BOOST_TEST(holds(column(1, "least", -1), "logarithm"));
  BOOST_TEST(holds(column(2, "knots", Json::array({0.5})), "two knots"));
  BOOST_TEST(holds(column(2, "knots", Json::array({0.5, 0.4})), "do not increase"));
  BOOST_TEST(holds(column(0, "method", "rubust"), "robust"));
  BOOST_TEST(holds(column(1, "centre", nullptr), "a.json"));
  BOOST_TEST(holds(said_of([](Json& json) { json["clip"] = -1; }), "clip"));
  BOOST_TEST(holds(said_of([](Json& json) { json["schema"] = "moola.scaler/9"; }), "moola.scaler/1"));
  BOOST_TEST(holds(said_of([](Json& json) { json.erase("columns"); }), "columns"));
}

BOOST_AUTO_TEST_SUITE_END()
