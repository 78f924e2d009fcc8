#pragma once
#include <cstddef>
#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <unordered_map>
#include <vector>

namespace moola::data {

/// Rows of fixed size from several files, either all in memory or a bounded number of pages of them at a time.
///
/// A page begins at every multiple of `page_rows` and holds `overlap` rows more than that, so that any overlap + 1
/// neighbouring rows lie together in the page of the first of them.
class RowPages {
 public:
  struct Plan {
    std::vector<std::int64_t> rows;  // of each part (a file)
    std::size_t row_bytes = 0;
    std::int64_t overlap = 0;
    std::int64_t page_rows = 0;  // 0: each part is one page, all are read at once and stay
    std::int64_t pages = 0;      // most pages in memory at a time; only with page_rows
  };
  /// Fills `out` with rows [first, first + count) of a part. Never called by two threads at once, whatever the
  /// RowPages.
  using Load = std::function<void(std::int32_t part, std::int64_t first, std::int64_t count, std::byte* out)>;
  using Page = std::shared_ptr<const std::byte[]>;

  RowPages(Plan plan, Load load);

  bool resident() const { return plan_.page_rows == 0; }
  std::int64_t page_of(std::int64_t row) const { return resident() ? 0 : row / plan_.page_rows; }
  std::int64_t first_row(std::int64_t page) const { return page * plan_.page_rows; }
  std::size_t row_bytes() const { return plan_.row_bytes; }
  std::int64_t rows(std::int32_t part) const { return plan_.rows[static_cast<std::size_t>(part)]; }

  /// Where the rows of a part begin. Only when resident.
  const std::byte* rows_of(std::int32_t part) const { return resident_[static_cast<std::size_t>(part)].get(); }
  /// A page, read now if it is not in memory. It stays as long as the caller holds it; the bound counts what the pages'
  /// own memory holds, so a caller that holds one page at a time adds one page at most. Thread-safe.
  Page page(std::int32_t part, std::int64_t number) const;

  std::int64_t bytes() const;
  /// The most bytes that pages have held at once.
  std::int64_t most_bytes() const;
  /// Pages read so far.
  std::int64_t loads() const;

 private:
  struct Key {
    std::int32_t part;
    std::int64_t page;
    bool operator==(const Key&) const = default;
  };
  struct KeyHash {
    std::size_t operator()(const Key& key) const {
      return static_cast<std::size_t>(key.page) * 0x9e3779b97f4a7c15ULL + static_cast<std::size_t>(key.part);
    }
  };
  struct Held {
    Key key;
    Page page;
    std::int64_t bytes;
  };
  Page read(const Key& key, std::int64_t& bytes) const;

  Plan plan_;
  Load load_;
  std::vector<Page> resident_;
  mutable std::mutex mutex_;
  mutable std::list<Held> recent_;  // the one used last in front
  mutable std::unordered_map<Key, std::list<Held>::iterator, KeyHash> where_;
  mutable std::int64_t bytes_ = 0, most_bytes_ = 0, loads_ = 0;
};

}  // namespace moola::data
