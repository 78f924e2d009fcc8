#!/usr/bin/python3
"""A RunPod for tests: its REST interface, version 2, on a port of this machine, with an account that lives in memory.

    runpod_server.py --key KEY [--certificate CERT.pem --private KEY.pem]

Writes a line {"url": …} to standard output, then answers commands, one JSON object a line, from standard input, and ends
with it. Every request is checked (request_fields.py); what is wrong is answered as RunPod answers it. Commands:

    {"do": "advance", "seconds": 60}                           turns the account's clock; pods go from state to state
    {"do": "fate", "name": POD, "state": "EXITED", "after": 5}  what becomes of a pod of that name once it runs
    {"do": "free", "gpu": ID, "pods": 0}                       so many pods still find a place
    {"do": "forbid", "gpu": ID}                                403 for that type
    {"do": "rate", "factor": 2}                                what is billed, against the list
    {"do": "quota", "left": 3, "renewed_in": 1}                requests until 429; the headers tell of it
    {"do": "lag", "lists": 2}                                  so many lists lack what is made from now on
    {"do": "misbehave", "at": "POST /v2/pods", "how": HOW}     the next such request; several are taken one after another
    {"do": "log", "pod": ID, "line": TEXT, "source": …}        a line for the pod's log
    {"do": "cut_logs"}                                         closes the logs' connections
    {"do": "add_pod", "pod": {…}}                              a pod that somebody else has made
    {"do": "pods"}, {"do": "clusters"}, {"do": "requests"}       what there is; what was asked

HOW is {"status": 503, "detail": …, "headers": {…}}, or {"kind": …} with `half` (the answer breaks off), `html`, `body` (200
and the text "body"), `endless` (more than anybody wants), `silent`, `trickle` (a byte now and then), `close` (nothing is
done, the connection closes), `lose` (it is done, and the connection closes).
"""
import argparse
import json
import pathlib
import re
import sys
import threading
import time
import urllib.parse

import request_fields
from account import Account, Refusal

sys.path.append(str(pathlib.Path(__file__).resolve().parents[2] / "http" / "server"))
from odd_answers import OddAnswers, Server  # noqa: E402


class State:
    def __init__(self, key):
        self.key, self.account, self.lock = key, Account(), threading.Condition()
        self.misbehaviour, self.requests, self.quota = [], [], None
        self.log_epoch, self.ending = 0, False


class Handler(OddAnswers):
    # --- answers
    def answer(self, status, body=None, headers=None, content="application/json"):
        data = b"" if body is None else body if isinstance(body, bytes) else json.dumps(body).encode()
        self.send_response(status)
        for name, value in {**self.quota_headers(), **(headers or {})}.items():
            self.send_header(name, value)
        if data:
            self.send_header("Content-Type", content)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def problem(self, status, detail, errors=None, headers=None):
        body = {"title": "Error", "status": status, "detail": detail}
        if errors:
            body["errors"] = errors
        self.answer(status, body, headers, "application/problem+json")

    def quota_headers(self):
        quota = self.state.quota
        if quota is None:
            return {}
        seconds = max(0, int(quota["until"] - time.time() + 0.999))
        return {"RateLimit": f'"minute";r={max(quota["left"], 0)};t={seconds}, "hour";r=2800;t=1812',
                "RateLimit-Policy": '"minute";q=60;w=60, "hour";q=3000;w=3600'}

    # --- one request
    def serve(self):
        self.url = urllib.parse.urlsplit(self.path)
        self.raw = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        how = self.note(body=self.raw.decode(errors="replace"), last_event_id=self.headers.get("Last-Event-ID"))
        if how is None or how.get("kind") == "lose":
            self.behave(lose=how is not None)
        else:
            self.misbehave(how)

    def behave(self, lose):
        with self.state.lock:
            try:
                self.demand_quota()
                result = self.route()
            except Refusal as refusal:
                headers = {"Retry-After": self.retry_after()} if refusal.status == 429 else None
                return self.problem(refusal.status, refusal.detail, refusal.errors, headers)
        if lose:
            return self.hang_up()
        if result == "log":
            return self.stream_log()
        return self.answer(*result)

    def demand_quota(self):
        if self.headers.get("Authorization") != f"Bearer {self.state.key}":
            raise Refusal(401, "invalid bearer token")
        quota = self.state.quota
        if quota is None:
            return
        if time.time() >= quota["until"]:
            self.state.quota = None
            return
        quota["left"] -= 1
        if quota["left"] < 0:
            raise Refusal(429, "rate limit exceeded for the minute window")

    def retry_after(self):
        return str(max(1, int(self.state.quota["until"] - time.time() + 0.999)))

    def body(self):
        try:
            return json.loads(self.raw)
        except ValueError:
            raise Refusal(422, "the body is no JSON") from None

    def query(self, pattern):
        known = request_fields.QUERIES.get(pattern, {})
        out = {}
        for name, value in urllib.parse.parse_qsl(self.url.query, keep_blank_values=True):
            if name not in known or (known[name] and value not in known[name]):
                raise Refusal(422, "Request validation failed.", [f"query {name}={value}"])
            out[name] = value
        return out

    def route(self):
        account, method = self.state.account, self.command
        parts = [urllib.parse.unquote(p) for p in self.url.path.split("/")][1:]
        match (method, *parts):
            case ("GET", "v2", "pods"):
                clusters = self.query("/v2/pods").get("includeClusterPods") == "true"
                pods = [p for p in account.pods.values() if clusters or not p["cluster"]]
                return 200, {"pods": [account.shown(p) for p in account.visible(pods)]}
            case ("POST", "v2", "pods"):
                return 201, account.create_pod(self.body())
            case ("GET", "v2", "pods", id):
                return 200, account.shown(account.pod(id))
            case ("DELETE", "v2", "pods", id):
                del account.pods[account.own_pod(id)["id"]]
                return (204,)
            case ("POST", "v2", "pods", id, "action"):
                pod = account.act(id, self.body())
                return (204,) if pod is None else (200, pod)
            case ("GET", "v2", "pods", id, "logs"):
                tail = self.query("/v2/pods/{}/logs").get("tail", "100")
                if not re.fullmatch(r"\d{1,4}", tail) or int(tail) > 5000:
                    raise Refusal(422, "tail is not from 0 to 5000")
                self.pod_id = account.pod(id)["id"]
                return "log"
            case ("GET", "v2", "clusters"):
                return 200, {"clusters": [account.shown_cluster(c) for c in account.visible(account.clusters.values())]}
            case ("POST", "v2", "clusters"):
                return 201, account.create_cluster(self.body())
            case ("GET", "v2", "clusters", id):
                account.members(id)
                return 200, account.shown_cluster(account.clusters[id])
            case ("GET", "v2", "clusters", id, "pods"):
                return 200, {"pods": [account.shown(p) for p in account.members(id)]}
            case ("DELETE", "v2", "clusters", id):
                account.delete_cluster(id)
                return (204,)
            case ("GET", "v2", "network-volumes"):
                return 200, {"networkVolumes": account.visible(account.volumes.values())}
            case ("POST", "v2", "network-volumes"):
                return 201, account.create_volume(self.body())
            case ("GET", "v2", "templates"):
                return 200, {"templates": account.visible(account.templates.values())}
            case ("POST", "v2", "templates"):
                return 201, account.create_template(self.body())
            case (_, "v2", ("network-volumes" | "templates") as kind, id):
                things = account.volumes if kind == "network-volumes" else account.templates
                if id not in things:
                    raise Refusal(404, "not found")
                if method == "GET":
                    return 200, things[id]
                if method == "DELETE":
                    del things[id]
                    return (204,)
            case ("GET", "v2", "registries"):
                return 200, {"registries": account.registries}
            case ("GET", "v2", "catalog", "gpus"):
                return 200, {"gpus": account.gpu_types(self.query("/v2/catalog/gpus"))}
            case ("GET", "v2", "catalog", "datacenters"):
                return 200, {"dataCenters": account.data_centers}
        raise Refusal(404, f"no route {method} {self.url.path}")

    # --- logs
    def stream_log(self):
        query = dict(urllib.parse.parse_qsl(self.url.query))
        pod = self.state.account.pods[self.pod_id]
        resume = self.headers.get("Last-Event-ID")
        with self.state.lock:
            begin = max(0, len(pod["log"]) - int(query.get("tail", 100)))
            if resume:  # from that moment on, itself included
                begin = next((i for i, line in enumerate(pod["log"]) if line["ts"] >= resume), len(pod["log"]))
            epoch = self.state.log_epoch
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        self.chunk(b": welcome\n\n")
        while True:
            with self.state.lock:
                gone = self.pod_id not in self.state.account.pods
                over = gone or self.state.ending or epoch != self.state.log_epoch
                lines = pod["log"][begin:]
                if not lines and over:
                    break
                if not lines:
                    self.state.lock.wait(0.2)
            begin += len(lines)
            for line in lines:
                if query.get("source", line["source"]) == line["source"]:
                    self.chunk(f"id: {line['ts']}\ndata: {json.dumps(line)}\n\n".encode())
        self.hang_up()

    def chunk(self, data):
        self.wfile.write(b"%x\r\n%s\r\n" % (len(data), data))


def carry_out(state, command):
    try:
        return carried_out(state, command)
    except (Refusal, KeyError, ValueError, TypeError) as error:
        return {"error": repr(error)}
    finally:
        state.lock.notify_all()


def carried_out(state, command):
    account, do = state.account, command["do"]
    if do == "advance":
        account.advance(command["seconds"])
    elif do == "fate":
        account.fates[command["name"]] = (command["state"], command["after"])
    elif do == "free":
        account.free[command["gpu"]] = command["pods"]
    elif do == "forbid":
        account.no_access.add(command["gpu"])
    elif do == "rate":
        account.rate = command["factor"]
    elif do == "quota":
        state.quota = {"left": command["left"], "until": time.time() + command["renewed_in"]}
    elif do == "lag":
        account.lag = command["lists"]
    elif do == "log":
        account.pod(command["pod"])["log"].append(
            {"ts": command.get("ts", account.now()), "source": command.get("source", "container"), "line": command["line"]})
    elif do == "cut_logs":
        state.log_epoch += 1
    elif do == "add_pod":
        return {"id": account.add_pod(command["pod"], price=command.get("price", 0.5))["id"]}
    elif do == "pods":
        return {"pods": [account.shown(p) for p in account.pods.values()]}
    elif do == "clusters":
        return {"clusters": list(account.clusters.values())}
    else:
        raise ValueError(f"no command {do}")
    return {}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--key", required=True, help="the account's key")
    parser.add_argument("--certificate", help="serve over TLS with this certificate")
    parser.add_argument("--private", help="and its private key")
    arguments = parser.parse_args()
    Handler.state = State(arguments.key)
    server = Server(("127.0.0.1", 0), Handler)
    if arguments.certificate:
        server.speak_tls(arguments.certificate, arguments.private)
    server.serve_and_obey(carry_out)


if __name__ == "__main__":
    main()
