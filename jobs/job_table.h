#pragma once
#include <array>
#include <string_view>

namespace moola {

/// A command of the project, for `moola --help`. A new job adds a line here; what is not built is not listed.
struct JobLine {
  std::string_view name, does;
};

inline constexpr std::array kJobs{
    JobLine{"data", "import bars and windows; list, show, verify, trace, compare and export data sets"},
    JobLine{"features", "compute indicators of bars as a table"},
    JobLine{"label", "label bars by triple barriers"},
    JobLine{"prepare", "turn raw bars into a clean, labelled, split and scaled feature table"},
    JobLine{"cv", "evaluate models by purged k-fold cross-validation"},
    JobLine{"walk-forward", "evaluate models on what comes after what they were trained on"},
    JobLine{"cpcv-pbo", "evaluate models by combinatorial purged cross-validation, and their choice by PBO"},
    JobLine{"train", "train models on the past, keep the best, and seal the test part"},
    JobLine{"evaluate", "predict rows that a trained model has not seen, and judge it by them"},
    JobLine{"models", "list the models there are and what they take; hold evaluations against each other"},
    JobLine{"splits", "cut rows into train and test parts that share no moment of a label"},
    JobLine{"pbo", "tell how likely a choice among backtests is overfit"},
    JobLine{"sharpe", "judge a Sharpe ratio: its error, its trials, the record it takes"},
    JobLine{"sweep", "search hyperparameters by trials side by side, as an Optuna study"},
    JobLine{"pretrain", "train an encoder on unlabelled windows"},
    JobLine{"encode", "turn windows into rows of numbers by a trained encoder"},
    JobLine{"runs", "list, show and compare runs; find the best, delete the old, write reports"},
    JobLine{"submit", "submit a job file of many steps to Slurm or this machine"},
    JobLine{"status", "say what submitted jobs do: what runs, waits, failed, and why"},
    JobLine{"logs", "print what the steps of a submitted job have printed"},
    JobLine{"cancel", "end a submitted job, or a step of it with what comes after"},
    JobLine{"retry", "submit again what has not succeeded, from its checkpoints"},
    JobLine{"collect", "name and copy the outputs of a submitted job"},
    JobLine{"step", "run one step of a submitted job here and now"},
    JobLine{"pack", "put what a job needs on another machine into one folder: programs, data, a start script"},
    JobLine{"diagnose", "say what ended a step, by its log, and what to do about it"},
    JobLine{"runpod", "list rented GPUs at RunPod, what they cost and whose they are; end orphans"},
    JobLine{"notify", "post a test message to the webhook of a job file"},
    JobLine{"doctor", "say what this machine offers, what is missing and how to get it"},
};

}  // namespace moola
