#include "market/checks/product_kernel.h"

namespace moola::market::product_kernel {

AddProducts add_products(Isa isa) {
  return for_isa(isa, add_products_v2, add_products_v3, add_products_v4);
}

}  // namespace moola::market::product_kernel
