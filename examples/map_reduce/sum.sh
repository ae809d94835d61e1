# sum.sh: lines of `WORD TIMES` become one sum per word, as JSON; the most frequent first, then by word.
set -eu
export LC_ALL=C
awk 'NF { sum[$1] += $2 } END { for (word in sum) print sum[word], word }' | sort -k1,1nr -k2 |
  awk '{ printf "%s{\"word\":\"%s\",\"times\":%d}", (NR > 1 ? "," : "["), $2, $1 } END { print (NR ? "]" : "[]") }'
