#include "data/store/row_pages.h"

#include <algorithm>

namespace moola::data {
namespace {

// The HDF5 library below the loaders takes one thread at a time in the whole process.
std::mutex& loading() {
  static std::mutex mutex;
  return mutex;
}

}  // namespace

RowPages::RowPages(Plan plan, Load load) : plan_(std::move(plan)), load_(std::move(load)) {
  if (!resident()) return;
  for (std::size_t part = 0; part < plan_.rows.size(); ++part) {
    std::int64_t bytes = 0;
    resident_.push_back(read({static_cast<std::int32_t>(part), 0}, bytes));
    bytes_ += bytes;
  }
  most_bytes_ = bytes_;
}

RowPages::Page RowPages::read(const Key& key, std::int64_t& bytes) const {
  const std::int64_t first = first_row(key.page), all = rows(key.part);
  const std::int64_t count = resident() ? all : std::min(plan_.page_rows + plan_.overlap, all - first);
  bytes = count * static_cast<std::int64_t>(plan_.row_bytes);
  const std::shared_ptr<std::byte[]> rows(new std::byte[static_cast<std::size_t>(bytes)]);
  const std::lock_guard lock(loading());
  load_(key.part, first, count, rows.get());
  ++loads_;
  return rows;
}

RowPages::Page RowPages::page(std::int32_t part, std::int64_t number) const {
  if (resident()) return resident_[static_cast<std::size_t>(part)];
  const std::lock_guard lock(mutex_);
  const Key key{part, number};
  if (const auto found = where_.find(key); found != where_.end()) {
    recent_.splice(recent_.begin(), recent_, found->second);
    return recent_.front().page;
  }
  // Room is made first, so that the bound holds while the page is read as well.
  while (static_cast<std::int64_t>(recent_.size()) >= plan_.pages) {
    bytes_ -= recent_.back().bytes;
    where_.erase(recent_.back().key);
    recent_.pop_back();
  }
  std::int64_t bytes = 0;
  Page page = read(key, bytes);
  recent_.push_front({key, page, bytes});
  where_[key] = recent_.begin();
  bytes_ += bytes;
  most_bytes_ = std::max(most_bytes_, bytes_);
  return page;
}

std::int64_t RowPages::bytes() const {
  const std::lock_guard lock(mutex_);
  return bytes_;
}

std::int64_t RowPages::most_bytes() const {
  const std::lock_guard lock(mutex_);
  return most_bytes_;
}

std::int64_t RowPages::loads() const {
  const std::lock_guard lock(mutex_);
  return loads_;
}

}  // namespace moola::data
