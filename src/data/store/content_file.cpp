#include "data/store/content_file.h"

#include <algorithm>
#include <future>

#include "base/version.h"
#include "data/store/dataset_schema.h"
#include "data/store/hdf5_text_heaps.h"

namespace moola::data {
namespace {

constexpr std::uint64_t kPieceBytes = std::uint64_t{8} << 20;

Json shapes_of(const hdf5::File& file) {
  Json shapes = Json::object();
  for (const std::string& name : file.dataset_names()) shapes[name] = file.dataset(name).shape();
  return shapes;
}

// Calls take(first row, rows, bytes) for all of a column, in one piece when it is in memory.
template <class Take>
void each_piece(const Column& column, Take&& take) {
  const std::uint64_t rows = column.shape.front();
  if (!column.rows) {
    take(std::uint64_t{0}, rows, column.bytes);
    return;
  }
  const std::uint64_t row_bytes =
      hdf5::element_count({column.shape.begin() + 1, column.shape.end()}) * hdf5::size_of(column.type);
  const std::uint64_t most = std::max<std::uint64_t>(1, kPieceBytes / std::max<std::uint64_t>(1, row_bytes));
  std::vector<std::byte> piece;
  for (std::uint64_t begin = 0; begin < rows; begin += most) {
    const std::uint64_t count = std::min(most, rows - begin);
    piece.resize(count * row_bytes);
    column.rows(begin, count, piece);
    take(begin, count, std::span<const std::byte>(piece));
  }
}

}  // namespace

ContentFile::ContentFile(std::filesystem::path target, Overwrite overwrite)
    : atomic_(std::move(target), overwrite), file_(hdf5::File::create(atomic_.temporary())) {}

void ContentFile::write(std::vector<Column> columns) {
  std::sort(columns.begin(), columns.end(), [](const Column& a, const Column& b) { return a.name < b.name; });
  auto hash = std::async(std::launch::async, [this, &columns] {
    ContentHash content;
    for (const Column& column : columns) {
      content.begin_dataset(column.name, column.type, column.shape);
      each_piece(column, [&](std::uint64_t, std::uint64_t, std::span<const std::byte> bytes) { content.bytes(bytes); });
    }
    atomic_.start_flush();
    return content;
  });
  for (const Column& column : columns) {
    hdf5::Dataset dataset = file_.create_dataset(column.name, column.type, column.shape, column.layout);
    each_piece(column, [&](std::uint64_t begin, std::uint64_t count, std::span<const std::byte> bytes) {
      dataset.write_row_bytes(begin, count, bytes);
    });
    hashed_.push_back(column.name);
  }
  hash_ = hash.get();
}

std::string ContentFile::seal(const std::string& kind) {
  Json manifest = {{"schema", schema_of(kind)}};
  manifest.update(manifest_);
  manifest["parents"] = Json::array();
  for (const Parent& parent : parents_) {
    manifest["parents"].push_back({{"id", to_string(parent.id)}, {"content_sha256", parent.content_sha256}});
  }
  manifest["shapes"] = shapes_of(file_);
  manifest["code_version"] = code_version();
  const std::string manifest_text = manifest.dump(1);

  file_.set_attribute("schema", schema_of(kind));
  std::string hash;
  if (hash_ && hashed_ == file_.dataset_names()) {
    add_attributes(*hash_, file_);
    hash = hash_->hex();
  } else {
    hash = data::content_sha256(file_);
  }
  file_.set_attribute("content_sha256", hash);
  file_.set_attribute("manifest", manifest_text);
  file_.set_attribute("manifest_sha256", sha256_hex(manifest_text));
  check_schema(file_, kind);
  file_.close();
  hdf5::seal_texts(atomic_.temporary());
  return hash;
}

hdf5::File open_content(const std::filesystem::path& file, const std::string& kind) {
  hdf5::File opened = hdf5::File::open(file);
  hdf5::check_texts(opened);
  check_schema(opened, kind);
  return opened;
}

std::string schema_of(const std::string& kind) {
  return "moola." + kind + "/1";
}

}  // namespace moola::data
