public import Compiler
public import Policies

/// A change of one service.
public struct ServiceChange {
    /// The live service; `nil` for a new one.
    public let before: DecompiledService?
    /// The service of the policy; `nil` for a removed one.
    public let after: DecompiledService?
    /// The declaration in the policy, for text that the kernel does not store.
    public let declared: Service?
    /// Whether it is a line of `outbound`, whose sources are the destinations.
    public var isOutbound = false

    /// Every entry of `trusted` that is added, removed or changed, as a service without ports, by name.
    static func trusted(
        from old: DecompiledPolicy, to new: DecompiledPolicy, of policy: Policy?
    ) -> [ServiceChange] {
        let declared = (policy?.trusted ?? []).map { trusted in
            Service(
                name: trusted.name, location: trusted.location, ports: [], entries: [trusted.entry],
                why: trusted.entry.why, owner: trusted.entry.owner, ticket: trusted.entry.ticket)
        }
        return all(from: old.trusted, to: new.trusted, of: declared)
    }

    /// Every line of `outbound` that is added, removed or changed, by name.
    static func outbound(
        from old: DecompiledPolicy, to new: DecompiledPolicy, of policy: Policy?
    ) -> [ServiceChange] {
        let declared = (policy?.outbound ?? []).map { line in
            Service(
                name: line.name, location: line.location, ports: line.ports,
                entries: [AllowEntry(location: line.location, sources: line.destinations, except: line.except)],
                why: line.why, owner: line.owner, ticket: line.ticket)
        }
        return all(from: old.outbound, to: new.outbound, of: declared).map { change in
            var line = change
            line.isOutbound = true
            return line
        }
    }

    /// Every service that is added, removed or changed, by name.
    static func all(
        from old: [DecompiledService], to new: [DecompiledService], of declared: [Service]
    ) -> [ServiceChange] {
        let before = Dictionary(uniqueKeysWithValues: old.map { ($0.name, $0) })
        let after = Dictionary(uniqueKeysWithValues: new.map { ($0.name, $0) })
        let declared = Dictionary(uniqueKeysWithValues: declared.map { ($0.name, $0) })
        return Set(before.keys).union(after.keys).sorted().compactMap { name in
            guard before[name] != after[name] else { return nil }
            return ServiceChange(before: before[name], after: after[name], declared: declared[name])
        }
    }

    /// The changes of services by port, for ports that both states declare, even if the service's name changes.
    public static func ofSharedPorts(
        from old: DecompiledPolicy, to new: DecompiledPolicy
    ) -> [(port: DecompiledService.Port, change: ServiceChange)] {
        let owners = old.services.flatMap { service in service.ports.map { ($0, service) } }
        let before = Dictionary(owners) { first, _ in first }
        return new.services.flatMap { service in
            service.ports.compactMap { port in
                guard let owner = before[port] else { return nil }
                return (port, ServiceChange(before: owner, after: service, declared: nil))
            }
        }
    }

    /// The changes of lines of `outbound` that both states have.
    public static func ofSharedLines(from old: DecompiledPolicy, to new: DecompiledPolicy) -> [ServiceChange] {
        let before = Dictionary(old.outbound.map { ($0.name, $0) }) { first, _ in first }
        return new.outbound.compactMap { line in
            before[line.name].map { ServiceChange(before: $0, after: line, declared: nil, isOutbound: true) }
        }
    }

    /// The service's name.
    public var name: String { after?.name ?? before?.name ?? "" }

    /// The action.
    public var action: ObjectChange.Action {
        before == nil ? .add : after == nil ? .remove : .change
    }
}
