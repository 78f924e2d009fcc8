"""An account at the RunPod that tests talk to: pods that live by a clock which the test turns, clusters, volumes."""
import datetime
import itertools

import request_fields

PROVISIONING_SECONDS, STARTING_SECONDS = 20, 20
ACTIONS = {"PROVISIONING": ["stop", "terminate"], "STARTING": ["stop", "terminate"],
           "RUNNING": ["stop", "restart", "terminate"], "EXITED": ["start", "terminate"],
           "ERROR": ["start", "terminate"], "TERMINATED": []}


class Refusal(Exception):
    def __init__(self, status, detail, errors=None):
        super().__init__(detail)
        self.status, self.detail, self.errors = status, detail, errors


def gpu_type(id, name, memory, secure, community, places):
    return {"id": id, "name": name, "pool": None, "manufacturer": "NVIDIA", "memory": memory, "secure": secure > 0,
            "community": community > 0, "price": {"secure": secure, "community": community},
            "maxCount": {"secure": 8, "community": 4}, "stock": places}


def demand(faults):
    if faults:
        raise Refusal(422, "Request validation failed.", faults)


class Account:
    def __init__(self):
        self.clock = datetime.datetime(2026, 11, 22, 12, 0, 0)
        self.pods, self.clusters, self.volumes, self.templates = {}, {}, {}, {}
        self.registries = [{"id": "reg1", "name": "private"}]
        self.fates = {}      # by pod name: the state it falls into, and the seconds after it ran
        self.free = {}       # by GPU type: pods that still find a place; none: without end
        self.no_access = set()
        self.lag = 0         # lists that still lack what was made last
        self.hidden = []     # ids that they lack
        self.rate = 1.0      # what is billed, against the list price
        self.numbers = itertools.count(1)
        self.gpus = {g["id"]: g for g in [
            gpu_type("NVIDIA GeForce RTX 4090", "RTX 4090", 24, 0.44, 0.31, {"US-KS-2": "HIGH", "EU-RO-1": "LOW"}),
            gpu_type("NVIDIA L40S", "L40S", 48, 0.86, 0.0, {"EU-RO-1": "MEDIUM"}),
            gpu_type("NVIDIA H100 80GB HBM3", "H100 SXM", 80, 2.99, 2.69, {"US-KS-2": "LOW"}),
            gpu_type("NVIDIA B200", "B200", 180, 5.99, 0.0, {"US-KS-2": "NONE"})]}
        self.data_centers = [
            {"id": id, "name": name, "region": region, "globalNetwork": True, "networkVolumeTypes": ["STANDARD"],
             "compliance": []} for id, name, region in [("US-KS-2", "US Kansas 2", "NORTH_AMERICA"),
                                                        ("EU-RO-1", "EU Romania 1", "EUROPE")]]

    def now(self):
        return self.clock.strftime("%Y-%m-%dT%H:%M:%SZ")

    def advance(self, seconds):
        for _ in range(seconds):
            self.clock += datetime.timedelta(seconds=1)
            for pod in self.pods.values():
                self.live_a_second(pod)

    def live_a_second(self, pod):
        pod["in_state"] += 1
        if pod["status"] == "PROVISIONING" and pod["in_state"] >= PROVISIONING_SECONDS:
            self.become(pod, "STARTING")
        elif pod["status"] == "STARTING" and pod["in_state"] >= STARTING_SECONDS:
            self.become(pod, "RUNNING")
            pod["startedAt"] = self.now()
        elif pod["status"] == "RUNNING" and pod["name"] in self.fates:
            state, after = self.fates[pod["name"]]
            if pod["in_state"] >= after:
                self.become(pod, state)

    def become(self, pod, status):
        pod["status"], pod["in_state"] = status, 0

    # --- what a pod looks like from outside
    def shown(self, pod):
        running = pod["status"] == "RUNNING"
        out = {name: pod[name] for name in ("id", "name", "status", "image", "args", "disk", "mounts", "ports", "env",
                                            "registry", "cloud", "dataCenterId", "createdAt", "startedAt")}
        direct = running and "22/tcp" in pod["ports"]
        out.update(actions=ACTIONS[pod["status"]], cudaVersion="12.8", template=None, locked=False,
                   cost=0.0 if pod["status"] in ("EXITED", "TERMINATED") else pod["price"],
                   globalNetworking={"enabled": False},
                   ssh={"proxy": {"host": "ssh.runpod.io", "port": 22, "username": pod["id"] + "-1", "command": "ssh"},
                        "direct": {"host": "127.0.0.1", "port": 2222, "username": "root", "command": "ssh"} if direct else None},
                   runtime={"uptime": pod["in_state"], "ports": [
                       {"private": 22, "public": 2222, "type": "tcp", "ip": "127.0.0.1"}] if direct else []} if running else None)
        for name in ("gpu", "cpu", "cluster"):
            if pod.get(name):
                out[name] = pod[name]
        return out

    def add_pod(self, body, kind="pod", price=0.0, place="US-KS-2", cluster=None):
        pod = {"id": f"{kind}{next(self.numbers)}", "status": "PROVISIONING", "in_state": 0, "args": "", "disk": 50,
               "image": "", "mounts": {}, "ports": [], "env": {}, "registry": None, "cloud": "SECURE", "startedAt": None,
               "createdAt": self.now(), "log": [], "price": price, "dataCenterId": place, "cluster": cluster}
        pod.update({k: v for k, v in body.items() if k in ("name", "args", "disk", "image", "mounts", "ports", "env",
                                                           "registry", "cloud", "gpu", "cpu", "createdAt", "status")})
        self.pods[pod["id"]] = pod
        return pod

    def remember(self, id):
        if self.lag:
            self.hidden.append(id)

    def visible(self, things):
        """A list as it is shown: what was made lately may still be missing."""
        hidden = set(self.hidden) if self.lag else set()
        self.lag = max(self.lag - 1, 0)
        return [one for one in things if one["id"] not in hidden]

    # --- requests
    def place_for(self, gpu, count, wanted, cloud="SECURE"):
        if gpu not in self.gpus:
            raise Refusal(400, f"unknown gpu type {gpu}")
        if gpu in self.no_access:
            raise Refusal(403, "access denied")
        kind = self.gpus[gpu]
        if count > kind["maxCount"][cloud.lower()]:
            raise Refusal(400, "count is above maxCount")
        places = [p for p, stock in kind["stock"].items() if stock != "NONE" and (not wanted or p in wanted)]
        if not places or self.free.get(gpu, 1) < 1:
            raise Refusal(400, "there are no instances currently available")
        if gpu in self.free:
            self.free[gpu] -= 1
        return places[0], kind["price"][cloud.lower()] * count * self.rate

    def mounts_allowed(self, body, place):
        mounts = body.get("mounts", {})
        if "persistent" in mounts and "network" in mounts:
            raise Refusal(400, "persistent and network mounts exclude each other")
        for mount in mounts.get("network", []):
            volume = self.volumes.get(mount["volumeId"])
            if volume is None or (place and volume["dataCenter"] != place):
                raise Refusal(400, "no such network volume in the data center")
        if len(body.get("env", {})) > 50:
            raise Refusal(400, "more than 50 environment variables")

    def create_pod(self, body):
        demand(request_fields.pod(body))
        if ("gpu" in body) == ("cpu" in body):
            raise Refusal(400, "exactly one of gpu and cpu")
        if "templateId" in body:
            if body["templateId"] not in self.templates:
                raise Refusal(404, "template not found")
            body = {**{k: v for k, v in self.templates[body["templateId"]].items() if k in request_fields.CONTAINER}, **body}
        place, price = (body.get("dataCenterIds") or ["US-KS-2"])[0], 0.1
        if "gpu" in body:
            if body["gpu"].get("allowedCudaVersions") and "minCudaVersion" in body["gpu"]:
                raise Refusal(400, "allowedCudaVersions and minCudaVersion exclude each other")
            place, price = self.place_for(body["gpu"]["id"], body["gpu"].get("count", 1), body.get("dataCenterIds"),
                                          body.get("cloud", "SECURE"))
        self.mounts_allowed(body, place)
        pod = self.add_pod(body, price=price, place=place)
        self.remember(pod["id"])
        return self.shown(pod)

    def pod(self, id):
        if id not in self.pods:
            raise Refusal(404, "pod not found")
        return self.pods[id]

    def own_pod(self, id):
        pod = self.pod(id)
        if pod["cluster"]:
            raise Refusal(409, "pod belongs to a cluster")
        return pod

    def act(self, id, body):
        demand(request_fields.ACTION(body))
        pod, action = self.own_pod(id), body["action"]
        if action not in ACTIONS[pod["status"]]:
            raise Refusal(409, f"cannot {action} a pod that is {pod['status']}")
        if action == "terminate":
            del self.pods[id]
            return None
        self.become(pod, {"start": "STARTING", "restart": "STARTING", "stop": "EXITED"}[action])
        return self.shown(pod)

    def create_cluster(self, body):
        demand(request_fields.CLUSTER(body))
        compute = body["compute"]
        place, price = self.place_for(compute["gpuTypeId"], compute["gpuCountPerPod"], body.get("dataCenterIds"))
        self.mounts_allowed(body, place)
        cluster = {"id": f"cluster{next(self.numbers)}", "name": body["name"], "type": body["type"], "compute": compute,
                   "dataCenterId": place, "createdAt": self.now()}
        self.clusters[cluster["id"]] = cluster
        gpu = {"id": compute["gpuTypeId"], "count": compute["gpuCountPerPod"]}
        for rank in range(compute["podCount"]):
            self.add_pod({**body, "name": f"{body['name']}-{rank}", "gpu": gpu}, "node", price, place,
                         {"id": cluster["id"], "rank": rank, "ip": f"10.65.0.{rank + 2}"})
        self.remember(cluster["id"])
        return self.shown_cluster(cluster)

    def members(self, id):
        if id not in self.clusters:
            raise Refusal(404, "cluster not found")
        # Not in the order of their ranks: nothing promises that.
        return [pod for pod in reversed(self.pods.values()) if pod["cluster"] and pod["cluster"]["id"] == id]

    def shown_cluster(self, cluster):
        states = {}
        members = self.members(cluster["id"])
        for pod in members:
            states[pod["status"]] = states.get(pod["status"], 0) + 1
        primary = members[-1]
        out = {**cluster, "pods": {"total": len(members), "byStatus": states},
               "primary": {"podId": primary["id"], "status": primary["status"]}}
        if primary["status"] == "RUNNING" and "22/tcp" in primary["ports"]:
            out["primary"]["sshEndpoint"] = "127.0.0.1:2222"
        return out

    def delete_cluster(self, id):
        for pod in self.members(id):
            del self.pods[pod["id"]]
        del self.clusters[id]

    def create_volume(self, body):
        demand(request_fields.VOLUME(body))
        if body["dataCenter"] not in [d["id"] for d in self.data_centers]:
            raise Refusal(400, "unknown data center")
        volume = {"type": "STANDARD", **body, "id": f"vol{next(self.numbers)}"}
        self.volumes[volume["id"]] = volume
        self.remember(volume["id"])
        return volume

    def create_template(self, body):
        demand(request_fields.TEMPLATE(body))
        template = {"args": "", "disk": 50, "mounts": {}, "ports": [], "env": {}, "registry": None, "serverless": False,
                    "public": False, "category": "NVIDIA", "startSsh": True, "startJupyter": True,
                    "allowedCudaVersions": [], **body, "id": f"tpl{next(self.numbers)}"}
        self.templates[template["id"]] = template
        self.remember(template["id"])
        return template

    def gpu_types(self, query):
        asks = "include" in query
        if asks != ("product" in query) or ("count" in query and not asks):
            raise Refusal(400, "include=AVAILABILITY and product go together")
        out = []
        for gpu in self.gpus.values():
            one = {k: v for k, v in gpu.items() if k != "stock"}
            if asks:
                places = [{"id": p, "name": p, "availability": s} for p, s in gpu["stock"].items()]
                order = ["NONE", "LOW", "MEDIUM", "HIGH"]
                one["availability"] = max((p["availability"] for p in places), key=order.index)
                one["dataCenters"] = places
            out.append(one)
        return out
