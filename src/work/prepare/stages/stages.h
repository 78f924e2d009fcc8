#pragma once
#include "work/prepare/stage.h"

/// The stages of moola prepare, each in a file of its own name. What they read and write says stage_table.cpp.
namespace moola::work::stages {

void ingest(StageRun& stage);
void clean(StageRun& stage);
void features(StageRun& stage);
void initial_labels(StageRun& stage);
void barriers(StageRun& stage);
void labels(StageRun& stage);
void splits(StageRun& stage);
void scaling(StageRun& stage);
void datasets(StageRun& stage);
void drift(StageRun& stage);
void validation(StageRun& stage);
void report(StageRun& stage);

}  // namespace moola::work::stages
