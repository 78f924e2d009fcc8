#pragma once

namespace moola::comm {

/// Throws CommError with the call as it is written, the rank and MPI's words for `code`. Only called with an error.
[[noreturn]] void throw_mpi_error(int code, const char* expression);

}  // namespace moola::comm

/// Every MPI call goes through this.
#define MOOLA_MPI(expression)                                                     \
  do {                                                                            \
    if (const int moola_mpi_code = (expression); moola_mpi_code != MPI_SUCCESS) { \
      ::moola::comm::throw_mpi_error(moola_mpi_code, #expression);                \
    }                                                                             \
  } while (false)
