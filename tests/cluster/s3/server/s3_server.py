#!/usr/bin/python3
"""RunPod's S3 interface for tests, on a port of this machine, with a volume in a folder.

    s3_server.py --folder FOLDER --bucket ID --region REGION --access KEY --secret SECRET

Every file of FOLDER is an object, also one that a test writes there as a pod would. Writes a line {"url": …} to standard
output, then answers commands, one JSON object a line, from standard input, and ends with it. Every signature is checked
(signature_check.py). Commands:

    {"do": "misbehave", "at": "PUT /volume/key?part", "how": HOW, "times": 1}  the next requests that begin so
    {"do": "page", "size": 2}            so many entries of a list at once
    {"do": "capacity", "bytes": 1000}    more is 507
    {"do": "uploads"}                    unfinished uploads and their parts
    {"do": "requests"}                   what was asked, and how it was answered

HOW is as odd_answers.py has it, or {"kind": …} with
    lose        it is done, and the connection closes
    524         it is done, and a proxy's page says that it took too long
    late        a proxy's page says so at once, and it is done when `heads` more HEADs have come
    lie         it is said to be done, and is not (of an upload's completion)
    error_200   a status of 200 and an error behind it
    half_body   half of an object comes, then the connection closes
    short       half of an object comes as if it were whole
    slow        an object comes in pieces with `seconds` between them
    change      an object is replaced while it is read
    proxied     an object comes in chunks, without its length, and with a weak ETag
    stuck       a list that names itself as the next page
    deaf        nothing of the body is read
"""
import argparse
import hashlib
import pathlib
import re
import sys
import tempfile
import threading
import time
import urllib.parse

import signature_check
from volume import Refusal, Volume, escaped

sys.path.append(str(pathlib.Path(__file__).resolve().parents[2] / "http" / "server"))
from odd_answers import OddAnswers, Server  # noqa: E402

PAGE = b"<!DOCTYPE html><html><body>524: A timeout occurred</body></html>"
XMLNS = 'xmlns="http://s3.amazonaws.com/doc/2006-03-01/"'


class State:
    def __init__(self, arguments):
        self.volume, self.bucket, self.region = Volume(arguments.folder), arguments.bucket, arguments.region
        self.keys = {arguments.access: arguments.secret}
        self.misbehaviour, self.requests, self.late = [], [], []
        self.lock, self.ending = threading.RLock(), False
        self.temporary = tempfile.mkdtemp(dir=pathlib.Path(arguments.folder).parent)


class Handler(OddAnswers):
    # --- answers
    def answer(self, status, body=b"", headers=None, content="application/xml"):
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        if body:
            self.send_header("Content-Type", content)
        if "Content-Length" not in (headers or {}) and status != 204:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def problem(self, status, detail, errors=None, headers=None):
        body = f"<?xml version=\"1.0\"?>\n<Error><Code>{detail}</Code><Message>as told</Message></Error>"
        self.answer(status, body.encode(), headers)

    def refuse(self, refusal):
        body = (f"<Error><Code>{refusal.code}</Code><Message>{escaped(refusal.message)}</Message>"
                f"<RequestId>1</RequestId></Error>")
        self.answer(refusal.status, body.encode())

    def misbehaviour(self):
        for index, (where, how) in enumerate(self.state.misbehaviour):
            if f"{self.command} {self.path}".startswith(where):
                del self.state.misbehaviour[index]
                return how
        return None

    # --- one request
    def serve(self):
        how = self.note(bytes=0, headers={name: value for name, value in self.lower_headers().items() if name != "authorization"})
        kind = how.get("kind") if how else None
        if kind == "deaf":
            self.close_connection = True
            while not self.state.ending:
                time.sleep(0.05)
            return
        self.read_body()
        if how and kind in (None, "html", "body", "half", "endless", "trickle", "silent", "close"):
            return self.misbehave(how)
        with self.state.lock:
            try:
                self.query = signature_check.check(self.command, self.path, self.headers, self.sha256.hexdigest(),
                                                   self.state.keys, self.state.region)
                result = self.behave(how or {})
            except signature_check.BadSignature as bad:
                return self.refuse(Refusal(bad.status, bad.code, bad.message))
            except Refusal as refusal:
                return self.refuse(refusal)
        if kind == "lose":
            self.entry["status"] = -1
            return self.hang_up()
        if kind in ("524", "late"):
            return self.answer(524, PAGE, content="text/html")
        if kind == "error_200":
            return self.answer(200, b"   \n<Error><Code>InternalError</Code><Message>try again</Message></Error>")
        if result is not None:
            self.answer(*result)

    def read_body(self):
        self.sha256, self.md5 = hashlib.sha256(), hashlib.md5()
        self.body = tempfile.NamedTemporaryFile(dir=self.state.temporary, delete=False)
        left = int(self.headers.get("Content-Length", 0))
        with self.body:
            while left:
                piece = self.rfile.read(min(left, 1 << 18))
                if not piece:
                    pathlib.Path(self.body.name).unlink()
                    raise ConnectionResetError
                self.sha256.update(piece)
                self.md5.update(piece)
                self.body.write(piece)
                left -= len(piece)
                self.entry["bytes"] += len(piece)

    def behave(self, how):
        volume, kind = self.state.volume, how.get("kind")
        path = urllib.parse.unquote(self.path.partition("?")[0])
        bucket, _, key = path[1:].partition("/")
        if bucket != self.state.bucket:
            raise Refusal(404, "NoSuchBucket", f"no volume {bucket}")
        body = pathlib.Path(self.body.name)
        try:
            if not key:
                return self.behave_bucket(kind)
            return self.behave_object(key, body, how)
        finally:
            body.unlink(missing_ok=True)

    def behave_bucket(self, kind):
        volume = self.state.volume
        if self.command != "GET":
            raise Refusal(405, "MethodNotAllowed")
        if "uploads" in self.query:
            found = [(upload["key"], id, upload["begun"]) for id, upload in volume.uploads.items()
                     if upload["key"].startswith(self.query.get("prefix", ""))]
            found = [one for one in sorted(found)
                     if (one[0], one[1]) > (self.query.get("key-marker", ""), self.query.get("upload-id-marker", ""))]
            page = found[:volume.page]
            xml = "".join(f"<Upload><Key>{escaped(key)}</Key><UploadId>{id}</UploadId><Initiated>{begun}</Initiated></Upload>"
                          for key, id, begun in page)
            xml += f"<IsTruncated>{str(len(found) > len(page)).lower()}</IsTruncated>"
            if page:
                xml += (f"<NextKeyMarker>{escaped(page[-1][0])}</NextKeyMarker>"
                        f"<NextUploadIdMarker>{page[-1][1]}</NextUploadIdMarker>")
            return 200, f"<ListMultipartUploadsResult {XMLNS}>{xml}</ListMultipartUploadsResult>".encode()
        if self.query.get("list-type") != "2":
            raise Refusal(501, "NotImplemented")
        return 200, volume.list(self.query, kind == "stuck").encode()

    def behave_object(self, key, body, how):
        volume, kind, query = self.state.volume, how.get("kind"), self.query
        match (self.command, "uploads" in query, query.get("uploadId")):
            case ("PUT", False, None):
                return 200, b"", {"ETag": f'"{volume.keep(key, body)}"'}
            case ("PUT", False, id):
                md5 = volume.keep_part(key, id, int(query["partNumber"]), body, self.md5.hexdigest())
                return 200, b"", {"ETag": f'"{md5}"'}
            case ("POST", True, None):
                xml = f"<UploadId>{volume.begin(key)}</UploadId>"
                return 200, f"<InitiateMultipartUploadResult {XMLNS}>{xml}</InitiateMultipartUploadResult>".encode()
            case ("POST", False, id) if id is not None:
                text = body.read_text()
                asked = [(int(number), etag.replace("&quot;", '"')) for number, etag in
                         re.findall(r"<Part><PartNumber>(\d+)</PartNumber><ETag>([^<]*)</ETag></Part>", text)]
                if kind == "late":
                    volume.upload(key, id)
                    self.state.late.append({"heads": how["heads"], "do": lambda: volume.complete(key, id, asked)})
                    return None
                etag = "lie" if kind == "lie" else volume.complete(key, id, asked)
                xml = f"<Key>{escaped(key)}</Key><ETag>&quot;{etag}&quot;</ETag>"
                return 200, f"<CompleteMultipartUploadResult {XMLNS}>{xml}</CompleteMultipartUploadResult>".encode()
            case ("DELETE", False, None):
                volume.delete(key)
                return (204,)
            case ("DELETE", False, id):
                volume.upload(key, id)
                volume.end(id)
                return (204,)
            case ("GET", False, id) if id is not None:
                parts = sorted(volume.upload(key, id)["parts"].items())
                parts = [one for one in parts if one[0] > int(query.get("part-number-marker", 0))]
                page = parts[:volume.page]
                folder = volume.upload(key, id)["folder"]
                xml = "".join(f"<Part><PartNumber>{number}</PartNumber><ETag>&quot;{md5}&quot;</ETag>"
                              f"<Size>{(folder / str(number)).stat().st_size}</Size></Part>" for number, md5 in page)
                xml += f"<IsTruncated>{str(len(parts) > len(page)).lower()}</IsTruncated>"
                if page:
                    xml += f"<NextPartNumberMarker>{page[-1][0]}</NextPartNumberMarker>"
                return 200, f"<ListPartsResult {XMLNS}>{xml}</ListPartsResult>".encode()
            case ("GET" | "HEAD", False, None):
                return self.send_object(key, how)
        raise Refusal(405, "MethodNotAllowed")

    def send_object(self, key, how):
        volume, kind = self.state.volume, how.get("kind")
        if self.command == "HEAD":
            for late in self.state.late[:]:
                late["heads"] -= 1
                if late["heads"] < 0:
                    self.state.late.remove(late)
                    late["do"]()
        path = volume.look(key)
        etag, content, facts = volume.etag(key), path.read_bytes(), path.stat()
        headers = {"ETag": f'"{etag}"', "Accept-Ranges": "bytes",
                   "Last-Modified": time.strftime("%a, %d %b %Y %H:%M:%S GMT", time.gmtime(facts.st_mtime))}
        if self.headers.get("If-Match", f'"{etag}"') != f'"{etag}"':
            raise Refusal(412, "PreconditionFailed")
        status = 200
        if match := re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range", "")):
            begin = int(match[1])
            if begin >= len(content):
                raise Refusal(416, "InvalidRange")
            headers["Content-Range"] = f"bytes {begin}-{len(content) - 1}/{len(content)}"
            content, status = content[begin:], 206
        if kind == "short":
            content = content[:len(content) // 2]
        headers["Content-Length"] = str(len(content))
        if kind == "proxied" and self.command == "GET":
            self.send_response(status)
            for name, value in {**headers, "ETag": f'W/"{etag}"', "Transfer-Encoding": "chunked"}.items():
                if name != "Content-Length":
                    self.send_header(name, value)
            self.end_headers()
            for begin in range(0, len(content), 70_000):
                piece = content[begin:begin + 70_000]
                self.wfile.write(f"{len(piece):x}\r\n".encode() + piece + b"\r\n")
            self.wfile.write(b"0\r\n\r\n")
            return None
        if self.command == "HEAD" or kind not in ("half_body", "slow", "change"):
            return status, content, headers
        self.answer(status, b"", headers)
        half = len(content) // 2
        self.wfile.write(content[:half])
        if kind == "half_body":
            self.hang_up()
        elif kind == "slow":
            for begin in range(half, len(content), max(1, half // 8)):
                time.sleep(how["seconds"])
                self.wfile.write(content[begin:begin + max(1, half // 8)])
        else:
            time.sleep(0.01)
            path.write_bytes(bytes(len(content)))
            self.wfile.write(bytes(len(content) - half))
        return None


def carry_out(state, command):
    volume = state.volume
    match command["do"]:
        case "page":
            volume.page = command["size"]
        case "capacity":
            volume.capacity = command["bytes"]
        case "uploads":
            return {"uploads": [{"id": id, "key": upload["key"], "parts": sorted(upload["parts"])}
                                for id, upload in volume.uploads.items()]}
        case other:
            return {"error": f"no command {other}"}
    return {}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ("folder", "bucket", "region", "access", "secret"):
        parser.add_argument(f"--{name}", required=True)
    arguments = parser.parse_args()
    Handler.state = State(arguments)
    Server(("127.0.0.1", 0), Handler).serve_and_obey(carry_out)


if __name__ == "__main__":
    main()
