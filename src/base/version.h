#pragma once
#include <string>

namespace moola {

/// The project's version, "0.1.0".
std::string version();
/// The commit this was built from, 40 digits; "unknown" outside a checkout.
std::string git_commit();
/// Whether the checkout had changes that were not committed.
bool git_dirty();
/// What manifests call the code: "0.1.0+1a2b3c4d", with ".dirty" where it applies.
std::string code_version();

}  // namespace moola
