"""Whether a request is signed as AWS's signature, version 4, wants it: read anew from AWS's documents, not from the client."""
import datetime
import hashlib
import hmac
import re
import urllib.parse


class BadSignature(Exception):
    def __init__(self, code, message, status=403):
        super().__init__(message)
        self.code, self.message, self.status = code, message, status


def fields(authorization):
    match = re.fullmatch(r"AWS4-HMAC-SHA256 Credential=([^/ ]+)/(\d{8})/([^/ ]+)/s3/aws4_request, *"
                         r"SignedHeaders=([a-z0-9;-]+), *Signature=([0-9a-f]{64})", authorization or "")
    if not match:
        raise BadSignature("AccessDenied", "no signature of version 4")
    return match.groups()


def encoded(text, safe="-_.~"):
    return urllib.parse.quote(text, safe=safe)


def check(method, target, headers, body_sha256, keys, region):
    """`headers`: a mapping that ignores case. `keys`: secrets by access keys. Throws BadSignature."""
    access, date, scope_region, names, signature = fields(headers.get("Authorization"))
    if access not in keys:
        raise BadSignature("InvalidAccessKeyId", f"The key {access} does not exist")
    if scope_region != region:
        raise BadSignature("AuthorizationHeaderMalformed", f"the region is {region}, not {scope_region}", 400)
    stamp = headers.get("x-amz-date", "")
    if not stamp.startswith(date):
        raise BadSignature("AccessDenied", "the date of the scope is not that of the request")
    when = datetime.datetime.strptime(stamp, "%Y%m%dT%H%M%SZ").replace(tzinfo=datetime.timezone.utc)
    if abs((datetime.datetime.now(datetime.timezone.utc) - when).total_seconds()) > 3600:
        raise BadSignature("RequestTimeTooSkewed", "the clocks are more than an hour apart")
    names = names.split(";")
    must = {"host"} | {name.lower() for name in headers.keys() if name.lower().startswith("x-amz-")}
    if names != sorted(names) or not must <= set(names):
        raise BadSignature("AccessDenied", f"signed are {names}, and {sorted(must)} must be")
    if headers.get("x-amz-content-sha256") not in (body_sha256, "UNSIGNED-PAYLOAD"):
        raise BadSignature("XAmzContentSHA256Mismatch", "the body has another hash", 400)
    path, _, query = target.partition("?")
    if encoded(urllib.parse.unquote(path), "/-_.~") != path:
        raise BadSignature("InvalidURI", f"the path {path} is not encoded as it is signed", 400)
    pairs = [tuple(urllib.parse.unquote(part) for part in (one + ("" if "=" in one else "=")).split("=", 1))
             for one in query.split("&") if one]
    canonical_query = "&".join(sorted(f"{encoded(name)}={encoded(value)}" for name, value in pairs))
    lines = [method, path, canonical_query]
    lines += [f"{name}:{' '.join(headers[name].split())}" for name in names]
    lines += ["", ";".join(names), headers["x-amz-content-sha256"]]
    scope = f"{date}/{region}/s3/aws4_request"
    text = "\n".join(["AWS4-HMAC-SHA256", stamp, scope, hashlib.sha256("\n".join(lines).encode()).hexdigest()])
    key = f"AWS4{keys[access]}".encode()
    for step in (date, region, "s3", "aws4_request"):
        key = hmac.new(key, step.encode(), hashlib.sha256).digest()
    if not hmac.compare_digest(hmac.new(key, text.encode(), hashlib.sha256).hexdigest(), signature):
        raise BadSignature("SignatureDoesNotMatch", f"{access} signed another text than {text!r}")
    return dict(pairs)
