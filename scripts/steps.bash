# For scripts that go step by step; sourced.

# step TITLE COMMAND...: prints the title, runs the command, prints how long it took. A failure ends the script.
step() {
    local began=$SECONDS
    step_title=$1
    shift
    echo
    echo "== $step_title"
    local title=$step_title
    # Not in an if, where set -e would not hold within functions.
    "$@"
    echo "== $title: passed in $((SECONDS - began)) s"
}
step_title=
trap 'echo "== FAILED: ${step_title:-$0}, after $SECONDS s" >&2' ERR
set -E
