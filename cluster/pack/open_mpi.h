#pragma once
#include <filesystem>
#include <vector>

#include "cluster/pack/loaded_libraries.h"
#include "cluster/pack/pack_file.h"

namespace moola::cluster {

/// Whether a library belongs to Open MPI or its way of starting ranks: left to the place where its own is to be used.
bool of_open_mpi(std::string_view library);

/// What ranks need beside the libraries that programs are linked with: mpirun and orted, the plug-ins, the texts of its
/// messages, in the folders where Open MPI looks for them below OPAL_PREFIX. Plug-ins of fabrics (verbs, UCX, PSM) stay
/// away: they go with the place's drivers. What these load in turn is added to `libraries`. Throws ConfigError where
/// this machine's Open MPI can't be moved or is not 4.
std::vector<PackFile> open_mpi_files(std::vector<LoadedLibrary>& libraries);

}  // namespace moola::cluster
