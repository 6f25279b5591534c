internal import Addressing
public import Policies
internal import Rulesets

/// Compiles a policy: the same policy gives the same table, byte for byte.
///
/// The meaning is that of portreeve-policy(5). A packet costs one look-up in a hash map, whatever the number of
/// services; what only some services need (ranges, interfaces, limits) is paid by their packets alone.
public func compile(_ policy: Policy) -> CompiledPolicy {
    var builder = TableBuilder(policy)
    builder.addBaseChains()
    for service in policy.services { builder.add(service) }
    return builder.finished()
}

/// The parts of the table as they come.
struct TableBuilder {
    let policy: Policy
    var chains: [Chain] = []
    var sourceSets: SourceSets
    var limiterSets: [NamedSet] = []
    /// The expressions of rules that let sources in.
    var acceptances: [AddressSet: [[Expression]]] = [:]
    var origins: Origins

    init(_ policy: Policy) {
        self.policy = policy
        sourceSets = SourceSets(groups: policy.groups)
        origins = Origins(policy: SourceLocation(file: policy.files.first ?? "-", line: 1, column: 1))
        origins.deny = policy.deny?.location
    }

    consuming func finished() -> CompiledPolicy {
        let dispatch = Dispatch(policy.services)
        var maps = [dispatch.services] + dispatch.ranges
        if policy.defaults.published == .enforce { maps += dispatch.published }
        origins.sets = sourceSets.origins
        let table = Table(
            name: Names.table, userdata: Userdata.comment(Names.tableComment), chains: chains,
            sets: sourceSets.used + limiterSets + maps)
        return CompiledPolicy(table: table, origins: origins)
    }
}
