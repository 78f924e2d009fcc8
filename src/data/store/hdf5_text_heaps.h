#pragma once
#include <filesystem>

#include "data/store/hdf5.h"

/// HDF5 keeps texts of variable length in heaps, the one part of a file that it gives no checksum; a flipped byte in
/// them makes the library (1.10) follow wild pointers. So the heaps of a finished file get checksums of ours, in a
/// numeric attribute, and are held against them before the first text is read.
namespace moola::data::hdf5 {

/// The attribute: address, bytes and CRC-32 of each heap, one after the other.
inline constexpr const char* kTextHeaps = "text_heaps";

/// Adds the attribute to a file that is complete but for it and closed. Cost: one look at every byte of the file.
/// Throws IoError.
void seal_texts(const std::filesystem::path& path);

/// Throws DataError when a heap is not what was sealed. A file without the attribute is taken as it is.
void check_texts(const File& file);

}  // namespace moola::data::hdf5
