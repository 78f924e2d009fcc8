#!/usr/bin/python3
"""An S3 by other hands, moto's, behind the interface of the servers of tests.

    moto_server.py --python PYTHON_WITH_MOTO --bucket ID

Writes a line {"url": …} to standard output and ends with its standard input."""
import argparse
import json
import os
import sys

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("--python")
parser.add_argument("--bucket", required=True)
arguments = parser.parse_args()
if arguments.python:
    os.execv(arguments.python, [arguments.python, __file__, "--bucket", arguments.bucket])

import logging  # noqa: E402
import urllib.request  # noqa: E402

from moto.server import ThreadedMotoServer  # noqa: E402

logging.getLogger("werkzeug").setLevel(logging.ERROR)
sys.stderr = open(os.devnull, "w")
server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
server.start()
url = "http://127.0.0.1:%d" % server.get_host_and_port()[1]
urllib.request.urlopen(urllib.request.Request(f"{url}/{arguments.bucket}", method="PUT")).read()
print(json.dumps({"url": url}), flush=True)
sys.stdin.read()
server.stop()
