// From predictions to a list for a person, and from the person's decisions to another version of the data set.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <boost/test/unit_test.hpp>
#include <cmath>
#include <set>
#include <sstream>

#include "base/atomic_file.h"
#include "base/sha256.h"
#include "base/subprocess.h"
#include "data/label_issues/clean_labels.h"
#include "data/label_issues/find_label_issues.h"
#include "data/label_issues/issue_list.h"
#include "data/store/registry.h"
#include "data/windows/window_table_file.h"
#include "tests/data/predicted_table.h"
#include "tests/support/messages.h"
#include "tests/support/temporary_folder.h"

using namespace moola;
using namespace moola::data;
using namespace moola::test;
using validation::LabelFilter;
using validation::LabelScore;

namespace {

constexpr std::size_t kRows = 300;

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> out;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) out.push_back(line);
  return out;
}

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

// A table whose model doubts some labels, surely and rightly.
struct Doubted {
  explicit Doubted(std::uint64_t seed = 1, FeaturePrecision precision = FeaturePrecision::float64)
      : rows(random_rows(seed, kRows)) {
    DatasetWriter bars(folder.path(), {"bars", "AAA"});
    const std::vector<std::int64_t> time{1};
    const std::vector<double> price{1};
    const std::vector<std::uint8_t> flags{0};
    bars.write({{"time", std::span(time)},
                {"open", std::span(price)},
                {"high", std::span(price)},
                {"low", std::span(price)},
                {"close", std::span(price)},
                {"volume", std::span(price)},
                {"flags", std::span(flags)}});
    bars.file().set_attribute("symbol", std::string("AAA"));
    bars.file().set_attribute("bar_seconds", std::int64_t{300});
    bars.file().set_attribute("source_timezone", std::string("UTC"));
    const std::string hash = bars.finish();
    table = store_table(folder.path(), rows, {{bars.id(), hash}}, precision);
    oof = predictions_of(table, rows);
    std::mt19937_64 random(seed);
    while (doubted.size() < 12) {
      const std::size_t at = random() % oof.rows.size();
      if (oof.rows.label[at] < 0 || !doubted.insert(at).second) continue;
      predict(oof, at, (oof.rows.label[at] + 1) % 3, 0.9F + 0.005F * static_cast<float>(doubted.size()));
    }
    id = write_oof(folder.path(), oof).id;
  }

  OofFile predictions() const { return OofFile(folder.path(), id); }
  std::filesystem::path listed(const LabelIssueSearch& search = {}) const {
    const OofFile file = predictions();
    write_issue_list(folder / "issues.csv", file, read_labelled_rows(folder.path(), file),
                     find_label_issues(file, search).issues, Overwrite::yes);
    return folder / "issues.csv";
  }
  // The list with the decisions of its first rows.
  std::filesystem::path decided(const std::vector<std::string>& decisions) const {
    std::vector<std::string> lines = lines_of(read_file(listed()));
    std::string text = lines.front() + "\n";
    for (std::size_t i = 1; i < lines.size(); ++i) {
      const std::string decision = i <= decisions.size() ? decisions[i - 1] : "";
      text += lines[i].insert(lines[i].rfind(','), decision) + "\n";
    }
    return put(text);
  }
  std::filesystem::path put(const std::string& text) const {
    write_file(folder / "reviewed.csv", text);
    return folder / "reviewed.csv";
  }
  CleanResult clean(const std::filesystem::path& review, const std::string& name = "") const {
    return clean_labels(folder.path(), {.review = review, .oof = id, .name = name});
  }
  std::string said_of(const std::string& text) const {
    std::string said = refusal_of([&] { clean(put(text)); });
    BOOST_TEST(list_versions(folder.path(), "feature_table", "T").size() == 1U);
    return said;
  }
  // A list of these rows (index, label, decision).
  std::string list_of(const std::vector<std::array<std::string, 3>>& decisions) const {
    std::string text = "index,given_label,decision,oof\n";
    for (const auto& [index, given, decision] : decisions)
      text += fmt::format("{},{},{},{}\n", index, given, decision, mark_of(predictions()));
    return text;
  }
  std::string label_text(std::size_t row) const { return std::to_string(rows.horizons[0].label[row]); }

  TemporaryFolder folder;
  TableRows rows;
  Parent table;
  OofToWrite oof;
  std::set<std::size_t> doubted;  // predictions
  DatasetId id;
};

std::vector<double> features_of(const FeatureTableFile& table) {
  std::vector<double> x(table.size() * table.features());
  table.read_features(0, table.size(), x);
  return x;
}

bool same_bits(const std::vector<float>& a, const std::vector<float>& b) {
  return std::ranges::equal(std::as_bytes(std::span(a)), std::as_bytes(std::span(b)));
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

BOOST_AUTO_TEST_CASE(decisions_change_their_rows_and_nothing_else) {
  for (const FeaturePrecision precision : {FeaturePrecision::float64, FeaturePrecision::float32}) {
    const Doubted d(1, precision);
    const std::vector<ReviewedRow> listed = read_issue_list(d.listed());
    BOOST_REQUIRE(listed.size() == 12U);
    const std::size_t dropped = static_cast<std::size_t>(listed[0].row), up = static_cast<std::size_t>(listed[2].row);
    const std::string other = listed[2].given_label == "1" ? "0" : "1";
    const std::filesystem::path review = d.decided({" Drop ", "keep", other, listed[3].given_label, "KEEP"});
    const CleanResult result = d.clean(review);
    BOOST_TEST(to_string(result.id) == "feature_table/T/v2");
    BOOST_TEST(result.dropped == 1U);
    BOOST_TEST(result.kept == 10U);
    BOOST_TEST(result.relabelled.size() == 1U);
    BOOST_TEST(result.relabelled.at(listed[2].given_label + " to " + other) == 1U);
    BOOST_TEST(result.rows == kRows);
    BOOST_TEST(read_file(result.review) == read_file(review));

    const FeatureTableFile before(d.folder.path(), d.table.id), after(d.folder.path(), result.id);
    BOOST_TEST((after.precision() == precision));
    BOOST_TEST((features_of(after) == features_of(before)));
    BOOST_TEST(after.rows().time == d.rows.time, boost::test_tools::per_element());
    BOOST_TEST(after.rows().symbol == d.rows.symbol, boost::test_tools::per_element());
    BOOST_TEST(after.rows().segment == d.rows.segment, boost::test_tools::per_element());
    const HorizonColumns &was = d.rows.horizons[0], &is = after.horizon(5);
    for (std::size_t row = 0; row < kRows; ++row) {
      const bool gone = row == dropped;
      BOOST_TEST(is.label[row] == (gone ? kInvalidLabel : row == up ? std::stoi(other) : was.label[row]));
      BOOST_TEST(is.t1[row] == (gone ? kNoTime : was.t1[row]));
      BOOST_TEST(is.weight[row] == (gone ? 0.0F : was.weight[row]));
      BOOST_TEST((gone ? std::isnan(is.quality[row]) : same_bits({is.quality[row]}, {was.quality[row]})));
    }
    BOOST_TEST(after.horizon(20).label == d.rows.horizons[1].label, boost::test_tools::per_element());
    BOOST_TEST(same_bits(after.horizon(20).quality, d.rows.horizons[1].quality));
    BOOST_TEST(verify(d.folder.path(), result.id).problems.empty());
  }
}

BOOST_AUTO_TEST_CASE(the_new_version_says_what_it_is_made_of_and_what_its_labels_have_seen) {
  const Doubted d;
  const std::filesystem::path review = d.decided({"drop"});
  const CleanResult result = d.clean(review);
  const FeatureTableFile after(d.folder.path(), result.id);
  BOOST_TEST((after.info().pedigree == Pedigree::recorded));
  const std::int64_t last = std::ranges::max(d.rows.horizons[0].t1);
  const std::vector<FittedPart> expected{{.name = "barriers", .seen = {{10, 20}}},
                                         {.name = "labels", .seen = {{d.rows.time.front(), last}}}};
  BOOST_TEST((after.info().fitted == expected));
  const Json& manifest = after.manifest();
  BOOST_TEST(manifest["parameters"]["clean"] == "timeframe = \"5m\"");
  BOOST_TEST(manifest["cleaned"]["data"] == "feature_table/T/v1");
  BOOST_TEST(manifest["cleaned"]["oof"] == "oof/cv/v1");
  BOOST_TEST(manifest["cleaned"]["review_sha256"] == sha256_of_file(review));
  BOOST_TEST(manifest["cleaned"]["changes"]["dropped"] == 1);
  std::vector<std::string> parents;
  for (const Json& parent : manifest["parents"]) parents.push_back(parent["id"]);
  BOOST_TEST(parents == (std::vector<std::string>{"feature_table/T/v1", "bars/AAA/v1", "oof/cv/v1"}),
             boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(the_same_list_is_the_same_version_and_a_second_round_adds_to_what_was_seen) {
  const Doubted d;
  const std::filesystem::path review = d.decided({"drop"});
  BOOST_TEST(d.clean(review).id.version == 2);
  BOOST_TEST(d.clean(review).id.version == 2);
  BOOST_TEST(to_string(d.clean(review, "other").id) == "feature_table/other/v1");

  const CleanResult first = d.clean(review);
  const FeatureTableFile cleaned(d.folder.path(), first.id);
  OofToWrite again = predictions_of({first.id, first.content_sha256}, cleaned.rows());
  again.name = "again";
  const DatasetId second = write_oof(d.folder.path(), again).id;
  const OofFile file(d.folder.path(), second);
  const std::string text = "index,given_label,decision,oof\n2," + std::to_string(cleaned.horizon(5).label[2]) +
                           ",drop," + mark_of(file) + "\n";
  const CleanResult result = clean_labels(d.folder.path(), {.review = d.put(text), .oof = second});
  BOOST_TEST(to_string(result.id) == "feature_table/T/v3");
  const FeatureTableFile after(d.folder.path(), result.id);
  BOOST_REQUIRE(after.info().fitted.size() == 2U);
  BOOST_TEST(after.info().fitted[1].name == "labels");
  BOOST_TEST(after.manifest()["cleaned"]["data"] == "feature_table/T/v2");
}

BOOST_AUTO_TEST_CASE(a_list_that_does_not_fit_is_refused_by_its_row) {
  const Doubted d;
  const std::string label = d.label_text(3), other = label == "0" ? "1" : "0";
  const auto said = [&](const std::string& index, const std::string& given, const std::string& decision) {
    return d.said_of(d.list_of({{"2", d.label_text(2), ""}, {index, given, decision}}));
  };
  BOOST_TEST(holds(said("3", label, "dorp"), "row 1 (counted from 0): 'dorp' is no decision. Did you mean 'drop'?"));
  BOOST_TEST(holds(said("3", label, "2"), "keep, drop, or the name of a class (-1, 0, 1)"));
  BOOST_TEST(holds(said("3", other, "drop"), "row 3 the label '" + other + "'"));
  BOOST_TEST(holds(said("3", "", "drop"), "the label ''"));
  BOOST_TEST(holds(said("4", "-99", "drop"), "it is none"));
  BOOST_TEST(holds(said("300", "1", "drop"), "row 300 of feature_table/T/v1, which has 300"));
  BOOST_TEST(holds(said("2", d.label_text(2), "drop"), "row 2 of the data set is decided in row 0 too"));
  BOOST_TEST(holds(said("3", label, ""), "drops and relabels nothing"));
  BOOST_TEST(holds(said("3", label, label), "drops and relabels nothing"));
  BOOST_TEST(holds(d.said_of("index,given_label,decision,oof\n"), "drops and relabels nothing"));
}

BOOST_AUTO_TEST_CASE(a_list_of_other_predictions_is_refused) {
  const Doubted d;
  const std::string text = d.list_of({{"3", d.label_text(3), "drop"}});
  std::string other = text;
  other.replace(other.find("oof/cv/v1"), 9, "oof/cv/v2");
  BOOST_TEST(holds(d.said_of(other), "'oof/cv/v2"));
  std::string changed = text;
  changed[changed.size() - 2] = changed[changed.size() - 2] == '0' ? '1' : '0';  // the last digit of the hash
  BOOST_TEST(holds(d.said_of(changed), "name those that the list was made from"));
  BOOST_TEST(to_string(d.clean(d.put(text)).id) == "feature_table/T/v2");
}

BOOST_AUTO_TEST_CASE(a_list_that_is_none_is_refused) {
  const Doubted d;
  const std::string mark = mark_of(d.predictions()), head = "index,given_label,decision,oof\n";
  const auto said = [&](const std::string& text) { return d.said_of(text); };
  BOOST_TEST(holds(said(""), "is empty"));
  BOOST_TEST(holds(said("index,given_label,decision\n3,1,drop\n"), "no column 'oof'"));
  BOOST_TEST(holds(said("given_label,decision,oof\n1,drop,x\n"), "no column 'index'"));
  BOOST_TEST(holds(said("index,index,given_label,decision,oof\n3,3,1,drop,x\n"), "two columns 'index'"));
  for (const char* index : {"", "x", "-1", "3.5", "1e300", "nan", "inf", "99999999999999999999"})
    BOOST_TEST(holds(said(fmt::format("{}{},1,drop,{}\n", head, index, mark)), "expected the number of a row"));
  BOOST_TEST(!said(head + "3,1,drop\n").empty());
  BOOST_TEST(!said(head + "3,\"1,drop," + mark + "\n").empty());
  BOOST_TEST(!said(fmt::format("{}3,1,\xff\xfe,{}\n", head, mark)).empty());
  BOOST_TEST(!said(head + std::string(1, '\0') + ",,,\n").empty());
  // Cut anywhere, it is refused or decides no more than it did.
  const std::string whole = d.list_of({{"3", d.label_text(3), "keep"}, {"5", d.label_text(5), "keep"}});
  for (std::size_t length = 0; length < whole.size(); ++length) BOOST_TEST(!said(whole.substr(0, length)).empty());
}

BOOST_AUTO_TEST_CASE(a_list_may_come_back_from_a_spreadsheet) {
  const Doubted d;
  std::string text = "rank;index;note;given_label;decision;oof\r\n";
  text += "1;3.0;\"seen; twice\";" + d.label_text(3) + ";drop;" + mark_of(d.predictions()) + "\r\n";
  const CleanResult result = d.clean(d.put(text));
  BOOST_TEST((FeatureTableFile(d.folder.path(), result.id).horizon(5).label[3] == kInvalidLabel));
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

namespace {

// Six windows, up and down, whose first two the model takes for the other.
struct DoubtedWindows {
  explicit DoubtedWindows(const std::vector<std::string>& names = {"down", "flat", "up"}) {
    WindowTable windows{.windows = 6, .length = 2, .channels = 1};
    for (int i = 0; i < 12; ++i) windows.x.push_back(static_cast<float>(i) / 7);
    windows.channel_names = {"close"};
    windows.label_names = names;
    for (std::int64_t w = 0; w < 6; ++w) {
      windows.labels.push_back(names[w % 2 == 0 ? 0 : 2]);
      windows.window_ids.push_back("w_" + std::to_string(w));
      windows.t0.push_back(1000 * w);
      windows.t1.push_back(1000 * w + 500);
      windows.raw_start.push_back(2 * w);
      windows.raw_end.push_back(2 * w + 1);
      windows.weight.push_back(1.0F + static_cast<float>(w));
    }
    DatasetWriter writer(folder.path(), {"labeled_windows", "W"});
    write_window_table(writer, windows);
    writer.file().set_attribute("symbol", std::string("BTCUSD"));
    writer.manifest()["source_sha256"] = "ab";
    const std::string hash = writer.finish();
    OofToWrite oof{.name = "w", .info = {.data = {writer.id(), hash}, .class_names = names, .model = "minirocket"}};
    for (std::int32_t w = 0; w < 6; ++w) {
      const std::int32_t given = w % 2 == 0 ? 0 : 2, likely = w < 2 ? 2 - given : given;
      for (std::int32_t c = 0; c < 3; ++c) oof.rows.probability.push_back(c == likely ? 0.8F : 0.1F);
      oof.rows.fold.push_back(w / 3);
      oof.rows.label.push_back(given);
      oof.rows.row.push_back(w);
      oof.rows.time.push_back(1000 * w);
    }
    id = write_oof(folder.path(), oof).id;
  }
  CleanResult clean(const std::string& decisions) const {
    std::string text = "index,given_label,decision,oof\n";
    std::istringstream stream(decisions);
    const std::string mark = mark_of(OofFile(folder.path(), id));
    for (std::string line; stream >> line;) text += fmt::format("{},{}\n", line, mark);
    write_file(folder / "reviewed.csv", text);
    return clean_labels(folder.path(), {.review = folder / "reviewed.csv", .oof = id});
  }

  TemporaryFolder folder;
  DatasetId id;
};

}  // namespace

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

BOOST_AUTO_TEST_CASE(windows_are_dropped_and_relabelled_and_all_else_stays) {
  const DoubtedWindows d;
  const CleanResult result = d.clean("0,down,up 1,up,drop 2,down,keep 3,up,flat");
  BOOST_TEST(to_string(result.id) == "labeled_windows/W/v2");
  BOOST_TEST(result.rows_before == 6U);
  BOOST_TEST(result.rows == 5U);
  const DatasetReader before(d.folder.path(), {"labeled_windows", "W", 1}), after(d.folder.path(), result.id);
  const WindowTable was = read_window_table(before), is = read_window_table(after);
  const WindowTable left = was.chosen({0, 2, 3, 4, 5});
  BOOST_TEST(is.labels == (std::vector<std::string>{"up", "down", "flat", "down", "up"}),
             boost::test_tools::per_element());
  BOOST_TEST(is.label_names == was.label_names, boost::test_tools::per_element());
  BOOST_TEST(is.x == left.x, boost::test_tools::per_element());
  BOOST_TEST(is.window_ids == left.window_ids, boost::test_tools::per_element());
  BOOST_TEST(is.t0 == left.t0, boost::test_tools::per_element());
  BOOST_TEST(is.raw_end == left.raw_end, boost::test_tools::per_element());
  BOOST_TEST(is.weight == left.weight, boost::test_tools::per_element());
  BOOST_TEST(after.file().text_attribute("symbol") == "BTCUSD");
  BOOST_TEST(after.manifest()["source_sha256"] == "ab");
  BOOST_TEST(after.manifest()["fitted"]["labels"][1] == "1970-01-01T00:00:00.0000055Z");
  BOOST_TEST(verify(d.folder.path(), result.id).problems.empty());
}

BOOST_AUTO_TEST_CASE(a_list_that_drops_every_window_is_refused) {
  const DoubtedWindows d;
  BOOST_TEST(holds(refusal_of([&] { d.clean("0,down,drop 1,up,drop 2,down,drop 3,up,drop 4,down,drop 5,up,drop"); }),
                   "none would be left"));
}

BOOST_AUTO_TEST_CASE(a_class_that_is_called_like_a_decision_is_refused) {
  const DoubtedWindows d({"drop", "flat", "up"});
  BOOST_TEST(holds(refusal_of([&] { d.clean("0,drop,up"); }), "a class 'drop'"));
}

BOOST_AUTO_TEST_SUITE_END()
