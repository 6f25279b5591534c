internal import Auditing
internal import Kernel
internal import System

extension [Finding] {
    /// The firewalls that compete in the network namespace of the calling thread.
    ///
    /// Services of systemd are the host's: in another namespace than that of the first process they change nothing.
    static var competingFirewalls: [Finding] {
        let units = RulesetIdentity.isHost ? UnitFiles(names: HostTree.names, text: HostTree.text) : .none
        return .competingFirewalls(LegacyTables.all, units)
    }
}
