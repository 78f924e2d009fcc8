#!/usr/bin/python3
"""A server for tests that takes every request: 200 and the text "ok", unless it is told to misbehave.

    plain_server.py [--certificate CERT.pem --private KEY.pem]

Writes a line {"url": …} to standard output, then answers commands, one JSON object a line, from standard input, and ends
with it:

    {"do": "misbehave", "at": "POST /hook", "how": HOW, "times": 1}   the next such requests; see odd_answers.py
    {"do": "requests"}                                                what was asked

HOW is {"status": 503, "detail": …, "headers": {…}}, or {"kind": …} with `half` (the answer breaks off), `html`, `body` (200
and the text "body"), `endless` (more than anybody wants), `silent`, `trickle` (a byte now and then), `close` (the
connection closes).
"""
import argparse
import threading
import types

from odd_answers import OddAnswers, Server


class Handler(OddAnswers):
    def serve(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        how = self.note(body=body.decode(errors="replace"), headers=self.lower_headers())
        self.answer(200, b"ok") if how is None else self.misbehave(how)

    def answer(self, status, body, headers=None, content="text/plain"):
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("Content-Type", content)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def problem(self, status, detail, errors=None, headers=None):
        self.answer(status, detail.encode(), headers)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--certificate", help="serve over TLS with this certificate")
    parser.add_argument("--private", help="and its private key")
    arguments = parser.parse_args()
    Handler.state = types.SimpleNamespace(misbehaviour=[], requests=[], ending=False, lock=threading.Lock())
    server = Server(("127.0.0.1", 0), Handler)
    if arguments.certificate:
        server.speak_tls(arguments.certificate, arguments.private)
    server.serve_and_obey(lambda state, command: {"error": f"no command {command['do']}"})


if __name__ == "__main__":
    main()
