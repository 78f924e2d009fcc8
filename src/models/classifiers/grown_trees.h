#pragma once
#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <string_view>
#include <vector>

namespace moola::models {

/// What of a tree is saved that we ask for: each array has an element per node.
struct SavedTree {
  std::vector<std::int64_t> left, right, feature, kind;
  std::vector<float> value, gain;
};

/// Boosted trees that XGBoost has saved, ready to be asked by any number of threads.
class GrownTrees {
 public:
  GrownTrees() = default;

  /// `saved`: a model of XGBoost 1.7 or 3 in UBJSON, of gbtree with multi:softprob or binary:logistic, begun at 0.5, as
  /// ours are. All of it is checked, so it may be of any origin: XGBoost's own reader reads beyond damaged bytes, or
  /// ends the process. Throws DataError, which says what is wrong. Linear in the bytes.
  explicit GrownTrees(std::string_view saved);

  std::size_t features() const { return features_; }
  /// Margins of a row: one for two classes.
  std::size_t outputs() const { return outputs_; }
  std::size_t rounds() const { return outputs_ == 0 ? 0 : roots_.size() / outputs_; }

  /// (rows, outputs) of (rows, features), which are finite: the same bits as XGBoost's.
  std::vector<float> margins(std::span<const float> rows) const;

  /// The gain of all of a feature's splits, where it has any.
  const std::map<std::uint32_t, double>& gains() const { return gains_; }

 private:
  // A split leads to `next` where the feature is less than `value`, and to the node after that elsewhere. A leaf has no
  // `next`, and adds `value`.
  struct Node {
    float value = 0;
    std::uint32_t feature = 0, next = 0;
  };

  std::size_t features_ = 0, outputs_ = 0;
  std::vector<Node> nodes_;
  std::vector<std::uint32_t> roots_;  // a round's trees stand together, one for each output
  std::map<std::uint32_t, double> gains_;

  void add(const SavedTree& tree);
};

}  // namespace moola::models
