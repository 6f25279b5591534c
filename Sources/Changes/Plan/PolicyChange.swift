public import Addressing
public import Compiler
internal import Kernel
public import Policies
internal import Rulesets

/// What a change of portreeve's table means for the services and the other parts of a policy; each part is computed on first access.
public final class PolicyChange {
    private let live: Table?
    private let target: Table?
    /// The policy of the table after the change; `nil` if it is not known.
    public let policy: Policy?
    /// The grants that end because their service does, or because the host no longer speaks their family.
    public let ending: [GrantRecord]

    /// The access that the live table allows.
    public private(set) lazy var before = DecompiledPolicy(live)
    /// The access that the table after the change allows.
    public private(set) lazy var after = DecompiledPolicy(target)
    /// The changes of services, by name.
    public private(set) lazy var services = ServiceChange.all(
        from: before.services, to: after.services, of: policy?.services ?? [])
    /// The changes of lines of `outbound`, by name.
    public private(set) lazy var outbound = ServiceChange.outbound(from: before, to: after, of: policy)
    /// The changes of entries of `trusted`, by name.
    public private(set) lazy var trusted = ServiceChange.trusted(from: before, to: after, of: policy)
    /// The grants and bans that the change begins or ends, beside `ending`.
    public private(set) lazy var temporary = TemporaryChange.all(from: live, to: target, besides: ending)

    init(from live: Table?, to target: Table?, of policy: Policy?, ending: [GrantRecord] = []) {
        self.live = live
        self.target = target
        self.policy = policy
        self.ending = ending
    }

    /// The meaning of a change whose policy is known, as that of a rollback is from the record.
    public convenience init(_ change: RulesetChange, of policy: Policy?) {
        let ending = change.table.map(change.grants.ended) ?? []
        self.init(from: change.snapshot.table, to: change.target, of: policy, ending: ending)
    }
}

/// A grant or a ban that a change begins again, or ends although its time is not over.
public struct TemporaryChange: Hashable {
    /// What it does for its addresses.
    public enum Effect: Hashable {
        /// It opens the service with this name.
        case grant(of: String)
        /// It shuts them out.
        case ban
    }

    /// The effect.
    public let effect: Effect
    /// The addresses.
    public let addresses: AddressRange
    /// The seconds until it ends; `nil` if the change ends it.
    public let seconds: Int64?

    /// The differences of two tables; none where one of them is missing, whose services say the same.
    static func all(from old: Table?, to new: Table?, besides ending: [GrantRecord]) -> [TemporaryChange] {
        guard let old, let new else { return [] }
        let told = Set(ending.map { Subject(effect: .grant(of: $0.service), addresses: $0.address.range) })
        let (before, after) = (subjects(of: old), subjects(of: new))
        let gone = before.keys.filter { after[$0] == nil && !told.contains($0) }
        let begun = after.filter { before[$0.key] == nil }
        let changes =
            begun.map { TemporaryChange(effect: $0.effect, addresses: $0.addresses, seconds: $1) }
            + gone.map { TemporaryChange(effect: $0.effect, addresses: $0.addresses, seconds: nil) }
        return changes.sorted { "\($0.effect) \($0.addresses)" < "\($1.effect) \($1.addresses)" }
    }

    private struct Subject: Hashable {
        let effect: Effect
        let addresses: AddressRange
    }

    /// The grants and bans of a table, with the seconds that each lasts.
    private static func subjects(of table: Table) -> [Subject: Int64] {
        let grants = table.grantedSources.map {
            (Subject(effect: .grant(of: $0.service), addresses: $0.address.range), $0.seconds)
        }
        let bans = table.bannedSources.map { (Subject(effect: .ban, addresses: $0.addresses), $0.seconds) }
        return Dictionary(grants + bans) { first, _ in first }
    }
}
