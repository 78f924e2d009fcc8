"""What servers answer when something is wrong with them, for the servers of tests."""
import http.server
import socket
import ssl
import sys
import time


class OddAnswers:
    """Of a request handler with `state` (misbehaviour, ending), `answer` and `problem`."""

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
