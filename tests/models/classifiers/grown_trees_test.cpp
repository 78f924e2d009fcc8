#include "models/classifiers/grown_trees.h"

#include <algorithm>
#include <array>
#include <bit>
#include <boost/test/unit_test.hpp>
#include <limits>
#include <string>

#include "base/atomic_file.h"
#include "base/error.h"
#include "models/classifiers/xgboost_api.h"
#include "tests/models/classifiers/made_samples.h"
#include "tests/support/messages.h"

using namespace moola;
using namespace moola::test;
using namespace moola::models;

namespace {

struct Grown {
  std::string saved;
  std::vector<float> margins;  // as XGBoost itself says
};

constexpr std::size_t kRows = 500, kFeatures = 4;

// Trees of XGBoost's own objective, by its own functions.
Grown grown(const MadeSamples& made, int rounds) {
  DMatrixHandle matrix = nullptr;
  BOOST_REQUIRE(XGDMatrixCreateFromMat_omp(made.table.data(), kRows, kFeatures, NAN, &matrix, 1) == 0);
  const std::vector<float> label(made.label.begin(), made.label.end());
  BOOST_REQUIRE(XGDMatrixSetFloatInfo(matrix, "label", label.data(), label.size()) == 0);
  BoosterHandle booster = nullptr;
  BOOST_REQUIRE(XGBoosterCreate(&matrix, 1, &booster) == 0);
  std::vector<std::pair<const char*, std::string>> settings{
      {"tree_method", "hist"}, {"nthread", "1"}, {"max_depth", "5"}, {"base_score", "0.5"}, {"verbosity", "0"}};
  settings.emplace_back("objective", made.classes == 2 ? "binary:logistic" : "multi:softprob");
  if (made.classes > 2) settings.emplace_back("num_class", std::to_string(made.classes));
  for (const auto& [name, value] : settings) BOOST_REQUIRE(XGBoosterSetParam(booster, name, value.c_str()) == 0);
  for (int round = 0; round < rounds; ++round) BOOST_REQUIRE(XGBoosterUpdateOneIter(booster, round, matrix) == 0);
  const char* margins =
      R"({"type": 1, "training": false, "iteration_begin": 0, "iteration_end": 0, "strict_shape": true})";
  const bst_ulong* shape = nullptr;
  bst_ulong dimensions = 0, length = 0;
  const float* out = nullptr;
  const char* bytes = nullptr;
  BOOST_REQUIRE(XGBoosterPredictFromDMatrix(booster, matrix, margins, &shape, &dimensions, &out) == 0);
  Grown found{.saved = {}, .margins = {out, out + shape[0] * shape[1]}};
  BOOST_REQUIRE(XGBoosterSaveModelToBuffer(booster, R"({"format": "ubj"})", &length, &bytes) == 0);
  found.saved.assign(bytes, length);
  XGBoosterFree(booster);
  XGDMatrixFree(matrix);
  return found;
}

std::string small() {
  return grown(made_samples(1, kRows, kFeatures, 3), 1).saved;
}

std::string refused(const std::string& saved) {
  return message_of<DataError>([&] { GrownTrees trees(saved); });
}

// Puts `value` at `index` of the first array of four-byte numbers that is called `name`.
std::string with(std::string saved, const std::string& name, std::size_t index, std::int32_t value) {
  const std::size_t at = saved.find(name + "[$") + name.size() + 2 + 1 + 2 + 8 + 4 * index;
  BOOST_REQUIRE(at + 4 < saved.size());
  for (std::size_t i = 0; i < 4; ++i)
    saved[at + i] = static_cast<char>(static_cast<std::uint32_t>(value) >> (24 - 8 * i) & 0xff);
  return saved;
}

// The first text that is called `name` becomes `value`, of the same length.
std::string with_text(std::string saved, const std::string& name, const std::string& value) {
  const std::size_t at = saved.find(name + "SL") + name.size() + 2 + 8;
  BOOST_REQUIRE(at + value.size() < saved.size());
  return saved.replace(at, value.size(), value);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(grown_trees)

BOOST_AUTO_TEST_CASE(margins_are_those_of_xgboost_bit_for_bit) {
  for (const std::size_t classes : {2, 3, 5}) {
    const MadeSamples made = made_samples(classes, kRows, kFeatures, classes);
    const Grown of = grown(made, 20);
    const GrownTrees trees(of.saved);
    BOOST_TEST(trees.features() == kFeatures);
    BOOST_TEST(trees.outputs() == (classes == 2 ? 1 : classes));
    BOOST_TEST(trees.rounds() == 20U);
    BOOST_TEST((trees.margins(made.table) == of.margins));
    BOOST_TEST(trees.margins({}).empty());
    BOOST_CHECK_THROW(trees.margins(std::span(made.table).first(kFeatures + 1)), std::invalid_argument);
  }
}

// As Python's xgboost 1.7.4 has saved it and forecasts by it.
BOOST_AUTO_TEST_CASE(trees_that_xgboost_1_7_has_saved_are_still_read) {
  const GrownTrees trees(read_file(std::string(MOOLA_SOURCE_DIR) + "/tests/fuzz/seeds/trees/xgboost_1.7.ubj"));
  BOOST_TEST(trees.rounds() == 1U);
  BOOST_TEST(trees.features() == 2U);
  const std::vector<float> expected{0x1.dc48eep-1F, 0x1.413efcp-1F, 0x1.1e9eecp-2F, 0x1.24cf02p-2F, 0x1.413efcp-1F,
                                    0x1.23ea98p-2F, 0x1.1e5856p-2F, 0x1.043f3cp-1F, 0x1.dcaa3p-1F};
  BOOST_TEST((trees.margins(std::vector<float>{-1.5F, -0.5F, 0.25F, -0.75F, 1, 2}) == expected));
}

BOOST_AUTO_TEST_CASE(trees_that_are_cut_off_are_refused_at_any_byte) {
  const std::string saved = small();
  BOOST_TEST(refused(saved) == "");
  for (std::size_t size = 0; size < saved.size(); ++size) BOOST_REQUIRE(refused(saved.substr(0, size)) != "");
  BOOST_TEST(holds(refused(saved + "}"), "1 bytes follow its end"));
}

// A byte may change what the trees say; they are then asked like others, and nothing but a refusal comes of the rest.
BOOST_AUTO_TEST_CASE(any_byte_may_be_another) {
  const std::string saved = small();
  std::size_t refusals = 0;
  for (std::size_t at = 0; at < saved.size(); ++at) {
    for (const int flip : {1, 0x20, 0x80, 0xff}) {
      std::string other = saved;
      other[at] = static_cast<char>(other[at] ^ flip);
      try {
        const GrownTrees trees(other);
        BOOST_REQUIRE(trees.margins(std::vector<float>(trees.features())).size() == trees.outputs());
      } catch (const DataError&) {
        ++refusals;
      }
    }
  }
  BOOST_TEST(refusals > saved.size());
}

BOOST_AUTO_TEST_CASE(lengths_that_cannot_be_and_nesting_without_end_are_refused) {
  const std::string learner = "{L" + std::string(7, '\0') + "\x07learner", deep(1'000'000, '['), huge(8, '\x7f');
  BOOST_TEST(holds(refused("{L" + std::string(7, '\0') + "\x01x" + deep), "nested more than 32 deep"));
  std::string objects = "{";
  for (int i = 0; i < 100'000; ++i) objects += "L" + std::string(7, '\0') + "\x01x{";
  BOOST_TEST(holds(refused(objects), "nested more than 32 deep"));
  BOOST_TEST(holds(refused("{L" + huge), "it ends after 10 bytes, of which 0 are left for"));
  BOOST_TEST(holds(refused("{L" + std::string(8, '\xff')), "are left for 18446744073709551615"));
  for (const char* type : {"$d", "$Z", "$L", ""})
    BOOST_TEST(refused("{L" + std::string(7, '\0') + "\x01x[" + type + "#L" + huge + "1234") != "");
  BOOST_TEST(refused("") != "");
  BOOST_TEST(refused(learner) != "");
  BOOST_TEST(holds(refused(R"({"learner": {}})"), "byte 1 begins something else than a length"));
  BOOST_TEST(holds(refused("{}"), "it is no gbtree"));
  const std::string twice = "L" + std::string(7, '\0') + "\x01xT";
  BOOST_TEST(holds(refused("{" + twice + twice + "}"), "the key 'x' twice"));
}

BOOST_AUTO_TEST_CASE(trees_whose_nodes_lead_nowhere_or_in_a_circle_are_refused) {
  const std::string saved = small();
  const std::int32_t infinite = std::bit_cast<std::int32_t>(std::numeric_limits<float>::infinity());
  BOOST_TEST(holds(refused(with(saved, "left_children", 0, 1'000)), "node 0 of tree 0 leads outside of its tree"));
  BOOST_TEST(holds(refused(with(saved, "left_children", 0, -2)), "node 0 of tree 0 leads outside of its tree"));
  BOOST_TEST(holds(refused(with(saved, "right_children", 0, -1)), "node 0 of tree 0 leads outside of its tree"));
  BOOST_TEST(holds(refused(with(saved, "left_children", 0, 0)), "leads to a node that another one leads to"));
  BOOST_TEST(holds(refused(with(saved, "right_children", 0, 1)), "leads to a node that another one leads to"));
  BOOST_TEST(holds(refused(with(saved, "split_indices", 0, 4)), "node 0 of tree 0 splits a feature that is none"));
  BOOST_TEST(refused(with(saved, "split_indices", 0, 3)) == "");
  BOOST_TEST(holds(refused(with(saved, "split_indices", 0, -1)), "splits a feature that is none"));
  BOOST_TEST(holds(refused(with(saved, "loss_changes", 0, infinite)), "has a gain that is none"));
  BOOST_TEST(holds(refused(with(saved, "split_conditions", 0, infinite | 1)), "has a value that is no finite number"));
  // A split that becomes a leaf, of a value that is none.
  BOOST_TEST(holds(refused(with(with(saved, "left_children", 0, -1), "split_conditions", 0, infinite)),
                   "has a value that is no finite number"));
}

BOOST_AUTO_TEST_CASE(models_of_another_kind_are_refused) {
  const std::string saved = small();
  BOOST_TEST(holds(refused(with_text(saved, "name", "gblinr")), "it is no gbtree"));
  BOOST_TEST(holds(refused(with_text(saved, "num_parallel_tree", "2")), "it is no gbtree with one tree"));
  BOOST_TEST(holds(refused(with_text(saved, "base_score", "[4E-1")), "another base_score than 0.5"));
  BOOST_TEST(holds(refused(with_text(saved, "base_score", "[xE-1")), "base_score is 'xE-1'"));
  BOOST_TEST(holds(refused(with_text(saved, "num_class", "4")), "it has 3 trees for 4 outputs"));
  BOOST_TEST(holds(refused(with_text(saved, "num_class", "0")), "its objective is neither"));
  BOOST_TEST(holds(refused(with_text(saved, "num_class", "x")), "num_class is 'x', which is no such number"));
}

BOOST_AUTO_TEST_SUITE_END()
