"""Parses the listing of the live table by `nft -a`: chains with their rules and handles, sets with their elements."""

import re


class Chain:
    """A chain: the line with its hook, or None, and its rules as pairs of a handle and a text."""

    def __init__(self, name):
        self.name, self.hook, self.rules = name, None, []

    @property
    def policy(self):
        return re.search(r"policy (\w+);", self.hook)[1] if self.hook else None


class Set:
    """A set or a map, with its elements in nft's notation."""

    def __init__(self, kind, name):
        self.kind, self.name, self.type, self.elements = kind, name, "", []
        self.interval = self.dynamic = False


class Listing:
    """The table `inet portreeve` of this network namespace."""

    def __init__(self, text):
        self.text, self.chains, self.sets = text, [], []
        lines = iter(text.splitlines())
        for line in lines:
            if found := re.match(r"\t(chain|set|map) (\S+) {", line):
                body = list(iter(lambda: next(lines), "\t}"))
                if found[1] == "chain":
                    self.chains.append(self.chain(found[2], body))
                else:
                    self.sets.append(self.set(found[1], found[2], body))

    @staticmethod
    def chain(name, body):
        chain = Chain(name)
        for line in body:
            if rule := re.fullmatch(r"\t\t(.*) # handle (\d+)", line):
                chain.rules.append((rule[2], rule[1]))
            elif line.startswith("\t\ttype "):
                chain.hook = line.strip()
        return chain

    @staticmethod
    def set(kind, name, body):
        found = Set(kind, name)
        text = " ".join(line.strip() for line in body)
        found.type = re.search(r"type (.*?)(?: size| flags| timeout| elements|$)", text)[1]
        flags = re.search(r"flags (\S+)", text)
        found.interval = bool(flags) and "interval" in flags[1]
        found.dynamic = bool(flags) and "dynamic" in flags[1]
        if elements := re.search(r"elements = { (.*) }$", text):
            found.elements = re.split(r",\s*", elements[1])
        return found

    def means_the_same(self, other):
        """Whether nft's listings differ only in handles and counters."""
        return stateless(self.text) == stateless(other.text)

    @property
    def rules(self):
        """Every rule: its chain, its index there, its handle and its text."""
        return [(chain, place, *rule) for chain in self.chains for place, rule in enumerate(chain.rules)]

    def filled(self):
        """The sets and maps of the policy with elements, without the sets that packets fill."""
        return [found for found in self.sets if found.elements and not found.dynamic]


def meaning(rule):
    """A rule without its comment and the state of its counter."""
    return re.sub(r"counter packets \d+ bytes \d+", "counter", re.sub(r' comment ".*"$', "", rule))


def stateless(text):
    return re.sub(r"counter packets \d+ bytes \d+", "counter", re.sub(r" # handle \d+$", "", text, flags=re.MULTILINE))
