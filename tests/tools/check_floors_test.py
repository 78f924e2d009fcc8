"""tools/check-floors against small made-up houses: each fault is found where it is, and a sound house has none."""
import pathlib
import subprocess
import tempfile
import unittest

CHECK = pathlib.Path(__file__).resolve().parents[2] / "tools/check-floors"
SOUND = {
    "src/CMakeLists.txt": "add_subdirectory(base)\nadd_subdirectory(market)\nadd_subdirectory(data)\nif(X)\n"
                          "add_subdirectory(comm)\nadd_subdirectory(cuda)\nadd_subdirectory(work)\nendif()\n",
    "src/base/CMakeLists.txt": "moola_floor(base SOURCES error.cpp LIBRARIES fmt::fmt)\n",
    "src/base/error.h": "#include <string>\n",
    "src/market/CMakeLists.txt": "moola_floor(market\n  SOURCES bars.cpp  # USES work\n  USES base)\n",
    "src/market/bars.cpp": '#include "market/bars.h"\n#include "base/error.h"\n',
    "src/data/CMakeLists.txt": "moola_floor(data SOURCES hdf5.cpp USES market PRIVATE_LIBRARIES hdf5)\n",
    "src/data/hdf5.cpp": '#include <hdf5.h>\n#include "base/error.h"\n#include "market/bars.h"\n',
    "src/comm/CMakeLists.txt": "moola_floor(comm SOURCES world.cpp USES base)\n",
    "src/comm/world.cpp": '#include <mpi.h>\n#include "base/error.h"\n',
    "src/cuda/CMakeLists.txt": "moola_floor(cuda SOURCES nccl.cpp USES comm)\n",
    "src/cuda/nccl.cpp": "#include <nccl.h>\n#include <cuda_runtime_api.h>\n#include <c10/cuda/CUDAStream.h>\n",
    "src/work/CMakeLists.txt": "moola_floor(options SOURCES options.cpp USES base)\n"
                               "moola_floor(work SOURCES pretrain.cpp USES options data cuda TORCH)\n",
    "src/work/options.h": '#include "base/error.h"\n',
    "src/work/pretrain.h": "#include <torch/torch.h>\n",
    "src/work/pretrain.cpp": '#include "market/bars.h"\n#include "cuda/nccl.h"\n#include "comm/world.h"\n',
    "cluster/CMakeLists.txt": "add_subdirectory(launch)\n",
    "cluster/launch/CMakeLists.txt": "moola_floor(launch SOURCES ranks.cpp USES base)\n",
    "cluster/launch/ranks.h": '#include "base/error.h"\n#include "cluster/launch/child.h"\n',
    "cluster/launch/child.h": "",
    "jobs/CMakeLists.txt": "moola_program(moola SOURCE front.cpp USES options launch)\n"
                           "moola_program(moola-pretrain SOURCE pretrain.cpp USES work)\n",
    "jobs/front.cpp": '#include "cluster/launch/ranks.h"\n#include "work/options.h"\n',
    "jobs/pretrain.cpp": '#include "work/pretrain.h"\n',
}


class CheckFloors(unittest.TestCase):
    def check(self, changes):
        with tempfile.TemporaryDirectory() as folder:
            for name, text in (SOUND | changes).items():
                path = pathlib.Path(folder, name)
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(text)
            return subprocess.run([CHECK, "--root", folder], capture_output=True, text=True)

    def assert_fault(self, changes, place, words):
        ended = self.check(changes)
        faults = ended.stdout.splitlines()[:-1]
        self.assertEqual(1, len(faults), ended.stdout + ended.stderr)
        self.assertTrue(faults[0].startswith(place), faults[0])
        self.assertIn(words, faults[0])
        self.assertEqual(1, ended.returncode)

    def test_a_sound_house_has_no_fault(self):
        ended = self.check({})
        self.assertEqual("check-floors: 12 files on 8 floors, 0 faults\n", ended.stdout)
        self.assertEqual(0, ended.returncode)

    def test_an_include_that_goes_up_is_found_with_its_line(self):
        self.assert_fault({"src/base/error.h": '#pragma once\n#include "market/bars.h"\n'}, "src/base/error.h:2:", "may use (base)")

    def test_an_include_in_angle_brackets_does_not_hide_it(self):
        self.assert_fault({"src/base/error.h": "#  include <market/bars.h>\n"}, "src/base/error.h:1:", "may use (base)")

    def test_an_include_of_a_lower_floor_that_is_not_used_is_found(self):
        self.assert_fault({"src/comm/world.cpp": '#include "market/bars.h"\n'}, "src/comm/world.cpp:1:", "may use (base, comm)")

    def test_uses_may_not_name_a_floor_above(self):
        self.assert_fault({"src/base/CMakeLists.txt": "moola_floor(base SOURCES a.cpp USES market)"}, "src/base/CMakeLists.txt:",
                          "market, which is no floor below it")

    def test_uses_may_not_name_what_is_no_floor(self):
        self.assert_fault({"src/market/CMakeLists.txt": "moola_floor(market USES base bas)"}, "src/market/CMakeLists.txt:",
                          "bas, which is no floor")

    def test_the_library_may_not_include_a_job(self):
        self.assert_fault({"src/work/pretrain.cpp": '#include "jobs/pretrain.h"\n'}, "src/work/pretrain.cpp:1:", "may use")

    def test_of_two_libraries_on_one_floor_each_is_held_to_its_own_list(self):
        self.assert_fault({"src/work/options.h": '#include "market/bars.h"\n'}, "src/work/options.h:1:", "may use (base, options)")
        self.assert_fault({"src/work/options.h": '#include "work/pretrain.h"\n'}, "src/work/options.h:1:", "may use (base, options)")

    def test_a_program_is_held_to_its_own_list(self):
        self.assert_fault({"jobs/front.cpp": '#include "work/pretrain.h"\n'}, "jobs/front.cpp:1:",
                          "may use (base, options, launch, moola)")

    def test_the_library_may_not_include_the_job_generator(self):
        self.assert_fault({"src/work/pretrain.cpp": '#include "cluster/launch/ranks.h"\n'}, "src/work/pretrain.cpp:1:", "may use")

    def test_a_path_that_climbs_is_found(self):
        self.assert_fault({"src/base/error.h": '#include "../market/bars.h"\n'}, "src/base/error.h:1:", "from src/")

    def test_a_quoted_folder_that_is_no_floor_is_found(self):
        self.assert_fault({"src/base/error.h": '#include "marked/bars.h"\n'}, "src/base/error.h:1:", "no floor of the house")

    def test_no_torch_in_a_header_of_a_plain_floor(self):
        for header in ("torch/torch.h", "ATen/ATen.h", "c10/core/Device.h"):
            self.assert_fault({"src/data/hdf5.h": f"#include <{header}>\n"}, "src/data/hdf5.h:1:", "no Torch header")

    def test_torch_in_a_source_file_of_such_a_floor_is_allowed(self):
        self.assertEqual(0, self.check({"src/data/hdf5.cpp": "#include <torch/torch.h>\n"}).returncode)

    def test_no_torch_and_no_hdf5_at_all_in_a_pure_floor(self):
        self.assert_fault({"src/market/bars.cpp": "#include <torch/torch.h>\n"}, "src/market/bars.cpp:1:", "without Torch")
        self.assert_fault({"src/market/bars.cpp": "#include <hdf5.h>\n"}, "src/market/bars.cpp:1:", "without HDF5")

    def test_mpi_only_in_the_source_files_of_comm(self):
        self.assert_fault({"src/comm/world.h": "#include <mpi.h>\n"}, "src/comm/world.h:1:", "src/comm/*.cpp only")
        self.assert_fault({"src/work/pretrain.cpp": "#include <mpi.h>\n"}, "src/work/pretrain.cpp:1:", "src/comm/*.cpp only")

    def test_cuda_and_nccl_only_in_cuda(self):
        for header in ("nccl.h", "cuda_runtime.h", "cuda.h", "c10/cuda/CUDAStream.h", "ATen/cuda/CUDAGraph.h"):
            self.assert_fault({"src/work/pretrain.cpp": f"#include <{header}>\n"}, "src/work/pretrain.cpp:1:", "src/cuda only")

    def test_a_floor_that_is_not_built_is_found(self):
        self.assert_fault({"src/record/run.h": "\n"}, "src/record:", "does not add it")

    def test_a_house_without_floors_is_a_mistake(self):
        ended = self.check({"src/CMakeLists.txt": "", "jobs/CMakeLists.txt": "", "jobs/pretrain.cpp": "", "jobs/front.cpp": ""})
        self.assertIn("adds no floor", ended.stdout)
        self.assertEqual(1, ended.returncode)


if __name__ == "__main__":
    unittest.main()
