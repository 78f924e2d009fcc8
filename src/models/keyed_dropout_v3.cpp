// Built with -march=x86-64-v3.
#include "models/keyed_dropout_impl.h"

namespace moola::models::keyed_dropout {

void fill_v3(const Fill& f) {
  ::fill(f);
}

}  // namespace moola::models::keyed_dropout
