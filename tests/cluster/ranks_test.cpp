#include "cluster/launch/ranks.h"

#include <unistd.h>

#include <boost/test/unit_test.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "base/error.h"

using namespace moola::launch;

namespace {

struct Devices {
  std::filesystem::path path = std::filesystem::temp_directory_path() / ("moola-dev-" + std::to_string(::getpid()));
  Devices() {
    std::filesystem::create_directories(path);
    for (const char* name :
         {"nvidia0", "nvidia1", "nvidia2", "nvidia10", "nvidiactl", "nvidia-uvm", "nvidia-caps", "null"})
      std::ofstream(path / name);
    ::unsetenv("CUDA_VISIBLE_DEVICES");
  }
  ~Devices() {
    std::filesystem::remove_all(path);
    ::unsetenv("CUDA_VISIBLE_DEVICES");
  }
  int visible(const char* value) const {
    ::setenv("CUDA_VISIBLE_DEVICES", value, 1);
    return count_gpus(path);
  }
};

bool says(const std::exception& error, const char* text) {
  return std::string(error.what()).find(text) != std::string::npos;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(number_of_ranks)

BOOST_AUTO_TEST_CASE(gpus_are_counted_by_their_device_files) {
  const Devices devices;
  BOOST_TEST(count_gpus(devices.path) == 4);
  BOOST_TEST(count_gpus(devices.path / "none") == 0);
}

BOOST_AUTO_TEST_CASE(cuda_visible_devices_narrows_them_as_cuda_reads_it) {
  const Devices devices;
  BOOST_TEST(devices.visible("0,2") == 2);
  BOOST_TEST(devices.visible("") == 0);
  BOOST_TEST(devices.visible("-1") == 0);
  BOOST_TEST(devices.visible("0,-1,2") == 1);  // what follows an invalid entry is not seen
  BOOST_TEST(devices.visible("3") == 1);       // the fourth
  BOOST_TEST(devices.visible("4") == 0);       // there is no fifth
  BOOST_TEST(devices.visible("GPU-5a, 1") == 2);
  BOOST_TEST(devices.visible("NoDevFiles") == 0);
}

BOOST_AUTO_TEST_CASE(moola_cuda_off_hides_every_gpu) {
  const Devices devices;
  ::setenv("MOOLA_CUDA", "off", 1);
  BOOST_TEST(count_gpus(devices.path) == 0);
  ::unsetenv("MOOLA_CUDA");
}

BOOST_AUTO_TEST_CASE(the_default_is_one_rank_per_gpu_or_per_core_and_never_more_than_there_are_leaves) {
  BOOST_TEST(resolve_ranks(0, "auto", {.gpus = 0, .cores = 8}).ranks == 8);
  BOOST_TEST(resolve_ranks(0, "auto", {.gpus = 2, .cores = 8}).ranks == 2);
  BOOST_TEST(resolve_ranks(0, "cpu", {.gpus = 2, .cores = 8}).ranks == 8);
  BOOST_TEST(resolve_ranks(0, "cpu", {.gpus = 0, .cores = 8}, 4).ranks == 4);
  BOOST_TEST(resolve_ranks(0, "cuda", {.gpus = 4, .cores = 8}, 3).ranks == 3);
  BOOST_TEST(resolve_ranks(0, "cpu", {.gpus = 0, .cores = 8}).warning.empty());
}

BOOST_AUTO_TEST_CASE(more_ranks_than_cores_are_a_warning_and_more_than_gpus_an_error) {
  BOOST_TEST(resolve_ranks(8, "cpu", {.gpus = 0, .cores = 8}).warning.empty());
  BOOST_TEST(resolve_ranks(9, "cpu", {.gpus = 0, .cores = 8}).ranks == 9);
  BOOST_TEST(!resolve_ranks(9, "cpu", {.gpus = 0, .cores = 8}).warning.empty());
  BOOST_TEST(resolve_ranks(2, "auto", {.gpus = 2, .cores = 1}).ranks == 2);
  BOOST_CHECK_EXCEPTION(resolve_ranks(3, "auto", {.gpus = 2, .cores = 16}), moola::ConfigError,
                        [](const auto& error) { return says(error, "--ranks 2"); });
}

BOOST_AUTO_TEST_CASE(the_nodes_of_a_slurm_job_count_together) {
  const Resources two{.gpus = 8, .cores = 64, .nodes = 2};
  BOOST_TEST(resolve_ranks(0, "auto", two).ranks == 16);
  BOOST_TEST(resolve_ranks(16, "cuda", two).ranks == 16);
  BOOST_TEST(resolve_ranks(0, "cpu", two).ranks == 128);
  BOOST_CHECK_EXCEPTION(resolve_ranks(17, "cuda", two), moola::ConfigError,
                        [](const auto& error) { return says(error, "the 2 nodes of this job have 16 GPUs"); });
}

BOOST_AUTO_TEST_CASE(on_a_login_node_the_number_of_ranks_is_taken_as_said) {
  const Resources elsewhere{.gpus = 0, .cores = 16, .nodes = 2, .gpus_known = false};
  BOOST_TEST(resolve_ranks(16, "cuda", elsewhere).ranks == 16);
  BOOST_TEST(resolve_ranks(40, "cpu", elsewhere).warning.find("share 32 cores") != std::string::npos);
  BOOST_CHECK_EXCEPTION(resolve_ranks(0, "cuda", elsewhere), moola::ConfigError,
                        [](const auto& error) { return says(error, "--ranks N"); });
}

BOOST_AUTO_TEST_CASE(what_cannot_be_meant_is_refused) {
  BOOST_CHECK_EXCEPTION(resolve_ranks(0, "cuda", {.gpus = 0, .cores = 8}), moola::ConfigError,
                        [](const auto& error) { return says(error, "/dev/nvidia0"); });
  BOOST_CHECK_EXCEPTION(resolve_ranks(0, "cudaa", {.gpus = 1, .cores = 8}), moola::ConfigError,
                        [](const auto& error) { return says(error, "'cuda'"); });
  BOOST_CHECK_THROW(resolve_ranks(-1, "cpu", {.gpus = 0, .cores = 8}), moola::ConfigError);
}

BOOST_AUTO_TEST_CASE(this_process_has_a_core_and_no_launcher) {
  BOOST_TEST(count_cores() >= 1);
  BOOST_TEST(!running_under_launcher());
  ::setenv("OMPI_COMM_WORLD_SIZE", "2", 1);
  BOOST_TEST(running_under_launcher());
  ::unsetenv("OMPI_COMM_WORLD_SIZE");
}

BOOST_AUTO_TEST_SUITE_END()
