internal import Auditing
internal import Kernel
internal import System

extension [Finding] {
    /// The competing firewalls in the calling thread's network namespace.
    ///
    /// The services of systemd only affect the host's network namespace, which is that of the first process.
    static var competingFirewalls: [Finding] { .competingFirewalls(LegacyTables.all, .ofThisNamespace) }

    /// The services that flush the ruleset of the calling thread's network namespace.
    static var flushes: [Finding] { FirewallUnits(.ofThisNamespace).flushes }
}

extension Bool? {
    /// Whether systemd loads the saved ruleset of the calling thread's network namespace at boot; `nil` if that is not known.
    static var isLoadedAtBoot: Bool? { UnitFiles.ofThisNamespace.isEnabled("portreeve.service") }
}

extension UnitFiles {
    fileprivate static var ofThisNamespace: UnitFiles {
        RulesetIdentity.isHost ? UnitFiles(names: HostTree.names, text: HostTree.text) : .none
    }
}
