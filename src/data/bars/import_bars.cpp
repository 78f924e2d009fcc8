#include "data/bars/import_bars.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <chrono>
#include <optional>
#include <unordered_map>

#include "base/error.h"
#include "base/nearest.h"
#include "base/utc_time.h"
#include "data/bars/bar_inputs.h"

namespace moola::data {
namespace {

constexpr std::int64_t kSecond = 1'000'000'000;
constexpr std::size_t kFewestBars = 2;

std::map<std::string, std::uint64_t> products_of(const BarInputs& inputs) {
  std::map<std::string, std::uint64_t> products;
  for (const auto& input : inputs.inputs) {
    for (const auto& [product, rows] : input.rows.products) products[product] += rows;
  }
  return products;
}

// The product whose rows are wanted, where the files name products at all.
std::string choose_product(const BarsImport& import, const std::map<std::string, std::uint64_t>& products) {
  std::string wanted = import.product.empty() ? import.symbol : import.product;
  if (products.empty() && !import.product.empty()) {
    throw ConfigError(
        fmt::format("--product {} was asked for, but the files name no products (a column product, symbol or ticker).",
                    import.product));
  }
  if (products.empty() || products.contains(wanted)) return wanted;
  if (import.product.empty() && products.size() == 1) return products.begin()->first;
  std::vector<std::string> names;
  for (const auto& [name, rows] : products) names.push_back(name);
  const std::string some =
      fmt::format("{}{}",
                  fmt::join(names.begin(),
                            names.begin() + static_cast<std::ptrdiff_t>(std::min<std::size_t>(12, names.size())), ", "),
                  names.size() > 12 ? fmt::format(" and {} more", names.size() - 12) : "");
  throw ConfigError(
      fmt::format("the files hold no bars of the product '{}'.{} They hold {}; choose one with --product.", wanted,
                  did_you_mean(wanted, names), some));
}

BarInputs read_inputs(const BarsImport& import, bool careful) {
  const std::string month = import.contract == "front" ? "" : import.contract;
  RowChoice choice{.product = import.product.empty() ? import.symbol : import.product, .month = month};
  BarInputs inputs = read_bar_inputs(import.files, choice, careful);
  const std::string product = choose_product(import, products_of(inputs));
  if (product == choice.product) return inputs;
  choice.product = product;
  return read_bar_inputs(import.files, choice, careful);
}

/// Stamps to UTC, and the rows of every contract in one piece, its files in the order of their first stamps.
class Assembly {
 public:
  Assembly(const BarsImport& import, BarInputs& inputs, ImportedBars& result)
      : import_(import), result_(result), offset_used_(import.utc_offsets.size()) {
    for (auto& input : inputs.inputs) {
      for (RawBars& contract : input.rows.contracts) {
        if (contract.bars.empty()) continue;
        if (input.rows.zoned) {
          if (!import.timezone.empty())
            note(fmt::format("stamps of {} say their own zone, so --timezone {} is not used", input.rows.form,
                             import.timezone));
        } else {
          to_utc(contract.bars.time, input.rows.form);
        }
        if (input.rows.foreign_flags) {
          std::fill(contract.bars.flags.begin(), contract.bars.flags.end(), std::uint8_t{0});
          note("the column 'flags' does not hold what an export of bars writes there; left out");
        }
        pieces_.push_back(std::move(contract));
      }
    }
    check_offsets();
    if (zone_name_.empty()) zone_name_ = "UTC";
    std::stable_sort(pieces_.begin(), pieces_.end(),
                     [](const RawBars& a, const RawBars& b) { return first_stamp(a) < first_stamp(b); });
  }

  const std::string& zone_name() const { return zone_name_; }

  std::vector<market::Contract> contracts() {
    std::map<std::string, RawBars> joined;
    const bool origins =
        std::none_of(pieces_.begin(), pieces_.end(), [](const RawBars& piece) { return piece.origins.empty(); });
    for (RawBars& piece : pieces_) {
      if (!origins) piece.origins.clear();
      const auto [at, first] = joined.try_emplace(piece.month);
      if (first) {
        at->second = std::move(piece);
      } else {
        append(at->second, piece);
        piece = {};
      }
    }
    std::vector<market::Contract> contracts;
    for (auto& [month, raw] : joined) {
      market::repair(raw.bars, raw.origins, result_.faults);
      contracts.push_back({month, std::move(raw.bars)});
    }
    return contracts;
  }

 private:
  // A file that runs backward begins with its latest stamp.
  static std::int64_t first_stamp(const RawBars& piece) {
    std::int64_t first = INT64_MAX;
    for (const std::int64_t stamp : {piece.bars.time.front(), piece.bars.time.back()}) {
      if (stamp != kNoTime) first = std::min(first, stamp);
    }
    return first;
  }

  void to_utc(std::vector<std::int64_t>& stamps, const std::string& form) {
    std::string name = import_.timezone;
    if (name.empty()) {
      name = form == "HistData" ? "America/New_York" : "UTC";
      note(fmt::format("stamps carry no time zone and are taken as {}; --timezone says otherwise", name));
    }
    for (std::size_t i = 0; i < import_.utc_offsets.size(); ++i) {
      const OffsetException& each = import_.utc_offsets[i];
      offset_used_[i] = offset_used_[i] || std::any_of(stamps.begin(), stamps.end(), [&](std::int64_t stamp) {
                          return stamp >= each.begin && stamp < each.end;
                        });
    }
    if (!zone_ || zone_asked_ != name) {
      zone_.emplace(name);
      zone_->set_exceptions(import_.utc_offsets);
      zone_asked_ = name;
      zone_name_ = zone_->name();
      if (const std::string_view abbreviation = american_abbreviation(name); !abbreviation.empty())
        note(
            fmt::format("{} is taken as {}, whose clock changes in spring and autumn; an offset such as UTC-5 is the "
                        "same all year",
                        abbreviation, zone_name_));
    }
    zone_->to_utc(stamps);
  }

  void note(const std::string& text) {
    if (std::find(result_.notes.begin(), result_.notes.end(), text) == result_.notes.end())
      result_.notes.push_back(text);
  }

  void check_offsets() const {
    for (std::size_t i = 0; i < import_.utc_offsets.size(); ++i) {
      if (offset_used_[i]) continue;
      const OffsetException& each = import_.utc_offsets[i];
      throw ConfigError(fmt::format("--utc-offset {}/{}={} covers no local stamp of these files.",
                                    utc_text(each.begin).substr(0, 19), utc_text(each.end).substr(0, 19),
                                    offset_text(each.offset)));
    }
  }

  static void append(RawBars& to, const RawBars& from) {
    const auto copy = [](auto& target, const auto& source) {
      target.insert(target.end(), source.begin(), source.end());
    };
    copy(to.bars.time, from.bars.time);
    copy(to.bars.open, from.bars.open);
    copy(to.bars.high, from.bars.high);
    copy(to.bars.low, from.bars.low);
    copy(to.bars.close, from.bars.close);
    copy(to.bars.volume, from.bars.volume);
    copy(to.bars.flags, from.bars.flags);
    copy(to.origins, from.origins);
  }

  const BarsImport& import_;
  ImportedBars& result_;
  std::vector<RawBars> pieces_;
  std::vector<bool> offset_used_;
  std::optional<TimeZone> zone_;
  std::string zone_asked_, zone_name_;
};

// A delivery month that was asked for must be there.
void check_contract(const BarsImport& import, const BarInputs& inputs) {
  if (import.contract == "front") return;
  std::vector<std::string> months;
  for (const auto& input : inputs.inputs) {
    for (const auto& [month, rows] : input.rows.months) months.push_back(month);
  }
  std::sort(months.begin(), months.end());
  months.erase(std::unique(months.begin(), months.end()), months.end());
  if (months.empty()) {
    throw ConfigError(fmt::format(
        "--contract {} was asked for, but the files name no delivery months (a column exp_month or expiry).",
        import.contract));
  }
  if (std::find(months.begin(), months.end(), import.contract) == months.end()) {
    throw ConfigError(
        fmt::format("the files hold no contract {}. They hold {}.", import.contract, fmt::join(months, ", ")));
  }
}

void take_series(const BarsImport& import, std::vector<market::Contract> contracts, ImportedBars& result) {
  if (contracts.empty()) return;
  if (contracts.size() == 1 && contracts.front().month.empty()) {
    result.bars = std::move(contracts.front().bars);
    return;
  }
  if (contracts.front().month.empty()) {
    throw DataError("some of the files have delivery months and others do not. Import them one kind at a time.");
  }
  market::ContinuousSeries series = market::front_month(contracts, import.roll, import.session_gap);
  result.bars = std::move(series.bars);
  result.contracts = std::move(series.spans);
}

// The distance that most neighbours have; 0 below a second.
std::int64_t usual_step(const std::vector<std::int64_t>& time) {
  std::unordered_map<std::int64_t, std::size_t> counts;
  std::int64_t last = 0;
  std::size_t* count = nullptr;
  for (std::size_t i = 1; i < time.size(); ++i) {
    const std::int64_t step = time[i] - time[i - 1];
    if (count == nullptr || step != last) count = &counts[last = step];
    ++*count;
  }
  const auto usual = std::max_element(counts.begin(), counts.end(), [](const auto& a, const auto& b) {
    return a.second < b.second || (a.second == b.second && a.first > b.first);
  });
  return usual == counts.end() ? 0 : usual->first;
}

Json counts_of(const market::FaultReport& faults, bool dropped) {
  Json counts = Json::object();
  for (std::size_t i = 0; i < market::kFaults; ++i) {
    const auto fault = static_cast<market::Fault>(i);
    if (is_dropped(fault) == dropped && faults.count(fault) > 0)
      counts[std::string(name_of(fault))] = faults.count(fault);
  }
  return counts;
}

// Names in the manifest are those of files, not where they lay.
std::string base_name(const std::string& input) {
  const std::size_t colon = input.find(".tar");
  const std::size_t slash = input.rfind('/', colon == std::string::npos ? colon : input.find(':', colon));
  return slash == std::string::npos ? input : input.substr(slash + 1);
}

Json manifest_of(const BarsImport& import, const BarInputs& inputs, const ImportedBars& result) {
  Json parameters = {{"symbol", import.symbol}, {"timezone", result.info.source_timezone}};
  Json offsets = Json::array();
  for (const OffsetException& each : import.utc_offsets) {
    offsets.push_back(
        {{"from", utc_text(each.begin)}, {"to", utc_text(each.end)}, {"offset", offset_text(each.offset)}});
  }
  if (!offsets.empty()) parameters["utc_offsets"] = offsets;
  if (!result.contracts.empty()) {
    parameters["product"] = import.product.empty() ? import.symbol : import.product;
    parameters["contract"] = import.contract;
    parameters["roll"] = import.roll == market::RollRule::volume ? "volume" : "expiry";
    parameters["session_gap_s"] = import.session_gap / kSecond;
  }
  Json cases = Json::array();
  for (const auto& each : result.faults.first_cases()) {
    Json entry = {{"input", base_name(result.inputs[each.origin.file])},
                  {"line", each.origin.line},
                  {"cause", name_of(each.fault)}};
    if (!each.detail.empty()) entry["found"] = each.detail;
    cases.push_back(entry);
  }
  Json contracts = Json::array();
  for (const market::ContractSpan& span : result.contracts) {
    contracts.push_back({{"month", span.month},
                         {"first", utc_text(result.bars.time[span.begin])},
                         {"last", utc_text(result.bars.time[span.end - 1])},
                         {"bars", span.end - span.begin}});
  }
  Json layouts = Json::object();
  for (const auto& input : inputs.inputs) layouts[input.rows.form + ", " + input.rows.stamps] = true;
  std::vector<std::string> forms;
  for (const auto& [form, yes] : layouts.items()) forms.push_back(form);

  Json manifest = {{"parameters", parameters},
                   {"sources", inputs.sources},
                   {"forms", forms},
                   {"rows_read", result.rows_read},
                   {"bars", result.bars.size()},
                   {"first", utc_text(result.bars.time.front())},
                   {"last", utc_text(result.bars.time.back())},
                   {"dropped", counts_of(result.faults, true)},
                   {"repaired", counts_of(result.faults, false)},
                   {"first_cases", cases},
                   {"passed_over", result.passed_over}};
  if (!contracts.empty()) manifest["contracts"] = contracts;
  if (!result.ignored.empty()) manifest["ignored_columns"] = result.ignored;
  if (!result.notes.empty()) manifest["notes"] = result.notes;
  return manifest;
}

// Rows that hold no bar at all, as against those that come twice.
std::uint64_t unusable(const market::FaultReport& faults) {
  return faults.dropped() - faults.count(market::Fault::duplicate_row) - faults.count(market::Fault::duplicate_stamp);
}

// What is wrong with a price that is no number, where that can be told.
std::string price_hint(const std::string& bad_price) {
  if (bad_price.empty()) return "";
  return fmt::format(" The first price that is no number is '{}'.{}", bad_price,
                     bad_price.find(',') == std::string::npos
                         ? ""
                         : " Numbers have a decimal point here, and no commas: write 10012.88.");
}

void check_usable(const BarsImport& import, const ImportedBars& result, std::uint64_t wanted,
                  const std::string& bad_price) {
  if (unusable(result.faults) * 2 > wanted) {
    throw DataError(fmt::format(
        "{} of {} rows cannot be used, which is more than half: these files are not what they were taken for.{} {}",
        unusable(result.faults), wanted, price_hint(bad_price), describe_faults(result, 3)));
  }
  if (result.bars.size() < kFewestBars) {
    std::string passed;
    for (const auto& [cause, rows] : result.passed_over)
      passed += fmt::format("; {} rows passed over as {}", rows, cause);
    throw DataError(fmt::format("{} {} no series; at least {} were expected (rows read: {}{}). {}", result.bars.size(),
                                result.bars.size() == 1 ? "bar is" : "bars are", kFewestBars, result.rows_read, passed,
                                describe_faults(result)));
  }
  if (import.strict && !result.faults.empty()) {
    throw DataError(
        fmt::format("--strict takes only files without a fault, and nothing was written. {}", describe_faults(result)));
  }
}

ImportedBars assemble(const BarsImport& import, BarInputs inputs) {
  ImportedBars result;
  result.faults = inputs.unreadable;
  std::uint64_t wanted = 0;
  std::string bad_price;
  for (const auto& input : inputs.inputs) {
    if (bad_price.empty()) bad_price = input.rows.bad_price;
    for (const std::string& column : input.rows.ignored) {
      if (std::find(result.ignored.begin(), result.ignored.end(), column) == result.ignored.end())
        result.ignored.push_back(column);
    }
    result.inputs.push_back(input.name);
    result.rows_read += input.rows.rows;
    wanted += input.rows.rows;
    for (const auto& [cause, rows] : input.rows.passed_over) {
      result.passed_over[cause] += rows;
      wanted -= rows;
    }
  }
  check_contract(import, inputs);
  Assembly assembly(import, inputs, result);
  take_series(import, assembly.contracts(), result);
  result.info = {.symbol = import.symbol,
                 .bar_seconds = usual_step(result.bars.time) / kSecond,
                 .source_timezone = assembly.zone_name()};
  if (inputs.fast && !result.faults.empty()) return result;  // will be read again
  check_usable(import, result, wanted, bad_price);
  if (result.faults.repaired() * 2 > wanted) {
    result.notes.push_back(fmt::format("{} of {} rows had to be put right: are the columns what their names say?",
                                       result.faults.repaired(), wanted));
  }
  result.manifest = manifest_of(import, inputs, result);
  return result;
}

void check_request(const BarsImport& import) {
  if (import.files.empty()) throw ConfigError("no file to import was given.");
  check_name(import.symbol, "the symbol");
  if (!import.timezone.empty()) TimeZone{import.timezone};
  const bool month =
      import.contract.size() >= 6 && import.contract.find_first_not_of("0123456789") == std::string::npos;
  if (import.contract != "front" && !month) {
    throw ConfigError(
        fmt::format("--contract '{}' is neither 'front' nor a delivery month such as 202412.", import.contract));
  }
}

}  // namespace

ImportedBars read_bars_files(const BarsImport& import) {
  check_request(import);
  BarInputs inputs = read_inputs(import, false);
  const bool fast = inputs.fast;
  ImportedBars result = assemble(import, std::move(inputs));
  // Only the reader that goes row by row knows the lines of faults.
  if (fast && !result.faults.empty()) result = assemble(import, read_inputs(import, true));
  return result;
}

ImportedBars import_bars(const std::filesystem::path& workspace, const BarsImport& import) {
  const auto began = std::chrono::steady_clock::now();
  check_request(import);
  const DatasetId id{"bars", import.symbol, import.version};
  if (import.version != 0) DatasetWriter::check_free(workspace, id);
  ImportedBars result = read_bars_files(import);
  DatasetWriter writer(workspace, id);
  write_bars(writer, result.bars, result.info);
  writer.manifest() = result.manifest;
  Json files = Json::array();
  for (const std::filesystem::path& file : import.files) files.push_back(std::filesystem::absolute(file).string());
  const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - began;
  result.content_sha256 = writer.finish({{"files", files}, {"seconds", seconds.count()}});
  result.id = writer.id();
  return result;
}

std::string describe_faults(const ImportedBars& imported, std::size_t most) {
  const market::FaultReport& faults = imported.faults;
  const auto listed = [&](bool dropped) {
    std::vector<std::string> parts;
    const Json counts = counts_of(faults, dropped);
    for (const auto& [cause, n] : counts.items()) parts.push_back(fmt::format("{} {}", cause, n.get<std::uint64_t>()));
    return parts.empty() ? std::string() : fmt::format(" ({})", fmt::join(parts, ", "));
  };
  std::string text = fmt::format("{} rows dropped{}, {} repaired{}.", faults.dropped(), listed(true), faults.repaired(),
                                 listed(false));
  std::size_t listed_cases = 0;
  for (const auto& each : faults.first_cases()) {
    if (listed_cases == most) break;
    ++listed_cases;
    text += fmt::format("\n  {}, line {}: {}", imported.inputs[each.origin.file], each.origin.line,
                        description_of(each.fault));
    if (!each.detail.empty()) text += fmt::format(" ('{}')", each.detail);
  }
  if (faults.dropped() + faults.repaired() > listed_cases) text += "\n  and so on";
  return text;
}

}  // namespace moola::data
