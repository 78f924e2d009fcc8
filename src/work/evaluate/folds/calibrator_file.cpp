#include "work/evaluate/folds/calibrator_file.h"

#include <fmt/format.h>

#include "base/error.h"

namespace moola::work {

Json calibrator_json(const validation::Calibrator& calibrator) {
  Json sigmoid = Json::array(), isotonic = Json::array();
  for (const validation::SigmoidCurve& each : calibrator.sigmoid) sigmoid.push_back({each.slope, each.intercept});
  for (const validation::IsotonicCurve& each : calibrator.isotonic)
    isotonic.push_back({{"at", each.at}, {"share", each.share}});
  return {{"schema", "moola.calibrator/1"},  {"method", validation::to_string(calibrator.method)},
          {"classes", calibrator.classes},   {"temperature", calibrator.temperature},
          {"at_bound", calibrator.at_bound}, {"sigmoid", std::move(sigmoid)},
          {"isotonic", std::move(isotonic)}, {"prior", calibrator.prior}};
}

validation::Calibrator calibrator_from_json(const Json& json, const std::string& where) {
  try {
    if (json.at("schema") != "moola.calibrator/1")
      throw DataError(
          fmt::format("{}: its schema is {}, and not moola.calibrator/1.", where, json_text(json.at("schema"))));
    validation::Calibrator out;
    out.method = validation::parse_calibration_method(json.at("method").get<std::string>());
    out.classes = json.at("classes").get<std::size_t>();
    out.temperature = json.at("temperature").get<double>();
    out.at_bound = json.at("at_bound").get<bool>();
    for (const Json& each : json.at("sigmoid"))
      out.sigmoid.push_back({.slope = each.at(0).get<double>(), .intercept = each.at(1).get<double>()});
    for (const Json& each : json.at("isotonic"))
      out.isotonic.push_back(
          {.at = each.at("at").get<std::vector<double>>(), .share = each.at("share").get<std::vector<double>>()});
    out.prior = json.at("prior").get<std::vector<double>>();
    validation::check_calibrator(out);
    return out;
  } catch (const Json::exception& error) {
    throw DataError(fmt::format("{} is no calibrator: {}.", where, error.what()));
  } catch (const ConfigError& error) {
    throw DataError(fmt::format("{} is no calibrator: {}", where, error.what()));
  }
}

}  // namespace moola::work
