#include "learn/checkpoint.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <ranges>
#include <utility>

#include "base/atomic_file.h"
#include "base/error.h"
#include "base/log.h"
#include "data/files/safetensors.h"

namespace moola::learn {
namespace {

namespace fs = std::filesystem;
constexpr const char* kSchema = "moola.checkpoint/1";
constexpr std::string_view kPrefix = "step-", kSuffix = ".safetensors";

// Hexadecimal floats read back to the last bit.
std::string exact(double value) {
  return fmt::format("{:a}", value);
}

std::int64_t integer(const data::SafetensorsFile& file, const std::string& key) {
  const std::string& text = file.meta(key);
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) {
    throw DataError(fmt::format("{}: '{}' should be an integer, found '{}'.", file.path().string(), key, text));
  }
  return value;
}

// The numbers that exact() wrote, a blank after each.
std::vector<double> numbers(const data::SafetensorsFile& file, const std::string& key) {
  std::vector<double> values;
  for (const char* at = file.meta(key).c_str(); *at != 0;) {
    char* end = nullptr;
    values.push_back(std::strtod(at, &end));
    if (end == at || (*end != 0 && *end != ' ')) {
      throw DataError(fmt::format("{}: '{}' should be numbers, found '{}'.", file.path().string(), key, at));
    }
    at = *end == ' ' ? end + 1 : end;
  }
  return values;
}

std::int64_t step_of(const fs::path& file) {
  const std::string name = file.filename().string();
  if (!name.starts_with(kPrefix) || !name.ends_with(kSuffix)) return -1;
  std::int64_t step = -1;
  const char* last = name.data() + name.size() - kSuffix.size();
  const auto [end, error] = std::from_chars(name.data() + kPrefix.size(), last, step);
  return error == std::errc() && end == last ? step : -1;
}

std::vector<std::pair<std::int64_t, fs::path>> checkpoints_in(const fs::path& folder) {
  std::vector<std::pair<std::int64_t, fs::path>> found;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(folder, error)) {
    if (const std::int64_t step = step_of(entry.path()); step >= 0) found.emplace_back(step, entry.path());
  }
  std::sort(found.begin(), found.end());
  return found;
}

void add_buffer(std::vector<data::TensorToWrite>& tensors, const std::string& prefix, const std::vector<float>& buffer,
                const models::Parameters& parameters) {
  if (buffer.empty()) return;
  for (const auto& entry : parameters.entries()) {
    tensors.push_back({.name = prefix + entry.name,
                       .type = data::ElementType::f32,
                       .shape = entry.shape,
                       .bytes = std::as_bytes(std::span(buffer).subspan(static_cast<std::size_t>(entry.offset),
                                                                        static_cast<std::size_t>(entry.elements)))});
  }
}

std::vector<float> read_buffer(const data::SafetensorsFile& file, const std::string& prefix,
                               const models::Parameters& parameters) {
  std::vector<float> buffer(static_cast<std::size_t>(parameters.elements()));
  for (const auto& entry : parameters.entries()) {
    const auto& tensor = file.tensor(prefix + entry.name);
    if (tensor.shape != entry.shape || tensor.type != data::ElementType::f32) {
      throw DataError(
          fmt::format("{}: tensor {}{} has another shape than the model's; the checkpoint is of another model.",
                      file.path().string(), prefix, entry.name));
    }
    std::memcpy(buffer.data() + entry.offset, tensor.bytes.data(), tensor.bytes.size());
  }
  return buffer;
}

}  // namespace

void write_checkpoint(const fs::path& folder, const Checkpoint& checkpoint, const models::Parameters& parameters) {
  std::vector<data::TensorToWrite> tensors;
  add_buffer(tensors, "model.", checkpoint.values, parameters);
  add_buffer(tensors, "optimizer.first_moment.", checkpoint.first_moment, parameters);
  add_buffer(tensors, "optimizer.second_moment.", checkpoint.second_moment, parameters);
  add_buffer(tensors, "best.", checkpoint.best_values, parameters);
  std::map<std::string, std::string> metadata{{"schema", kSchema},
                                              {"step", std::to_string(checkpoint.step)},
                                              {"best_loss", exact(checkpoint.best_loss)},
                                              {"best_step", std::to_string(checkpoint.best_step)},
                                              {"stale_evaluations", std::to_string(checkpoint.stale_evaluations)},
                                              {"evaluated_step", std::to_string(checkpoint.evaluated_step)},
                                              {"metrics_bytes", std::to_string(checkpoint.metrics_bytes)}};
  std::string& pending = metadata["pending"];
  for (const double sum : checkpoint.pending) pending += exact(sum) + " ";
  for (const auto& [key, value] : checkpoint.belongs_to) metadata["belongs_to." + key] = value;
  AtomicFile file(folder / fmt::format("{}{:08}{}", kPrefix, checkpoint.step, kSuffix), Overwrite::yes);
  data::write_sealed_safetensors(file.temporary(), tensors, metadata);
  file.commit();
}

Checkpoint read_checkpoint(const fs::path& path, const models::Parameters& parameters) {
  const data::SafetensorsFile file(path);
  if (file.meta("schema") != kSchema) {
    throw DataError(fmt::format("{} has the schema {}; expected {}.", path.string(), file.meta("schema"), kSchema));
  }
  file.check_seal();
  Checkpoint checkpoint;
  checkpoint.step = integer(file, "step");
  const std::vector<double> best_loss = numbers(file, "best_loss");
  if (best_loss.size() != 1) throw DataError(path.string() + ": 'best_loss' should be one number.");
  checkpoint.best_loss = best_loss[0];
  checkpoint.best_step = integer(file, "best_step");
  checkpoint.stale_evaluations = integer(file, "stale_evaluations");
  checkpoint.evaluated_step = integer(file, "evaluated_step");
  checkpoint.metrics_bytes = integer(file, "metrics_bytes");
  checkpoint.pending = numbers(file, "pending");
  checkpoint.values = read_buffer(file, "model.", parameters);
  checkpoint.first_moment = read_buffer(file, "optimizer.first_moment.", parameters);
  checkpoint.second_moment = read_buffer(file, "optimizer.second_moment.", parameters);
  if (checkpoint.best_step >= 0) checkpoint.best_values = read_buffer(file, "best.", parameters);
  static constexpr std::string_view kBelongs = "belongs_to.";
  for (const auto& [key, value] : file.metadata()) {
    if (key.starts_with(kBelongs)) checkpoint.belongs_to[key.substr(kBelongs.size())] = value;
  }
  return checkpoint;
}

std::optional<fs::path> newest_checkpoint(const fs::path& folder) {
  const auto found = checkpoints_in(folder);
  if (found.empty()) return std::nullopt;
  return found.back().second;
}

std::optional<fs::path> newest_sound_checkpoint(const fs::path& folder) {
  const auto found = checkpoints_in(folder);
  for (const auto& [step, path] : std::views::reverse(found)) {
    // Whose it is and whether it fits is for whoever reads it: a sound file is never put aside.
    try {
      data::SafetensorsFile(path).check_seal();
      return path;
    } catch (const DataError& error) {
      if (path == found.front().second) throw;
      const fs::path aside = path.string() + ".damaged";
      log_warning("{} It is put aside as {}; the checkpoint before it is taken.", error.what(),
                  aside.filename().string());
      fs::rename(path, aside);
    }
  }
  return std::nullopt;
}

void prune_checkpoints(const fs::path& folder, std::int64_t keep) {
  const auto found = checkpoints_in(folder);
  const auto excess = static_cast<std::ptrdiff_t>(found.size()) - std::max<std::int64_t>(1, keep);
  for (std::ptrdiff_t i = 0; i < excess; ++i) fs::remove(found[static_cast<std::size_t>(i)].second);
}

CheckpointWriter::CheckpointWriter(fs::path folder, const models::Parameters& parameters, std::int64_t keep)
    : folder_(std::move(folder)), parameters_(parameters), keep_(keep), thread_([this] { loop(); }) {}

CheckpointWriter::~CheckpointWriter() {
  {
    const std::lock_guard lock(mutex_);
    ending_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

void CheckpointWriter::loop() {
  std::unique_lock lock(mutex_);
  while (true) {
    changed_.wait(lock, [&] { return next_.has_value() || ending_; });
    if (!next_) return;
    const Checkpoint checkpoint = std::move(*next_);
    next_.reset();
    busy_ = true;
    changed_.notify_all();
    lock.unlock();
    std::exception_ptr error;
    const auto began = std::chrono::steady_clock::now();
    try {
      write_checkpoint(folder_, checkpoint, parameters_);
      prune_checkpoints(folder_, keep_);
    } catch (...) {
      error = std::current_exception();  // thrown to the trainer at its next call
    }
    lock.lock();
    ++written_;
    seconds_busy_ += std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
    busy_ = false;
    if (error && !error_) error_ = error;
    changed_.notify_all();
  }
}

void CheckpointWriter::rethrow() {
  if (error_) std::rethrow_exception(std::exchange(error_, nullptr));
}

void CheckpointWriter::write(Checkpoint checkpoint) {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return !next_.has_value(); });
  rethrow();
  next_ = std::move(checkpoint);
  changed_.notify_all();
}

void CheckpointWriter::wait() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return !next_.has_value() && !busy_; });
  rethrow();
}

}  // namespace moola::learn
