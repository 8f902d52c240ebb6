"""Checks the manifests here, without a cluster: `run kubernetes` starts it.

Each object is valid by the schemas of Kubernetes, each name that one of them uses is there in another one, and the Collector
validates its configurations. The last line and the exit code say whether everything held.
"""

import os
import pathlib
import re
import shutil
import subprocess
import sys

import kubernetes_validate
import yaml

HERE = pathlib.Path(__file__).parent
# Made by whoever installs, as the README says.
SECRETS = {"backend": {"endpoint", "authorization"}}
FIELDS = {"status.hostIP", "status.podIP", "spec.nodeName", "metadata.name", "metadata.namespace", "metadata.uid"}
WORKLOADS = {"DaemonSet", "Deployment"}

faults = []


def hold(condition, fault):
    if not condition:
        faults.append(fault)


def flat(documents):
    for document in documents:
        yield from flat(document["items"]) if document["kind"] == "List" else [document]


def name(thing):
    return f"{thing['kind']} {thing['metadata'].get('namespace', '')}/{thing['metadata']['name']}"


class Manifests:
    def __init__(self):
        self.kustomization = yaml.safe_load((HERE / "kustomization.yaml").read_text())
        self.things = []
        for file in self.kustomization["resources"]:
            self.things += flat(yaml.safe_load_all((HERE / file).read_text()))
        # By name: file and text.
        self.configs = {
            (made["namespace"], made["name"]): {
                key: (HERE / file).read_text() for key, file in (one.split("=") for one in made["files"])
            }
            for made in self.kustomization["configMapGenerator"]
        }
        self.images = {image["name"] for image in self.kustomization["images"]}

    def of(self, *kinds, namespace=None):
        for thing in self.things:
            if thing["kind"] in kinds and namespace in (None, thing["metadata"].get("namespace")):
                yield thing

    def find(self, kind, namespace, wanted):
        found = [thing for thing in self.of(kind, namespace=namespace) if thing["metadata"]["name"] == wanted]
        return found[0] if found else None

    def selected(self, namespace, labels):
        """Workloads whose pods have these labels."""
        return [
            thing
            for thing in self.of(*WORKLOADS, namespace=namespace)
            if labels.items() <= thing["spec"]["template"]["metadata"]["labels"].items()
        ]

    def config(self, workload):
        volumes = workload["spec"]["template"]["spec"].get("volumes", [])
        maps = [volume["configMap"]["name"] for volume in volumes if "configMap" in volume]
        return [(each, self.configs.get((workload["metadata"]["namespace"], each), {})) for each in maps]


def container(workload):
    (only,) = workload["spec"]["template"]["spec"]["containers"]
    return only


def ports(workload):
    return {port["name"]: port["containerPort"] for port in container(workload).get("ports", [])}


def is_port(workload, port):
    return port in ports(workload) or port in ports(workload).values()


def check_files(manifests):
    listed = set(manifests.kustomization["resources"]) | {"kustomization.yaml"}
    listed |= {one.split("=")[1] for made in manifests.kustomization["configMapGenerator"] for one in made["files"]}
    for file in HERE.glob("*.yaml"):
        hold(file.name in listed, f"{file.name} is not in kustomization.yaml")


def check_schemas(things):
    for thing in things:
        try:
            kubernetes_validate.validate(thing, kubernetes_validate.latest_version(), strict=True)
        except kubernetes_validate.ValidationError as error:
            hold(False, f"{name(thing)}: {'/'.join(map(str, error.path))}: {error.message}")


def check_names(manifests):
    seen = set()
    for thing in manifests.things:
        hold(name(thing) not in seen, f"{name(thing)} is there twice")
        seen.add(name(thing))
        if namespace := thing["metadata"].get("namespace"):
            hold(manifests.find("Namespace", None, namespace), f"{name(thing)}: no such namespace")


def check_services(manifests):
    for service in manifests.of("Service"):
        pods = manifests.selected(service["metadata"]["namespace"], service["spec"]["selector"])
        hold(len(pods) == 1, f"{name(service)} selects {[name(pod) for pod in pods]}")
        for port in service["spec"]["ports"]:
            for pod in pods:
                hold(is_port(pod, port["targetPort"]), f"{name(service)}: {name(pod)} has no port {port['targetPort']}")


def check_workload(manifests, workload):
    here, namespace = name(workload), workload["metadata"]["namespace"]
    spec = workload["spec"]["template"]["spec"]
    labels = workload["spec"]["template"]["metadata"]["labels"]
    it = container(workload)
    hold(workload["spec"]["selector"]["matchLabels"].items() <= labels.items(), f"{here} does not select its own pods")
    hold(manifests.find("ServiceAccount", namespace, spec["serviceAccountName"]), f"{here}: no such service account")
    hold(it["image"] in manifests.images, f"{here}: nothing is said of the image {it['image']}")
    for probe in ("readinessProbe", "livenessProbe"):
        target = it[probe].get("httpGet") or it[probe]["tcpSocket"]
        hold(is_port(workload, target["port"]), f"{here}: {probe} asks a port that is not there")
    sleep = it.get("lifecycle", {}).get("preStop", {}).get("sleep", {}).get("seconds", 0)
    # Beside the sleep: two seconds for requests, five for the last export, and a few.
    hold(sleep + 10 <= spec["terminationGracePeriodSeconds"], f"{here} is killed before it has exported")
    known = []
    for variable in it["env"]:
        check_variable(here, labels, variable, known)
        known.append(variable["name"])
    for mount in it.get("volumeMounts", []):
        volumes = [volume["name"] for volume in spec.get("volumes", [])]
        hold(mount["name"] in volumes, f"{here}: no volume {mount['name']}")
    # In the shop, others are named by their service and its port.
    for host, port in re.findall(r"--\w+=([a-z-]+):(\d+)", " ".join(it["args"])):
        service = manifests.find("Service", namespace, host)
        served = [port["port"] for port in service["spec"]["ports"]] if service else []
        hold(int(port) in served, f"{here}: there is no {host}:{port}")


def check_variable(here, labels, variable, known):
    here = f"{here}: {variable['name']}"
    for used in re.findall(r"\$\((\w+)\)", variable.get("value", "")):
        hold(used in known, f"{here} uses {used}, which is not above it")
    source = variable.get("valueFrom", {})
    if "fieldRef" in source:
        path = source["fieldRef"]["fieldPath"]
        label = re.fullmatch(r"metadata\.labels\['(.+)'\]", path)
        hold(label[1] in labels if label else path in FIELDS, f"{here}: {path} is nothing")
    if "secretKeyRef" in source:
        wanted = source["secretKeyRef"]
        hold(wanted["key"] in SECRETS.get(wanted["name"], ()), f"{here}: no such secret")


def check_telemetry(manifests):
    """The services send to a port of the node that the agent has taken, and say where they run."""
    agent = manifests.find("DaemonSet", "observability", "agent")
    taken = {port.get("hostPort") for port in container(agent)["ports"]}
    for workload in manifests.of("Deployment", namespace="shop"):
        variables = {variable["name"]: variable.get("value") for variable in container(workload)["env"]}
        endpoint = re.fullmatch(r"http://\$\(NODE_IP\):(\d+)", variables["OTEL_EXPORTER_OTLP_ENDPOINT"])
        hold(endpoint and int(endpoint[1]) in taken, f"{name(workload)} does not send to the node's agent")
        attributes = dict(pair.split("=") for pair in variables["OTEL_RESOURCE_ATTRIBUTES"].split(","))
        for key in ("namespace.name", "deployment.name", "pod.name", "pod.uid", "node.name"):
            hold(attributes.get(f"k8s.{key}"), f"{name(workload)} does not say k8s.{key}")
        hold("OTEL_SERVICE_NAME" in variables, f"{name(workload)} has no name")


def check_collector(manifests, workload, collector):
    """Its configuration is valid, and asks for nothing that its pod has not."""
    here, it = name(workload), container(workload)
    mounted = it["volumeMounts"][0]["mountPath"]
    variables = {variable["name"]: variable.get("value", "placeholder") for variable in it["env"]}
    variables |= {"POD_IP": "127.0.0.1", "BACKEND_ENDPOINT": "http://127.0.0.1:4318"}
    for configmap, files in manifests.config(workload):
        hold(files, f"{here}: no ConfigMap {configmap}")
        for key, text in files.items():
            hold(f"--config={mounted}/{key}" in it["args"], f"{here} does not read {key}")
            for used in re.findall(r"\$\{env:(\w+)\}", text):
                hold(used in variables, f"{here}: {used} is not set")
            validate(here, collector, text, variables)
            check_config(manifests, workload, yaml.safe_load(text))


def validate(here, collector, text, variables):
    file = HERE.parent / "kept" / "validated.yaml"
    file.write_text(text)
    command = [collector, "validate", "--config", str(file)]
    done = subprocess.run(command, env=os.environ | variables, capture_output=True, text=True)
    hold(done.returncode == 0, f"{here}: {done.stderr.strip()}")


def check_config(manifests, workload, config):
    here, it = name(workload), container(workload)
    endpoints = [one["endpoint"] for one in config["receivers"]["otlp"]["protocols"].values()]
    for endpoint in [*endpoints, config["extensions"]["health_check"]["endpoint"]]:
        hold(is_port(workload, int(endpoint.rsplit(":", 1)[1])), f"{here}: the pod has no port for {endpoint}")
    limit = it["resources"]["limits"]["memory"]
    limit = int(limit[:-2]) * {"Mi": 1, "Gi": 1024}[limit[-2:]]
    own = config["processors"]["memory_limiter"]["limit_mib"]
    collected = int(re.fullmatch(r"(\d+)MiB", dict((v["name"], v.get("value")) for v in it["env"])["GOMEMLIMIT"])[1])
    hold(own < collected < limit, f"{here}: not {own} < {collected} < {limit} MiB")
    if sampling := config["processors"].get("tail_sampling"):
        wait = int(sampling["decision_wait"].rstrip("s"))
        # The services' exports may be five seconds late.
        hold(wait + 5 < it["lifecycle"]["preStop"]["sleep"]["seconds"], f"{here} ends before it has decided")
    for exporter, of in config["exporters"].items():
        targets = [of["endpoint"]] if "." in of.get("endpoint", "") else []
        if resolver := of.get("resolver", {}).get("k8s"):
            targets += [f"{resolver['service']}:{port}" for port in resolver["ports"]]
            check_resolver(manifests, workload, resolver["service"])
        for target in targets:
            host, port = target.split(":")
            service, namespace = host.split(".")[:2]
            service = manifests.find("Service", namespace, service)
            served = [port["port"] for port in service["spec"]["ports"]] if service else []
            hold(int(port) in served, f"{here}: {exporter} sends to {target}, which is not there")


def check_resolver(manifests, workload, target):
    """The service has an address for each pod, and the Collector may ask for them."""
    here, (service, namespace) = name(workload), target.split(".")
    service = manifests.find("Service", namespace, service)
    hold(service and service["spec"].get("clusterIP") == "None", f"{here}: {target} is not headless")
    account = workload["spec"]["template"]["spec"]["serviceAccountName"]
    allowed = set()
    for binding in manifests.of("RoleBinding", namespace=namespace):
        subjects = [(one["kind"], one["namespace"], one["name"]) for one in binding["subjects"]]
        role = manifests.find(binding["roleRef"]["kind"], namespace, binding["roleRef"]["name"])
        hold(role, f"{name(binding)}: no such role")
        if ("ServiceAccount", workload["metadata"]["namespace"], account) in subjects and role:
            for rule in role["rules"]:
                if rule["apiGroups"] == ["discovery.k8s.io"] and "endpointslices" in rule["resources"]:
                    allowed |= set(rule["verbs"])
    hold({"get", "list", "watch"} <= allowed, f"{here} may not see the addresses of {target}")


def check_network(manifests):
    for policy in manifests.of("NetworkPolicy"):
        pods = manifests.selected(policy["metadata"]["namespace"], policy["spec"]["podSelector"]["matchLabels"])
        hold(pods, f"{name(policy)} is for nobody")
        for rule in policy["spec"].get("ingress", []):
            for port in rule["ports"]:
                hold(any(is_port(pod, port["port"]) for pod in pods), f"{name(policy)} lets in to {port['port']}, which nobody has")
        for rule in [*policy["spec"].get("ingress", []), *policy["spec"].get("egress", [])]:
            for peer in [*rule.get("from", []), *rule.get("to", [])]:
                if labels := peer.get("podSelector", {}).get("matchLabels"):
                    found = manifests.selected(policy["metadata"]["namespace"], labels)
                    hold(found, f"{name(policy)} names pods that are not there: {labels}")


def check_scaling(manifests):
    for scaler in manifests.of("HorizontalPodAutoscaler"):
        target = scaler["spec"]["scaleTargetRef"]
        workload = manifests.find(target["kind"], scaler["metadata"]["namespace"], target["name"])
        hold(workload, f"{name(scaler)} scales nothing")
        if not workload:
            continue
        hold("replicas" not in workload["spec"], f"{name(workload)} says how many, and so does {name(scaler)}")
        for metric in scaler["spec"]["metrics"]:
            resource = metric["resource"]["name"]
            hold(resource in container(workload)["resources"]["requests"], f"{name(scaler)}: no request of {resource}")
    for budget in manifests.of("PodDisruptionBudget"):
        labels = budget["spec"]["selector"]["matchLabels"]
        hold(manifests.selected(budget["metadata"]["namespace"], labels), f"{name(budget)} is for nobody")


def rendered():
    """As kubectl would apply it, if it is here."""
    if not shutil.which("kubectl"):
        print("kubectl is not here: what kustomize makes of it was not seen")
        return []
    done = subprocess.run(["kubectl", "kustomize", str(HERE)], capture_output=True, text=True)
    hold(done.returncode == 0, f"kustomize: {done.stderr.strip()}")
    return list(yaml.safe_load_all(done.stdout)) if done.returncode == 0 else []


def main(collector):
    manifests = Manifests()
    check_files(manifests)
    made = rendered()
    check_schemas([*manifests.things, *made])
    check_names(manifests)
    check_services(manifests)
    collectors = 0
    for workload in manifests.of(*WORKLOADS):
        check_workload(manifests, workload)
        if container(workload)["image"] == "collector":
            check_collector(manifests, workload, collector)
            collectors += 1
    check_telemetry(manifests)
    check_network(manifests)
    check_scaling(manifests)
    version = kubernetes_validate.latest_version()
    print(f"{len(manifests.things)} objects, and {len(made)} that kustomize makes of them, by the schemas of Kubernetes {version}")
    print(f"{collectors} configurations of the Collector, by the Collector")
    print("\n".join(faults + [f"not everything held: {len(faults)} faults" if faults else "everything held"]))
    return bool(faults)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
