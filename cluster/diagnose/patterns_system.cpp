#include "cluster/diagnose/log_pattern.h"

// The words of the kernel, glibc's loader, shells, ssh and module systems.
namespace moola::cluster {

void add_system_patterns(std::vector<LogPattern>& patterns) {
  using enum Cause;
  using enum Weight;
  patterns.insert(
      patterns.end(),
      {
          {host_out_of_memory, cause, "Memory cgroup out of memory: Kill"},
          {host_out_of_memory, cause, "Out of memory: Kill"},
          {host_out_of_memory, cause, "terminate called after throwing an instance of 'std::bad_alloc'"},
          {host_out_of_memory, cause, "DefaultCPUAllocator: can't allocate memory"},
          {host_out_of_memory, cause, "DefaultCPUAllocator: not enough memory"},
          {host_out_of_memory, cause, "fork: Cannot allocate memory"},
          {host_out_of_memory, cause, "Errno 12] Cannot allocate memory"},
          {host_out_of_memory, hint, ": Cannot allocate memory"},
          {host_out_of_memory, cause, "is killed by signal: Killed"},

          {full_shared_memory, cause, "/dev/shm*: No space left on device"},
          {full_shared_memory, cause, "is killed by signal: Bus error. It is possible that dataloader's workers"},
          {full_disk, cause, "No space left on device"},
          {quota, cause, "Disk quota exceeded"},
          {read_only, hint, "Read-only file system"},
          {too_many_files, cause, "Too many open files"},
          {too_many_processes, cause, "fork: retry: Resource temporarily unavailable"},
          {too_many_processes, cause, "fork: Resource temporarily unavailable"},
          {too_many_processes, cause, "pthread_create failed: Resource temporarily unavailable"},
          {too_many_processes, cause, "pthread_create failed for thread "},
          {too_many_processes, cause, "RuntimeError: can't start new thread"},

          {missing_library, cause, "error while loading shared libraries: *: cannot open shared object file"},
          {wrong_library, cause, "error while loading shared libraries: "},
          {missing_library, cause, "ImportError: *: cannot open shared object file"},
          {missing_library, cause, "OSError: *: cannot open shared object file"},
          {old_glibc, cause, "version `GLIBC_*' not found (required by "},
          {old_libstdcxx, cause, "version `GLIBCXX_*' not found (required by "},
          {old_libstdcxx, cause, "version `CXXABI_*' not found (required by "},
          {wrong_library, cause, "' not found (required by "},
          {wrong_library, cause, ": symbol lookup error: "},
          {wrong_library, cause, "ImportError: *: undefined symbol: "},
          {wrong_architecture, cause, "cannot execute binary file: Exec format error"},

          {missing_module, hint, "The following module(s) are unknown"},
          {missing_module, hint, "These module(s) or extension(s) exist but cannot be loaded as requested"},
          {missing_module, hint, "Unable to locate a modulefile for "},
          {missing_module, hint, " module: command not found$"},
          {missing_program, hint, "^*: command not found$"},
          {missing_program, hint, "^sh: *: not found$"},
          {missing_program, hint, "^/bin/sh: *: not found$"},
          {missing_program, hint, "^env: *: No such file or directory$"},

          {ssh_refused, cause, "^ssh: connect to host * port *: *"},
          {ssh_host_unknown, cause, "^ssh: Could not resolve hostname *: "},
          {ssh_authentication, cause, ": Permission denied (publickey"},
          {ssh_host_key, cause, "Host key verification failed."},
          {mpi_unreachable, outcome, "^Connection to * port * timed out"},

          {segmentation_fault, outcome, ": line *: * Segmentation fault"},
          {segmentation_fault, outcome, "^Segmentation fault (core dumped)$"},
          {segmentation_fault, outcome, "^Segmentation fault$"},
          {segmentation_fault, outcome, "Fatal Python error: Segmentation fault"},
          {bus_error, outcome, ": line *: * Bus error "},
          {illegal_instruction, outcome, ": line *: * Illegal instruction "},
          {aborted, outcome, ": line *: * Aborted "},
          {killed, outcome, ": line *: * Killed "},
          {killed, outcome, "^Killed$"},

          {permission, hint, ": Permission denied"},
          {missing_file, hint, ": No such file or directory"},
          {missing_file, hint, "[Errno 2] No such file or directory"},
      });
}

}  // namespace moola::cluster
