"""The differences that `import` names, and whether they cover an attempt."""

import ipaddress

from world import BEHIND

PROTOCOLS = {"tcp": ["tcp"], "udp": ["udp"], "ping": ["icmp", "ipv6-icmp"]}


def covers(texts, address):
    """Whether texts such as `10.0.0.0/8`, `192.0.2.1-192.0.2.9` and `::/0` have the address; `and 3 more` may have it."""
    address = ipaddress.ip_address(address)
    for text in texts:
        try:
            if "-" in text:
                first, last = map(ipaddress.ip_address, text.split("-"))
                if first.version == address.version and first <= address <= last:
                    return True
            elif address in ipaddress.ip_network(text):
                return True
        except ValueError:
            return True
    return False


def is_in(ports, port):
    """Whether 80 or `8000-8100` has the port."""
    first, _, last = str(ports).partition("-")
    return int(first) <= port <= int(last or first)


class Proof:
    def __init__(self, report, ruleset):
        self.differences, self.ruleset = report["differences"], ruleset
        self.reasons = sorted({f"{found['kind']} {self.title(found)}: {found['reason']}" for found in self.differences})

    @staticmethod
    def title(found):
        group = f" to {found['group']}" if "group" in found else ""
        sources = f" from {found['source_ports']}" if "source_ports" in found else ""
        return f"{found['protocol']}{'' if found['port'] is None else '/' + str(found['port'])}{sources}{group}"

    def concerns(self, found, attempt):
        _, source, destination, interface, protocol, port, source_port = attempt
        if "group" in found or found["protocol"] not in ["any", *PROTOCOLS[protocol]] or not covers(found["sources"], source):
            return False
        if found["port"] is not None and not is_in(found["port"], port):
            return False
        # A difference without source ports is one for those of clients, and may be one for others.
        if "source_ports" in found and not is_in(found["source_ports"], source_port):
            return False
        if "addresses" in found and not covers(found["addresses"], destination):
            return False
        names = found.get("interfaces")
        # Other interfaces are those that no rule names.
        return not names or interface in names or "others" in names and f'"{interface}"' not in self.ruleset

    def fault(self, attempt, old, new):
        """What is wrong with the proof where an attempt is answered like this; None if nothing is."""
        if attempt[2] in BEHIND:
            return self.fault_behind(attempt, old, new)
        named = {found["kind"] for found in self.differences
                 if found["subject"] == "access" and "limit of" not in found["reason"] and self.concerns(found, attempt)}
        if (old is None) == (new is None):
            if not named <= {"unknown"} and not attempt[6]:
                return f"no difference, but {named} is named"
        elif not named & {"unknown", "narrower" if new is None else "wider"}:
            return f"the difference is not named, only {named}"
        if old and new and old != new:
            moved = [found for found in self.differences if found["subject"] == "target" and self.concerns(found, attempt)]
            return None if moved else "it leads to another place, and that is not named"
        return None

    def fault_behind(self, attempt, old, new):
        """A filter of what this host forwards may go; what it let through is let through, and under the same address."""
        if old is None or old == new:
            return None
        if new is None:
            return "it is not let through any more"
        named = [found for found in self.differences if found["subject"] in ("masquerade", "elsewhere")
                 and self.concerns({name: found[name] for name in found if name not in ("addresses", "interfaces")}, attempt)]
        return None if named else "it is translated in another way, and that is not named"
