#include "data/label_issue_commands.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <iostream>
#include <memory>

#include "base/command_line.h"
#include "base/error.h"
#include "base/json.h"
#include "base/text_table.h"
#include "data/label_issues/clean_labels.h"
#include "data/label_issues/find_label_issues.h"
#include "data/label_issues/issue_list.h"
#include "data/label_issues/labelled_rows.h"

namespace moola::data {
namespace {

using validation::LabelNoise;

// Rows of a matrix (classes, classes), by given label.
Json matrix_json(const std::vector<double>& values, std::size_t classes) {
  Json rows = Json::array();
  for (std::size_t given = 0; given < classes; ++given) {
    const auto first = values.begin() + static_cast<std::ptrdiff_t>(given * classes);
    rows.push_back(std::vector<double>(first, first + static_cast<std::ptrdiff_t>(classes)));
  }
  return rows;
}

// Of all rows, those whose label is not their true class.
double wrong_share(const LabelNoise& noise) {
  double right = 0;
  for (std::size_t c = 0; c < noise.classes; ++c) right += noise.joint[c * noise.classes + c];
  return 1 - right;
}

struct ReviewCommand {
  CommonOptions common;
  std::string oof, filter = "prune_by_noise_rate", score = "self_confidence";
  std::filesystem::path out;
  std::uint64_t limit = 0;
  bool force = false;

  void run() {
    require_workspace(common.workspace);
    const LabelIssueSearch search{.filter = validation::parse_label_filter(filter),
                                  .score = validation::parse_label_score(score),
                                  .limit = limit};
    if (!force && std::filesystem::exists(out))
      throw ConfigError(
          fmt::format("{} exists, and may hold decisions. Name another file, or give --force.", out.string()));
    const OofFile predictions(common.workspace, find_dataset(common.workspace, oof, "oof"));
    const LabelledRows rows = read_labelled_rows(common.workspace, predictions);
    const FoundLabelIssues found = find_label_issues(predictions, search);
    write_issue_list(out, predictions, rows, found.issues, force ? Overwrite::yes : Overwrite::no);
    print(predictions, found);
  }

  void print(const OofFile& predictions, const FoundLabelIssues& found) const {
    const LabelNoise& noise = found.noise;
    const std::vector<std::string>& classes = predictions.info().class_names;
    if (common.json) {
      Json filters = Json::object();
      for (const auto& [each, count] : found.named) filters[std::string(to_string(each))] = count;
      std::cout << json_text({{"oof", to_string(predictions.id())},
                              {"data", to_string(predictions.info().data.id)},
                              {"horizon", predictions.info().horizon},
                              {"model", predictions.info().model},
                              {"file", out.string()},
                              {"filter", filter},
                              {"score", score},
                              {"listed", found.issues.size()},
                              {"labelled", noise.rows},
                              {"unlabelled", found.unlabelled},
                              {"filters", filters},
                              {"noise",
                               {{"class_names", classes},
                                {"wrong_share", wrong_share(noise)},
                                {"given", noise.given},
                                {"threshold", noise.threshold},
                                {"joint", matrix_json(noise.joint, noise.classes)},
                                {"true_share", noise.true_share},
                                {"given_if_true", matrix_json(noise.given_if_true, noise.classes)},
                                {"true_if_given", matrix_json(noise.true_if_given, noise.classes)}}}},
                             1)
                << "\n";
      return;
    }
    std::cout << fmt::format("{}: {} rows of {} with a label, by {}\n", to_string(predictions.id()), noise.rows,
                             to_string(predictions.info().data.id), predictions.info().model);
    if (found.unlabelled > 0) std::cout << fmt::format("  {} more have none\n", found.unlabelled);
    std::cout << fmt::format("  {:.1f} % of the labels are wrong, if these predictions are right\n\n",
                             100 * wrong_share(noise));

    std::vector<TextTable::Column> columns{{"% given \\ true"}};
    for (const std::string& name : classes) columns.push_back({name, Align::right});
    TextTable joint(columns);
    for (std::size_t given = 0; given < noise.classes; ++given) {
      std::vector<std::string> cells{classes[given]};
      for (std::size_t c = 0; c < noise.classes; ++c)
        cells.push_back(fmt::format("{:.2f}", 100 * noise.joint[given * noise.classes + c]));
      joint.row(cells);
    }
    TextTable filters({{"filter"}, {"rows", Align::right}});
    for (const auto& [each, count] : found.named) filters.row({std::string(to_string(each)), std::to_string(count)});
    std::cout << joint.text() << "\n"
              << filters.text() << "\n"
              << fmt::format("{} rows to review, worst first: {}\n", found.issues.size(), out.string());
  }
};

struct CleanCommand {
  CommonOptions common;
  CleanRequest request;
  std::string oof, version;

  void run() {
    require_workspace(common.workspace);
    request.oof = find_dataset(common.workspace, oof, "oof");
    if (!version.empty()) request.version = parse_version(version);
    const CleanResult result = clean_labels(common.workspace, request);
    if (common.json) {
      std::cout << json_text({{"id", to_string(result.id)},
                              {"file", result.file.string()},
                              {"review", result.review.string()},
                              {"rows_before", result.rows_before},
                              {"rows", result.rows},
                              {"kept", result.kept},
                              {"dropped", result.dropped},
                              {"relabelled", result.relabelled},
                              {"content_sha256", result.content_sha256}},
                             1)
                << "\n";
      return;
    }
    std::cout << fmt::format("{}: {} rows, {} before\n", to_string(result.id), result.rows, result.rows_before);
    std::cout << fmt::format("  kept        {}\n  dropped     {}\n", result.kept, result.dropped);
    for (const auto& [change, count] : result.relabelled)
      std::cout << fmt::format("  relabelled  {}: {}\n", change, count);
    std::cout << fmt::format("  file        {}\n  review      {}\n", result.file.string(), result.review.string());
  }
};

// The command lives as long as its parser, which holds the callback.
template <class Command>
std::shared_ptr<Command> bind(CLI::App& app) {
  auto command = std::make_shared<Command>();
  add_common_options(app, command->common);
  app.callback([command] { command->run(); });
  return command;
}

void add_review(CLI::App& data) {
  CLI::App* app = data.add_subcommand("review", "labels that are likely wrong, as a list to decide on");
  const auto command = bind<ReviewCommand>(*app);
  app->add_option("oof", command->oof, "out-of-fold predictions: NAME/vN")->required()->type_name("ID");
  app->add_option("--out", command->out, "the list, a CSV")->required()->type_name("FILE");
  app->add_option("--filter", command->filter,
                  "which rows: prune_by_noise_rate, prune_by_class, both, confident_learning, predicted_neq_given, "
                  "low_self_confidence, low_normalized_margin")
      ->capture_default_str();
  app->add_option("--score", command->score,
                  "what is worst: self_confidence, normalized_margin, confidence_weighted_entropy")
      ->capture_default_str();
  app->add_option("--limit", command->limit, "no more than so many rows, the worst; 0: all")->capture_default_str();
  app->add_flag("--force", command->force, "overwrite FILE");
  app->footer("Example: moola data review btc-cv/v1 --out issues.csv --limit 200");
}

void add_clean(CLI::App& data) {
  CLI::App* app = data.add_subcommand("clean", "a reviewed list into a version with other labels");
  const auto command = bind<CleanCommand>(*app);
  app->add_option("review", command->request.review,
                  "the list of moola data review, its column 'decision' filled in: keep or nothing, drop, or a class")
      ->required()
      ->type_name("FILE");
  app->add_option("--oof", command->oof, "the predictions that the list was made from: NAME/vN")
      ->required()
      ->type_name("ID");
  app->add_option("--name", command->request.name, "of the new data set (default: that of the one reviewed)")
      ->type_name("NAME");
  app->add_option("--version", command->version, "vN (default: the next)")->type_name("vN");
  app->footer("Example: moola data clean issues.csv --oof btc-cv/v1");
}

}  // namespace

void add_label_issue_commands(CLI::App& data) {
  add_review(data);
  add_clean(data);
}

}  // namespace moola::data
