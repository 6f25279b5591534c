"""Many hosts at once: the times, and the processor that they take."""

from playbook import FIRST, SECOND

# The hosts that the other steps need.
FEW = 5


def run(fleet, play, check):
    hosts, count = fleet.names, len(fleet.names)
    if count <= FEW:
        return
    play.policy(FIRST, hosts)
    for what, changes in [("changed and confirmed", True), ("without a change", False)]:
        made = play.policy(SECOND, hosts)
        wrong = [made.get(name) for name in hosts if made.get(name, {}).get("confirmed" if changes else "in_sync") is not True]
        check(not wrong, f"{count} hosts, {what}: {wrong[:3]}")
        print(f"{count} hosts {what}: {play.seconds:.1f} s, {play.cpu / count:.2f} s of the controller's processor a host", flush=True)
