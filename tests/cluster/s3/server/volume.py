"""A network volume: a folder whose files are objects, as RunPod has it."""
import base64
import hashlib
import os
import pathlib
import shutil
import time
import urllib.parse

HIDDEN = ".s3compat_uploads"


class Refusal(Exception):
    def __init__(self, status, code, message=""):
        super().__init__(code)
        self.status, self.code, self.message = status, code, message or code


def stamp(seconds):
    return time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime(seconds))


class Volume:
    def __init__(self, folder):
        self.folder, self.etags, self.uploads, self.number = pathlib.Path(folder), {}, {}, 0
        self.page, self.capacity = 1000, None

    def path(self, key):
        if not key or any(part in ("", ".", "..") for part in key.split("/")) or len(os.fsencode(key)) > 1024:
            raise Refusal(400, "InvalidArgument", f"no path: {key!r}")
        return self.folder / key

    # --- objects
    def used(self):
        return sum(path.stat().st_size for path in self.folder.rglob("*") if path.is_file())

    def keep(self, key, temporary, etag=None):
        path = self.path(key)
        if self.capacity is not None and self.used() > self.capacity:
            temporary.unlink()
            raise Refusal(507, "InsufficientStorage", "no space left on the volume")
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary.replace(path)
        self.etags.pop(key, None)
        if etag:
            self.etags[key] = (path.stat().st_mtime_ns, etag)
        return self.etag(key)

    def etag(self, key):
        path = self.path(key)
        facts = path.stat()
        known = self.etags.get(key)
        if not known or known[0] != facts.st_mtime_ns:
            known = self.etags[key] = (facts.st_mtime_ns, hashlib.md5(path.read_bytes()).hexdigest())
        return known[1]

    def look(self, key):
        path = self.path(key)
        if not path.is_file():
            raise Refusal(404, "NoSuchKey", "The specified key does not exist.")
        return path

    def delete(self, key):
        path = self.path(key)
        if path.is_file():
            path.unlink()

    # --- lists
    def entries(self, prefix, delimiter):
        """Keys and, with a delimiter, what they have in common up to it; sorted."""
        out = set()
        for path in self.folder.rglob("*"):
            key = path.relative_to(self.folder).as_posix()
            if path.is_dir():
                if any(path.iterdir()):
                    continue
                key += "/"  # an empty folder is listed
            if not key.startswith(prefix):
                continue
            rest = key[len(prefix):]
            out.add(prefix + rest.split(delimiter)[0] + delimiter if delimiter and delimiter in rest else key)
        return sorted(out)

    def list(self, query, stuck):
        prefix, delimiter = query.get("prefix", ""), query.get("delimiter", "")
        token = query.get("continuation-token", "")
        after = os.fsdecode(base64.urlsafe_b64decode(token)) if token else query.get("start-after", "")
        # (A pod may have given a name that is no UTF-8.)
        name = (lambda key: urllib.parse.quote_plus(os.fsencode(key))) if query.get("encoding-type") == "url" else str
        entries = [entry for entry in self.entries(prefix, delimiter) if entry > after]
        page, rest = entries[:self.page], entries[self.page:]
        xml = []
        for key in page:
            if key.endswith("/") and delimiter:
                xml.append(f"<CommonPrefixes><Prefix>{escaped(name(key))}</Prefix></CommonPrefixes>")
            elif key.endswith("/"):
                xml.append(f"<Contents><Key>{escaped(name(key))}</Key><Size>0</Size></Contents>")
            else:
                facts = (self.folder / key).stat()
                xml.append(f"<Contents><Key>{escaped(name(key))}</Key><LastModified>{stamp(facts.st_mtime)}</LastModified>"
                           f"<ETag>&quot;{self.etag(key)}&quot;</ETag><Size>{facts.st_size}</Size></Contents>")
        if query.get("encoding-type") == "url":
            xml.append("<EncodingType>url</EncodingType>")
        more = bool(rest) or stuck
        xml.append(f"<IsTruncated>{str(more).lower()}</IsTruncated>")
        if more:
            next_token = token if stuck else base64.urlsafe_b64encode(os.fsencode(page[-1])).decode()
            xml.append(f"<NextContinuationToken>{next_token}</NextContinuationToken>")
        return f'<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">{"".join(xml)}</ListBucketResult>'

    # --- uploads in parts
    def begin(self, key):
        self.path(key)
        self.number += 1
        id = f"up/load+{self.number} ="
        self.uploads[id] = {"key": key, "begun": stamp(time.time() + self.number), "parts": {}}
        (self.folder / HIDDEN / str(self.number)).mkdir(parents=True)
        self.uploads[id]["folder"] = self.folder / HIDDEN / str(self.number)
        return id

    def upload(self, key, id):
        upload = self.uploads.get(id)
        if not upload or upload["key"] != key:
            raise Refusal(404, "NoSuchUpload", "The specified multipart upload does not exist.")
        return upload

    def keep_part(self, key, id, number, temporary, md5):
        upload = self.upload(key, id)
        if not 1 <= number <= 10000:
            raise Refusal(400, "InvalidArgument", "part numbers go from 1 to 10000")
        if self.capacity is not None and self.used() > self.capacity:
            temporary.unlink()
            raise Refusal(507, "InsufficientStorage", "no space left on the volume")
        temporary.replace(upload["folder"] / str(number))
        upload["parts"][number] = md5
        return md5

    def end(self, id):
        shutil.rmtree(self.uploads.pop(id)["folder"])
        if not any((self.folder / HIDDEN).iterdir()):
            (self.folder / HIDDEN).rmdir()

    def complete(self, key, id, asked):
        """`asked`: (number, ETag) of each part."""
        upload = self.upload(key, id)
        numbers = [number for number, _ in asked]
        if not numbers or numbers != sorted(set(numbers)):
            raise Refusal(400, "InvalidPartOrder")
        together = hashlib.md5()
        temporary = upload["folder"] / "whole"
        with open(temporary, "wb") as whole:
            for number, etag in asked:
                if upload["parts"].get(number) != etag.strip('"'):
                    raise Refusal(400, "InvalidPart", f"part {number} is not there, or has another ETag")
                together.update(bytes.fromhex(etag.strip('"')))
                whole.write((upload["folder"] / str(number)).read_bytes())
        etag = self.keep(key, temporary, f"{together.hexdigest()}-{len(asked)}")
        self.end(id)
        return etag


def escaped(text):
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
