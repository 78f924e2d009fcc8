#include "models/classifiers/command_model.h"

#include <boost/test/unit_test.hpp>
#include <cmath>
#include <numeric>

#include "base/atomic_file.h"
#include "base/error.h"
#include "base/subprocess.h"
#include "tests/support/messages.h"
#include "tests/support/temporary_folder.h"

using namespace moola;
using namespace moola::models;
using namespace moola::test;

namespace {

// The system's own, which has the packages that tests need.
constexpr const char* kPython = "/usr/bin/python3";

// The class whose number the first feature is nearest to; keeps the number of classes alone.
constexpr const char* kNearest = R"(import sys, json
import h5py, numpy as np
call, folder = sys.argv[-2:]
if call == "fit":
    with h5py.File(f"{folder}/train.h5") as f:
        json.dump({"classes": int(f.attrs["classes"])}, open(f"{folder}/model/kept.json", "w"))
        json.dump({"rows": len(f["X"]), "shape": list(f["X"].shape[1:]), "words": sys.argv[1:-2]},
                  open(f"{folder}/fit.json", "w"))
else:
    classes = json.load(open(f"{folder}/model/kept.json"))["classes"]
    with h5py.File(f"{folder}/samples.h5") as f:
        x = f["X"][:].reshape(len(f["X"]), -1)[:, 0]
    proba = np.full((len(x), classes), 0.1 / (classes - 1), np.float32)
    proba[np.arange(len(x)), np.clip(np.rint(x), 0, classes - 1).astype(int)] = 0.9
    if "h5" in sys.argv[1:-2]:
        with h5py.File(f"{folder}/proba.h5", "w") as f:
            f["proba"] = proba
    else:
        np.save(f"{folder}/proba.npy", proba)
)";

struct Numbers {
  std::vector<float> table{0.1F, 5, 1.2F, 5, 1.9F, 5, 0.4F, 5, 2.2F, 5, 0.9F, 5};
  std::vector<std::size_t> first{0, 1, 2, 3, 4, 5};
  std::vector<std::int32_t> label{0, 1, 2, 0, 2, 1};
  LabelledSamples labelled(std::size_t steps = 1) {
    first.resize(6 / steps);
    for (std::size_t i = 0; i < first.size(); ++i) first[i] = i * steps;
    label.resize(first.size());
    return {.samples = {.table = table, .channels = 2, .steps = steps, .first = first}, .label = label, .classes = 3};
  }
};

struct Program {
  TemporaryFolder folder;
  std::string script = (folder.path() / "nearest.py").string();
  Program() { write_file(script, kNearest); }
  CommandModel model() const { return {.name = "nearest", .command = {kPython, script}}; }
  std::unique_ptr<Classifier> make(const std::string& words = "") const {
    return command_model(model()).make({{"words", words}});
  }
};

}  // namespace

BOOST_AUTO_TEST_SUITE(command_models)

BOOST_AUTO_TEST_CASE(words_are_what_a_shell_makes_of_them) {
  const auto all = boost::test_tools::per_element();
  using Words = std::vector<std::string>;
  BOOST_TEST(words_of("") == Words{}, all);
  BOOST_TEST(words_of("  a   b ") == (Words{"a", "b"}), all);
  BOOST_TEST(words_of(R"(--x="1 2" 'a b'c \  "" )") == (Words{"--x=1 2", "a bc", " ", ""}), all);
  BOOST_TEST(words_of(R"('\' "\"")") == (Words{"\\", "\""}), all);
  BOOST_CHECK_THROW(words_of("'a"), ConfigError);
  // What the shell itself says of them.
  for (const char* line : {"a 'b c' d\\ e", "--p \"x'y\" 'q\"r'", "\\'a\\'"}) {
    const ProcessResult shell = run_process({"sh", "-c", std::string("printf '%s\\n' ") + line});
    std::string joined;
    for (const std::string& word : words_of(line)) joined += word + "\n";
    BOOST_TEST(shell.output == joined);
  }
}

BOOST_AUTO_TEST_CASE(a_program_fits_and_predicts) {
  const Program program;
  for (const char* words : {"", "h5"}) {
    for (const std::size_t steps : {1U, 2U}) {
      Numbers numbers;
      const LabelledSamples train = numbers.labelled(steps);
      const auto model = program.make(words);
      const Json told = model->fit(train, {});
      BOOST_TEST(told["rows"] == 6 / steps);
      BOOST_TEST(told["shape"] == (steps == 1 ? Json{2} : Json{2, 2}));
      const std::vector<double> p = model->predict(train.samples);
      BOOST_TEST(p.size() == train.size() * 3);
      for (std::size_t i = 0; i < train.size(); ++i) {
        const auto nearest = static_cast<std::size_t>(std::lround(train.samples.sample(i)[0]));
        BOOST_TEST(p[i * 3 + nearest] == 0.9, boost::test_tools::tolerance(1e-6));
        BOOST_TEST(std::accumulate(p.begin() + static_cast<std::ptrdiff_t>(i * 3),
                                   p.begin() + static_cast<std::ptrdiff_t>(i * 3 + 3), 0.0) == 1.0,
                   boost::test_tools::tolerance(1e-12));
      }
    }
  }
}

BOOST_AUTO_TEST_CASE(what_is_saved_is_what_is_loaded_while_its_program_is_the_same) {
  const Program program;
  Numbers numbers;
  const LabelledSamples train = numbers.labelled();
  const auto model = program.make("--one two");
  model->fit(train, {});
  const TemporaryFolder saved;
  model->save(saved.path());
  const auto loaded = program.make("--one two");
  loaded->load(saved.path());
  BOOST_TEST(loaded->predict(train.samples) == model->predict(train.samples), boost::test_tools::per_element());

  BOOST_CHECK_THROW(program.make("--one three")->load(saved.path()), DataError);
  write_file(saved.path() / "own" / "kept.json", "{\"classes\": 4}", Overwrite::yes);
  BOOST_CHECK_THROW(program.make("--one two")->load(saved.path()), DataError);
  model->save(saved.path());
  write_file(program.script, std::string(kNearest) + "# other\n", Overwrite::yes);
  BOOST_TEST(
      holds(message_of<DataError>([&] { program.make("--one two")->load(saved.path()); }), "not what they were"));
}

BOOST_AUTO_TEST_CASE(nothing_is_left_behind) {
  const Program program;
  const TemporaryFolder scratch;
  Numbers numbers;
  {
    const auto model = program.make();
    model->fit(numbers.labelled(), {.scratch = scratch.path()});
    BOOST_TEST(!std::filesystem::is_empty(scratch.path()));
  }
  BOOST_TEST(std::filesystem::is_empty(scratch.path()));
}

BOOST_AUTO_TEST_CASE(asked_before_it_is_fitted_it_says_so) {
  const Program program;
  Numbers numbers;
  BOOST_CHECK_THROW(program.make()->predict(numbers.labelled().samples), std::logic_error);
  BOOST_CHECK_THROW(program.make()->save(program.folder.path()), std::logic_error);
}

BOOST_AUTO_TEST_SUITE_END()
