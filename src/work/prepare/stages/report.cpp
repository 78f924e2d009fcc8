#include "work/prepare/report/prepare_report.h"
#include "work/prepare/stages/stages.h"

namespace moola::work::stages {

void report(StageRun& stage) {
  const Json facts = prepare_facts(stage.bench());
  stage.write_json("json", facts);
  stage.say(write_prepare_report(stage.bench(), facts).string());
}

}  // namespace moola::work::stages
