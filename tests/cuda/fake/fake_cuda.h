#pragma once
#include <string>
#include <vector>

/// What the fake library's collectives let a test see: every call in the order it was queued, as
/// "exchange send 1*37 receive 2*37", "broadcast 0*37", "all-reduce 37", "add 37", "fence".
class CallLog {
 public:
  virtual ~CallLog() = default;
  virtual const std::vector<std::string>& calls() const = 0;
};
