#pragma once
#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "base/json.h"
#include "data/bars/bars_file.h"
#include "data/files/time_zone.h"
#include "market/bar_repair.h"
#include "market/roll.h"

namespace moola::data {

/// What to import, and how to understand it.
struct BarsImport {
  std::vector<std::filesystem::path> files;
  std::string symbol;
  std::string timezone;                      // of stamps that say none; empty: see default_timezone
  std::vector<OffsetException> utc_offsets;  // stretches of local time with another offset
  std::string product;                       // of a file with several; empty: the symbol, or the only one
  std::string contract = "front";            // or a delivery month
  market::RollRule roll = market::RollRule::volume;
  std::int64_t session_gap = 3'600'000'000'000;  // no bar of any contract for so long: a new session (ns)
  int version = 0;                               // 0: the next free one
  bool strict = false;                           // refuse what would be repaired or dropped
};

struct ImportedBars {
  DatasetId id;
  std::string content_sha256;
  market::Bars bars;
  BarsInfo info;
  std::uint64_t rows_read = 0;
  market::FaultReport faults;
  std::map<std::string, std::uint64_t> passed_over;  // rows that were not asked for: other products, contracts, spreads
  std::vector<market::ContractSpan> contracts;
  std::vector<std::string> inputs;   // what RowOrigin::file counts: files, and members of archives ("a.tar.zst:b.csv")
  std::vector<std::string> ignored;  // columns that bars have no place for
  std::vector<std::string> notes;    // what was assumed
  Json manifest;
};

/// Reads files into data/bars/SYMBOL/vN.h5. Files are put in the order of their first stamps.
///
/// Throws ConfigError (no such file, unknown zone, product or contract, existing version), DataError (not bars; more
/// than half of the rows unusable; fewer than two bars; with `strict` anything that is not right), IoError. Whatever is
/// thrown, nothing is left in the workspace. Cost for a clean CSV of n bars: about 100 bytes a bar at the peak; 2.6 M
/// bars a second on two cores.
ImportedBars import_bars(const std::filesystem::path& workspace, const BarsImport& import);

/// The same up to and without the writing.
ImportedBars read_bars_files(const BarsImport& import);

/// "3 rows dropped (duplicate_row 3), 1 repaired (high_below_low 1)", and a line for each of the first cases, at most
/// `most`.
std::string describe_faults(const ImportedBars& imported, std::size_t most = 20);

}  // namespace moola::data
