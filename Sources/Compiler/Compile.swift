internal import Addressing
public import Policies
internal import Rulesets

/// Compiles a policy; equal policies give equal tables.
///
/// portreeve-policy(5) describes the language. A new connection costs one look-up in a hash map, whatever the number of
/// services. Ranges, interfaces and limits cost only the packets of their services.
public func compile(_ policy: Policy) -> CompiledPolicy {
    var builder = TableBuilder(policy)
    builder.addBaseChains()
    for service in policy.services { builder.add(service) }
    builder.addTranslation()
    builder.addOutboundChains()
    return builder.finished()
}

extension Policy {
    /// The services that are programs of this host.
    var ownServices: [Service] { services.filter { $0.section == .services } }

    /// The forwards.
    var forwards: [Service] { services.filter { $0.section == .forward } }

    /// The services and forwards that decide on redirected connections.
    var redirectable: [Service] { defaults.published == .enforce ? services : forwards }
}

/// Collects the parts of the table.
struct TableBuilder {
    let policy: Policy
    var chains: [Chain] = []
    var sourceSets: SourceSets
    var limiterSets: [NamedSet] = []
    /// The maps from destination ports to the lines of `outbound`.
    var outboundMaps: [NamedSet] = []
    /// The expressions of the accepting rules, by sources: services with the same sources share them.
    var acceptances: [AddressSet: [[Expression]]] = [:]
    var origins: Origins

    init(_ policy: Policy) {
        self.policy = policy
        sourceSets = SourceSets(groups: policy.groups)
        origins = Origins()
        origins.deny = policy.deny?.location
    }

    consuming func finished() -> CompiledPolicy {
        let dispatch = Dispatch(policy.ownServices)
        var maps = [dispatch.services] + dispatch.ranges + dispatch.addresses
        let redirected = Dispatch(policy.redirectable)
        maps += redirected.published + redirected.redirectedAddresses
        if !policy.forwards.isEmpty { maps += Dispatch(policy.forwards).forwards }
        origins.sets = sourceSets.origins
        let table = Table(
            name: Names.table, userdata: Userdata.comment(Names.tableComment), chains: chains,
            sets: sourceSets.used + limiterSets + maps + outboundMaps)
        return CompiledPolicy(table: table, origins: origins)
    }
}
