# Words the scripts share: sentences, root, progress, stamps. Sourced, never run.
# shellcheck shell=bash

ROOT="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
cd "$ROOT"
VAR="$ROOT/var"
VENV="$ROOT/.venv"
STAMPS="$VAR/setup"
LOGS="$STAMPS/log"
mkdir -p "$LOGS"

say() { printf '%s\n' "$*"; }

# One sentence on standard error, then the end.
die() {
    printf 'hotline: %s\n' "$*" >&2
    exit 1
}

# as_root COMMAND...: needs root or sudo, and says so in one sentence if there is neither.
as_root() {
    if [ "$(id -u)" = 0 ]; then
        "$@"
    else
        sudo -n "$@"
    fi
}

# Ask for the password once, in the foreground, before a step hides its output in a log.
demand_root() {
    [ "$(id -u)" = 0 ] && return
    command -v sudo >/dev/null || die "Set-up must install $1: run it as root, or install sudo."
    sudo -v || die "Set-up must install $1: sudo refused."
}

# hash_of TEXT-OR-PATH...: one hash over the names and the contents of files and folders, and over
# words that are neither.
hash_of() {
    local item
    for item in "$@"; do
        if [ -d "$item" ]; then
            find "$item" -type f ! -name '*.pyc' -print0 | LC_ALL=C sort -z | xargs -0r sha256sum
        elif [ -f "$item" ]; then
            sha256sum "$item"
        else
            printf '%s\n' "$item"
        fi
    done | sha256sum | cut -d' ' -f1
}

done_already() { # NAME KEY
    [ -f "$STAMPS/$1.stamp" ] && [ "$(cat "$STAMPS/$1.stamp")" = "$2" ]
}

# step NUMBER TOTAL NAME KEY TITLE COMMAND...: run the command unless its stamp carries the key.
# The command's output goes to a log; the terminal sees the title, the seconds, and on failure the
# log's last lines.
step() {
    local number=$1 total=$2 name=$3 key=$4 title=$5
    shift 5
    done_already "$name" "$key" && return
    rm -f "$STAMPS/$name.stamp"
    local log="$LOGS/$name.log" started=$SECONDS status=0 ticker
    printf '[%s/%s] %s … ' "$number" "$total" "$title"
    ( # A line of life for the long steps: every second on a terminal, every 20 s in a log. It waits
        # by reading from a pipe nobody writes to, so that no child outlives it.
        exec {silence}<> <(:)
        if [ -t 1 ]; then
            while ! read -r -t 1 -u "$silence"; do
                printf '\r[%s/%s] %s … %d s ' "$number" "$total" "$title" $((SECONDS - started))
            done
        else
            while ! read -r -t 20 -u "$silence"; do printf '%d s … ' $((SECONDS - started)); done
        fi
    ) 9>&- &
    ticker=$!
    # Not `|| status=$?`: that would switch `set -e` off inside the command's function.
    set +e
    (
        set -e
        "$@"
    ) >"$log" 2>&1 </dev/null 9>&-
    status=$?
    set -e
    kill "$ticker" 2>/dev/null || true
    wait "$ticker" 2>/dev/null || true
    if [ "$status" != 0 ]; then
        printf 'failed\n'
        tail -n 20 "$log" | sed 's/^/    /' >&2
        die "Set-up stopped at \"$title\"; the whole log is in ${log#"$ROOT"/}."
    fi
    [ -t 1 ] && printf '\r[%s/%s] %s … ' "$number" "$total" "$title"
    printf '%d s\n' $((SECONDS - started))
    printf '%s\n' "$key" >"$STAMPS/$name.stamp"
    STEPS_RUN=$((${STEPS_RUN:-0} + 1))
}

# The newest suitable Python, or nothing.
find_python() {
    local candidate
    for candidate in python3 python3.13 python3.12 python3.11 python3.14; do
        if "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
            command -v "$candidate"
            return
        fi
    done
}
