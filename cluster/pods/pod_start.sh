#!/bin/sh
# First process of a pod that Moola has rented: lets ssh in, runs what is submitted (submitted/RUN/go names this pod), and
# ends the pod when that is over and its results are safe, or when its time is up. It never exits, for RunPod would start it anew.
#   MOOLA_RUN         the run; empty: none, the pod is for whoever comes by ssh
#   MOOLA_POD         the pod's name
#   MOOLA_LIFETIME_S  seconds that it may be up in all
#   MOOLA_AT_END      terminate: results lie on a network volume; keep: on this pod's disk, until somebody has fetched them
#   MOOLA_SLOTS       ranks of a node
# Nothing sent within half an hour, or nothing fetched of a run that is over: it does not wait longer, for that costs money.
set -u
root=${MOOLA_ROOT:-/workspace/moola} run=${MOOLA_RUN:-} me=${RUNPOD_POD_ID:-pod} api=${MOOLA_RUNPOD_URL:-https://api.runpod.io}
lifetime=${MOOLA_LIFETIME_S:-86400} at_end=${MOOLA_AT_END:-keep} linger=${MOOLA_LINGER_S:-120} grace=${MOOLA_GRACE_S:-180}
idle=${MOOLA_IDLE_S:-1800} # for somebody to send something, or to fetch results
order=$root/submitted/$run state=$root/pods/$me job=''
export MOOLA_ROOT="$root"
mkdir -p -- "$root/pods"
say() { printf '%s moola pod: %s\n' "$(date -u +%Y-%m-%dT%H:%M:%SZ)" "$*"; }

# --- seconds up, by a clock that nobody sets, over restarts of the container
uptime_s() { read -r up _ </proc/uptime; echo "${up%.*}"; }
spent=$(cat "$state.spent" 2>/dev/null || echo 0) before=$(uptime_s)
count_time() {
  now=$(uptime_s)
  [ "$now" -le "$before" ] || spent=$((spent + now - before))
  before=$now
  echo "$spent" >"$state.spent.new" && mv -f -- "$state.spent.new" "$state.spent"
}

# --- whatever else hangs (a volume, an installation): beyond its time and the time for checkpoints it ends all the same
watch_over() {
  begun=$(uptime_s)
  while sleep 10; do
    [ $(($(uptime_s) - begun)) -lt $((lifetime + grace + 300)) ] || end_pod "$([ "$at_end" = terminate ] && echo terminate || echo stop)"
  done
}

# --- ssh
open_ssh() {
  command -v sshd >/dev/null || [ -x /usr/sbin/sshd ] || {
    say "no sshd in this image: installing one"
    apt-get update -qq >/dev/null && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends openssh-server >/dev/null ||
      say "no sshd could be installed; nothing reaches this pod. Take an image that has one"
  }
  command -v curl >/dev/null || command -v python3 >/dev/null ||
    { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends curl ca-certificates; } >/dev/null
  mkdir -p ~/.ssh /run/sshd && chmod 700 ~/.ssh
  touch ~/.ssh/authorized_keys && chmod 600 ~/.ssh/authorized_keys
  [ -z "${PUBLIC_KEY:-}" ] || grep -qxF "$PUBLIC_KEY" ~/.ssh/authorized_keys || printf '%s\n' "$PUBLIC_KEY" >>~/.ssh/authorized_keys
  ssh-keygen -A >/dev/null
  "$(command -v sshd || echo /usr/sbin/sshd)" -o ClientAliveInterval=30 ${MOOLA_SSHD_OPTIONS:-} || say "sshd did not start"
}

# --- RunPod's interface, with this pod's own key, which no command line shows
ask() { # METHOD PATH [BODY]
  if command -v curl >/dev/null; then
    printf 'header = "Authorization: Bearer %s"\n' "${RUNPOD_API_KEY:-}" |
      curl -fsS --max-time 60 -K - -X "$1" ${3:+-H 'Content-Type: application/json' --data "$3"} "$api/v2/$2"
  else
    python3 - "$1" "$api/v2/$2" "${3:-}" <<'PYTHON'
import os, sys, urllib.request
method, url, body = sys.argv[1:]
head = {"Authorization": "Bearer " + os.environ.get("RUNPOD_API_KEY", ""), "Content-Type": "application/json"}
print(urllib.request.urlopen(urllib.request.Request(url, body.encode() or None, head, method=method), timeout=60).read().decode())
PYTHON
  fi
}
cluster_id() { ask GET "pods/$me" | tr -d ' \n' | sed -n 's/.*"cluster":{[^}]*"id":"\([^"]*\)".*/\1/p'; }
end_pod() { # terminate | stop
  wait_s=10
  while :; do
    cluster=$(cluster_id || :)
    if [ -n "$cluster" ]; then ask DELETE "clusters/$cluster" >&2 && break
    elif [ "$1" = terminate ]; then ask DELETE "pods/$me" >&2 && break
    else ask POST "pods/$me/action" '{"action":"stop"}' >&2 && break; fi
    command -v runpodctl >/dev/null && { [ "$1" = terminate ] && verb=remove || verb=stop; runpodctl $verb pod "$me" >&2 && break; }
    say "RunPod does not end this pod; it is asked again in $wait_s s"
    sleep "$wait_s"
    [ "$wait_s" -ge 600 ] || wait_s=$((wait_s * 2))
  done
  say "asked RunPod to $1 this pod"
  while :; do sleep 3600; done
}

# --- nodes of a cluster: the first starts ranks on the others, by ssh
meet_nodes() {
  nodes=${NUM_NODES:-1} rank=${NODE_RANK:-0}
  [ "$nodes" -gt 1 ] || return 0
  keys=$order/keys
  mkdir -p -- "$keys"
  printf 'Host *\n  StrictHostKeyChecking no\n  UserKnownHostsFile /dev/null\n  LogLevel ERROR\n' >~/.ssh/config
  if [ "$rank" -eq 0 ]; then
    [ -e ~/.ssh/id_ed25519 ] || ssh-keygen -q -t ed25519 -N '' -f ~/.ssh/id_ed25519
    cp -- ~/.ssh/id_ed25519.pub "$keys/${MOOLA_POD:-}.new" && mv -f -- "$keys/${MOOLA_POD:-}.new" "$keys/${MOOLA_POD:-}.pub"
    hosts='' node=0
    while [ "$node" -lt "$nodes" ]; do hosts=$hosts${hosts:+,}node-$node:${MOOLA_SLOTS:-1} node=$((node + 1)); done
    export MOOLA_HOSTS="$hosts"
    if [ -n "${NODE_ADDR:-}" ]; then # the network between the nodes, for MPI and NCCL alike
      case $NODE_ADDR in */*) net=$NODE_ADDR ;; *) net=$NODE_ADDR/16 ;; esac
      export OMPI_MCA_btl_tcp_if_include="$net" OMPI_MCA_oob_tcp_if_include="$net"
      name=$(ip -o -4 addr show 2>/dev/null | awk -v address="${NODE_ADDR%/*}" '{ split($4, a, "/"); if (a[1] == address) print $2 }')
      export NCCL_SOCKET_IFNAME="${name:-ens1}"
    fi
    [ -d /dev/infiniband ] || export NCCL_IB_DISABLE=1
  else
    until [ -s "$keys/${MOOLA_POD:-}.pub" ]; do sleep 2; count_time; [ "$spent" -lt "$lifetime" ] || return 0; done
    cat -- "$keys/${MOOLA_POD:-}.pub" >>~/.ssh/authorized_keys
  fi
}

locks_are_old=yes
begin() {
  jobs=$root/workspace/artifacts/jobs/$run
  # Whatever held these has gone with its pod, or with this container's last start; a volume may remember it.
  [ -z "$locks_are_old" ] || rm -f -- "$jobs/.runner.lock" "$jobs/.waiting-runner.lock" "$jobs/.submit.lock"
  locks_are_old=''
  rm -f -- "$order/end"
  told=''
  say "runs $run"
  # What RunPod's interface takes is no business of the run's programs.
  env -u RUNPOD_API_KEY setsid sh -c '[ ! -e "$1/again.now" ] || { sh "$1/again.now"; rm -f -- "$1/again.now"; }
    exec sh "$1/moola.sh" submit "$1/job.toml" --to local --run-id "$2" --wait --quiet' sh "$order" "$run" >>"$order/pod.log" 2>&1 &
  job=$!
}
unwanted() { [ "$(cat "$order/stop" 2>/dev/null)" = "${MOOLA_POD:-}" ]; }
connected() { # by ssh: somebody sends or fetches
  for each in /proc/[0-9]*; do
    case $(tr '\0' ' ' 2>/dev/null <"$each/cmdline") in "sshd: "*@*) return 0 ;; esac
  done
  return 1
}
runners() { # processes of moola that work on the run
  for each in /proc/[0-9]*; do
    case $(tr '\0' ' ' 2>/dev/null <"$each/cmdline") in *"step $root/workspace/artifacts/jobs/${run:+$run }"*) echo "${each#/proc/}" ;; esac
  done
}
end_job() { # with the checkpoints that its programs write on SIGTERM
  for each in $(runners); do kill -TERM "$each" 2>/dev/null; done
  waited=0
  while [ "$waited" -lt "$grace" ] && [ -n "$(runners)" ]; do sleep 1; waited=$((waited + 1)); done
  [ -z "$job" ] || kill -KILL "-$job" 2>/dev/null
}

watch_over &
say "up: ${run:-for whoever comes by ssh}, $lifetime s at most, $spent s of them before"
late=''
if [ "$spent" -ge "$lifetime" ]; then # started once more, for somebody to fetch what is on its disk
  late=yes lifetime=$((spent + idle))
fi
since=$spent
open_ssh
meet_nodes
over_since='' told=''
while :; do
  sleep 2 &
  wait $!
  count_time
  if connected; then
    since=$spent
    [ -z "$over_since" ] || over_since=$spent
    [ -z "$late" ] || lifetime=$((spent + idle))
  fi
  if [ "$spent" -ge "$lifetime" ]; then
    # The first node tells its programs to stop, and ends the cluster.
    [ "${NODE_RANK:-0}" -eq 0 ] || { sleep $((grace + 120)); end_pod terminate; }
    say "its time, $lifetime s, is up"
    end_job
    sync
    if [ "$at_end" = terminate ]; then end_pod terminate; else end_pod stop; fi
  fi
  [ -n "$run" ] && [ "${NODE_RANK:-0}" -eq 0 ] && [ -z "$late" ] || continue
  if [ -e "$order/again" ]; then # somebody wants more of it
    mv -f -- "$order/again" "$order/again.now"
    rm -f -- "$order/end" "$order/stop"
    over_since='' told=''
    if [ -z "$job" ]; then
      begin
    else
      env -u RUNPOD_API_KEY sh -c 'sh "$1/again.now"; rm -f -- "$1/again.now"' sh "$order" >>"$order/pod.log" 2>&1 &
    fi
  fi
  if [ -n "$job" ] && [ -z "$told" ] && unwanted; then
    say "nobody wants $run any more"
    told=yes
    end_job
  fi
  if [ -n "$job" ]; then
    kill -0 "$job" 2>/dev/null && continue
    wait "$job"
    code=$?
    sync
    echo "$code" >"$order/end.new" && mv -f -- "$order/end.new" "$order/end"
    say "$run is over: status $code"
    job='' over_since=$spent
  elif [ -n "$over_since" ]; then
    [ "$at_end" != terminate ] || [ $((spent - over_since)) -lt "$linger" ] || end_pod terminate
    if [ $((spent - over_since)) -ge "$idle" ]; then
      say "nobody has fetched the results: they stay on the disk of the stopped pod"
      end_pod stop
    fi
  elif [ "$(cat "$order/go" 2>/dev/null)" = "${MOOLA_POD:-}" ]; then
    # Started once more, what nobody wants does not begin anew.
    if unwanted; then over_since=$spent; else begin; fi
  elif [ $((spent - since)) -ge "$idle" ]; then
    say "nothing was submitted to this pod"
    end_pod terminate
  fi
done
