#pragma once
#include <CLI/App.hpp>
#include <string>

#include "base/command_line.h"
#include "base/json.h"
#include "work/features/window_feature_file.h"

namespace moola::work {

/// What `moola features` takes for windows besides what it takes for bars.
struct WindowFeatureOptions {
  WindowFeatureRequest request;
  std::string version;
  bool check = false;

  bool asked() const { return !request.windows.empty(); }
};

void add_window_feature_options(CLI::App& app, WindowFeatureOptions& options);

/// Refuses options of windows beside --bars and options of bars beside --windows: none is silently ignored.
void check_window_feature_options(const CLI::App& app, const WindowFeatureOptions& options);

/// Computes, or checks, and prints what came of it.
void run_window_features(WindowFeatureOptions& options, const CommonOptions& common);

/// The sets there are: a table for people, rows for scripts.
std::string window_feature_list();
Json window_feature_list_json();

}  // namespace moola::work
