#include "record/html.h"

#include <fmt/format.h>

#include <algorithm>

namespace moola::record {
namespace {

std::string escaped(std::string_view value) {
  std::string out;
  out.reserve(value.size());
  for (const char c : value) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      case '\'':
        out += "&#39;";
        break;
      default: {
        const auto byte = static_cast<unsigned char>(c);
        if ((byte < 0x20 && c != '\n' && c != '\t') || byte == 0x7F)
          out += "�";
        else
          out += c;
      }
    }
  }
  return out;
}

const char* tone_class(Tone tone) {
  switch (tone) {
    case Tone::plain:
      return "plain";
    case Tone::good:
      return "good";
    case Tone::warning:
      return "warning";
    case Tone::bad:
      return "bad";
  }
  return "plain";
}

}  // namespace

Html text(std::string_view value) {
  return {escaped(value)};
}

Html code(std::string_view value) {
  return {"<code>" + escaped(value) + "</code>"};
}

Html hash(std::string_view sha256) {
  if (sha256.empty()) return muted("none");
  return {fmt::format("<code class=\"hash\" title=\"{}\">{}</code>", escaped(sha256), escaped(sha256.substr(0, 12)))};
}

Html paragraph(const Html& content) {
  return {"<p>" + content.markup + "</p>\n"};
}

Html muted(std::string_view value) {
  return {"<span class=\"muted\">" + escaped(value) + "</span>"};
}

Html cards(const std::vector<Card>& list) {
  std::string out = "<div class=\"cards\">\n";
  for (const Card& card : list) {
    out += fmt::format(
        "<div class=\"card {}\"><div class=\"label\">{}</div><div class=\"value{}\">{}</div><div "
        "class=\"note\">{}</div></div>\n",
        tone_class(card.tone), escaped(card.label), card.value.size() > 8 ? " long" : "", escaped(card.value),
        escaped(card.note));
  }
  return {out + "</div>\n"};
}

Html callout(Tone tone, const Html& content) {
  return {fmt::format("<div class=\"callout {}\">{}</div>\n", tone_class(tone), content.markup)};
}

Html facts(const std::vector<std::pair<std::string, Html>>& rows) {
  std::string out = "<dl class=\"facts\">\n";
  for (const auto& [name, value] : rows)
    out += fmt::format("<div><dt>{}</dt><dd>{}</dd></div>\n", escaped(name), value.markup);
  return {out + "</dl>\n"};
}

Html table(const HtmlTable& content) {
  const auto cell_class = [&](std::size_t i) {
    return i < content.numeric.size() && content.numeric[i] ? " class=\"number\"" : "";
  };
  std::string out = "<div class=\"scroll\"><table>\n<thead><tr>";
  for (std::size_t i = 0; i < content.titles.size(); ++i) {
    out += fmt::format("<th scope=\"col\"{}>{}</th>", cell_class(i), escaped(content.titles[i]));
  }
  out += "</tr></thead>\n<tbody>\n";
  for (const auto& row : content.rows) {
    out += "<tr>";
    for (std::size_t i = 0; i < row.size(); ++i) out += fmt::format("<td{}>{}</td>", cell_class(i), row[i].markup);
    out += "</tr>\n";
  }
  return {out + "</tbody></table></div>\n"};
}

Html figure(const Drawing& drawing, std::string_view caption) {
  if (drawing.svg.empty()) {
    return {"<figure>" + callout(Tone::warning, text(drawing.problem)).markup + "<figcaption>" + escaped(caption) +
            "</figcaption></figure>\n"};
  }
  return {"<figure><div class=\"scroll plot\">" + drawing.svg + "</div><figcaption>" + escaped(caption) +
          "</figcaption></figure>\n"};
}

Html listing(std::string_view value) {
  return {"<pre>" + escaped(value) + "</pre>\n"};
}

Html listing_in_columns(std::string_view value) {
  std::string out = "<div class=\"columns\">";
  while (!value.empty()) {
    const std::size_t end = std::min(value.find("\n\n"), value.size());
    out += "<pre>" + escaped(value.substr(0, end)) + "</pre>";
    value.remove_prefix(std::min(end + 2, value.size()));
  }
  return {out + "</div>\n"};
}

Html share_bar(const std::vector<Share>& shares) {
  double whole = 0;
  for (const Share& share : shares) whole += std::max(0.0, share.amount);
  if (whole <= 0) return {};
  std::string bar = "<div class=\"shares\" role=\"img\">", legend = "<div class=\"legend\">";
  for (const Share& share : shares) {
    const double percent = 100 * std::max(0.0, share.amount) / whole;
    // A sliver must be seen: a purged window in ten thousand is the point of the bar.
    bar += fmt::format("<span class=\"{}\" style=\"flex:{:.4f} 1 3px\"></span>", tone_class(share.tone), percent);
    legend += fmt::format("<span><i class=\"{}\"></i>{} <b>{}</b></span>", tone_class(share.tone), escaped(share.label),
                          readable(share.amount));
  }
  return {bar + "</div>" + legend + "</div>\n"};
}

Html section(std::string_view id, std::string_view title, const Html& content) {
  return {fmt::format("<section id=\"{}\">\n<h2>{}</h2>\n{}</section>\n", escaped(id), escaped(title), content.markup)};
}

std::string page(const Page& content) {
  std::string out = "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n";
  out +=
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<meta name=\"color-scheme\" "
      "content=\"light dark\">\n";
  out +=
      "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'; img-src "
      "data:\">\n";
  out += fmt::format("<title>{}</title>\n<style>\n{}</style>\n</head>\n<body>\n<main>\n", escaped(content.title),
                     page_style());
  out += fmt::format("<header><div class=\"kicker\">{}</div><h1>{}</h1><div class=\"subtitle\">{}</div></header>\n",
                     escaped(content.kicker), escaped(content.title), escaped(content.subtitle));
  out += content.body.markup;
  out += fmt::format("<footer>{}</footer>\n</main>\n</body>\n</html>\n", escaped(content.footer));
  return out;
}

}  // namespace moola::record
