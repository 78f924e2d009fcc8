#pragma once
// Sums of products of many columns with each other; compiled for each instruction set by product_kernel_v*.cpp. A sum
// goes through the rows one after the other, whatever the registers' width, so the sets agree bit for bit.
#include <cstddef>

#include "base/isa.h"

namespace moola::market::product_kernel {

/// Columns lie in groups of this many: group g, row r, column c at [(g * kRows + r) * kColumns + c].
inline constexpr std::size_t kColumns = 8;
/// Rows of a block; two or four groups of them stay in a processor's nearest cache.
inline constexpr std::size_t kRows = 128;

/// sums[i * groups * kColumns + j] += the sum over the first `rows` rows of block of column i times column j, for every
/// j in a group that is not before i's. Cost: about half a register's multiplication and addition per pair and row.
using AddProducts = void (*)(const double* block, std::size_t groups, std::size_t rows, double* sums);

AddProducts add_products(Isa isa);

void add_products_v2(const double* block, std::size_t groups, std::size_t rows, double* sums);
void add_products_v3(const double* block, std::size_t groups, std::size_t rows, double* sums);
void add_products_v4(const double* block, std::size_t groups, std::size_t rows, double* sums);

}  // namespace moola::market::product_kernel
