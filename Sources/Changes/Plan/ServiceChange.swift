public import Compiler
public import Policies

/// What becomes of one service.
public struct ServiceChange {
    /// The service as it is loaded; `nil` for a new one.
    public let before: DecompiledService?
    /// The service as the policy has it; `nil` for one that goes.
    public let after: DecompiledService?
    /// The service in the policy, for the words that the kernel does not keep.
    public let declared: Service?

    /// Every service that comes, goes or changes, by name.
    static func all(from old: DecompiledPolicy, to new: DecompiledPolicy, of policy: Policy) -> [ServiceChange] {
        let before = Dictionary(uniqueKeysWithValues: old.services.map { ($0.name, $0) })
        let after = Dictionary(uniqueKeysWithValues: new.services.map { ($0.name, $0) })
        let declared = Dictionary(uniqueKeysWithValues: policy.services.map { ($0.name, $0) })
        return Set(before.keys).union(after.keys).sorted().compactMap { name in
            guard before[name] != after[name] else { return nil }
            return ServiceChange(before: before[name], after: after[name], declared: declared[name])
        }
    }

    /// For each port that both states declare, what becomes of the service that has it, whatever its name.
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

    /// The service's name.
    public var name: String { after?.name ?? before?.name ?? "" }

    /// What happens to it.
    public var action: ObjectChange.Action {
        before == nil ? .add : after == nil ? .remove : .change
    }
}
