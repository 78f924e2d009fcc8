#pragma once
#include <boost/test/unit_test.hpp>
#include <cstdlib>
#include <string>
#include <vector>

#include "base/subprocess.h"
#include "tests/support/temporary_folder.h"

namespace moola::test {

/// A certificate that signs itself, for the names given, and its private key.
struct Certificate {
  TemporaryFolder folder;
  std::string file = (folder / "certificate.pem").string(), key = (folder / "key.pem").string();
  explicit Certificate(const std::string& names) {
    const ProcessResult made =
        run_process({"openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=test",
                     "-addext", "subjectAltName=" + names, "-keyout", key, "-out", file});
    BOOST_REQUIRE_MESSAGE(made.exit_code == 0, made.errors);
  }
  ~Certificate() { ::unsetenv("SSL_CERT_FILE"); }
  std::vector<std::string> arguments() const { return {"--certificate", file, "--private", key}; }
  void trust() const { ::setenv("SSL_CERT_FILE", file.c_str(), 1); }
};

}  // namespace moola::test
