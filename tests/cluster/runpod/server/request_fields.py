"""What RunPod's REST interface, version 2.0.0, takes in the bodies of the requests that Moola sends: fields, types, limits.

Written down from the interface's OpenAPI document as of August 2026, in our own words and for the requests we use. A
check returns the list of what is wrong with a value; an empty one is none. An object with a field of another name is
wrong, as it is there.
"""
import re


def text(least=0, pattern=None):
    def check(value, where):
        if not isinstance(value, str):
            return [f"{where}: expected a text"]
        if len(value) < least:
            return [f"{where}: at least {least} characters"]
        if pattern and not re.fullmatch(pattern, value):
            return [f"{where}: does not look like {pattern}"]
        return []
    return check


def whole(least, most=None):
    def check(value, where):
        if not isinstance(value, int) or isinstance(value, bool):
            return [f"{where}: expected a whole number"]
        if value < least or (most is not None and value > most):
            return [f"{where}: {value} is not from {least} to {most}"]
        return []
    return check


def flag(value, where):
    return [] if isinstance(value, bool) else [f"{where}: expected true or false"]


def one_of(*words):
    return lambda value, where: [] if value in words else [f"{where}: none of {', '.join(words)}"]


def list_of(item, most=None):
    def check(value, where):
        if not isinstance(value, list):
            return [f"{where}: expected a list"]
        if most is not None and len(value) > most:
            return [f"{where}: {len(value)} items, {most} at most"]
        return [fault for i, one in enumerate(value) for fault in item(one, f"{where}[{i}]")]
    return check


def texts_by_name(value, where):
    if not isinstance(value, dict):
        return [f"{where}: expected an object"]
    return [f"{where}.{name}: expected a text" for name, one in value.items() if not isinstance(one, str)]


def fields(required, **known):
    def check(value, where="$"):
        if not isinstance(value, dict):
            return [f"{where}: expected an object"]
        faults = [f"{where}: {name} is missing" for name in required if name not in value]
        for name, one in value.items():
            faults += known[name](one, f"{where}.{name}") if name in known else [f"{where}: additional property '{name}'"]
        return faults
    return check


def text_or_null(value, where):
    return [] if value is None else text()(value, where)


CUDA = r"\d+\.\d+"
CONTAINER = dict(args=text(), disk=whole(1), env=texts_by_name, image=text(), ports=list_of(text()))
PERSISTENT = fields(["size", "path"], size=whole(10), path=text())
MOUNTS = fields([], persistent=PERSISTENT,
                network=list_of(fields(["volumeId", "path"], volumeId=text(), path=text()), most=1))

_POD = fields(["name"], **CONTAINER, registry=text_or_null, name=text(1), cloud=one_of("SECURE", "COMMUNITY"),
              cpu=fields(["id", "vcpuCount"], id=text(1), vcpuCount=whole(2)),
              gpu=fields(["id"], id=text(), count=whole(1), allowedCudaVersions=list_of(text(pattern=CUDA)),
                         minCudaVersion=text(pattern=CUDA)),
              dataCenterIds=list_of(text()), globalNetworking=flag, mounts=MOUNTS, startJupyter=flag, startSsh=flag,
              templateId=text(1))


def pod(value):
    faults = _POD(value)
    if isinstance(value, dict) and "templateId" not in value and "image" not in value:
        faults.append("$: image is missing")
    return faults


ACTION = fields(["action"], action=one_of("start", "stop", "restart", "terminate"))
CLUSTER = fields(["name", "type", "compute"], **CONTAINER, name=text(1),
                 type=one_of("APPLICATION", "TRAINING", "SLURM", "RAY"),
                 compute=fields(["gpuTypeId", "gpuCountPerPod", "podCount"], gpuTypeId=text(1), gpuCountPerPod=whole(1),
                                podCount=whole(2, 250)),
                 dataCenterIds=list_of(text()), mounts=MOUNTS, startJupyter=flag, startSsh=flag)
VOLUME = fields(["name", "size", "dataCenter"], name=text(1), size=whole(10, 4096), dataCenter=text(1),
                type=one_of("STANDARD", "HIGH_PERFORMANCE"))
TEMPLATE = fields(["name", "image"], **CONTAINER, registry=text_or_null, name=text(1),
                  allowedCudaVersions=list_of(text(pattern=CUDA)), category=one_of("CPU", "NVIDIA", "AMD"),
                  mounts=fields([], persistent=PERSISTENT), public=flag, serverless=flag, startJupyter=flag, startSsh=flag)

# What may stand in the query of a request, by its path.
QUERIES = {
    "/v2/pods": {"includeClusterPods": {"true", "false"}},
    "/v2/pods/{}/logs": {"tail": None, "source": {"container", "system"}, "since": None},
    "/v2/catalog/gpus": {"include": {"AVAILABILITY"}, "product": {"POD", "CLUSTER", "SERVERLESS"}, "count": None,
                         "cloud": {"SECURE", "COMMUNITY"}},
}
