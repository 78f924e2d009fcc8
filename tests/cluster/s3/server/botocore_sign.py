"""Signs what a test asks for with botocore: an independent hand.

    botocore_sign.py ASKED.json      writes the headers Authorization as a JSON list
"""
import datetime
import hashlib
import json
import sys
import urllib.parse
from unittest import mock

import botocore.auth
import botocore.awsrequest
import botocore.credentials

asked = json.load(open(sys.argv[1]))
moment = datetime.datetime.strptime(asked["date"], "%Y%m%dT%H%M%SZ")
signer = botocore.auth.S3SigV4Auth(botocore.credentials.Credentials(asked["access"], asked["secret"]), "s3", asked["region"])
clock = mock.Mock(wraps=datetime.datetime)
clock.utcnow.return_value = moment
clock.now.return_value = moment.replace(tzinfo=datetime.timezone.utc)
out = []
for one in asked["requests"]:
    query = "&".join(f"{urllib.parse.quote(name, safe='-_.~')}={urllib.parse.quote(value, safe='-_.~')}" for name, value in one["query"])
    request = botocore.awsrequest.AWSRequest(
        method=one["method"], url=f"https://{asked['host']}{one['path']}{'?' + query if query else ''}", data=one["body"].encode(),
        headers={"X-Amz-Content-SHA256": hashlib.sha256(one["body"].encode()).hexdigest()})
    request.context["payload_signing_enabled"] = True
    clocks = [mock.patch.object(botocore.auth.datetime, "datetime", clock)] if hasattr(botocore.auth.datetime, "datetime") else []
    if hasattr(botocore.auth, "get_current_datetime"):
        clocks.append(mock.patch.object(botocore.auth, "get_current_datetime", lambda remove_tzinfo=True: moment))
    for patch in clocks:
        patch.start()
    signer.add_auth(request)
    for patch in clocks:
        patch.stop()
    out.append(request.headers["Authorization"])
print(json.dumps(out))
