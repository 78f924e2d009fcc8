#include "models/classifiers/grown_trees.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>
#include <optional>
#include <stdexcept>
#include <string>

#include "base/error.h"
#include "models/classifiers/ubjson.h"

namespace moola::models {
namespace {

struct SavedModel {
  std::vector<SavedTree> trees;
  std::vector<std::int64_t> output_of_tree;
  std::string_view booster, objective, begun_at, features, classes, trees_per_output = "1";
};

SavedTree saved_tree(UbjsonReader& from, std::size_t number) {
  SavedTree out;
  std::optional<std::int64_t> id;
  from.object([&](std::string_view key) {
    if (key == "left_children") return void(out.left = from.wholes());
    if (key == "right_children") return void(out.right = from.wholes());
    if (key == "split_indices") return void(out.feature = from.wholes());
    if (key == "split_type") return void(out.kind = from.wholes());
    if (key == "split_conditions") return void(out.value = from.floats());
    if (key == "loss_changes") return void(out.gain = from.floats());
    if (key == "id") return void(id = from.whole());
    from.skip();
  });
  if (id != static_cast<std::int64_t>(number)) throw DataError(fmt::format("tree {} has another id", number));
  const std::size_t nodes = out.left.size();
  if (nodes == 0 || out.right.size() != nodes || out.feature.size() != nodes || out.kind.size() != nodes ||
      out.value.size() != nodes || out.gain.size() != nodes)
    throw DataError(fmt::format("the arrays of tree {} are empty, or of unequal length", number));
  return out;
}

SavedModel saved_model(std::string_view saved) {
  SavedModel out;
  UbjsonReader from(saved);
  const auto objective = [&](std::string_view key) { key == "name" ? void(out.objective = from.text()) : from.skip(); };
  const auto begun = [&](std::string_view key) {
    if (key == "base_score") return void(out.begun_at = from.text());
    if (key == "num_feature") return void(out.features = from.text());
    if (key == "num_class") return void(out.classes = from.text());
    from.skip();
  };
  const auto size = [&](std::string_view key) {
    key == "num_parallel_tree" ? void(out.trees_per_output = from.text()) : from.skip();
  };
  const auto model = [&](std::string_view key) {
    if (key == "trees") return from.array([&](std::size_t i) { out.trees.push_back(saved_tree(from, i)); });
    if (key == "tree_info") return void(out.output_of_tree = from.wholes());
    if (key == "gbtree_model_param") return from.object(size);
    from.skip();
  };
  const auto booster = [&](std::string_view key) {
    if (key == "name") return void(out.booster = from.text());
    if (key == "model") return from.object(model);
    from.skip();
  };
  const auto learner = [&](std::string_view key) {
    if (key == "objective") return from.object(objective);
    if (key == "learner_model_param") return from.object(begun);
    if (key == "gradient_booster") return from.object(booster);
    from.skip();
  };
  from.object([&](std::string_view key) { key == "learner" ? from.object(learner) : from.skip(); });
  from.end();
  return out;
}

template <class T>
T number_in(std::string_view text, const char* what) {
  T out{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  if (error != std::errc() || end != text.data() + text.size())
    throw DataError(fmt::format("{} is '{}', which is no such number", what, text.substr(0, 40)));
  return out;
}

// "5E-1", or since XGBoost 3.1 a list of one for each output: "[5E-1,5E-1]".
void check_begun_at_half(std::string_view text) {
  if (text.starts_with('[') && text.ends_with(']')) text = text.substr(1, text.size() - 2);
  while (true) {
    const std::size_t comma = text.find(',');
    if (number_in<double>(text.substr(0, comma), "base_score") != 0.5)
      throw DataError("its margins begin at another base_score than 0.5");
    if (comma == std::string_view::npos) return;
    text.remove_prefix(comma + 1);
  }
}

}  // namespace

GrownTrees::GrownTrees(std::string_view saved) {
  const SavedModel model = saved_model(saved);
  if (model.booster != "gbtree" || model.trees_per_output != "1")
    throw DataError("it is no gbtree with one tree for each output and round");
  features_ = number_in<std::size_t>(model.features, "num_feature");
  if (features_ == 0 || features_ > std::numeric_limits<std::uint32_t>::max())
    throw DataError(fmt::format("it has {} features", features_));
  const auto classes = number_in<std::size_t>(model.classes, "num_class");
  if (model.objective == "binary:logistic" && classes == 0) {
    outputs_ = 1;
  } else if (model.objective == "multi:softprob" && classes > 2) {
    outputs_ = classes;
  } else {
    throw DataError("its objective is neither binary:logistic nor multi:softprob of more than two classes");
  }
  check_begun_at_half(model.begun_at);
  if (model.trees.size() % outputs_ != 0 || model.trees.size() != model.output_of_tree.size())
    throw DataError(fmt::format("it has {} trees for {} outputs", model.trees.size(), outputs_));
  for (std::size_t i = 0; i < model.trees.size(); ++i) {
    if (model.output_of_tree[i] != static_cast<std::int64_t>(i % outputs_))
      throw DataError(fmt::format("tree {} is of output {}", i, model.output_of_tree[i]));
    add(model.trees[i]);
  }
}

// Nodes are put in order of depth, so that a split's two stand beside each other, and none is reached twice.
void GrownTrees::add(const SavedTree& tree) {
  const std::size_t number = roots_.size(), root = nodes_.size(), count = tree.left.size();
  const auto refused = [&](std::size_t node, const char* what) -> DataError {
    return DataError(fmt::format("node {} of tree {} {}", node, number, what));
  };
  std::vector<bool> reached(count);
  std::vector<std::size_t> order;  // where a node of nodes_ was in the tree
  const auto reach = [&](std::size_t from, std::int64_t node) {
    if (node < 0 || static_cast<std::size_t>(node) >= count) throw refused(from, "leads outside of its tree");
    if (reached[static_cast<std::size_t>(node)]) throw refused(from, "leads to a node that another one leads to");
    reached[static_cast<std::size_t>(node)] = true;
    order.push_back(static_cast<std::size_t>(node));
    nodes_.emplace_back();
  };
  roots_.push_back(static_cast<std::uint32_t>(root));
  reach(0, 0);
  for (std::size_t i = 0; i < order.size(); ++i) {
    const std::size_t from = order[i];
    Node node{.value = tree.value[from]};
    if (!std::isfinite(node.value) && (tree.left[from] == -1 || std::isnan(node.value)))
      throw refused(from, "has a value that is no finite number");
    if (tree.left[from] != -1) {
      if (tree.kind[from] != 0) throw refused(from, "splits a feature by categories");
      if (tree.feature[from] < 0 || static_cast<std::size_t>(tree.feature[from]) >= features_)
        throw refused(from, "splits a feature that is none");
      if (!(tree.gain[from] >= 0) || std::isinf(tree.gain[from])) throw refused(from, "has a gain that is none");
      node.feature = static_cast<std::uint32_t>(tree.feature[from]);
      node.next = static_cast<std::uint32_t>(nodes_.size());
      gains_[node.feature] += tree.gain[from];
      reach(from, tree.left[from]);
      reach(from, tree.right[from]);
    }
    nodes_[root + i] = node;
  }
}

std::vector<float> GrownTrees::margins(std::span<const float> rows) const {
  if (features_ == 0 || rows.size() % features_ != 0)
    throw std::invalid_argument("rows of another number of features than the trees have");
  const std::size_t count = rows.size() / features_;
  // The logistic function's margin of 0.5 is 0; the softmax begins at 0.5 itself.
  std::vector<float> out(count * outputs_, outputs_ == 1 ? 0.0F : 0.5F);
  for (std::size_t tree = 0; tree < roots_.size(); ++tree) {
    for (std::size_t row = 0; row < count; ++row) {
      const float* values = rows.data() + row * features_;
      Node node = nodes_[roots_[tree]];
      while (node.next != 0) node = nodes_[node.next + (values[node.feature] < node.value ? 0 : 1)];
      out[row * outputs_ + tree % outputs_] += node.value;
    }
  }
  return out;
}

}  // namespace moola::models
