#include "base/config.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <cmath>
#include <utility>

#include "base/atomic_file.h"
#include "base/config_document.h"
#include "base/config_value.h"
#include "base/error.h"
#include "base/nearest.h"
#include "base/text_ends.h"
#include "base/toml.h"
#include "base/toml_text.h"

namespace moola {
ConfigKey::ConfigKey(const std::string& table, const std::string& name, Target target)
    : table_size_(table.size()), target_(target) {
  path_.reserve(table.size() + 1 + name.size());
  if (!table.empty()) path_.append(table).append(".");
  path_.append(name);
}

ConfigKey& ConfigKey::help(std::string text) {
  own_help_ = std::make_unique<const std::string>(std::move(text));
  help_ = *own_help_;
  return *this;
}

ConfigKey& ConfigKey::unit(std::string text) {
  unit_ = std::move(text);
  return *this;
}

ConfigKey& ConfigKey::range(double low, double high) {
  low_ = low;
  high_ = high;
  low_open_ = false;
  return *this;
}

ConfigKey& ConfigKey::above(double low) {
  low_ = low;
  low_open_ = true;
  return *this;
}

ConfigKey& ConfigKey::choices(std::vector<std::string> values) {
  choices_ = std::move(values);
  return *this;
}

ConfigKey& ConfigKey::required() {
  required_ = true;
  return *this;
}

ConfigKey& ConfigKey::file_name() {
  file_name_ = true;
  return *this;
}

ConfigKey& ConfigKey::circumstance() {
  circumstance_ = true;
  return *this;
}

std::string ConfigKey::type_name() const {
  static constexpr const char* kNames[] = {
      "true or false",   "an integer",        "a number",          "a text", "a length of time, such as \"10m\"",
      "a list of texts", "a list of numbers", "a list of integers"};
  return kNames[target_.index()];
}

bool ConfigKey::takes_text() const {
  return std::holds_alternative<std::string*>(target_) || std::holds_alternative<Duration*>(target_) ||
         std::holds_alternative<std::vector<std::string>*>(target_);
}

std::string ConfigKey::value_text() const {
  return config_text(target_);
}

std::string ConfigKey::allowed_text() const {
  if (!choices_.empty()) {
    std::string text;
    for (const std::string& choice : choices_) text += (text.empty() ? "" : ", ") + choice;
    return text;
  }
  const bool low = std::isfinite(low_), high = std::isfinite(high_);
  if (low && high)
    return low_open_ ? fmt::format("above {} and at most {}", low_, high_) : fmt::format("{} to {}", low_, high_);
  if (low) return fmt::format("{} {}", low_open_ ? "above" : "at least", low_);
  if (high) return fmt::format("at most {}", high_);
  return "";
}

void ConfigKey::check(const std::function<std::string()>& where) const {
  // Infinity passes a bound that is not there, but no computation.
  const auto in_range = [&](double value) {
    return std::isfinite(value) && (low_open_ ? value > low_ : value >= low_) && value <= high_;
  };
  const auto refuse_number = [&](double value) {
    const std::string allowed = !std::isfinite(value) || allowed_text().empty() ? "finite" : allowed_text();
    throw ConfigError(fmt::format("{}: {} must be {}{}{}; found {}.", where(), path(), allowed,
                                  unit_.empty() ? "" : " ", unit_, value));
  };
  const auto check_text = [&](const std::string& value) {
    if (choices_.empty() || std::find(choices_.begin(), choices_.end(), value) != choices_.end()) return;
    throw ConfigError(fmt::format("{}: {} must be one of {}; found '{}'.{}", where(), path(), allowed_text(), value,
                                  did_you_mean(value, choices_)));
  };
  if (const auto* integer = std::get_if<std::int64_t*>(&target_);
      integer && !in_range(static_cast<double>(**integer))) {
    refuse_number(static_cast<double>(**integer));
  }
  if (const auto* number = std::get_if<double*>(&target_); number && !in_range(**number)) refuse_number(**number);
  if (const auto* numbers = std::get_if<std::vector<double>*>(&target_)) {
    for (const double value : **numbers) {
      if (!in_range(value)) refuse_number(value);
    }
  }
  if (const auto* integers = std::get_if<std::vector<std::int64_t>*>(&target_)) {
    for (const std::int64_t value : **integers) {
      if (!in_range(static_cast<double>(value))) refuse_number(static_cast<double>(value));
    }
  }
  if (const auto* text = std::get_if<std::string*>(&target_)) check_text(**text);
  if (const auto* texts = std::get_if<std::vector<std::string>*>(&target_)) {
    for (const std::string& value : **texts) check_text(value);
  }
}

void ConfigSchema::table(std::string name, std::string help) {
  current_ = name;
  tables_.push_back({std::move(name), std::move(help)});
}

void ConfigSchema::tables(std::string name, std::string help, std::function<void(const std::string&)> bind) {
  tables_.push_back({std::move(name), std::move(help), std::move(bind)});
}

std::vector<std::string> ConfigSchema::named_tables(const std::string& name) const {
  for (const Table& table : tables_) {
    if (table.bind && table.name == name) return table.met;
  }
  throw std::out_of_range("no tables " + name);
}

ConfigSchema::Table* ConfigSchema::find_tables(std::string_view name) {
  for (Table& table : tables_) {
    if (table.bind && table.name == name) return &table;
  }
  return nullptr;
}

void ConfigSchema::meet(Table& tables, const std::string& name, const std::string& where) {
  if (!tables.known.insert(name).second) return;
  const auto allowed = [](unsigned char c) { return std::isalnum(c) != 0 || c == '_' || c == '-'; };
  if (name.empty() || !std::ranges::all_of(name, allowed)) {
    throw ConfigError(fmt::format("{}: '{}' is no name for a table [{}.NAME]: letters, digits, '_' and '-'.", where,
                                  name, tables.name));
  }
  const auto bind = tables.bind;
  const std::string before = std::exchange(current_, tables.name + "." + name);
  tables.met.push_back(name);
  tables_.insert(tables_.begin() + (&tables - tables_.data()) + static_cast<std::ptrdiff_t>(tables.met.size()),
                 {.name = current_, .help = tables.help});
  bind(name);
  current_ = before;
}

ConfigKey& ConfigSchema::key(const std::string& name, ConfigKey::Target target) {
  keys_.push_back(std::make_unique<ConfigKey>(current_, name, target));
  ConfigKey& added = *keys_.back();
  by_path_.try_emplace(added.path(), &added);
  for (std::size_t dot = name.find('.'); dot != std::string::npos; dot = name.find('.', dot + 1))
    groups_.insert(std::string_view(added.path()).substr(0, added.path().size() - name.size() + dot));
  return added;
}

ConfigKey* ConfigSchema::find(std::string_view path) const {
  const auto found = by_path_.find(path);
  return found == by_path_.end() ? nullptr : found->second;
}

ConfigKey& ConfigSchema::at(const std::string& path) const {
  ConfigKey* const key = find(path);
  if (key == nullptr) throw std::out_of_range("no key " + path);
  return *key;
}

bool ConfigSchema::given(const std::string& path) const {
  return at(path).given_;
}

std::filesystem::path ConfigSchema::folder_of(const std::string& path) const {
  const auto& folder = at(path).folder_;
  return folder == nullptr ? std::filesystem::path() : *folder;
}

std::vector<std::string> ConfigSchema::given_in(const std::string& table) const {
  std::vector<std::string> out;
  for (const auto& key : keys_) {
    if (key->table() == table && key->given_) out.push_back(key->path());
  }
  return out;
}

void ConfigSchema::leave_out(const std::string& path) {
  at(path).left_out_ = true;
}

std::vector<std::string> ConfigSchema::paths() const {
  std::vector<std::string> out;
  for (const auto& key : keys_) out.push_back(key->path());
  return out;
}

void ConfigSchema::leave_to_others(const std::string& name) {
  left_to_others_.insert(current_ + "." + name);
}

void ConfigSchema::leave_table_to_others(std::string name) {
  left_to_others_.insert(std::move(name));
}

void ConfigSchema::load(const std::optional<std::filesystem::path>& file, const std::vector<std::string>& settings,
                        const std::optional<ShippedConfig>& shipped) {
  load_documents(file ? read_config_documents(*file) : std::vector<ConfigDocument>(), settings, shipped);
}

void ConfigSchema::load_documents(const std::vector<ConfigDocument>& documents,
                                  const std::vector<std::string>& settings,
                                  const std::optional<ShippedConfig>& shipped) {
  using Where = std::function<std::string(const toml::node&)>;
  using Folder = std::shared_ptr<const std::filesystem::path>;
  const auto absolute = [](const std::filesystem::path& folder) -> Folder {
    return std::make_shared<const std::filesystem::path>(
        folder.empty() ? std::filesystem::current_path() : std::filesystem::absolute(folder).lexically_normal());
  };
  const auto set = [&](const std::string& path, const toml::node& node, const Where& where, const Folder& folder) {
    ConfigKey* key = find(path);
    if (key == nullptr) {
      std::string hint = did_you_mean(path, paths());
      for (const auto& other : keys_) {  // named without its table
        if (other->name() == path) hint = fmt::format(" Did you mean '{}'?", other->path());
      }
      throw ConfigError(fmt::format("{}: the key '{}' is unknown to moola {}.{}", where(node), path, job_, hint));
    }
    if (!key->default_) key->default_ = key->value_text();
    try {
      if (!assign_config(key->target_, node)) {
        throw ConfigError(
            fmt::format("{}: {} must be {}; found {}.", where(node), path, key->type_name(), toml_kind(node)));
      }
    } catch (const ConfigError& error) {
      const std::string what = error.what(), place = where(node);
      throw ConfigError(what.starts_with(place) ? what : fmt::format("{}: {}: {}", place, path, what));
    }
    if (auto* const text = std::get_if<std::string*>(&key->target_); key->file_name_ && text && !(*text)->empty())
      **text = std::filesystem::absolute(*folder / **text).lexically_normal().string();
    key->given_ = true;
    key->folder_ = folder;
    key->check([&] { return where(node); });
  };

  // Of a table that the user has named; a key of it may stand in tables of its own, and has dots then.
  const std::function<void(const std::string&, const toml::table&, const Where&, const Folder&)> set_all =
      [&](const std::string& table, const toml::table& values, const Where& where, const Folder& folder) {
        for (const auto& [key, value] : values) {
          const std::string path = table + "." + std::string(key.str());
          if (left_to_others_.contains(path)) continue;
          if (value.is_table() && groups_.contains(path))
            set_all(path, *value.as_table(), where, folder);
          else
            set(path, value, where, folder);
        }
      };

  const auto take = [&](const toml::table& document, const std::string& name, const std::filesystem::path& given) {
    const Folder folder = absolute(given);
    const Where where = [&](const toml::node& at) { return fmt::format("{}, line {}", name, at.source().begin.line); };
    for (const auto& [table_key, node] : document) {
      const std::string table_name(table_key.str());
      if (left_to_others_.contains(table_name)) continue;
      const toml::table* table = node.as_table();
      const bool known =
          std::any_of(tables_.begin(), tables_.end(), [&](const Table& t) { return t.name == table_name; });
      if (table == nullptr && known) {
        throw ConfigError(fmt::format("{}: {} must be a table, [{}]; found {}.", where(node), table_name, table_name,
                                      toml_kind(node)));
      }
      if (table == nullptr) {
        if (table_name != "inherit") set(table_name, node, where, folder);
        continue;
      }
      if (!known) {
        std::vector<std::string> names;
        for (const Table& t : tables_) names.push_back(t.name);
        throw ConfigError(fmt::format("{}: the table [{}] is unknown to moola {}.{}", where(node), table_name, job_,
                                      did_you_mean(table_name, names)));
      }
      if (find_tables(table_name) != nullptr) {
        for (const auto& [name_key, inner] : *table) {
          const std::string inner_name = table_name + "." + std::string(name_key.str());
          if (inner.as_table() == nullptr) {
            throw ConfigError(fmt::format("{}: {} must be a table, [{}]; found {}.", where(inner), inner_name,
                                          inner_name, toml_kind(inner)));
          }
          meet(*find_tables(table_name), std::string(name_key.str()), where(inner));
          set_all(inner_name, *inner.as_table(), where, folder);
        }
        continue;
      }
      for (const auto& [key, value] : *table) {
        const std::string path = table_name + "." + std::string(key.str());
        if (!left_to_others_.contains(path)) set(path, value, where, folder);
      }
    }
  };

  if (shipped) {
    take(parse_toml(shipped->text, shipped->name), shipped->name, {});
    // What it says are other defaults: nobody who sets a key that makes one of them meaningless has given both.
    for (const auto& key : keys_) {
      key->shipped_ = std::exchange(key->given_, false);
      key->folder_.reset();
    }
  }
  if (!documents.empty() && documents.back().table.empty()) {
    throw ConfigError(
        fmt::format("{} is empty. A configuration of moola {} holds tables such as [{}]; configs/ has examples.",
                    documents.back().name, job_, tables_.empty() ? "…" : tables_.front().name));
  }
  for (const ConfigDocument& each : documents) take(each.table, each.name, each.folder);

  const Folder here = settings.empty() ? nullptr : absolute({});
  for (const std::string& setting : settings) {
    const std::string where = "--set " + setting;
    const std::size_t equals = setting.find('=');
    if (equals == std::string::npos || equals == 0) {
      throw ConfigError(fmt::format("{}: expected table.key=value, such as --set train.lr=3e-4.", where));
    }
    const std::string path(trimmed(std::string_view(setting).substr(0, equals)));
    const std::string value(trimmed(std::string_view(setting).substr(equals + 1)));
    const std::size_t dot = path.find('.');
    const std::size_t next = dot == std::string::npos ? dot : path.find('.', dot + 1);
    if (next != std::string::npos) {
      if (Table* const named = find_tables(path.substr(0, dot)))
        meet(*named, path.substr(dot + 1, next - dot - 1), where);
    }
    toml::table parsed;
    try {
      parsed = parse_toml("value = " + value, where);
    } catch (const ConfigError&) {
      parsed.clear();
    }
    // A bare word is a text (objective.name=masked), and so is an unquoted value of a text key, whatever it looks like
    // (output.name=2024).
    const ConfigKey* key = find(path);
    const toml::node* node = parsed.size() == 1 ? parsed.get("value") : nullptr;
    if (node == nullptr || (key != nullptr && key->takes_text() && !node->is_string() && !node->is_array())) {
      parsed = parse_toml("value = " + toml_quoted(value), where);
      node = parsed.get("value");
    }
    const auto said = [&](const toml::node&) { return where; };
    set(path, *node, said, here);
  }

  // What is resolved does not depend on which of the user's tables came first.
  const auto named =
      std::ranges::find_if(keys_, [](const auto& key) { return key->table().find('.') != std::string_view::npos; });
  const auto is_before = [](const auto& a, const auto& b) { return a->table() < b->table(); };
  if (!std::is_sorted(named, keys_.end(), is_before)) std::stable_sort(named, keys_.end(), is_before);

  for (const auto& key : keys_) {
    if (key->required_ && !key->given_ && !key->shipped_) {
      throw ConfigError(fmt::format("{}: {} is missing ({}). Give it in the file under [{}], or as --set {}=….",
                                    documents.empty() ? "the command line" : documents.back().name, key->path(),
                                    key->help_, key->table(), key->path()));
    }
  }
}

std::string ConfigSchema::write(bool with_circumstances) const {
  std::string out;
  std::string_view table;
  for (const auto& key : keys_) {
    if (key->left_out_ || (!with_circumstances && key->circumstance_)) continue;
    if (key->table() != table) {
      table = key->table();
      out.append(out.empty() ? "[" : "\n[").append(table).append("]\n");
    }
    out.append(key->name()).append(" = ").append(key->value_text()).append("\n");
  }
  return out;
}

std::string ConfigSchema::resolved() const {
  return write(true);
}

std::string ConfigSchema::identity() const {
  return write(false);
}

std::string ConfigSchema::identity_of(const std::string& table) const {
  if (std::none_of(tables_.begin(), tables_.end(), [&](const Table& t) { return t.name == table; }))
    throw std::out_of_range("no table " + table);
  std::string out;
  for (const auto& key : keys_) {
    if (key->table() == table && !key->left_out_ && !key->circumstance_)
      out += fmt::format("{} = {}\n", key->name(), key->value_text());
  }
  return out;
}

std::string ConfigSchema::reference(const std::string& introduction) {
  for (std::size_t t = 0; t < tables_.size(); ++t) {
    if (tables_[t].bind) meet(tables_[t], "NAME", "the reference page");
  }
  std::string out = introduction;
  const auto cell = [](std::string text) {
    for (std::size_t at = 0; (at = text.find('|', at)) != std::string::npos; at += 2) text.replace(at, 1, "\\|");
    return text;
  };
  for (const Table& table : tables_) {
    if (table.bind) continue;
    out += fmt::format("\n## [{}]\n\n{}\n\n| key | holds | default | allowed | what it does |\n|---|---|---|---|---|\n",
                       table.name, table.help);
    for (const auto& key : keys_) {
      if (key->table() != table.name) continue;
      out += fmt::format("| `{}` | {}{} | {} | {} | {}{} |\n", key->name(), key->type_name(),
                         key->unit_.empty() ? "" : " (" + key->unit_ + ")",
                         key->required_ ? "required" : "`" + cell(key->default_.value_or(key->value_text())) + "`",
                         cell(key->allowed_text()), cell(std::string(key->help_)),
                         key->circumstance_ ? " *(not part of a run's identity)*" : "");
    }
  }
  return out;
}

void naming_key(const std::string& key, const std::function<void()>& check) {
  try {
    check();
  } catch (const ConfigError& error) {
    throw ConfigError(fmt::format("{}: {}", key, error.what()));
  }
}

}  // namespace moola
