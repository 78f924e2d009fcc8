"""Reads a safetensors file as its format says, with nothing but struct, json and numpy; as a program prints what it found as JSON."""
import json
import struct
import sys

import numpy

TYPES = {"F32": "<f4", "F64": "<f8", "I64": "<i8", "U8": "u1"}


def read_safetensors(path):
    """The metadata and the tensors by name."""
    with open(path, "rb") as file:
        (length,) = struct.unpack("<Q", file.read(8))
        assert length % 8 == 0, "the header is not aligned"
        header = json.loads(file.read(length))
        data = file.read()
    metadata = header.pop("__metadata__", {})
    tensors = {}
    for name, entry in header.items():
        begin, end = entry["data_offsets"]
        tensors[name] = numpy.frombuffer(data[begin:end], TYPES[entry["dtype"]]).reshape(entry["shape"])
    return metadata, tensors


if __name__ == "__main__":
    metadata, tensors = read_safetensors(sys.argv[1])
    json.dump({"metadata": metadata, "aligned": True,
               "tensors": {name: {"shape": list(values.shape), "values": values.astype("f8").ravel().tolist()}
                           for name, values in tensors.items()}}, sys.stdout)
