"""Many hosts at once: the times, and the processor that they take."""

from playbook import FIRST, SECOND

# The hosts that the other steps need.
FEW = 5


def run(fleet, play, check):
    hosts, count = fleet.names, len(fleet.names)
    if count <= FEW:
        return
    first, second = [text.replace('"web*.', '"*.') for text in [FIRST, SECOND]]
    play.policy(first, hosts)
    for what, key in [("changed and confirmed", "confirmed"), ("without a change", "in_sync")]:
        before = fleet.cpu
        made = play.policy(second, hosts)
        wrong = [made.get(name) for name in hosts if made.get(name, {}).get(key) is not True]
        check(not wrong, f"{count} hosts, {what}: {len(wrong)} are not: {wrong[:3]}")
        print(f"{count} hosts {what}: {play.seconds:.1f} s; of a processor {play.cpu / count:.2f} s a host on the controller, "
              f"{(fleet.cpu - before) / count:.2f} s on each host", flush=True)
