#pragma once
#include <hdf5.h>

#include <string>
#include <string_view>

#include "data/store/hdf5.h"

/// How the sources of the HDF5 layer call the library. Nobody else includes this: hdf5.h shows none of HDF5's own
/// names.
namespace moola::data::hdf5 {

/// Throws what `doing` means when the value an HDF5 call returned says that it failed: `where` names file and object,
/// `call` the call; the deepest line of HDF5's own error stack is added.
std::int64_t check(std::int64_t returned, Doing doing, const std::string& where, std::string_view call);

/// check, with the identifier in a handle.
Handle checked(std::int64_t id, Handle::Close close, Doing doing, const std::string& where, std::string_view call);

/// HDF5's name for a type as it lies in the file; memory has the same, because Moola runs on little-endian machines.
hid_t file_type(Type type);

/// Takes HDF5's habit of printing its error stack away. Idempotent; called before the first other call.
void silence();

}  // namespace moola::data::hdf5
