# Steps that installer/run and tests/run share. Sourced by bash with `set -euo pipefail`; needs $root (the source tree).
# Each slow step says what it does; each failure says what to do.

build_dir="$root/build/release"
steps=0

step() {
    steps=$((steps + 1))
    printf '\n\033[1m[%d/%d] %s\033[0m\n' "$steps" "$total_steps" "$1"
}

give_up() {
    printf '\nSallyport: %s\n' "$1" >&2
    exit 1
}

# as_admin COMMAND…: as root, by sudo where we are not.
as_admin() {
    if [ "$(id -u)" -eq 0 ]; then
        "$@"
    elif command -v sudo >/dev/null; then
        sudo "$@"
    else
        give_up "needs root for: $*. Install sudo, or run that command as root and start again."
    fi
}

# install_packages GROUP…: what installer/packages/GROUP lists and this machine lacks.
install_packages() {
    command -v apt-get >/dev/null ||
        give_up "this set-up knows Debian's and Ubuntu's apt-get only. Install the packages named in installer/packages by hand."
    local wanted missing=()
    wanted=$(for group in "$@"; do cat "$root/installer/packages/$group"; done)
    for package in $wanted; do
        dpkg-query -W -f '${db:Status-Status}\n' "$package" 2>/dev/null | grep -qx installed || missing+=("$package")
    done
    if [ ${#missing[@]} -eq 0 ]; then
        echo "Nothing to install."
        return
    fi
    echo "Installing ${#missing[@]} packages: ${missing[*]}"
    # No service of these packages is to start now: Sallyport runs its own, as the user.
    as_admin env DEBIAN_FRONTEND=noninteractive sh -c '
        policy=/usr/sbin/policy-rc.d
        if [ ! -e $policy ]; then
            printf "#!/bin/sh\nexit 101\n" > $policy && chmod 755 $policy && trap "rm -f $policy" EXIT
        fi
        apt-get update -q && apt-get install -q -y --no-install-recommends "$@"' sh "${missing[@]}" ||
        give_up "apt-get could not install the packages above. Its message says why; then run this again."
}

# build TARGET…: configures once, builds what is named.
build() {
    mkdir -p "$root/build"
    local werror=OFF
    [ "${CI:-}" = true ] && werror=ON
    # g++ 12 miscompiles coroutines (two suspensions in one condition); clang 16 does not, and is quicker.
    local candidate compiler=
    for candidate in /usr/bin/clang++-1[6-9] /usr/bin/clang++-2?; do
        if [ -z "$compiler" ] && [ -x "$candidate" ]; then compiler=$candidate; fi
    done
    [ -n "$compiler" ] || give_up "there is no clang 16 or newer; install the package clang-16."
    cmake -S "$root" --preset release -DSALLYPORT_WERROR=$werror \
        -DCMAKE_CXX_COMPILER="$compiler" -DCMAKE_C_COMPILER="${compiler/++/}" >"$root/build/configure.log" 2>&1 || {
        tail -n 30 "$root/build/configure.log" >&2
        give_up "cmake could not configure the build; the whole log: $root/build/configure.log"
    }
    cmake --build "$build_dir" --target "$@" || give_up "the build failed; the compiler's message is above."
}

# ensure_user NAME: an ordinary account with a home and its range of subordinate ids. Root only.
ensure_user() {
    if ! id "$1" >/dev/null 2>&1; then
        useradd --create-home --shell /bin/bash "$1" || give_up "could not create the user $1."
    fi
    local kind
    for kind in uid gid; do
        if ! grep -q "^$1:" "/etc/sub$kind" 2>/dev/null; then
            local start
            start=$(awk -F: 'BEGIN { top = 100000 } $2 + $3 > top { top = $2 + $3 } END { print top }' "/etc/sub$kind" 2>/dev/null || echo 100000)
            usermod "--add-sub${kind}s" "$start-$((start + 65535))" "$1" || give_up "could not give $1 a range in /etc/sub$kind."
        fi
    done
}

# install_programs PREFIX: what was built, for the PATH and the desktop's menu.
install_programs() {
    cmake --install "$build_dir" --prefix "$1" >"$root/build/install.log" || give_up "could not install into $1; see $root/build/install.log"
    case ":$PATH:" in
        *":$1/bin:"*) ;;
        *) echo "Note: $1/bin is not in your PATH yet; a new login may add it." ;;
    esac
}

# The environment that a program of another user gets: its own home, and this display.
user_environment() {
    local home
    home=$(getent passwd "$1" | cut -d: -f6)
    echo "HOME=$home" "USER=$1" "LOGNAME=$1" "PATH=/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin" \
        ${DISPLAY:+"DISPLAY=$DISPLAY"} ${LANG:+"LANG=$LANG"} ${QT_QPA_PLATFORM:+"QT_QPA_PLATFORM=$QT_QPA_PLATFORM"}
    if [ -d "/run/user/$(id -u "$1")" ]; then
        echo "XDG_RUNTIME_DIR=/run/user/$(id -u "$1")"
    fi
}

# as_user NAME COMMAND…: as that user, in its home. exec_as_user: the same, in place of this process.
as_user() { (exec_as_user "$@"); }

exec_as_user() {
    local name=$1
    shift
    if [ "$name" = "$(id -un)" ]; then
        exec "$@"
    fi
    local environment
    read -r -a environment <<<"$(user_environment "$name" | tr '\n' ' ')"
    cd /
    exec runuser -u "$name" -- env -i "${environment[@]}" "$@"
}

# Every user may open the tap control device on an ordinary Linux (it gives no right by itself); some minimal machines
# keep it from them.
ensure_tap_device() {
    if [ ! -e /dev/net/tun ]; then
        as_admin sh -c 'mkdir -p /dev/net && mknod /dev/net/tun c 10 200' || give_up "there is no /dev/net/tun; load the kernel's tun module: modprobe tun"
    fi
    if [ "$(stat -c %a /dev/net/tun)" != 666 ]; then
        echo "Opening /dev/net/tun to ordinary users, as distributions do."
        as_admin chmod 0666 /dev/net/tun
    fi
}

# Some distributions let a program make user namespaces only where an AppArmor profile says so.
ensure_apparmor_profile() {
    local switch=/proc/sys/kernel/apparmor_restrict_unprivileged_userns profile=/etc/apparmor.d/sallyport-jail
    if [ "$(cat $switch 2>/dev/null)" = 1 ] && ! cmp -s "$root/installer/apparmor/sallyport-jail" $profile; then
        echo "Letting sallyport-jail make user namespaces, by an AppArmor profile."
        as_admin sh -c "cp '$root/installer/apparmor/sallyport-jail' $profile && apparmor_parser -r $profile" ||
            give_up "the profile could not be loaded; see installer/apparmor/README.md."
    fi
}
