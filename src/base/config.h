#pragma once
#include <concepts>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <variant>
#include <vector>

#include "base/duration.h"

namespace moola {

struct ConfigDocument;

/// One key of a configuration: where it stands, what it may hold, and the field of a struct it fills.
///
/// The one table of a struct parses the file, refuses what is unknown or out of range, prints the resolved
/// configuration and writes the reference page; so the four can't disagree.
class ConfigKey {
 public:
  using Target = std::variant<bool*, std::int64_t*, double*, std::string*, Duration*, std::vector<std::string>*,
                              std::vector<double>*, std::vector<std::int64_t>*>;

  ConfigKey(const std::string& table, const std::string& name, Target target);
  ConfigKey(const ConfigKey&) = delete;
  ConfigKey& operator=(const ConfigKey&) = delete;

  /// One line for the reference page: what the value does.
  ConfigKey& help(std::string text);
  /// The same, of a literal: it is not copied, for there may be as many keys as a user names tables.
  template <std::size_t Size>
  ConfigKey& help(const char (&text)[Size]) {
    help_ = std::string_view(text, Size - 1);
    return *this;
  }
  /// Unit for the reference page: "bars", "windows".
  ConfigKey& unit(std::string text);
  /// Both ends allowed. For numbers, and for every element of a list of numbers; a number is always finite.
  ConfigKey& range(double low, double high);
  ConfigKey& at_least(double low) { return range(low, std::numeric_limits<double>::infinity()); }
  /// The end itself not allowed; an upper end that `range` gave before stays.
  ConfigKey& above(double low);
  /// The texts a value may be.
  ConfigKey& choices(std::vector<std::string> values);
  /// The key has no default: an error when neither the file nor the command line gives it.
  ConfigKey& required();
  /// The text is the name of a file, or empty. What a configuration file says is beside that file, as `inherit` is;
  /// what a setting says is where the command runs. The field gets the absolute path.
  ConfigKey& file_name();
  /// The value changes how or where the work is done, not its result: left out of the identity of a run.
  ConfigKey& circumstance();

 private:
  friend class ConfigSchema;
  std::string path_;
  std::size_t table_size_;
  std::string_view help_;
  std::unique_ptr<const std::string> own_help_;
  std::string unit_;
  std::optional<std::string> default_;  // once it has another value
  Target target_;
  double low_ = -std::numeric_limits<double>::infinity(), high_ = std::numeric_limits<double>::infinity();
  std::shared_ptr<const std::filesystem::path> folder_;  // null: a default
  bool low_open_ = false, required_ = false, circumstance_ = false, file_name_ = false, given_ = false,
       shipped_ = false, left_out_ = false;
  std::vector<std::string> choices_;

  const std::string& path() const { return path_; }
  std::string_view table() const { return std::string_view(path_).substr(0, table_size_); }
  std::string_view name() const { return std::string_view(path_).substr(table_size_ == 0 ? 0 : table_size_ + 1); }
  std::string type_name() const;
  bool takes_text() const;
  std::string value_text() const;
  std::string allowed_text() const;
  void check(const std::function<std::string()>& where) const;
};

/// A configuration that comes with the program.
struct ShippedConfig {
  std::string name, text;  // "preset swing"; TOML
};

/// All keys of one job's configuration, bound to the fields of a struct whose initialisers are the defaults.
///
///     PretrainConfig config;
///     ConfigSchema schema("pretrain");
///     schema.table("train", "How the encoder is trained.");
///     schema.key("lr", config.train.lr).range(0, 1).help("peak learning rate");
///     schema.load(file, {"train.lr=3e-4"});
class ConfigSchema {
 public:
  explicit ConfigSchema(std::string job) : job_(std::move(job)) {}
  ConfigSchema(const ConfigSchema&) = delete;
  ConfigSchema& operator=(const ConfigSchema&) = delete;

  /// The keys that follow stand in [name].
  void table(std::string name, std::string help);
  /// Tables [name.X] of which the user says how many there are and what each is called: `bind` is called once for every
  /// X that is met, after `table`, and adds its keys. The reference page shows them for one called NAME. X is letters,
  /// digits, '_' and '-'. A key whose name has dots ("retry.time_limit") stands in tables of X.
  void tables(std::string name, std::string help, std::function<void(const std::string& name)> bind);
  /// Every X of the tables [name.X] that were met, in the order of their first keys.
  std::vector<std::string> named_tables(const std::string& name) const;
  ConfigKey& key(const std::string& name, ConfigKey::Target target);
  /// What a file says under this name of the current table is somebody else's to read: left alone here.
  void leave_to_others(const std::string& name);
  /// The same of a whole table [name].
  void leave_table_to_others(std::string name);
  template <class T>
    requires std::constructible_from<ConfigKey::Target, T*>
  ConfigKey& key(const std::string& name, T& field) {
    return key(name, ConfigKey::Target(&field));
  }

  /// Reads `file` (no file: the defaults alone), then `settings` ("table.key=value", the value in TOML or a bare word),
  /// in this order. `inherit = "base.toml"` at the top of a file reads that file first, once, relative to the file.
  /// Throws ConfigError with file and line for what is no TOML, unknown (naming the nearest key), of the wrong type or
  /// out of range, for a missing required key, and for an empty file; IoError for one that can't be read.
  /// What `shipped` says comes before the file, and counts as defaults, not as given.
  void load(const std::optional<std::filesystem::path>& file, const std::vector<std::string>& settings,
            const std::optional<ShippedConfig>& shipped = std::nullopt);
  /// The same of a file that has been read (read_config_documents).
  void load_documents(const std::vector<ConfigDocument>& documents, const std::vector<std::string>& settings,
                      const std::optional<ShippedConfig>& shipped = std::nullopt);

  /// Whether the file or a setting gave this key a value. Throws std::out_of_range for a key that is none.
  bool given(const std::string& path) const;
  /// The absolute folder of the file that gave this key its value; of a setting, where the command runs. Empty for a
  /// default. Throws std::out_of_range for a key that is none.
  std::filesystem::path folder_of(const std::string& path) const;
  /// Every key of `table` that the file or a setting gave, as "table.key".
  std::vector<std::string> given_in(const std::string& table) const;
  /// The key means nothing beside the others' values: `resolved` and `identity` do without it.
  void leave_out(const std::string& path);

  /// Every key with its value, also the defaults, as TOML that `load` reads back.
  std::string resolved() const;
  /// What determines the result: `resolved` without the keys that are circumstances.
  std::string identity() const;
  /// `identity` of one table alone, without its heading. Throws std::out_of_range for a table that is none.
  std::string identity_of(const std::string& table) const;
  /// The reference page, in Markdown.
  std::string reference(const std::string& introduction);

  /// "table.key" of every key.
  std::vector<std::string> paths() const;

 private:
  struct Table {
    std::string name, help;
    std::function<void(const std::string&)> bind = {};  // of tables that the user names
    std::vector<std::string> met = {};
    std::unordered_set<std::string> known = {};  // the same
  };
  std::string job_;
  std::vector<Table> tables_;
  std::string current_;                           // the table that new keys stand in
  std::vector<std::unique_ptr<ConfigKey>> keys_;  // addresses stay valid while keys are added
  std::unordered_map<std::string_view, ConfigKey*> by_path_;
  std::unordered_set<std::string_view> groups_;  // what the names of keys with dots stand in
  std::unordered_set<std::string> left_to_others_;

  ConfigKey* find(std::string_view path) const;
  Table* find_tables(std::string_view name);
  void meet(Table& tables, const std::string& name, const std::string& where);
  ConfigKey& at(const std::string& path) const;
  std::string write(bool with_circumstances) const;
};

/// Runs `check`; what it refuses as ConfigError begins with `key`.
void naming_key(const std::string& key, const std::function<void()>& check);

}  // namespace moola
