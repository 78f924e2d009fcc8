#pragma once
#include <optional>
#include <string>
#include <vector>

#include "cluster/s3/client.h"
#include "cluster/s3/digests.h"

namespace moola::cluster::s3 {

/// Sends a file in parts, beside each other, and has them put together.
///
/// Goes on with the youngest unfinished upload of the key: of its parts, those of the right size whose ETag is the MD5
/// of the file's bytes there are not sent again. An upload that breaks off stays for the next time; one that went
/// through takes other unfinished ones of the key away, whose parts cost room.
///
/// Whether the parts were put together is asked of the object and not of the answer: an answer can be lost, come too
/// late, or be wrong. `before` is what the object was; one of the right size that is another than that is ours.
Sent upload_in_parts(const Client& client, const FileToSend& file, const PartPlan& plan, const std::string& key,
                     const std::optional<ObjectFacts>& before);

}  // namespace moola::cluster::s3
