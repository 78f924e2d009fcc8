#pragma once
#include <string>
#include <string_view>
#include <vector>

namespace moola::cluster::s3 {

/// An element of an answer: its name without a prefix, the text directly in it, and its elements. Attributes are left
/// out; S3's answers have none that matter.
struct XmlElement {
  std::string name, text;
  std::vector<XmlElement> children;

  /// The text of the first child of that name; empty where there is none.
  std::string text_of(std::string_view child) const;
  bool has(std::string_view child) const;
};

/// Reads XML as servers of S3 write it: elements, text, CDATA, the five entities and characters by their numbers, in
/// UTF-8; comments and the declaration are passed over. Throws DataError, naming `where`, for anything else: a document
/// type, elements nested deeper than 32 levels, text that breaks off.
XmlElement parse_xml(std::string_view text, std::string_view where);

/// `text` as it stands in an element.
std::string xml_text(std::string_view text);

}  // namespace moola::cluster::s3
