#pragma once
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "record/plot.h"

namespace moola::record {

/// Markup. Whatever is a plain text becomes one by `text`, which escapes; there is no implicit way.
struct Html {
  std::string markup;
  Html& operator+=(const Html& other) {
    markup += other.markup;
    return *this;
  }
};
inline Html operator+(Html a, const Html& b) {
  return a += b;
}

/// `value` with & < > " ' escaped, and what is not allowed in HTML replaced.
Html text(std::string_view value);
/// In the type of code: hashes, ids, paths. Breaks anywhere.
Html code(std::string_view value);
/// The first 12 digits of a hash, the whole in its tooltip and when copied from the page's source.
Html hash(std::string_view sha256);
Html paragraph(const Html& content);
Html muted(std::string_view value);

/// A page is made of these. All of them are escaped through the type: what is std::string is text, what is Html is
/// markup.
enum class Tone { plain, good, warning, bad };

/// A number to be seen from across the room.
struct Card {
  std::string value, label, note;
  Tone tone = Tone::plain;
};
Html cards(const std::vector<Card>& list);

/// A boxed sentence: a verdict, a warning.
Html callout(Tone tone, const Html& content);

/// Names and values in two columns.
Html facts(const std::vector<std::pair<std::string, Html>>& rows);

struct HtmlTable {
  std::vector<std::string> titles;
  std::vector<std::vector<Html>> rows;
  std::vector<bool> numeric;  // right-aligned columns; missing ones are not
};
Html table(const HtmlTable& content);

/// A drawing with its caption; its problem as a callout where there is no drawing.
Html figure(const Drawing& drawing, std::string_view caption);

/// Preformatted text, scrolled sideways where it is too wide.
Html listing(std::string_view value);
/// The same in as many columns as there is room for; what stands between empty lines stays together.
Html listing_in_columns(std::string_view value);

/// Parts of a whole, as a bar: {label, amount, tone}.
struct Share {
  std::string label;
  double amount;
  Tone tone = Tone::plain;
};
Html share_bar(const std::vector<Share>& shares);

/// A part of the page with a heading; `id` is its anchor.
Html section(std::string_view id, std::string_view title, const Html& content);

struct Page {
  std::string title;     // of the window and the top heading
  std::string kicker;    // a short line above it: "Pretraining run"
  std::string subtitle;  // below it
  std::string footer;
  Html body;
};
/// A document that needs no network: style inside, no script. Light and dark, on a phone, and in print.
std::string page(const Page& content);

/// The style sheet of every page.
std::string_view page_style();

}  // namespace moola::record
