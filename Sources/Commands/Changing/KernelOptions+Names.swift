internal import Addressing
internal import Changes
internal import Kernel
internal import Policies

extension KernelOptions {
    /// Looks up the names of a policy without a known address, in the network namespace of the ruleset; returns whether
    /// there were any.
    func lookUp(_ policy: Policy, in lists: LastLists, on host: Host, _ console: Console) throws -> Bool {
        let unknown = policy.names.filter(\.isUnknown)
        guard !unknown.isEmpty else { return false }
        let store = try openStore(on: host)
        let own = store.addresses() ?? AddressSet()
        let renewals = lists.lookUp(unknown, own: own, now: host.now) { host.lookUp($0, netns) }
        for renewal in renewals {
            guard let trouble = renewal.trouble else { continue }
            console.note(trouble.warning + (renewal.addresses.isEmpty ? " [name-stale]" : ""))
        }
        return true
    }

    /// The notes about names, for a command that only reads.
    func names(on host: Host) -> NameBook { NameBook(existingAt: stateLocation(on: host), on: host.changes) }
}
