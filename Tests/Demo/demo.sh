#!/bin/sh
# Shows portreeve at work between three machines that exist only while this runs: demo.sh PORTREEVE
#
# The machines are network namespaces joined by veth pairs. The script reads and writes nothing outside them, and removes
# them when it ends, also when it fails. Exits 0 only when every step came out as announced.
set -eu

trust=
binary=$(realpath "${1:?usage: demo.sh PORTREEVE}")
here=$(cd "$(dirname "$0")" && pwd)
PATH=$PATH:/usr/sbin:/sbin

# Network namespaces need privileges. Most kernels give every user those inside a user namespace.
if [ "$(id -u)" -ne 0 ]; then
    if [ -z "${PORTREEVE_DEMO_UNSHARED:-}" ] && unshare --map-root-user --net --mount true 2>/dev/null; then
        PORTREEVE_DEMO_UNSHARED=1 exec unshare --map-root-user --net --mount sh "$0" "$binary"
    fi
    echo 'This user may not create network namespaces: run `sudo make demo`.' >&2
    exit 1
fi
if [ -n "${PORTREEVE_DEMO_UNSHARED:-}" ]; then
    # In a user namespace /run, where `ip netns` keeps its names, belongs to an unmapped user. So do / and /tmp, and portreeve
    # refuses files below directories of other users.
    mount -t tmpfs tmpfs /run
    trust=--allow-insecure-permissions
fi

host=database-$$
app=application-$$
stranger=stranger-$$
server=
directory=$(mktemp -d)

cleanup() {
    status=$?
    trap - EXIT
    [ -z "$server" ] || kill "$server" 2>/dev/null || true
    for name in "$host" "$app" "$stranger"; do ip netns delete "$name" 2>/dev/null || true; done
    rm -rf "$directory"
    exit "$status"
}
trap cleanup EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM

if [ -t 1 ] && [ -z "${NO_COLOR:-}" ]; then bold=$(printf '\033[1m') plain=$(printf '\033[0m'); else bold= plain=; fi

say() { printf '\n%s%s%s\n' "$bold" "$1" "$plain"; }
fail() { printf '\nThe demo failed: %s\n' "$1" >&2; exit 1; }

# run STATUS COMMAND...: prints the command, runs it, shows its output, and fails unless it exits with STATUS.
run() {
    expected=$1
    shift
    printf '  $ %s\n' "$*"
    status=0
    output=$("$@" 2>&1 </dev/null) || status=$?
    [ -z "$output" ] || printf '%s\n' "$output" | sed 's/^/      /'
    [ "$status" -eq 0 ] || printf '      (exit status %s)\n' "$status"
    [ "$status" -eq "$expected" ] || fail "exit status $status, expected $expected"
}

# Copies the policies so that only this user can write them: as root portreeve refuses others.
mkdir "$directory/bin"
# Keeps the state in the temporary directory too.
cat > "$directory/bin/portreeve" <<END
#!/bin/sh
exec "$binary" "\$@" --state-dir "$directory/state"
END
chmod 755 "$directory/bin/portreeve"
(umask 022 && cp -R "$here/../../policies" "$directory/policies")
chmod -R u=rwX,go=rX "$directory/policies"
PATH=$directory/bin:$here:$PATH
cd "$directory"
policy=policies/database.yaml

say 'Three machines: a database host, an application server next to it, and a stranger.'
for name in "$host" "$app" "$stranger"; do
    ip netns add "$name"
    ip -n "$name" link set lo up
done
join() { # NAMESPACE ADDRESS HOST-INTERFACE HOST-ADDRESS
    ip link add eth0 netns "$1" type veth peer name "$3" netns "$host"
    ip -n "$1" address add "$2/24" dev eth0
    ip -n "$1" link set eth0 up
    ip -n "$host" address add "$4/24" dev "$3"
    ip -n "$host" link set "$3" up
}
join "$app" 10.20.1.10 inside 10.20.1.1
join "$stranger" 192.0.2.66 outside 192.0.2.1
ip netns exec "$host" serve 5432 'hello from the database' &
server=$!
tries=0
until ip netns exec "$host" connect 127.0.0.1 5432 >/dev/null 2>&1; do
    tries=$((tries + 1))
    [ "$tries" -lt 50 ] || fail 'the database server does not answer'
    sleep 0.1
done
cat <<EOF
      $host     10.20.1.1 inside, 192.0.2.1 outside; listens on port 5432
      $app  10.20.1.10
      $stranger     192.0.2.66
EOF

say 'No firewall yet: the stranger reaches the database.'
run 0 ip netns exec "$stranger" connect 192.0.2.1 5432

say 'One file says which ports are open, to whom, and why. Check it; that needs no privileges.'
run 0 sed -n '/^  db:/,/^$/p' "$policy"
run 0 portreeve check "$policy" $trust

say 'Plan: show the consequences. Nothing changes yet.'
run 0 portreeve plan "$policy" $trust --netns "$host"
case $output in *5432*) ;; *) fail 'the plan does not mention port 5432' ;; esac

say 'Apply it: one transaction, all or nothing.'
run 0 portreeve apply "$policy" $trust --yes --netns "$host"

say 'The application server gets in. The stranger does not.'
run 0 ip netns exec "$app" connect 10.20.1.1 5432
run 1 ip netns exec "$stranger" connect 192.0.2.1 5432

say "A colleague in a hurry opens a back door with nft. The stranger is in again."
run 0 ip netns exec "$host" nft insert rule inet portreeve input ip saddr 192.0.2.66 accept comment '"backdoor"'
run 0 ip netns exec "$stranger" connect 192.0.2.1 5432

say 'Cron runs verify: it names the rule and exits 2.'
run 2 portreeve verify "$policy" $trust --only ruleset --netns "$host"
case $output in *backdoor*) ;; *) fail 'verify does not name the back door' ;; esac

say 'Apply removes the back door and touches nothing else.'
run 0 portreeve apply "$policy" $trust --yes --netns "$host"
run 1 ip netns exec "$stranger" connect 192.0.2.1 5432
run 0 ip netns exec "$app" connect 10.20.1.1 5432
run 0 portreeve verify "$policy" $trust --only ruleset --netns "$host"

say 'Apply again: nothing differs, so nothing is written, and the generation id of the ruleset stays.'
run 0 ip netns exec "$host" generation
before=$output
run 0 portreeve apply "$policy" $trust --yes --netns "$host"
run 0 ip netns exec "$host" generation
[ "$output" = "$before" ] || fail "the generation id moved from $before to $output"

say 'All as announced. The three machines are gone, and your own host was never touched.'
