#include "data/label_issues/find_label_issues.h"

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <cmath>

#include "base/subprocess.h"
#include "tests/data/doubted_labels.h"

using namespace moola;
using namespace moola::data;
using namespace moola::test;
using validation::LabelFilter;
using validation::LabelScore;

namespace {

std::vector<std::string> fields_of(const std::string& line) {
  std::vector<std::string> out{""};
  for (const char c : line) {
    if (c == ',')
      out.emplace_back();
    else
      out.back() += c;
  }
  return out;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(label_issues)

BOOST_AUTO_TEST_CASE(labels_that_the_model_surely_doubts_are_found_with_what_it_suggests) {
  for (const std::uint64_t seed : {1U, 2U, 3U}) {
    const Doubted d(seed);
    for (const LabelFilter filter : {LabelFilter::prune_by_noise_rate, LabelFilter::prune_by_class, LabelFilter::both,
                                     LabelFilter::confident_learning, LabelFilter::predicted_neq_given}) {
      const FoundLabelIssues found = find_label_issues(d.predictions(), {.filter = filter});
      std::set<std::size_t> rows;
      for (const LabelIssue& issue : found.issues) {
        rows.insert(issue.prediction);
        BOOST_TEST(issue.given == d.oof.rows.label[issue.prediction]);
        BOOST_TEST(issue.suggested == (issue.given + 1) % 3);
        BOOST_TEST(std::ranges::count(issue.filters, filter) == 1);
      }
      BOOST_TEST(rows == d.doubted, boost::test_tools::per_element());
    }
  }
}

BOOST_AUTO_TEST_CASE(the_worst_are_first_whatever_is_worst_and_a_limit_keeps_them) {
  const Doubted d;
  for (const LabelScore score :
       {LabelScore::self_confidence, LabelScore::normalized_margin, LabelScore::confidence_weighted_entropy}) {
    const FoundLabelIssues all = find_label_issues(d.predictions(), {.score = score});
    const auto value = [&](const LabelIssue& issue) {
      return score == LabelScore::self_confidence     ? issue.quality
             : score == LabelScore::normalized_margin ? issue.margin
                                                      : issue.entropy;
    };
    BOOST_TEST(std::ranges::is_sorted(all.issues, {}, value));
    const FoundLabelIssues few = find_label_issues(d.predictions(), {.score = score, .limit = 5});
    BOOST_REQUIRE(few.issues.size() == 5U);
    for (std::size_t i = 0; i < 5; ++i) BOOST_TEST(few.issues[i].prediction == all.issues[i].prediction);
    BOOST_TEST((few.named == all.named));
  }
}

BOOST_AUTO_TEST_CASE(rows_without_a_label_change_nothing) {
  const Doubted d;
  OofToWrite less = d.oof;
  less.name = "less";
  less.rows = {};
  for (std::size_t i = 0; i < d.oof.rows.size(); ++i) {
    if (d.oof.rows.label[i] < 0) continue;
    for (std::size_t c = 0; c < 3; ++c) less.rows.probability.push_back(d.oof.rows.probability[3 * i + c]);
    less.rows.fold.push_back(d.oof.rows.fold[i]);
    less.rows.label.push_back(d.oof.rows.label[i]);
    less.rows.row.push_back(d.oof.rows.row[i]);
    less.rows.time.push_back(d.oof.rows.time[i]);
  }
  const OofFile whole = d.predictions(), part(d.folder.path(), write_oof(d.folder.path(), less).id);
  const FoundLabelIssues a = find_label_issues(whole), b = find_label_issues(part);
  BOOST_TEST(a.unlabelled == whole.size() - part.size());
  BOOST_TEST(b.unlabelled == 0U);
  BOOST_TEST(a.noise.joint == b.noise.joint, boost::test_tools::per_element());
  BOOST_REQUIRE(a.issues.size() == b.issues.size());
  for (std::size_t i = 0; i < a.issues.size(); ++i) {
    BOOST_TEST(whole.rows().row[a.issues[i].prediction] == part.rows().row[b.issues[i].prediction]);
    BOOST_TEST(a.issues[i].quality == b.issues[i].quality);
  }
}

BOOST_AUTO_TEST_CASE(predictions_of_no_labelled_row_leave_nothing_to_review) {
  Doubted d;
  d.oof.name = "none";
  for (std::size_t i = d.oof.rows.size(); i-- > 0;) {
    if (d.oof.rows.label[i] < 0) continue;
    const auto at = static_cast<std::ptrdiff_t>(i);
    d.oof.rows.probability.erase(d.oof.rows.probability.begin() + 3 * at, d.oof.rows.probability.begin() + 3 * at + 3);
    d.oof.rows.fold.erase(d.oof.rows.fold.begin() + at);
    d.oof.rows.label.erase(d.oof.rows.label.begin() + at);
    d.oof.rows.row.erase(d.oof.rows.row.begin() + at);
    d.oof.rows.time.erase(d.oof.rows.time.begin() + at);
  }
  const OofFile file(d.folder.path(), write_oof(d.folder.path(), d.oof).id);
  BOOST_TEST(holds(refusal_of([&] { find_label_issues(file); }), "no row that oof/none/v1 predicts has a label"));
}

BOOST_AUTO_TEST_CASE(the_list_says_of_each_row_what_a_person_needs) {
  const Doubted d;
  const std::vector<std::string> lines = lines_of(read_file(d.listed()));
  BOOST_TEST(lines.front() ==
             "rank,index,time,symbol,given_label,suggested_label,quality,margin,entropy,p_-1,p_0,p_1,filters,decision,"
             "oof");
  const FoundLabelIssues found = find_label_issues(d.predictions());
  BOOST_REQUIRE(lines.size() == found.issues.size() + 1);
  for (std::size_t i = 0; i < found.issues.size(); ++i) {
    const std::vector<std::string> fields = fields_of(lines[i + 1]);
    const LabelIssue& issue = found.issues[i];
    const auto row = static_cast<std::size_t>(d.oof.rows.row[issue.prediction]);
    BOOST_REQUIRE(fields.size() == 15U);
    BOOST_TEST(fields[0] == std::to_string(i + 1));
    BOOST_TEST(fields[1] == std::to_string(row));
    BOOST_TEST(fields[2] == utc_text(d.rows.time[row]));
    BOOST_TEST(fields[3] == (d.rows.symbol[row] == 0 ? "AAA" : "BBB"));
    BOOST_TEST(fields[4] == d.label_text(row));
    BOOST_TEST(fields[5] == std::to_string(issue.suggested - 1));
    BOOST_TEST(std::fabs(std::stod(fields[6]) - std::stod(fields[9 + static_cast<std::size_t>(issue.given)])) < 2e-6);
    BOOST_TEST(holds(fields[12], "prune_by_noise_rate"));
    BOOST_TEST(fields[13].empty());
    BOOST_TEST(fields[14] == mark_of(d.predictions()));
  }
  std::size_t line = 0;
  for (const ReviewedRow& row : read_issue_list(d.listed())) {
    BOOST_TEST(row.line == line);
    BOOST_TEST(row.row == d.oof.rows.row[found.issues[line++].prediction]);
    BOOST_TEST(row.decision.empty());
  }
  BOOST_TEST(line == found.issues.size());
}

BOOST_AUTO_TEST_CASE(a_data_set_that_is_gone_or_says_otherwise_is_refused) {
  {
    const Doubted d;
    OofToWrite wrong = d.oof;
    wrong.rows.label[0] = wrong.rows.label[0] == 1 ? 2 : 1;
    const OofFile label(d.folder.path(), write_oof(d.folder.path(), wrong).id);
    BOOST_TEST(holds(refusal_of([&] { read_labelled_rows(d.folder.path(), label); }), "row 2 of feature_table/T/v1"));
    wrong = d.oof;
    wrong.rows.time[7] += 1;
    const OofFile time(d.folder.path(), write_oof(d.folder.path(), wrong).id);
    BOOST_TEST(holds(refusal_of([&] { read_labelled_rows(d.folder.path(), time); }), "row 9 of feature_table/T/v1"));
    wrong = d.oof;
    wrong.info.horizon = 7;
    const OofFile horizon(d.folder.path(), write_oof(d.folder.path(), wrong).id);
    BOOST_TEST(holds(refusal_of([&] { read_labelled_rows(d.folder.path(), horizon); }), "5, 20"));
  }
  const Doubted d;
  const std::filesystem::path list = d.listed();
  std::filesystem::remove(dataset_file(d.folder.path(), d.table.id));
  BOOST_TEST(holds(refusal_of([&] { read_labelled_rows(d.folder.path(), d.predictions()); }), "no longer there"));
  BOOST_TEST(holds(refusal_of([&] { d.clean(list); }), "no longer there"));
}

BOOST_AUTO_TEST_CASE(the_commands_list_and_clean_and_never_write_over_decisions) {
  const Doubted d;
  const std::string workspace = d.folder.path().string(), list = (d.folder / "list.csv").string();
  const auto call = [&](std::vector<std::string> words) {
    words.insert(words.begin(), MOOLA_BINARY_DIR "/moola-data");
    words.insert(words.end(), {"--workspace", workspace});
    return run_process(words);
  };
  const auto review = call({"review", "cv/v1", "--out", list, "--json", "--limit", "7"});
  BOOST_REQUIRE_MESSAGE(review.exit_code == 0, review.errors);
  const Json said = parse_json(review.output, "stdout");
  BOOST_TEST(said["listed"] == 7);
  BOOST_TEST(said["filters"]["prune_by_noise_rate"] == 12);
  BOOST_TEST(said["labelled"].get<std::size_t>() + said["unlabelled"].get<std::size_t>() == d.oof.rows.size());
  double joint = 0;
  for (const Json& row : said["noise"]["joint"]) {
    for (const Json& share : row) joint += share.get<double>();
  }
  BOOST_TEST(std::fabs(joint - 1) < 1e-9);
  BOOST_TEST(read_issue_list(list).size() == 7U);

  const std::string before = read_file(list);
  const auto again = call({"review", "cv/v1", "--out", list});
  BOOST_TEST(again.exit_code == 2);
  BOOST_TEST(holds(again.errors, "--force"));
  BOOST_TEST(read_file(list) == before);
  BOOST_TEST(call({"review", "cv/v1", "--out", list, "--force"}).exit_code == 0);
  BOOST_TEST(read_issue_list(list).size() == 12U);
  BOOST_TEST(holds(call({"review", "cv/v1", "--out", list, "--force", "--filter", "bothe"}).errors, "both"));

  const auto clean = call({"clean", d.decided({"drop"}).string(), "--oof", "cv/v1", "--json"});
  BOOST_REQUIRE_MESSAGE(clean.exit_code == 0, clean.errors);
  BOOST_TEST(parse_json(clean.output, "stdout")["id"] == "feature_table/T/v2");
  BOOST_TEST(call({"clean", d.decided({"drpo"}).string(), "--oof", "cv/v1"}).exit_code == 2);
}

BOOST_AUTO_TEST_CASE(windows_are_listed_by_their_ids) {
  const DoubtedWindows d;
  const OofFile file(d.folder.path(), d.id);
  const FoundLabelIssues found = find_label_issues(file, {.filter = LabelFilter::predicted_neq_given});
  write_issue_list(d.folder / "list.csv", file, read_labelled_rows(d.folder.path(), file), found.issues, Overwrite::no);
  const std::vector<std::string> lines = lines_of(read_file(d.folder / "list.csv"));
  BOOST_REQUIRE(lines.size() == 3U);
  BOOST_TEST(lines[0].starts_with("rank,index,time,window_id,given_label,suggested_label,"));
  BOOST_TEST(lines[1].starts_with("1,0,1970-01-01T00:00:00Z,w_0,down,up,0.100000,"));
  BOOST_TEST(lines[2].starts_with("2,1,1970-01-01T00:00:00.000001Z,w_1,up,down,0.100000,"));
}

BOOST_AUTO_TEST_SUITE_END()
