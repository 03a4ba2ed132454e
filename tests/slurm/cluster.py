"""A SLURM cluster of real daemons on this machine, in a folder of its own: munged, slurmctld and two slurmd.

Partitions: `cpu` on one node, `gpu` on another that has one pretend GPU (counted and handed out, never opened), and
`urgent` on both, whose jobs preempt those of the others. Nothing outside the folder is written, and only what was
started here is stopped; the daemons end with the process that started them, however that ends.
"""

import ctypes
import getpass
import os
import re
import shutil
import signal
import socket
import subprocess
import time
from pathlib import Path

PROGRAMS = ("munged", "slurmctld", "slurmd", "sbatch", "scontrol")
NODES = {"cpu": "CPUs=4", "gpu": "CPUs=2 Gres=gpu:1"}
# No cgroups and no binding: a container has none of what they need. Nodes claim what is written here, not what the
# machine has. JobRequeue=0: a preempted job comes back only if it asked for that. cred_expire is also how long a
# requeued job waits (seconds, 120 by default). MinJobAge: finished jobs stay visible to scontrol that long (seconds).
CONFIGURATION = """\
ClusterName=local
SlurmctldHost={host}(127.0.0.1)
SlurmUser={user}
SlurmdUser={user}
AuthType=auth/munge
AuthInfo=socket={folder}/munge.socket,cred_expire=5
CredType=cred/munge
SlurmctldPort={ports[0]}
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd-%n.pid
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool-%n
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/slurmd-%n.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SwitchType=switch/none
MpiDefault=none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core_Memory
SlurmdParameters=config_overrides
ReturnToService=2
MinJobAge=3600
SchedulerParameters=sched_interval=1,batch_sched_delay=0,bf_interval=1
KillWait=3
JobRequeue=0
PreemptType=preempt/partition_prio
PreemptMode=REQUEUE
AccountingStorageType=accounting_storage/none
GresTypes=gpu
{nodes}
PartitionName=cpu Nodes=cpu Default=YES MaxTime=1-0 PriorityTier=1
PartitionName=urgent Nodes=ALL MaxTime=1-0 PriorityTier=9
PartitionName=gpu Nodes=gpu MaxTime=1-0 PriorityTier=1
"""


class Cluster:
    """The daemons, the environment in which programs find them, and what SLURM knows of its jobs."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        # srun within a job loses SLURM_CONF, since Snakemake's step drops every SLURM_* variable; so it is said again.
        programs = folder / "bin"
        path = f"{programs}:{os.environ['PATH']}:/usr/sbin:/sbin"
        self.environment = os.environ | {"PATH": path, "SLURM_CONF": str(folder / "slurm.conf")}
        self.daemons: list[subprocess.Popen] = []
        missing = [program for program in PROGRAMS if not shutil.which(program, path=path)]
        if missing:
            raise RuntimeError(f"no {', '.join(missing)} on this machine: apt-get install slurm-wlm munge")
        programs.mkdir()
        srun = programs / "srun"
        real = shutil.which("srun")
        srun.write_text(f'#!/bin/sh\nSLURM_CONF={folder}/slurm.conf exec {real} "$@"\n')
        srun.chmod(0o755)

    def __enter__(self) -> "Cluster":
        try:
            self._configure()
            self._start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        if len(self.daemons) > 1:  # the jobs' own processes outlive slurmd
            self._wait("the end of all jobs", self._no_job_left, otherwise=None)
        for daemon in reversed(self.daemons):
            daemon.terminate()
        for daemon in reversed(self.daemons):
            try:
                daemon.wait(10)
            except subprocess.TimeoutExpired:
                daemon.kill()
                daemon.wait()

    def said(self, *words: str) -> str:
        """Return what a SLURM command prints."""
        done = subprocess.run(words, env=self.environment, capture_output=True, text=True, timeout=20, check=False)
        if done.returncode:
            raise RuntimeError(f"{' '.join(words)}: {done.stderr.strip()}")
        return done.stdout

    def jobs(self) -> list[dict[str, str]]:
        """Return what `scontrol show job` says of every job and task of an array, oldest first, with its rule."""
        lines = self.said("scontrol", "--oneliner", "show", "job").splitlines()
        jobs = [dict(re.findall(r"(\S+?)=(\S*)", line)) for line in lines if line.startswith("JobId=")]
        for job in jobs:  # Snakemake's comment is rule_NAME_wildcards_VALUES
            job["Rule"] = job.get("Comment", "").removeprefix("rule_").partition("_wildcards_")[0]
        return sorted(jobs, key=lambda job: int(job["JobId"]))

    def _no_job_left(self) -> bool:
        self.said("scancel", "--user", getpass.getuser())
        return not self.said("squeue", "--noheader")

    def _configure(self) -> None:
        (self.folder / "state").mkdir()
        self.folder.chmod(0o755)
        (self.folder / "munge.key").write_bytes(os.urandom(1024))
        (self.folder / "munge.key").chmod(0o600)
        host = socket.gethostname().partition(".")[0]
        ports = _free_ports(1 + len(NODES))
        nodes = "\n".join(
            f"NodeName={name} NodeHostname={host} NodeAddr=127.0.0.1 Port={port} RealMemory=64000 {has} State=UNKNOWN"
            for (name, has), port in zip(NODES.items(), ports[1:], strict=True)
        )
        text = CONFIGURATION.format(host=host, user=getpass.getuser(), folder=self.folder, ports=ports, nodes=nodes)
        (self.folder / "slurm.conf").write_text(text)
        # SLURM wants a device for each GPU, counts it and never opens it.
        (self.folder / "gres.conf").write_text("NodeName=gpu Name=gpu File=/dev/null\n")

    def _start(self) -> None:
        at = self.folder
        self._launch(
            "munged", "--foreground", "--force", f"--key-file={at}/munge.key", f"--socket={at}/munge.socket",
            f"--pid-file={at}/munged.pid", f"--log-file={at}/munged.log", f"--seed-file={at}/munged.seed",
        )  # fmt: skip
        self._wait("munged", (at / "munge.socket").exists)
        self._launch("slurmctld", "-D", "-c", "-i")
        self._wait("slurmctld", lambda: "is UP" in self.said("scontrol", "ping"))
        for node in NODES:
            (at / f"spool-{node}").mkdir()
            self._launch("slurmd", "-D", "-N", node)
        self._wait("the nodes", lambda: set(self.said("sinfo", "--noheader", "--format=%T").split()) == {"idle"})

    def _launch(self, program: str, *words: str) -> None:
        with open(self.folder / f"{program}-{len(self.daemons)}.out", "w") as out:
            self.daemons.append(
                subprocess.Popen(
                    [program, *words], env=self.environment, stdout=out, stderr=out, stdin=subprocess.DEVNULL,
                    preexec_fn=killed_with_its_parent,
                )
            )  # fmt: skip

    def _wait(self, what: str, ready, seconds: float = 30, otherwise=RuntimeError) -> None:
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            try:
                if ready():
                    return
            except (RuntimeError, subprocess.TimeoutExpired):
                pass
            time.sleep(0.2)
        if otherwise:
            raise otherwise(f"{what}: not ready after {seconds:.0f} s; see the logs in {self.folder}")


def killed_with_its_parent() -> None:
    """Have the kernel kill this process when the one that started it ends (Linux: PR_SET_PDEATHSIG)."""
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)


def _free_ports(count: int) -> list[int]:
    sockets = [socket.socket() for _ in range(count)]
    for one in sockets:
        one.bind(("127.0.0.1", 0))
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports
