# agent.sh BRANCH DRY_RUN: stands for an agent that works on a branch. Who only tries runs no tests.
set -eu
tested=true
if [ "$2" = true ]; then tested=false; fi
printf '{"branch":"%s","tested":%s}' "$1" "$tested"
