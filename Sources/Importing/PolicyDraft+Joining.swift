internal import Addressing

extension PolicyDraft.Service {
    /// What services of one line have in common.
    struct Subject: Hashable {
        let entries: [InterfaceAccess]
        let free: [InterfaceAccess]
        let destinations: AddressSet
        let rules: [String]
        let limit: PolicyDraft.DraftLimit?
        let isLogged: Bool
        let targets: ForwardTargets?
        let users: [UInt32]
        let ports: [ClosedRange<UInt16>]?
        /// The comment, which differs where elements of the same set have some.
        let comment: String?
    }

    /// The subject of services that the same rule opens.
    fileprivate var byRule: Subject {
        Subject(
            entries: entries, free: free, destinations: destinations, rules: rules, limit: limit, isLogged: isLogged,
            targets: targets,
            users: users,
            ports: rules.isEmpty ? ports.values.flatMap(\.ranges) : nil, comment: comment)
    }

    /// The subject of services at the same ports of several protocols.
    fileprivate var byPort: Subject {
        Subject(
            entries: entries, free: free, destinations: destinations, rules: [], limit: limit, isLogged: isLogged,
            targets: targets,
            users: users,
            ports: Set(ports.values).count == 1 ? ports.values.first?.ranges : nil, comment: nil)
    }
}

extension [PolicyDraft.Service] {
    /// The services with those joined that one rule opens, and then those with the same ports of several protocols.
    var joined: Self { joined(by: \.byRule).joined(by: \.byPort) }

    private func joined(by subject: KeyPath<Element, PolicyDraft.Service.Subject>) -> Self {
        var places: [PolicyDraft.Service.Subject: Int] = [:]
        var result: Self = []
        for service in self {
            guard let place = places[service[keyPath: subject]] else {
                places[service[keyPath: subject]] = result.count
                result.append(service)
                continue
            }
            result[place].ports.merge(service.ports) { $0.union($1) }
            result[place].rules += service.rules.filter { !result[place].rules.contains($0) }
            result[place].otherRules += service.otherRules.filter { !result[place].otherRules.contains($0) }
            result[place].comment = result[place].comment ?? service.comment
            result[place].application = result[place].application ?? service.application
            result[place].limitDifferences += service.limitDifferences
        }
        return result
    }
}
