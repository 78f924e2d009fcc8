#pragma once
#include "comm/communicator.h"
#include "work/evaluate/config/evaluate_options.h"
#include "work/evaluate/evaluate.h"

namespace moola::work {

/// One rank's part of the command; rank 0 prints what came of it. The exit code, the same on all ranks.
int run_evaluate(const EvaluateOptions& options, const comm::Communicator& ranks);

/// What came of an evaluation, on standard output: tables, or with --json one object.
void print_outcome(const CommonOptions& common, const EvaluateOutcome& outcome);

}  // namespace moola::work
