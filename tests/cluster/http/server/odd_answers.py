"""What the servers of tests share: what they answer when something is wrong with them, what they note of each request,
and how they are told."""
import http.server
import json
import socket
import ssl
import sys
import threading
import time


class OddAnswers(http.server.BaseHTTPRequestHandler):
    """With `state` (misbehaviour, requests, lock, ending), `serve`, `answer` and `problem` of the server's own."""

    protocol_version = "HTTP/1.1"
    state = entry = None

    def log_message(self, *arguments):
        pass

    def do_GET(self):
        try:
            self.serve()
        except (BrokenPipeError, ConnectionResetError, ssl.SSLError):
            self.close_connection = True

    do_PUT = do_POST = do_PATCH = do_DELETE = do_HEAD = do_GET

    def send_response(self, status, message=None):
        if self.entry is not None:  # first: whoever has the answer may ask for the note at once
            self.entry["status"] = status
        super().send_response(status, message)

    def note(self, **facts):
        """Of the request, for {"do": "requests"}; what to do wrong with it, or nothing."""
        self.entry = {"method": self.command, "path": self.path, "status": 0, **facts}
        with self.state.lock:
            self.state.requests.append(self.entry)
            return self.misbehaviour()

    def lower_headers(self):
        return {name.lower(): value for name, value in self.headers.items()}

    def misbehaviour(self):
        for index, (where, how) in enumerate(self.state.misbehaviour):
            if f"{self.command} {self.path.split('?')[0]}".startswith(where):
                del self.state.misbehaviour[index]
                return how
        return None

    def misbehave(self, how):
        kind = how.get("kind")
        if kind is None:
            self.problem(how["status"], how.get("detail", "as told"), how.get("errors"), how.get("headers"))
        elif kind == "html":
            self.answer(how.get("status", 200), b"<html><body>502 Bad Gateway</body></html>", content="text/html")
        elif kind == "body":
            self.answer(how.get("status", 200), how["body"].encode())
        elif kind == "half":
            self.wfile.write(b'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 5000\r\n\r\n{"pods": [{"id":')
            self.hang_up()
        elif kind == "endless":
            self.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n")
            while not self.state.ending:
                self.wfile.write(b" " * 65536)
        elif kind == "trickle":
            self.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 5000\r\n\r\n")
            while not self.state.ending:
                self.wfile.write(b" ")
                time.sleep(0.1)
        elif kind == "silent":
            while not self.state.ending and not self.connection.recv(1) == b"":
                pass
            self.close_connection = True
        elif kind == "close":
            self.hang_up()
        else:
            raise ValueError(kind)

    def hang_up(self):
        self.close_connection = True
        self.connection.shutdown(socket.SHUT_RDWR)


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    context = None

    def handle_error(self, request, client_address):
        if not isinstance(sys.exc_info()[1], (OSError, ssl.SSLError)):
            super().handle_error(request, client_address)

    def speak_tls(self, certificate, private):
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(certificate, private)

    def finish_request(self, request, client_address):
        if self.context:  # here, in the connection's own thread: a client that says nothing stops nobody else
            request = self.context.wrap_socket(request, server_side=True)
        super().finish_request(request, client_address)

    def serve_and_obey(self, carry_out):
        """Says where it is, and does what standard input tells it, until that ends."""
        state = self.RequestHandlerClass.state
        threading.Thread(target=self.serve_forever, daemon=True).start()
        print(json.dumps({"url": f"{'https' if self.context else 'http'}://127.0.0.1:{self.server_address[1]}"}), flush=True)
        for line in sys.stdin:
            command = json.loads(line)
            with state.lock:
                if command["do"] == "misbehave":
                    state.misbehaviour += [(command["at"], command["how"])] * command.get("times", 1)
                    answer = {}
                elif command["do"] == "requests":
                    answer = {"requests": state.requests}
                else:
                    answer = carry_out(state, command)
                text = json.dumps(answer)
            print(text, flush=True)
        state.ending = True
