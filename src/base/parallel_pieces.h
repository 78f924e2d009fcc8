#pragma once
#include <cstddef>
#include <functional>

namespace moola {

/// Calls work(0) … work(pieces - 1), each once, on `threads` threads, the caller's among them; a thread takes the next
/// piece when it is done with one. What pieces write must not overlap: then the results don't depend on the number of
/// threads. The first exception stops the handing out of pieces and is thrown again here. 0 threads count as 1.
void for_each_piece(std::size_t pieces, unsigned threads, const std::function<void(std::size_t piece)>& work);

}  // namespace moola
