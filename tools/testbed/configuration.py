"""The files of a test bed's Slurm: what each line is for stands beside it where it is not Slurm's own meaning."""
import os
import socket

# Devices that every Linux has; Slurm wants a device behind each GPU and never opens it.
FAKE_GPUS = ["/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom", "/dev/tty"]

_PREEMPTION = {
    "none": "PreemptType=preempt/none\n",
    "partition": "PreemptType=preempt/partition_prio\nPreemptMode=REQUEUE\n",
    "qos": "PreemptType=preempt/qos\nPreemptMode=REQUEUE\n",
}


def nodes_of(options):
    return [f"n{i}" for i in range(1, options.nodes + 1)]


def slurm_conf(folder, options, ports, loopback_only):
    """The text of slurm.conf; `ports` names one for "slurmctld", each node, and "slurmdbd"."""
    lines = f"""\
ClusterName=testbed
SlurmctldHost=ctl(127.0.0.1)
SlurmctldPort={ports['slurmctld']}
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
# A requeued job waits until its old credential has run out: 2 minutes of Slurm's own.
AuthInfo=socket={folder}/munge/socket,cred_expire=5
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
TaskProlog={folder}/task-prolog
JobAcctGatherType={'jobacct_gather/linux' if options.accounting else 'jobacct_gather/none'}
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU_Memory
SchedulerParameters=sched_interval=2,bf_interval=2,batch_sched_delay=0
ReturnToService=2
SlurmctldTimeout=10
SlurmdTimeout={options.node_timeout}
KillWait=5
MinJobAge={options.min_job_age}
MaxArraySize={options.max_array_size}
MessageTimeout=20
# The machine may have fewer cores and less memory than its nodes claim.
SlurmdParameters=config_overrides
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/%n/spool
TmpFS={folder}/%n/tmp
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/%n/slurmd.pid
GresTypes=gpu
{_PREEMPTION[options.preempt]}"""
    if options.preempt != "none":
        lines += "SlurmctldParameters=preempt_send_user_signal\n"
    if loopback_only:  # or Slurm looks for addresses of an IPv4 network, and finds none
        lines += "CommunicationParameters=EnableIPv6\n"
    if options.requeue_exit is not None:
        lines += f"RequeueExit={options.requeue_exit}\n"
    if options.accounting:
        lines += f"""\
AccountingStorageType=accounting_storage/slurmdbd
AccountingStorageHost=127.0.0.1
AccountingStoragePort={ports['slurmdbd']}
AccountingStoragePass={folder}/munge/socket
AccountingStorageTRES=gres/gpu
AccountingStoreFlags=job_script
"""
    # Slurm refuses a file that says one thing twice, so what the user sets replaces ours.
    own = {setting.partition("=")[0].lower() for setting in options.set}
    lines = "".join(line + "\n" for line in lines.splitlines() if line.partition("=")[0].lower() not in own)
    lines += "".join(setting + "\n" for setting in options.set)
    gres = f" Gres=gpu:{options.gpus}" if options.gpus else ""
    for node in nodes_of(options):
        lines += (f"NodeName={node} NodeAddr=127.0.0.1 Port={ports[node]} CPUs={options.cpus} RealMemory={options.memory}{gres} "
                  "State=UNKNOWN\n")
    if options.preempt == "partition":
        lines += "PartitionName=main Nodes=ALL Default=YES State=UP PriorityTier=10 PreemptMode=off\n"
        lines += f"PartitionName=low Nodes=ALL State=UP PriorityTier=1 PreemptMode=requeue GraceTime={options.grace}\n"
    else:
        lines += "PartitionName=main Nodes=ALL Default=YES State=UP\n"
    return lines


def slurmdbd_conf(folder, ports):
    return f"""\
AuthType=auth/munge
AuthInfo=socket={folder}/munge/socket
DbdHost=ctl
DbdAddr=127.0.0.1
DbdPort={ports['slurmdbd']}
SlurmUser=root
StorageType=accounting_storage/mysql
StorageHost=localhost
StorageUser=root
StorageLoc=slurm_acct_db
PidFile={folder}/slurmdbd.pid
"""


def task_prolog(folder, loopback_only):
    """What every task finds in its environment beside what its job brings."""
    text = f"""\
#!/bin/sh
echo "export SLURM_CONF={folder}/slurm.conf"
echo "export TMPDIR={folder}/$SLURMD_NODENAME/tmp"
"""
    if loopback_only:  # which Open MPI leaves aside unless told
        text += 'echo "export OMPI_MCA_btl_tcp_if_include=lo"\necho "export OMPI_MCA_oob_tcp_if_include=lo"\n'
    return text


def write_files(folder, options, ports, loopback_only):
    """Everything that the daemons read, and the folders that they write into."""
    for name in ["log", "state", *(f"{node}/{part}" for node in nodes_of(options) for part in ("spool", "tmp"))]:
        (folder / name).mkdir(parents=True)
    for node in nodes_of(options):
        os.chmod(folder / node / "tmp", 0o1777)
    (folder / "munge").mkdir(mode=0o711)
    _write(folder / "munge/key", os.urandom(1024), 0o400)
    _write(folder / "slurm.conf", slurm_conf(folder, options, ports, loopback_only).encode())
    _write(folder / "cgroup.conf", b"CgroupPlugin=cgroup/v1\n")  # the one that starts where no cgroups are mounted
    gpus = "".join(f"NodeName={node} Name=gpu File={device}\n" for node in nodes_of(options) for device in FAKE_GPUS[:options.gpus])
    _write(folder / "gres.conf", gpus.encode())
    _write(folder / "task-prolog", task_prolog(folder, loopback_only).encode(), 0o755)
    if options.accounting:
        (folder / "db").mkdir(mode=0o700)
        _write(folder / "slurmdbd.conf", slurmdbd_conf(folder, ports).encode(), 0o600)


def _write(path, content, mode=0o644):
    path.write_bytes(content)
    os.chmod(path, mode)


def only_loopback():
    """Whether this network has no address beside its own loop's."""
    try:
        socket.getaddrinfo(None, 0, socket.AF_INET, socket.SOCK_STREAM, 0, socket.AI_ADDRCONFIG | socket.AI_PASSIVE)
    except socket.gaierror:
        return True
    return False
