"""The cost of a packet in shapes that a policy could be compiled to, each loaded as an nft script in its own namespace.

Every question has portreeve's own shape first; the others differ from it in one respect. Packets are for the service declared
last, from its last source. A row has portreeve's shape in the column `portreeve`.
"""

import itertools
import time

import packets
import policies

SOURCES = policies.SOURCES[::-1]
# Ranges of ten ports, ten ports apart.
FIRST_RANGE, STRIDE, WIDTH = 40_000, 4, 2
STRANGER, DENIED = "10.16.0.1", "10.17.0.1"
# The port of this host to which forwards lead.
TARGET = 9_000
STATE = "ct state vmap { established : accept, related : accept, invalid : drop }\n"
ENTRY = STATE + "iif lo accept\nmeta l4proto vmap { icmp : accept, ipv6-icmp : accept }\n"
SLOW = 15.0


def table(objects, rules, entry=ENTRY):
    return (
        f"table inet plain {{\n{objects}\nchain input {{ type filter hook input priority 0; policy drop;\n"
        f"{entry}{rules}\n}}\n}}\n")


def ports(size):
    return range(policies.FIRST, policies.FIRST + size)


def ranges(size):
    """The port ranges: one service in ten has one."""
    first = range(FIRST_RANGE, FIRST_RANGE + STRIDE * max(size // 10, 1), STRIDE)
    return [(port, port + WIDTH - 1) for port in first]


def chain(name, sources=SOURCES, counter="counter ", before=""):
    rules = "".join(f"ip saddr {source} {counter}accept\n" for source in sources)
    return f"chain s{name} {{\n{before}{rules}{counter}drop\n}}\n"


def chains(size, **how):
    return "".join(chain(port, **how) for port in ports(size))


def hash_map(size, extra="", element="", flags=""):
    elements = [f"udp . {port}{element} : goto s{port}" for port in ports(size)]
    return (
        f"map services {{ type inet_proto . inet_service : verdict; {flags}{extra}\n"
        f"elements = {{ {', '.join([*elements, 'udp . 546 : drop'])} }} }}\n")


LOOK_UP = "meta l4proto . th dport vmap @services\n"


def one_map(size):
    return table(chains(size) + hash_map(size), LOOK_UP + "counter drop")


def a_rule_each(size):
    return table("", "".join(
        f"udp dport {port} ip saddr {source} counter accept\n" for port in ports(size) for source in SOURCES))


def a_rule_a_service(size):
    return table("", "".join(
        f"udp dport {port} ip saddr {{ {', '.join(SOURCES)} }} counter accept\n" for port in ports(size)))


def a_map_a_protocol(size, flags=""):
    elements = ", ".join(f"{port} : goto s{port}" for port in ports(size))
    maps = (
        f"map tcp-services {{ type inet_service : verdict; {flags} elements = {{ 22 : drop }} }}\n"
        f"map udp-services {{ type inet_service : verdict; {flags} elements = {{ {elements} }} }}\n")
    return table(chains(size) + maps, "tcp dport vmap @tcp-services\nudp dport vmap @udp-services\ncounter drop")


def interval_map(size):
    return table(chains(size) + hash_map(size, flags="flags interval;"), LOOK_UP + "counter drop")


def everything_in_one_set(size):
    elements = ", ".join(f"{source} . udp . {port}" for port in ports(size) for source in SOURCES)
    return table(
        f"set admitted {{ type ipv4_addr . inet_proto . inet_service; flags interval; elements = {{ {elements} }} }}\n",
        "ip saddr . meta l4proto . th dport @admitted counter accept\ncounter drop")


def range_chains(size):
    return "".join(chain(f"{low}") for low, _ in ranges(size))


def range_map(size, singles=False):
    elements = [f"{low}-{high} : goto s{low}" for low, high in ranges(size)]
    elements += [f"{port} : goto s{port}" for port in ports(size)] if singles else []
    return f"map ranges {{ type inet_service : verdict; flags interval; elements = {{ {', '.join(elements)} }} }}\n"


def ranges_behind(size):
    return table(
        chains(size) + range_chains(size) + hash_map(size) + range_map(size),
        LOOK_UP + "udp dport vmap @ranges\ncounter drop")


def ranges_before(size):
    return table(
        chains(size) + range_chains(size) + hash_map(size) + range_map(size),
        "udp dport vmap @ranges\n" + LOOK_UP + "counter drop")


def ranges_expanded(size):
    more = "".join(
        f", udp . {port} : goto s{low}" for low, high in ranges(size) for port in range(low, high + 1))
    return table(
        chains(size) + range_chains(size) + hash_map(size).replace(", udp . 546 : drop", more), LOOK_UP + "counter drop")


def ranges_concatenated(size):
    more = "".join(f", udp . {low}-{high} : goto s{low}" for low, high in ranges(size))
    whole = hash_map(size, flags="flags interval;").replace(", udp . 546 : drop", more)
    return table(chains(size) + range_chains(size) + whole, LOOK_UP + "counter drop")


def ranges_in_one_tree(size):
    return table(
        chains(size) + range_chains(size) + range_map(size, singles=True), "udp dport vmap @ranges\ncounter drop")


def denied(count, length="/24", flags="flags interval;"):
    elements = [f"11.{index >> 8}.{index & 255}.0{length}" for index in range(count - 1)] + [DENIED]
    return f"set deny {{ type ipv4_addr; {flags} elements = {{ {', '.join(elements)} }} }}\n"


DENY = "ip saddr @deny counter drop\n"


def deny(where, count=1_000):
    def build(size):
        before = DENY if where in ("in front", "hash") else ""
        known = denied(count, "", "") if where == "hash" else denied(count)
        behind = {"behind conntrack": DENY}.get(where, "")
        inside = {"in every service": DENY}.get(where, "")
        every = {"a rule each": "".join(f"ip saddr 11.0.{index}.1 counter drop\n" for index in range(count - 1))}
        rules = every.get(where, "") + (f"ip saddr {DENIED} counter drop\n" if where == "a rule each" else "")
        return table(
            known + chains(size, before=inside) + hash_map(size), LOOK_UP + "counter drop",
            before + rules + ENTRY + behind)
    return build


def no_counters(size):
    return table(chains(size, counter="") + hash_map(size), LOOK_UP + "drop")


def counters_in_elements(size):
    return table(
        chains(size, counter="") + hash_map(size, extra="counter;"), LOOK_UP + "drop")


def counter_in_front(size):
    return table(chains(size, counter="") + hash_map(size), "counter " + LOOK_UP + "drop")


def counter_at_chain(size):
    return table(chains(size, counter="", before="counter\n") + hash_map(size), LOOK_UP + "counter drop")


def sources(how, count=3):
    def build(size):
        some = [f"172.{16 + index // 200}.{index % 200}.0/24" for index in range(count - 1)] + [SOURCES[-1]]
        listed = f"{{ {', '.join(some)} }}"
        sets = {
            "a set per service": "".join(
                f"set o{port} {{ type ipv4_addr; flags interval; elements = {listed} }}\n" for port in ports(size)),
            "a shared set": f"set office {{ type ipv4_addr; flags interval; elements = {listed} }}\n",
        }.get(how, "")
        def own(port):
            return {
                "plain": some, "an anonymous set": [listed], "a set per service": [f"@o{port}"],
                "a shared set": ["@office"]}[how]
        return table(
            sets + "".join(chain(port, own(port)) for port in ports(size)) + hash_map(size), LOOK_UP + "counter drop")
    return build


def established_behind(size):
    return table(
        chains(size) + hash_map(size), "iif lo accept\n" + LOOK_UP + STATE + "counter drop",
        "meta l4proto vmap { icmp : accept, ipv6-icmp : accept }\n")


def forwarding(size, find, decide, marks, own="fib daddr type local "):
    """Forwards of ports to a port of this host: how one is found, how its port is decided on, and how it is marked."""
    elements = ", ".join(f"udp . {port} : goto f{port}" for port in ports(size))
    dialled = ", ".join(f"{port} : goto s{port}" for port in ports(size))
    mark = "ct label set 125; " if marks else ""
    forwards = "".join(
        f"chain f{port} {{ {mark}meta l4proto udp dnat to :{TARGET}; }}\n" for port in ports(size))
    maps = (
        f"map forwards {{ type inet_proto . inet_service : verdict; elements = {{ {elements} }} }}\n"
        f"map dialled {{ type inet_service : verdict; elements = {{ {dialled} }} }}\n")
    nat = f"chain nat {{ type nat hook prerouting priority dstnat; {own}{find}; }}\n"
    label = (
        "chain first { type filter hook prerouting priority dstnat - 1; ct state new goto labels; }\n"
        "chain labels { fib daddr type local ct label set 127 accept; }\n") if marks else ""
    return table(chains(size) + forwards + maps + label + nat, decide + "counter drop")


FOUND = "meta l4proto . th dport vmap @forwards"


def forward_by_label(size):
    return forwarding(
        size, FOUND, "ct label 125 meta l4proto udp ct original proto-dst vmap @dialled\n", True, "ct label 127 ")


def forward_by_status(size):
    return forwarding(size, FOUND, "ct status dnat meta l4proto udp ct original proto-dst vmap @dialled\n", False)


def forward_a_rule_each(size):
    rules = "".join(
        f"udp dport {port} ip saddr {source} dnat to :{TARGET}\n" for port in ports(size) for source in SOURCES)
    return table(
        f"chain nat {{ type nat hook prerouting priority dstnat;\n{rules}}}\n", "ct status dnat counter accept\ncounter drop")


# For each question the kinds of packets and the shapes; some shapes leave out some sizes.
QUESTIONS = {
    "dispatch": (("accepted", "refused"), {
        "one hash map, protocol . port": one_map,
        "a hash map per protocol": a_map_a_protocol,
        "one concatenated interval map": interval_map,
        "an interval map per protocol": lambda size: a_map_a_protocol(size, "flags interval;"),
        "one interval set, source . protocol . port": everything_in_one_set,
        "a rule per service, anonymous source set": a_rule_a_service,
        "a rule per service and source": a_rule_each,
    }),
    "ranges": (("accepted", "refused", "ranged"), {
        "an interval map behind the hash map": ranges_behind,
        "an interval map before the hash map": ranges_before,
        "expanded into the hash map": ranges_expanded,
        "all in one concatenated interval map": ranges_concatenated,
        "all in one interval map": ranges_in_one_tree,
    }),
    "deny": (("accepted", "refused", "established", "denied"), {
        "a set in front of conntrack": deny("in front"),
        "none": one_map,
        "a set behind conntrack": deny("behind conntrack"),
        "a set in every service": deny("in every service"),
        "a hash set in front, of addresses alone": deny("hash"),
        "a rule per source in front, 3 sources": deny("a rule each", 3),
        "a rule per source in front, 100 sources": deny("a rule each", 100),
    }),
    "counters": (("accepted", "refused"), {
        "in the rule that accepts": one_map,
        "none": no_counters,
        "in the map's elements": counters_in_elements,
        "first in the service's chain": counter_at_chain,
        "one in front of the map": counter_in_front,
    }),
    "sources": (("accepted",), {
        "3 plain matches": sources("plain"),
        "3 in an anonymous set per service": sources("an anonymous set"),
        "3 in a set per service": sources("a set per service"),
        "3 in one shared set": sources("a shared set"),
        "8 plain matches": sources("plain", 8),
        "8 in one shared set": sources("a shared set", 8),
        "32 plain matches": sources("plain", 32),
        "32 in one shared set": sources("a shared set", 32),
        "1,000 in one shared set": sources("a shared set", 1_000),
    }),
    "forward": (("forwarded", "refused"), {
        "maps, and labels": forward_by_label,
        "maps, and the status of conntrack": forward_by_status,
        "a rule per forward, and per source": forward_a_rule_each,
    }),
    "conntrack": (("accepted", "refused", "established"), {
        "established first": one_map,
        "established behind the map": established_behind,
    }),
}


def frames(kind, size):
    """The packets of a kind, the port with a listener, and whether they are one established flow."""
    last = policies.last_port(size)
    low, high = ranges(size)[-1]
    return {
        "accepted": (packets.flows(last), last, False),
        "refused": (packets.flows(packets.REFUSED), last, False),
        "ranged": (packets.flows(high), high, False),
        "denied": (packets.flows(last, DENIED), last, False),
        "forwarded": (packets.flows(last), TARGET, False),
        "established": ([packets.frame(last, packets.CLIENT, packets.SOURCE)] * packets.COUNT, last, True),
    }[kind]


def load(bench, run, track, name, text, times):
    script = bench.write("shape.nft", text)

    def timed():
        start = time.perf_counter()
        run(["nft", "-f", script])
        times[name] = time.perf_counter() - start
    track.add(name, timed)


def measure(bench, run, sizes):
    for question, (kinds, candidates) in QUESTIONS.items():
        for size in sizes:
            ask(bench, run, question, kinds, candidates, size)


def ask(bench, run, question, kinds, candidates, size):
    sent = {kind: frames(kind, size) for kind in kinds}
    loading = {}
    with packets.Track(run) as track:
        for name, build in candidates.items():
            load(bench, run, track, name, build(size), loading)
        load(bench, run, track, "no firewall", packets.NONE, {})
        few = {kind: (all_of_them[: packets.WARM + packets.CHUNK], *rest) for kind, (all_of_them, *rest) in sent.items()}
        for _ in range(3):
            for name, kind in itertools.product(track.lanes, kinds):
                track.measure(name, kind, *few[kind])
        # Take the best: an outside disturbance does not slow every run.
        is_slow = {key for key, times in track.times.items() if min(times) > SLOW}
        track.times = {key: times for key, times in track.times.items() if key in is_slow}
        for _ in range(5 if bench.quick else 11):
            for name, kind in itertools.product(track.lanes, kinds):
                if (name, kind) not in is_slow:
                    track.measure(name, kind, *sent[kind])
        own = next(iter(candidates))
        for kind in kinds:
            mine, none = track.whole(own, kind), track.whole("no firewall", "refused" if kind == "denied" else kind)
            for name in list(candidates)[1:]:
                theirs = track.whole(name, kind) - none
                ratio = (mine - none) / theirs if theirs > packets.NOISE else None
                bench.keep(f"shape of {question}: {kind}", size, name, mine - none, theirs, ratio, unit="us")
    for name in list(candidates)[1:]:
        bench.keep(
            f"shape of {question}: load", size, name, loading[own], loading[name], loading[own] / loading[name])
