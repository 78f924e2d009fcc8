#pragma once
#include <CLI/App.hpp>
#include <string>

#include "base/json.h"
#include "work/validation/return_matrix.h"

namespace moola::work {

/// Adds the file and what of it is meant to a command.
void add_return_options(CLI::App& app, ReturnSource& source);

/// "returns.csv: 2016 rows from … to …, 18 configurations", and what of the file was left out.
std::string describe_returns(const ReturnMatrix& returns);
/// The same under keys of an answer: file, rows, configurations, from, to, left_out.
Json returns_json(const ReturnMatrix& returns);

}  // namespace moola::work
