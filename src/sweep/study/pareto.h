#pragma once
#include <cstddef>
#include <limits>
#include <span>
#include <vector>

// Several objectives at once. Points are rows of `losses`, `objectives` numbers each, less is better; a loss may be
// infinite, never NaN.
namespace moola::sweep {

/// Whether `a` is nowhere worse than `b` and somewhere better.
bool dominates(std::span<const double> a, std::span<const double> b);

/// Of each point: 0 where no other one dominates it, else one more than the largest rank among those that do; equal
/// points have equal ranks. Once `enough` points have a rank the others have `kUnranked`, those of one rank together.
///
/// Cost O(n log n) for two objectives, for more O(n^2) at worst.
/// Source: Zhang, Tian, Cheng, Jin 2015, "An efficient approach to nondominated sorting" (ENS-BS).
constexpr std::size_t kUnranked = std::numeric_limits<std::size_t>::max();
std::vector<std::size_t> nondominated_ranks(std::span<const double> losses, std::size_t objectives,
                                            std::size_t enough = kUnranked);

/// Indices of the points that no other one dominates, ascending; of equal points the first one.
std::vector<std::size_t> pareto_front(std::span<const double> losses, std::size_t objectives);

/// Volume of what the points dominate up to `reference`, one finite number per objective. A point that is not better
/// than the reference everywhere adds nothing; one at minus infinity makes it infinite.
///
/// Cost O(n log n) for two and three objectives, times n for each one more.
/// Source: While, Bradstreet, Barone 2012, "A fast way of calculating exact hypervolumes".
double hypervolume(std::span<const double> losses, std::size_t objectives, std::span<const double> reference);

/// Of each point, the volume that would be lost without it: 0 for dominated points and for equal ones, infinite for
/// points at minus infinity.
std::vector<double> hypervolume_contributions(std::span<const double> losses, std::size_t objectives,
                                              std::span<const double> reference);

/// Indices of `size` points that have a large volume together, in the order in which they were chosen: each time the
/// one that adds most, of equal ones the first. At least 63 % of the largest volume that `size` points can have.
///
/// Source: Nemhauser, Wolsey, Fisher 1978; Guerreiro, Fonseca, Paquete 2016 for hypervolumes.
std::vector<std::size_t> largest_hypervolume_subset(std::span<const double> losses, std::size_t objectives,
                                                    std::span<const double> reference, std::size_t size);

}  // namespace moola::sweep
