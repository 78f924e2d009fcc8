#!/bin/sh
# Unfolds this pack, sees what the place lacks to run it, and runs the words that follow:
#   ./start moola pretrain configs/x.toml
#   ./start --verify     every hash again, and what the place lacks; runs nothing
#   ./start              unfolds, runs nothing
# --at DIR         where programs and configurations go   (default: place/ beside this script)
# --workspace DIR  where data sets and results go         (default: $MOOLA_WORKSPACE, else workspace/ beside this script)
# --torch DIR      LibTorch: the folder that holds lib/   (default: $MOOLA_TORCH, else looked for, else installed by pip)
# --id SHA-256     refuse every pack but this one
# Ends with 2 after a line for each thing that is wrong. Takes sh, coreutils, xargs, and python3 where LibTorch is to be installed.
set -eu
export LC_ALL=C
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd -P)
from=$PWD at=$here/place workspace=${MOOLA_WORKSPACE:-$here/workspace} torch=${MOOLA_TORCH:-} id='' verify='' problems=0
say() { printf 'start: %s\n' "$*" >&2; }
problem() { say "$@"; problems=$((problems + 1)); }
fail() { say "$@"; exit 2; }
while [ $# -gt 0 ]; do
  case $1 in
    --verify) verify=yes; shift; continue ;;
    --at | --workspace | --torch | --id) [ $# -gt 1 ] || fail "$1 wants a value" ;;
    --) shift; break ;;
    -*) fail "$1 is no option; the first lines of $here/start list them" ;;
    *) break ;;
  esac
  case $1 in --at) at=$2 ;; --workspace) workspace=$2 ;; --torch) torch=$2 ;; --id) id=$2 ;; esac
  shift 2
done
case $at in /*) ;; *) at=$from/$at ;; esac
case $workspace in /*) ;; *) workspace=$from/$workspace ;; esac
case $torch in '' | /*) ;; *) torch=$from/$torch ;; esac
cd -- "$here"

# --- is this the pack, whole?
sha() { s=$(sha256sum <"$1"); printf %s "${s%% *}"; }
for file in id manifest.json contents.sh; do
  [ -f "$file" ] || fail "$here has no $file: packing or uploading was cut off. Do it again; only what is missing is sent"
done
pack=$(sha manifest.json)
[ "$(cat id && echo .)" = "$(printf '%s\n.' "$pack")" ] || fail "$here/manifest.json is not the one that was packed: it is damaged, or an upload was cut off. Upload again"
[ -z "$id" ] || [ "$id" = "$pack" ] || fail "this is the pack $pack, and $id is wanted. Upload that one"
for file in start contents.sh; do
  grep -Fq "\"${file%.sh}_sha256\": \"$(sha "$file")\"" manifest.json || fail "$here/$file is not the one that was packed: upload again"
done
short=$(printf %.16s "$pack")
folder=$at/$short
object_of() { object=objects/${1%"${1#??}"}/${1#??}; }
scratch=$(mktemp -d "${TMPDIR:-/tmp}/moola-start.XXXXXX") || fail "cannot write to ${TMPDIR:-/tmp}: set TMPDIR to a folder that can be written to"
unique=${scratch##*.} # process numbers of two nodes may be the same
trap 'rm -rf -- "$scratch"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
check_objects() {
  item() { object_of "$3"; printf '%s  %s\n' "$3" "$object"; }
  . ./contents.sh | sort -u >"$scratch/wanted"
  cut -c67- "$scratch/wanted" | xargs -n 16 -P "$(nproc 2>/dev/null || echo 2)" sha256sum 2>"$scratch/errors" | sort -u >"$scratch/found" || :
  comm -23 "$scratch/wanted" "$scratch/found" >"$scratch/wrong"
  [ ! -s "$scratch/wrong" ] || problem "$(wc -l <"$scratch/wrong") of $(wc -l <"$scratch/wanted") objects are missing or damaged, first $here/$(head -n 1 "$scratch/wrong" | cut -c67-). Upload again; only these are sent"
}
item() { :; }
. ./contents.sh
[ -e "$folder/.whole" ] && [ -z "$verify" ] || check_objects

# --- what does the place lack?
older() { [ "$1" != "$2" ] && [ "$(printf '%s\n%s\n' "$1" "$2" | sort -V | head -n 1)" = "$1" ]; }
loader=/lib64/ld-linux-x86-64.so.2
[ "$(uname -m)" = x86_64 ] || fail "this machine's processor is $(uname -m), and the programs are for x86_64: take another machine"
glibc=$("$loader" --version 2>/dev/null | sed -n '1s/.*version \([0-9]*\.[0-9]*\).*/\1/p') || :
if [ -z "$glibc" ]; then
  problem "this system has no glibc of 2.33 or newer, and the pack needs $need_glibc: take an image of Debian 12, Ubuntu 24.04 or newer"
elif older "$glibc" "$need_glibc"; then
  problem "glibc here is $glibc, and $need_glibc_because needs $need_glibc: take an image with Debian 12, Ubuntu 24.04 or newer, or build on a system as old as this"
fi
driver='' gpus=0
if command -v nvidia-smi >/dev/null 2>&1 && nvidia-smi --query-gpu=driver_version,memory.total --format=csv,noheader,nounits >"$scratch/gpus" 2>/dev/null; then
  gpus=$(wc -l <"$scratch/gpus")
  driver=$(sed -n '1s/\..*//p' "$scratch/gpus")
  least=$(cut -d, -f2 "$scratch/gpus" | sort -n | head -n 1 | tr -d ' ')
  [ "$need_driver" -eq 0 ] || [ "${driver:-0}" -ge "$need_driver" ] || problem "the NVIDIA driver here is $driver, and the pack's GPU part needs $need_driver or newer: take a machine with a newer driver (RunPod: a higher CUDA version)"
  [ "${least:-0}" -ge "$need_gpu_mib" ] || problem "a GPU here has $least MiB, and $need_gpu_mib MiB are needed: take a larger type"
fi
[ "$gpus" -ge "$need_gpus" ] || problem "$gpus GPUs are here, and $need_gpus are needed: is nvidia-smi on PATH, and does the container see them (--gpus, --nv)?"
mkdir -p -- "$at" "$workspace" 2>"$scratch/errors" || fail "cannot make $at and $workspace: $(head -n 1 "$scratch/errors"). Name others with --at and --workspace"
at=$(cd -- "$at" && pwd -P) workspace=$(cd -- "$workspace" && pwd -P) folder=$at/$short
if [ ! -e "$folder/.whole" ]; then
  for there in "$at" "$workspace"; do # bytes are needed anew only where links don't work
    rm -f -- "$there/.link.$unique"
    if ! ln -- manifest.json "$there/.link.$unique" 2>/dev/null; then
      free=$(df -Pk -- "$there" | awk 'NR == 2 { print $4 }')
      [ "$free" -ge "$need_kib" ] || problem "$there has $((free / 1024)) MiB free, and $((need_kib / 1024)) MiB are needed: make room, or name another folder"
    fi
    rm -f -- "$there/.link.$unique"
  done
fi

# --- LibTorch: the place's own of the same release, else from PyPI
torch_version() {
  for said in "$1/version.py" "$1/build-version"; do
    [ ! -r "$said" ] || sed -n "s/^\(__version__ = '\)\{0,1\}\([0-9][0-9.]*\).*/\2/p" "$said" | head -n 1
  done
}
fits() {
  [ -e "$1/lib/libtorch_cpu.so" ] || return 1
  case $(torch_version "$1") in "${need_torch%.*}".*) ;; *) return 1 ;; esac
  [ "$gpus" -gt 0 ] && [ "$need_driver" -gt 0 ] || return 0
  for library in "$1"/lib/libcudart*.so."$need_cuda"* "${1%/*}"/nvidia/*/lib/libcudart.so."$need_cuda"; do # of the CUDA that the GPU part is for
    [ ! -e "$library" ] || return 0
  done
  return 1
}
find_torch() {
  [ -z "$torch" ] || { fits "$torch" && return || fail "--torch $torch is no LibTorch ${need_torch%.*} that fits: its version is '$(torch_version "$torch")'"; }
  for python in python3 python; do
    torch=$("$python" -c 'import importlib.util as u; print(u.find_spec("torch").submodule_search_locations[0])' 2>/dev/null) && fits "$torch" && return
  done
  for torch in "$at/torch-$need_torch/torch" "${VIRTUAL_ENV:-/nowhere}"/lib/python3*/site-packages/torch /usr/local/lib/python3*/dist-packages/torch /usr/local/lib/python3*/site-packages/torch \
      /opt/conda/lib/python3*/site-packages/torch /opt/*/lib/python3*/site-packages/torch /opt/libtorch; do
    fits "$torch" && return
  done
  torch=''
}
install_torch() {
  python3 -m pip --version >/dev/null 2>&1 || fail "LibTorch ${need_torch%.*} is not here, and python3 -m pip, which would install it, is not either: take an image that has torch ${need_torch%.*}, or pack with --torch pack"
  if [ "$gpus" -gt 0 ] && [ "$need_driver" -gt 0 ]; then
    set -- "torch==$need_torch" && size='about 5 GB, with CUDA'
  else # what its CPU side names of CUDA, and no more
    cuda=''; [ "$need_cuda" -ge 13 ] || cuda=-cu$need_cuda
    set -- --no-deps "torch==$need_torch" "nvidia-cuda-runtime$cuda==$need_cuda.*" "nvidia-cuda-cupti$cuda==$need_cuda.*" && size='about 1.4 GB, its CPU side'
  fi
  say "LibTorch ${need_torch%.*} is not here: installing $need_torch by pip ($size) into $at/torch-$need_torch"
  began=$(date +%s) new=$at/torch-$need_torch.$unique
  python3 -m pip install --quiet --disable-pip-version-check --root-user-action=ignore --no-cache-dir --target "$new" "$@" >&2 || { rm -rf -- "$new"; fail "pip could not install it (above): mend that, take an image that has torch ${need_torch%.*}, or pack with --torch pack"; }
  mv -T -- "$new" "$at/torch-$need_torch" 2>/dev/null || rm -rf -- "$new" # another node was faster
  torch=$at/torch-$need_torch/torch
  say "installed $(du -sm -- "$at/torch-$need_torch" | cut -f1) MB in $(($(date +%s) - began)) s"
}
if [ -n "$need_torch" ]; then
  find_torch
  if [ -z "$torch" ] && [ -n "$verify" ]; then
    if python3 -m pip --version >/dev/null 2>&1; then say "LibTorch ${need_torch%.*} is not here; starting something would install it by pip"
    else problem "LibTorch ${need_torch%.*} is not here, nor pip to install it: take an image that has torch ${need_torch%.*}, or pack with --torch pack"; fi
  elif [ -z "$torch" ] && [ "$problems" -eq 0 ]; then
    install_torch
  fi
fi
[ "$problems" -eq 0 ] || fail "$problems things are wrong; nothing was started"

# --- unfold: beside its final name first, so that two nodes can't meet in it
own_library() { # the place's libstdc++ or libgcc_s, when it is as new
  for there in /usr/lib/x86_64-linux-gnu /lib/x86_64-linux-gnu /usr/lib64 /lib64 /usr/lib /usr/local/lib64; do
    [ -e "$there/$1" ] && real=$(readlink -f -- "$there/$1") && ! older "${real##*.so.}" "$2" && return 0
  done
  return 1
}
set_down() { # HOW MODE OBJECT TARGET
  [ -d "${4%/*}" ] || mkdir -p -- "${4%/*}"
  if [ "$1" = link ] && ln -- "$3" "$4" 2>/dev/null; then
    case $2 in 5*) [ -x "$4" ] ;; *) [ ! -x "$4" ] ;; esac && return 0
    chmod "$2" -- "$4" 2>/dev/null && return 0 # an object store forgets modes
    rm -f -- "$4"
  fi
  cp -- "$3" "$4" && chmod "$2" -- "$4"
}
if [ ! -e "$folder/.whole" ]; then
  new=$at/.$short.$unique
  trap 'rm -rf -- "$scratch" "$new"' EXIT
  mkdir -p -- "$new/lib"
  item() {
    object_of "$3"
    case $1 in
      link | copy) set_down "$1" "$2" "$object" "$new/$4" ;;
      library)
        own_library "${4##*/}" "$5" && return 0
        ! older "$glibc" "$6" || fail "${4##*/} here is older than $5, and the pack's own needs glibc $6, where this system has $glibc: take an image with Debian 12, Ubuntu 24.04 or newer"
        set_down link "$2" "$object" "$new/$4" ;;
    esac
  }
  . ./contents.sh
  if [ "$own_mpi" = 1 ]; then # what mpirun calls over ssh, where none of the variables below has come along
    mkdir -p -- "$new/libexec"
    printf '%s\n' '#!/bin/sh' 'here=$(cd -- "$(dirname -- "$0")/.." && pwd -P)' \
      'export OPAL_PREFIX="$here" PMIX_MCA_pcompress_base_silence_warning=1 PATH="$here/bin:$PATH"' 'exec "$here/bin/orted" "$@"' >"$new/libexec/orted"
    chmod 555 -- "$new/libexec/orted"
  fi
  printf '%s\n' "$pack" >"$new/.whole"
  mv -T -- "$new" "$folder" 2>/dev/null || [ -e "$folder/.whole" ] || fail "cannot name the unfolded pack $folder; is something in the way?"
  rm -rf -- "$new"
  trap 'rm -rf -- "$scratch"' EXIT
fi
if [ -n "$need_torch" ] && [ -n "$torch" ] && [ "$(readlink -- "$folder/lib/libtorch_cpu.so")" != "$torch/lib/libtorch_cpu.so" ]; then
  for library in "$torch"/lib/*.so* "${torch%/*}"/nvidia/*/lib/*.so*; do
    name=$folder/lib/${library##*/}
    [ ! -e "$library" ] || { [ -e "$name" ] && [ ! -L "$name" ]; } || [ "$(readlink -- "$name")" = "$library" ] || ln -sfn -- "$library" "$name"
  done
  rm -f -- "$folder/.loads"
fi
if [ -e "$folder/.workspaces" ] && grep -Fxq -- "$workspace" "$folder/.workspaces"; then again=yes; else again=''; fi
item() {
  case $1 in data | file) ;; *) return 0 ;; esac
  object_of "$3"
  target=$workspace/$4
  if [ -e "$target" ]; then
    [ -z "$again" ] || return 0 # what a run has made of its files since is its own
    [ ! "$object" -ef "$target" ] && [ "$(sha "$target")" != "$3" ] || return 0
    [ "$1" = file ] || fail "$target is another data set than the pack's of the same name. Take another --workspace, or move it away"
    say "$target was another one, which is now $target.before-$short"
    mv -- "$target" "$target.before-$short"
  fi
  case $1 in data) how=link ;; *) how=copy ;; esac
  set_down "$how" "$2" "$object" "$target.$unique.new"
  mv -- "$target.$unique.new" "$target"
}
. ./contents.sh
[ -n "$again" ] || printf '%s\n' "$workspace" >>"$folder/.workspaces"
if { [ -z "$need_torch" ] || [ -n "$torch" ]; } && { [ -n "$verify" ] || [ ! -e "$folder/.loads" ]; }; then
  libraries_lacking() {
    for program in "$folder"/bin/moola* "$folder/bin/mpirun" "$folder/bin/orted" "$folder/lib/libmoola-cuda.so"; do
      case $program in */libmoola-cuda.so) [ "$gpus" -gt 0 ] || continue ;; esac
      [ ! -e "$program" ] || "$loader" --list "$program" 2>&1 | grep -e 'not found' -e 'error while' || :
    done
  }
  libraries_lacking | sort -u >"$scratch/lacking"
  while read -r line; do problem "the loader says: $line. Install it, or take an image that has it"; done <"$scratch/lacking"
  [ "$problems" -eq 0 ] || fail "$problems things are wrong; nothing was started"
  : >"$folder/.loads"
fi

# --- run
if [ -n "$verify" ]; then say "the pack $short ($code) is whole, and this place can run it"; exit 0; fi
export PATH="$folder/bin:$PATH" MOOLA_WORKSPACE="$workspace" MOOLA_PACK="$pack"
if [ "$own_mpi" = 1 ]; then # the pack's Open MPI, whatever the image has; on other hosts it lies at the same path
  export OPAL_PREFIX="$folder" OMPI_MCA_orte_launch_agent="$folder/libexec/orted" PMIX_MCA_pcompress_base_silence_warning=1
  # It gives up where nothing leads to other hosts, although it has no need of them.
  [ -n "${OMPI_MCA_plm_rsh_agent:-}" ] || command -v ssh >/dev/null 2>&1 || command -v rsh >/dev/null 2>&1 || export OMPI_MCA_plm=isolated
fi
cd -- "$folder"
rm -rf -- "$scratch"
unset LC_ALL
[ $# -gt 0 ] || { say "the pack $short is unfolded in $folder"; exit 0; }
exec "$@"
