#!/usr/bin/env bash
# Ten nodes of examples/ping_pong.rs in a star, driven by the command line.
# Uses the server at P2PSIM_API_URL if that is set, else starts one.
set -euo pipefail
cd "$(dirname "$0")/.."

built=${CARGO_TARGET_DIR:-target}/release
p2psim=${P2PSIM:-$built/p2psim}
if [ ! -x "$p2psim" ] || [ ! -x "$built/examples/ping_pong" ]; then
  cargo build --release --quiet -p p2psim --bin p2psim --example ping_pong
fi

if [ -z "${P2PSIM_API_URL:-}" ]; then
  server=$(mktemp)
  "$built/examples/ping_pong" serve --listen 127.0.0.1:0 >"$server" &
  trap 'kill -INT %1; wait; rm -f "$server"' EXIT
  for _ in $(seq 100); do
    P2PSIM_API_URL=$(sed -n 's/.*listening on //p' "$server")
    [ -n "$P2PSIM_API_URL" ] && break
    sleep 0.1
  done
  export P2PSIM_API_URL
fi

for n in $(seq -w 1 10); do
  "$p2psim" node create --name "node$n"
  "$p2psim" node start "node$n"
done
for n in $(seq -w 2 10); do
  "$p2psim" node connect node01 "node$n"
done

sleep 2 # two rounds of pings, at the pace of the wall
"$p2psim" show
"$p2psim" node show node01
