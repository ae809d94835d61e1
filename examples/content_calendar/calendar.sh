# calendar.sh TOPIC PARTS: thirty days of June as JSON; 29 at first, as a model might, until $WRONG says what was wrong.
set -eu
last=29
if [ -n "${WRONG-}" ]; then last=30; fi
awk -v topic="$1" -v parts="$2" -v last="$last" 'BEGIN {
  printf "{\"days\":["
  for (day = 1; day <= last; day++)
    printf "%s{\"date\":\"2026-06-%02d\",\"channel\":\"%s\",\"text\":\"%s, part %d of %d\"}", \
      (day > 1 ? "," : ""), day, (day % 2 ? "blog" : "social"), topic, (parts ? (day - 1) % parts + 1 : 0), parts
  printf "]}"
}'
