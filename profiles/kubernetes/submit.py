#!/usr/bin/env python3
"""Make a Kubernetes Job of the script that Snakemake wrote for one of its jobs, and print the Job's name."""

import json
import os
import re
import subprocess
import sys

script = os.path.abspath(sys.argv[1])
with open(script) as lines:  # Snakemake says there what the job asks for
    asked = json.loads(re.search(r"^# properties = (.*)$", lines.read(), flags=re.MULTILINE)[1])
resources = asked["resources"]
rule = asked.get("rule") or asked["groupid"]
volume = os.environ.get("PROMOTERNETS_VOLUME", "/promoternets")
needs = {"cpu": str(asked["threads"]), "memory": f"{resources['mem_mb']}M"}
if resources.get("gpu"):
    needs["nvidia.com/gpu"] = str(resources["gpu"])
container = {
    "name": "job",
    "image": os.environ["PROMOTERNETS_IMAGE"],
    "command": ["/bin/sh", script],
    "workingDir": os.getcwd(),
    "resources": {"requests": needs, "limits": {name: need for name, need in needs.items() if name != "cpu"}},
    "volumeMounts": [{"name": "shared", "mountPath": volume}],
}
claim = {"claimName": os.environ.get("PROMOTERNETS_CLAIM", "promoternets")}
job = {
    "apiVersion": "batch/v1",
    "kind": "Job",
    "metadata": {"generateName": f"{rule.replace('_', '-')}-", "labels": {"app": "promoternets"}},
    "spec": {
        "backoffLimit": 0,  # trying again is up to Snakemake
        "activeDeadlineSeconds": 60 * resources["runtime"],
        "ttlSecondsAfterFinished": 86400,
        "template": {
            "spec": {
                "restartPolicy": "Never",
                "containers": [container],
                "volumes": [{"name": "shared", "persistentVolumeClaim": claim}],
            }
        },
    },
}
command = ["kubectl", "create", "--output=name", "--filename=-"]
sys.exit(subprocess.run(command, input=json.dumps(job), text=True, check=False).returncode)
