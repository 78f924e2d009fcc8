#include "work/encode_command.h"

#include <fmt/format.h>

#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <algorithm>
#include <iostream>
#include <memory>

#include "base/command_line.h"
#include "work/encode.h"

namespace moola::work {
namespace {

struct Options {
  CommonOptions common;
  EncodeRequest request;
};

// Symbols and times of what the encoder has seen: "TX 2024-11-05T00:45:00Z … 2025-01-10T05:00:00Z".
std::string times_text(const Json& spans) {
  std::string out;
  for (const Json& span : spans) {
    const Json& times = span.at("times");
    if (times.empty()) continue;
    if (!out.empty()) out += "; ";
    out += fmt::format("{} {} … {}", span.at("symbol").get<std::string>(), times.front().at(0).get<std::string>(),
                       times.back().at(1).get<std::string>());
  }
  return out.empty() ? "not known: its windows had no times" : out;
}

void print(const Options& options, const EncodeOutcome& made) {
  const std::string id = data::to_string(made.written.id);
  const double rate = static_cast<double>(made.rows) / std::max(1e-9, made.seconds);
  if (options.common.json) {
    std::cout << Json{{"id", id},
                      {"file", made.written.file.string()},
                      {"content_sha256", made.written.content_sha256},
                      {"rows", made.rows},
                      {"dims", made.dims},
                      {"pooling", made.info.pooling},
                      {"data", data::to_string(made.info.data.id)},
                      {"encoder", made.info.encoder},
                      {"encoder_file", made.encoder_file.string()},
                      {"encoder_sha256", made.info.encoder_sha256},
                      {"seen", made.info.seen},
                      {"selected_on", made.info.selected_on},
                      {"device", made.device},
                      {"windows_per_s", rate}}
                     .dump(2)
              << "\n";
    return;
  }
  std::cout << fmt::format(
      "{}: {} rows of {} numbers, the {} of each window's bars\n  of        {}\n  encoder   {}\n  trained   {}\n"
      "  windows/s {:.0f} ({})\n  file      {}\n",
      id, made.rows, made.dims, made.info.pooling, data::to_string(made.info.data.id), made.encoder_file.string(),
      times_text(made.info.seen), rate, made.device, made.written.file.string());
}

}  // namespace

void add_encode_command(CLI::App& app) {
  auto options = std::make_shared<Options>();
  EncodeRequest& request = options->request;
  app.description("Windows through an encoder that `moola pretrain` has trained: a row of numbers for each.");
  app.footer(
      "Examples:\n"
      "  moola encode --encoder bilstm_mae-v1 --data labeled_windows/btc/v1\n"
      "  moola encode --encoder mine.safetensors --data labeled_windows/btc/v1 --pool last --name btc-last\n");
  app.add_option("--encoder", request.encoder,
                 "the encoder: a file, or a name in artifacts/encoders (without its version the newest)")
      ->required()
      ->type_name("FILE|NAME");
  app.add_option("--data", request.data, "the windows: labeled_windows/NAME/vN or unlabeled_windows/NAME/vN")
      ->required()
      ->type_name("ID");
  app.add_option("--pool", request.pooling, "how the representations of a window's bars become one")
      ->check(CLI::IsMember({"last", "mean", "max"}))
      ->capture_default_str();
  app.add_option("--name", request.name, "of the embeddings; default: the windows' and the encoder's")
      ->type_name("NAME");
  app.add_option("--device", request.device, "where to compute; auto: a GPU where there is one")
      ->check(CLI::IsMember({"auto", "cpu", "cuda"}))
      ->capture_default_str();
  app.add_option("--threads", request.threads, "on the CPU; 0: the host's cores")
      ->check(CLI::Range(0, 1024))
      ->type_name("N")
      ->capture_default_str();
  add_common_options(app, options->common);
  app.callback([options] {
    require_workspace(options->common.workspace);
    options->request.workspace = options->common.workspace;
    options->request.quiet = options->common.quiet;
    print(*options, encode(options->request));
  });
}

}  // namespace moola::work
