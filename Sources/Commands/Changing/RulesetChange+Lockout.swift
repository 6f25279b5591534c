internal import Changes
internal import Kernel

extension RulesetChange {
    /// The refusal of the lockout guard if the change were made; `nil` for none.
    func lockout(in store: any RulesetStore, on host: Host) throws -> Lockout? {
        do {
            try LockoutGuard(host.admins, force: false, now: host.now) { _ in }.allow(self, in: store)
            return nil
        } catch let lockout as Lockout {
            return lockout
        }
    }
}
