#include "cuda/loader.h"

#include <boost/test/unit_test.hpp>

#include "base/error.h"
#include "comm/thread_group.h"
#include "cuda/device.h"
#include "environment.h"

using namespace moola::cuda;
using moola::comm::Communicator;

namespace {

bool says(const std::string& text, const std::string& part) {
  if (text.find(part) != text.npos) return true;
  BOOST_TEST_MESSAGE("not found: " << part << "\nin: " << text);
  return false;
}

std::string error_of(const std::string& requested, int ranks) {
  const LoadedAccelerator loaded = open_accelerator();
  std::vector<std::string> errors(static_cast<std::size_t>(ranks));
  on_threads(ranks, [&](const Communicator& world) {
    try {
      resolve_device(requested, loaded, world);
    } catch (const moola::ConfigError& error) {
      errors[static_cast<std::size_t>(world.rank())] = error.what();
    }
  });
  for (const std::string& error : errors) {
    if (error != errors.front()) return "the ranks disagree: " + error + " / " + errors.front();
  }
  return errors.front();
}

}  // namespace

BOOST_AUTO_TEST_SUITE(loading)

BOOST_AUTO_TEST_CASE(off_means_off_even_with_a_library) {
  const Variable library("MOOLA_CUDA_LIBRARY", fake_library()), off("MOOLA_CUDA", "off");
  const LoadedAccelerator loaded = open_accelerator();
  BOOST_CHECK(loaded.accelerator == nullptr);
  BOOST_TEST(says(loaded.why_not, "MOOLA_CUDA is off"));
}

BOOST_AUTO_TEST_CASE(a_library_that_is_not_there_is_named_with_the_reason) {
  const Variable library("MOOLA_CUDA_LIBRARY", "/nonexistent/lib.so");
  const LoadedAccelerator loaded = open_accelerator();
  BOOST_CHECK(loaded.accelerator == nullptr);
  BOOST_TEST(says(loaded.why_not, "/nonexistent/lib.so"));
}

BOOST_AUTO_TEST_CASE(a_library_of_another_interface_is_refused) {
  const Variable library("MOOLA_CUDA_LIBRARY", fake_library("libmoola-cuda-fake-other.so"));
  BOOST_TEST(says(open_accelerator().why_not, "another build"));
}

BOOST_AUTO_TEST_CASE(a_host_without_a_gpu_uses_the_cpu_and_refuses_cuda) {
  const Variable library("MOOLA_CUDA_LIBRARY", fake_library()), none("MOOLA_FAKE_CUDA_DEVICES", "0");
  const LoadedAccelerator loaded = open_accelerator();
  BOOST_CHECK(loaded.accelerator == nullptr);
  BOOST_TEST(!resolve_device("auto", loaded, Communicator()).is_cuda);
  BOOST_TEST(!resolve_device("cpu", loaded, Communicator()).is_cuda);
  BOOST_TEST(says(error_of("cuda", 3), "rank 0 has no GPU"));
  BOOST_TEST(says(error_of("cudda", 1), "'cuda'"));
}

BOOST_AUTO_TEST_CASE(each_rank_of_a_host_takes_the_next_gpu) {
  const Variable library("MOOLA_CUDA_LIBRARY", fake_library()), three("MOOLA_FAKE_CUDA_DEVICES", "3");
  const LoadedAccelerator loaded = open_accelerator();
  BOOST_TEST(loaded.library == fake_library());
  on_threads(3, [&](const Communicator& world) {
    const Device device = resolve_device("auto", loaded, world);
    if (!device.is_cuda || device.index != world.rank() || device.name.find("Fake GPU") == std::string::npos)
      throw std::runtime_error("wrong GPU");
  });
}

BOOST_AUTO_TEST_CASE(more_ranks_than_gpus_are_an_error_on_every_rank) {
  const Variable library("MOOLA_CUDA_LIBRARY", fake_library()), two("MOOLA_FAKE_CUDA_DEVICES", "2");
  BOOST_TEST(says(error_of("cuda", 3), "more ranks than GPUs"));
  BOOST_TEST(says(error_of("auto", 3), "ranks 0 and 2"));
}

BOOST_AUTO_TEST_CASE(ranks_that_each_see_one_gpu_of_their_own_are_no_error) {
  const Variable library("MOOLA_CUDA_LIBRARY", fake_library()), one("MOOLA_FAKE_CUDA_DEVICES", "1"),
      own("MOOLA_FAKE_CUDA_OWN", "1");
  BOOST_TEST(error_of("cuda", 3) == "");
}

BOOST_AUTO_TEST_CASE(a_device_that_cannot_be_chosen_is_an_error) {
  const Variable library("MOOLA_CUDA_LIBRARY", fake_library()), broken("MOOLA_FAKE_CUDA_FAIL", "device");
  const LoadedAccelerator loaded = open_accelerator();
  BOOST_CHECK_THROW(resolve_device("cuda", loaded, Communicator()), moola::CommError);
}

BOOST_AUTO_TEST_SUITE_END()
