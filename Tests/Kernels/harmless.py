"""Changes without an effect on packets, which verify must not report; drawn like the tamperings."""

from tamperings import TABLE


def rules_in_place(chain):
    """The rules of the chain, deleted and added again with the same text and order."""
    return "\n".join(f"add rule {TABLE} {chain.name} position {handle} {text}\ndelete rule {TABLE} {chain.name} handle {handle}"
                     for handle, text in chain.rules)


def rule_made_again(listing, random):
    chain, _, handle, text = random.choice(listing.rules)
    return (f"add rule {TABLE} {chain.name} position {handle} {text}\n"
            f"delete rule {TABLE} {chain.name} handle {handle}")


def rule_replaced_by_itself(listing, random):
    chain, _, handle, text = random.choice(listing.rules)
    return f"replace rule {TABLE} {chain.name} handle {handle} {text}"


def chain_made_again(listing, random):
    return rules_in_place(random.choice([chain for chain in listing.chains if chain.rules]))


def chain_refilled(listing, random):
    chain = random.choice([chain for chain in listing.chains if chain.rules])
    return f"flush chain {TABLE} {chain.name}\n" + "\n".join(f"add rule {TABLE} {chain.name} {text}" for _, text in chain.rules)


def element_made_again(listing, random):
    filled = listing.filled()
    if not filled:
        return None
    found = random.choice(filled)
    element = random.choice(found.elements)
    return (f"delete element {TABLE} {found.name} {{ {element.split(' : ')[0]} }}\n"
            f"add element {TABLE} {found.name} {{ {element} }}")


def set_refilled(listing, random):
    """The elements in another order."""
    filled = listing.filled()
    if not filled:
        return None
    found = random.choice(filled)
    elements = random.sample(found.elements, len(found.elements))
    return f"flush {found.kind} {TABLE} {found.name}\nadd element {TABLE} {found.name} {{ {', '.join(elements)} }}"


def limits_forgotten(listing, random):
    limits = [found for found in listing.sets if found.dynamic]
    return f"flush set {TABLE} {random.choice(limits).name}" if limits else None


def policy_repeated(listing, random):
    chain = random.choice([chain for chain in listing.chains if chain.hook])
    return f"add chain {TABLE} {chain.name} {{ policy {chain.policy}; }}"


def made_and_unmade(listing, random):
    """A commit that changes nothing in the end."""
    name = f"passing-{random.randint(1, 999)}"
    return random.choice([
        f"add chain {TABLE} {name}\ndelete chain {TABLE} {name}", f"add counter {TABLE} {name}\ndelete counter {TABLE} {name}",
        f"add set {TABLE} {name} {{ type ipv4_addr; }}\nadd element {TABLE} {name} {{ 192.0.2.1 }}\ndelete set {TABLE} {name}"])


def other_table(listing, random):
    family, name = random.choice(["ip", "ip6", "inet"]), f"other-{random.randint(1, 3)}"
    return random.choice([
        f"add table {family} {name}\ndelete table {family} {name}",
        f"add table {family} {name}\nadd chain {family} {name} watch {{ type filter hook input priority {random.randint(-99, 99)}; }}\n"
        f"add rule {family} {name} watch counter accept",
        f"add table {family} {name}\nadd set {family} {name} banned {{ type ipv4_addr; }}\n"
        f"add element {family} {name} banned {{ 192.0.2.{random.randint(1, 254)} }}"])


# How often each is drawn. The changes in tamper.py that need more than a script for nft are drawn there.
WEIGHTS = {
    rule_made_again: 4, rule_replaced_by_itself: 2, chain_made_again: 3, chain_refilled: 2, element_made_again: 3, set_refilled: 3,
    limits_forgotten: 1, policy_repeated: 1, made_and_unmade: 2, other_table: 4,
}
