#include "market/checks/product_kernel.h"

namespace moola::market::product_kernel {

AddProducts add_products(Isa isa) {
  return isa == Isa::v4 ? add_products_v4 : isa == Isa::v3 ? add_products_v3 : add_products_v2;
}

}  // namespace moola::market::product_kernel
