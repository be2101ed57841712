# Installs what a script needs, and says so first; sourced, after steps.bash.

# install_for WHOSE LISTING: LISTING is a function that calls `needs` for each thing. What is missing comes from Debian's or
# Ubuntu's packages.
install_for() {
    local whose=$1 listing=$2 why=() packages=()
    "$listing"
    [ ${#packages[@]} -gt 0 ] || return 0

    echo "$whose, and this machine does not have:"
    printf '  - %s\n' "${why[@]}"
    local as_root=()
    [ "$(id -u)" -eq 0 ] || as_root=(sudo)
    local install=("${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "${packages[@]}")
    if ! command -v apt-get >/dev/null; then
        echo "There is no apt-get here: please install these with your system's package manager." >&2
        exit 1
    fi
    if [ ${#as_root[@]} -gt 0 ] && ! sudo -n true 2>/dev/null; then
        echo "They are installed by root only. Please run: apt-get update && ${install[*]:1}" >&2
        exit 1
    fi
    echo "Installing: ${packages[*]}"
    step "Package lists" "${as_root[@]}" apt-get update -q
    step "Packages" "${install[@]}" -q
    why=() packages=()
    "$listing"
    if [ ${#why[@]} -gt 0 ]; then
        echo "Still missing after the installation:" >&2
        printf '  - %s\n' "${why[@]}" >&2
        exit 1
    fi
}

# needs PACKAGES REASON COMMAND...: the command fails where the packages are missing.
needs() {
    local wanted=$1 reason=$2
    shift 2
    "$@" >/dev/null 2>&1 && return
    why+=("$reason")
    read -ra wanted <<<"$wanted"
    packages+=("${wanted[@]}")
}

# Rust's standard library for a target that is not this machine.
install_target() { # TARGET
    [ -d "$(rustc --print target-libdir --target "$1")" ] && return
    if ! command -v rustup >/dev/null; then
        echo "Rust's standard library for $1 is missing, and there is no rustup to install it with." >&2
        exit 1
    fi
    echo "Rust's standard library for $1 is missing; rustup installs it."
    rustup target add "$1"
}
