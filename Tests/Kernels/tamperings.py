"""Changes that verify must find: each kind draws one for the listing, as text for `nft -f`, or returns None if it cannot."""

import re

from listing import meaning

TABLE = "inet portreeve"


def ipv4(random):
    return f"{random.randint(1, 223)}.{random.randint(0, 255)}.{random.randint(0, 255)}.{random.randint(1, 254)}"


def ipv6(random):
    return f"2001:db8:{random.randint(1, 65535):x}::{random.randint(1, 65535):x}"


def rule(random):
    """A rule that no policy has."""
    match = random.choice([
        "", f"ip saddr {ipv4(random)}", f"ip6 saddr {ipv6(random)}", f"ip saddr {random.randint(1, 223)}.0.0.0/8",
        f"tcp dport {random.randint(1, 65535)}", f"udp dport {random.randint(1, 65535)}", "meta l4proto udp",
        f"tcp dport {random.randint(1, 30000)}-{random.randint(30001, 65535)}", f"ip ttl {random.randint(1, 255)}",
        f"meta mark {random.randint(1, 255)}", f"ct mark {random.randint(1, 255)}", "iifname \"evil*\"", "fib saddr type local",
        f"tcp dport {{ {random.randint(1, 99)}, {random.randint(100, 199)} }}", "tcp flags syn", f"meta length {random.randint(40, 1500)}",
        "ct state new", f"limit rate {random.randint(1, 99)}/second"])
    verdict = random.choice(["accept", "counter accept", "drop", "return", "counter", "log prefix \"tampered\" accept"])
    return f"{match} {verdict}".strip()


def inserted(listing, random):
    chain = random.choice(listing.chains)
    text = rule(random)
    where = random.choice(["insert", "add"])
    place = f"position {random.choice(chain.rules)[0]} " if chain.rules and random.random() < 0.7 else ""
    return f"{where} rule {TABLE} {chain.name} {place}{text}"


def doubled(listing, random):
    chain, _, handle, text = random.choice(listing.rules)
    return f"add rule {TABLE} {chain.name} position {handle} {text}"


def deleted(listing, random):
    chain, _, handle, _ = random.choice(listing.rules)
    return f"delete rule {TABLE} {chain.name} handle {handle}"


def number(low, high):
    return lambda random: str(random.randint(low, high))


def text(value):
    return lambda random: value


# Pairs of a pattern and its replacement: the first match in a rule is replaced.
MUTATIONS = [
    (r"\baccept\b", text("drop")),
    (r"\bdrop\b", text("accept")),
    (r"\bcounter packets \d+ bytes \d+ ", text("")),
    (r"^", text("counter ")),
    (r"^", lambda random: f"ip ttl {random.randint(1, 255)} "),
    (r"^", lambda random: f"meta mark {random.randint(1, 255)} "),
    (r"^(ip6? saddr|meta nfproto|meta l4proto|iif) \S+ ", text("")),
    (r"\bgoto [\w-]+$", text("accept")),
    (r"\bgoto refuse\b", text("jump refuse")),
    (r"(?<=ip saddr )[0-9./]+", ipv4),
    (r"(?<=ip6 saddr )[0-9a-f:/]+", ipv6),
    (r"(?<=rate over )\d+/\w+", lambda random: f"{random.randint(200, 999)}/hour"),
    (r"(?<=limit rate )\d+/\w+", lambda random: f"{random.randint(200, 999)}/hour"),
    (r"(?<=burst )\d+", number(60, 99)),
    (r"(?<=icmp type )[\w-]+", text("timestamp-request")),
    (r"(?<=icmpv6 type )\S+", number(160, 250)),
    (r"(?<=hoplimit )\d+", number(1, 254)),
    (r"(?<=established : )accept", text("drop")),
    (r"(?<=invalid : )drop", text("accept")),
    (r"(?<=iifname )\"[^\"]+\"", text('"any*"')),
    (r"(?<=prefix )\"portreeve [^\"]*\"", lambda random: f'"other {random.randint(1, 99)}: "'),
    (r"nfproto ipv4", text("nfproto ipv6")),
    (r"(?<=time >= )\"[^\"]+\"", lambda random: f'"20{random.randint(27, 60)}-01-01 00:00:00"'),
]


def replaced(listing, random):
    pattern, replacement = random.choice(MUTATIONS)
    rules = [rule for rule in listing.rules if re.search(pattern, rule[3])]
    if not rules:
        return None
    chain, _, handle, old = random.choice(rules)
    new = re.sub(pattern, lambda _: replacement(random), old, count=1)
    return f"replace rule {TABLE} {chain.name} handle {handle} {new}" if meaning(new) != meaning(old) else None


def moved(listing, random):
    chain = random.choice([chain for chain in listing.chains if len(chain.rules) > 1])
    old, new = random.sample(range(len(chain.rules)), 2)
    rules = [meaning(text) for _, text in chain.rules]
    after = rules[:old] + rules[old + 1 :]
    after.insert(new if new > old else new + 1, rules[old])
    if after == rules:
        return None
    handle, text = chain.rules[old]
    return (f"add rule {TABLE} {chain.name} position {chain.rules[new][0]} {text}\n"
            f"delete rule {TABLE} {chain.name} handle {handle}")


def key(found, random):
    """A key of the set's type that is unlikely to be in the set."""
    kinds = {"ipv4_addr": ipv4, "ipv6_addr": ipv6, "inet_service": lambda random: str(random.randint(20000, 65000)),
             "inet_proto . inet_service": lambda random: f"{random.choice(['tcp', 'udp', 'sctp'])} . {random.randint(20000, 65000)}"}
    draw = kinds.get(found.type.split(" : ")[0])
    return draw(random) if draw else None


def data(listing, found, random):
    """The value of an element of a map, with its colon; empty for a set."""
    if found.kind == "set":
        return ""
    targets = [chain.name for chain in listing.chains if not chain.hook]
    return " : " + random.choice(["accept", "drop", f"goto {random.choice(targets)}"])


def element_added(listing, random):
    candidates = [found for found in listing.sets if not found.dynamic]
    found = random.choice(candidates) if candidates else None
    new = found and key(found, random)
    return f"add element {TABLE} {found.name} {{ {new}{data(listing, found, random)} }}" if new else None


def element_deleted(listing, random):
    filled = listing.filled()
    if not filled:
        return None
    found = random.choice(filled)
    return f"delete element {TABLE} {found.name} {{ {random.choice(found.elements).split(' : ')[0]} }}"


def element_exchanged(listing, random):
    """An element replaced by another."""
    filled = listing.filled()
    if not filled:
        return None
    found = random.choice(filled)
    old, *verdict = random.choice(found.elements).split(" : ")
    new = key(found, random)
    return (f"delete element {TABLE} {found.name} {{ {old} }}\n"
            f"add element {TABLE} {found.name} {{ {' : '.join([new, *verdict])} }}") if new else None


def element_widened(listing, random):
    """An interval extended, with the same number of elements."""
    filled = [found for found in listing.filled() if found.interval]
    if not filled:
        return None
    found = random.choice(filled)
    old, *verdict = random.choice(found.elements).split(" : ")
    if "/" in old:
        new = re.sub(r"/(\d+)", lambda length: f"/{int(length[1]) - random.randint(1, 3)}", old)
    elif found.type.startswith("inet_service"):
        low, _, high = old.partition("-")
        new = f"{low}-{int(high or low) + random.randint(1, 9)}"
    elif "-" not in old:
        new = f"{old}/{31 if '.' in old else 126}"
    else:
        return None
    return (f"delete element {TABLE} {found.name} {{ {old} }}\n"
            f"add element {TABLE} {found.name} {{ {' : '.join([new, *verdict])} }}")


def led_elsewhere(listing, random):
    maps = [found for found in listing.filled() if found.kind == "map"]
    if not maps:
        return None
    found = random.choice(maps)
    old, verdict = random.choice(found.elements).split(" : ")
    new = data(listing, found, random)
    if new == f" : {verdict}":
        return None
    return f"delete element {TABLE} {found.name} {{ {old} }}\nadd element {TABLE} {found.name} {{ {old}{new} }}"


def set_flushed(listing, random):
    filled = listing.filled()
    if not filled:
        return None
    found = random.choice(filled)
    return f"flush {found.kind} {TABLE} {found.name}"


def policy_changed(listing, random):
    chain = random.choice([chain for chain in listing.chains if chain.hook])
    return f"add chain {TABLE} {chain.name} {{ policy {'accept' if chain.policy == 'drop' else 'drop'}; }}"


def chain_flushed(listing, random):
    chain = random.choice([chain for chain in listing.chains if chain.rules])
    return f"flush chain {TABLE} {chain.name}"


def chain_renamed(listing, random):
    return f"rename chain {TABLE} {random.choice(listing.chains).name} renamed-{random.randint(1, 999)}"


def object_added(listing, random):
    name = f"extra-{random.randint(1, 999)}"
    return random.choice([
        f"add chain {TABLE} {name}", f"add set {TABLE} {name} {{ type ipv4_addr; }}", f"add counter {TABLE} {name}",
        f"add map {TABLE} {name} {{ type inet_service : verdict; }}", f"add quota {TABLE} {name} {{ over 5 mbytes }}",
        f"add chain {TABLE} {name} {{ type filter hook {random.choice(['prerouting', 'input', 'forward', 'output'])} "
        f"priority {random.randint(-400, 400)}; policy {random.choice(['accept', 'drop'])}; }}",
        f"add chain {TABLE} {name} {{ type nat hook prerouting priority -100; }}"])


def table_changed(listing, random):
    return random.choice([
        f"add table {TABLE} {{ flags dormant; }}", f"flush table {TABLE}", f"delete table {TABLE}", "flush ruleset",
        f"delete table {TABLE}\nadd table {TABLE}"])


# How often each is drawn: kinds with more variants more often.
WEIGHTS = {
    inserted: 6, doubled: 2, deleted: 4, replaced: 12, moved: 4, element_added: 4, element_deleted: 3, element_exchanged: 3,
    element_widened: 3, led_elsewhere: 3, set_flushed: 2, policy_changed: 2, chain_flushed: 2, chain_renamed: 1, object_added: 3,
    table_changed: 1,
}
