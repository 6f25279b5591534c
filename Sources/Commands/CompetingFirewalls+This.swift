internal import Auditing
internal import Kernel
internal import System

extension [Finding] {
    /// The competing firewalls in the calling thread's network namespace.
    ///
    /// The services of systemd only affect the host's network namespace, which is that of the first process.
    static var competingFirewalls: [Finding] {
        let units = RulesetIdentity.isHost ? UnitFiles(names: HostTree.names, text: HostTree.text) : .none
        return .competingFirewalls(LegacyTables.all, units)
    }
}
