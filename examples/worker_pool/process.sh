# process.sh ROUND: squares the numbers on standard input, one per line. In round 1 it dies over 23.
set -eu
awk -v round="$1" '
  $1 == 23 && round == 1 { failed = 1; exit 1 }
  { out = out sep sprintf("{\"item\":%d,\"result\":%d}", $1, $1 * $1); sep = "," }
  END { if (!failed) print "[" out "]" }'
