"""Rulesets of other programs, beside which portreeve says who gets in."""

import random

# The sources of a policy that opens a wide range of ports, so that most of the rules matter to it.
POLICY = (
    "version: 1\nservices:\n  ssh: {ports: 22, from: any, optional: true, why: bench}\n"
    "  all: {ports: 1000-30000, from: any, optional: true, why: bench}\n")
CLIENT = "198.51.100.7"
FIRST_PORT = 10_000


def address(numbers):
    return ".".join(str(numbers.randrange(1, 224)) for _ in range(4))


def port(numbers):
    return numbers.randrange(1_000, 30_000)


def chain(rules, before="", last=""):
    return (
        f"table inet neighbour {{\n{before}\nchain first {{ type filter hook input priority -5;\n"
        + "\n".join(rules) + f"\n{last}\n}}\n}}\n")


def drops(size):
    """One address and one port a rule."""
    numbers = random.Random(1)
    return chain([f"ip saddr {address(numbers)} tcp dport {port(numbers)} drop" for _ in range(size)])


def accepts(size):
    """One address and one port a rule, and a drop at the end."""
    numbers = random.Random(2)
    return chain([f"ip saddr {address(numbers)} tcp dport {port(numbers)} accept" for _ in range(size)], last="drop")


def jumps(size):
    """One destination a rule, with a chain for it."""
    numbers = random.Random(3)
    return chain(
        [f"ip daddr {address(numbers)} tcp dport 443 jump some" for _ in range(size)],
        before="chain some { ip saddr 203.0.113.0/24 drop; }")


def tree(width):
    """Chains that jump to the next one, as many as they are wide."""
    chains = [f"chain c{width - 1} {{ ip saddr 203.0.113.99 drop; }}"]
    for level in reversed(range(width - 1)):
        chains.append(f"chain c{level} {{ " + f"jump c{level + 1}; " * width + "}")
    return chain(["jump c0"], before="\n".join(chains))


def published(size):
    """Published ports of containers, as Docker writes them with iptables-nft."""
    target = lambda number: f"172.17.{number // 250}.{2 + number % 250}"
    translations = "\n".join(
        f'iifname != "docker0" meta l4proto tcp tcp dport {FIRST_PORT + number} counter dnat to {target(number)}:80'
        for number in range(size))
    accepts = "\n".join(
        f'ip daddr {target(number)} iifname != "docker0" oifname "docker0" meta l4proto tcp tcp dport 80 counter accept'
        for number in range(size))
    return (
        f"table ip nat {{\nchain DOCKER {{\n{translations}\n}}\n"
        "chain PREROUTING { type nat hook prerouting priority -100; fib daddr type local counter jump DOCKER; }\n}\n"
        f"table ip filter {{\nchain DOCKER {{\n{accepts}\n}}\n"
        "chain FORWARD { type filter hook forward priority 0; policy drop; "
        'oifname "docker0" ct state related,established counter accept; oifname "docker0" counter jump DOCKER; }\n}\n')


def rulesets(quick):
    sizes = (1_000,) if quick else (1_000, 10_000)
    many = [(shape.__name__, size, shape(size)) for shape in (drops, accepts, jumps) for size in sizes]
    return many + [("tree", 8, tree(8)), ("published", 100 if quick else 1_000, published(100 if quick else 1_000))]
