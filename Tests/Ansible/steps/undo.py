"""A change that no new connection confirms: the timer takes it back, and the task fails."""

import json
import pathlib
import threading

from fleet import CONTROLLER, SECOND_CONTROLLER
from playbook import FIRST, Playbook

# The network of the controller may log in, and after the change one address of it.
WIDE = FIRST.replace(f"from: {CONTROLLER}", "from: 10.8.0.0/16")


def run(fleet, play, check):
    lost = Lost(fleet, play.folder / "lost")
    lost.start()
    refused(fleet, play, check)
    lost.join()
    lost.check(check)


def refused(fleet, play, check):
    """The policy admits the open connection, which the guard protects, and refuses new ones, which come from another address."""
    play.policy(WIDE, ["web2"])
    before = fleet.facts("web2")
    fleet.dial("web2", SECOND_CONTROLLER)
    result = play.policy(FIRST, ["web2"], confirm="6s")["web2"]
    check(result.get("failed") and result.get("reason") == "undone" and not result["changed"], f"the task fails, since the change was undone: {result}")
    check("no new connection confirmed the change in time, so it was undone" in result.get("msg", ""), f"it says so: {result}")
    check(outcome(fleet, "web2") == "undone", f"the history says so: {outcome(fleet, 'web2')}")
    check(fleet.facts("web2") == before, "the host has the old policy, and its rules")
    check(fleet.inside("web2", "portreeve", "verify", "--only", "ruleset").returncode == 0, "the host is in sync with it")
    check(fleet.answers("web2"), "the host answers to a new connection")
    check(fleet.left("web2") == "", f"no staged file is left: {fleet.left('web2')}")
    # The open connection is one from the second address now, which the guard protects.
    result = play.policy(FIRST, ["web2"])["web2"]
    check(result.get("reason") == "refused" and fleet.facts("web2") == before, f"the next run refuses the change: {result}")


class Lost(threading.Thread):
    """A host that no new connection reaches any more, for a reason that is not the policy."""

    def __init__(self, fleet, folder):
        super().__init__()
        pathlib.Path(folder).mkdir()
        self.fleet, self.play, self.error = fleet, Playbook(fleet, folder), None

    def run(self):
        try:
            self.play.policy(WIDE, ["web4"])
            self.before = self.fleet.sh("web4", "nft --stateless list ruleset")
            self.fleet.sever("web4")
            self.result = self.play.policy(FIRST, ["web4"], confirm="3s")["web4"]
        except Exception as error:
            self.error = error

    def check(self, check):
        if not check(self.error is None, f"a host that is lost is reported as such: {self.error!r}"):
            return
        check(self.result.get("unreachable") and self.result.get("failed"), f"the host is unreachable: {self.result}")
        check("no new connection reaches the host" in self.result.get("msg", ""), f"it says so: {self.result}")
        check(outcome(self.fleet, "web4") == "undone", f"the change is undone: {outcome(self.fleet, 'web4')}")
        check(self.fleet.sh("web4", "nft --stateless list ruleset") == self.before, "the host has its old rules")
        check(self.fleet.left("web4") == "", f"no staged file is left: {self.fleet.left('web4')}")


def outcome(fleet, name):
    """The outcome of the last change."""
    changes = json.loads(fleet.sh(name, "portreeve history --format json"))["changes"]
    return max(changes, key=lambda change: change["change"])["outcome"]
