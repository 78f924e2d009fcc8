// Built with -march=x86-64-v2.
#include "market/checks/product_kernel_impl.h"

namespace moola::market::product_kernel {

void add_products_v2(const double* block, std::size_t groups, std::size_t rows, double* sums) {
  add_products_of_set(block, groups, rows, sums);
}

}  // namespace moola::market::product_kernel
