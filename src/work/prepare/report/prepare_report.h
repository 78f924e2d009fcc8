#pragma once
#include <filesystem>

#include "base/json.h"
#include "work/prepare/workbench.h"

namespace moola::work {

/// Everything that the stages have noted about a run, in one object: the report's facts.
Json prepare_facts(Workbench& bench);

/// Writes RUN/report.html, a page that needs no network, and its drawings into RUN/plots; returns its path. Throws
/// IoError; a missing gnuplot is a note in the page.
std::filesystem::path write_prepare_report(Workbench& bench, const Json& facts);

}  // namespace moola::work
