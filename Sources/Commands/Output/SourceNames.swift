internal import Addressing
internal import Policies

/// The words in which policies write sets of sources: a group, or a short list of `from` with a group in it.
struct SourceNames {
    private var names: [AddressSet: String] = [:]
    /// The words of each service, which come before those of others for the same set.
    private var ofService: [String: [AddressSet: String]] = [:]

    /// A list of more entries is told by its addresses.
    private static let mostEntries = 3

    /// The words of the policies; of two that write one set differently, the first.
    init(_ policies: Policy?...) {
        for policy in policies.compactMap(\.self) {
            let groups = Set(policy.groups.map(\.name))
            for group in policy.groups { add(group.name, group.addresses) }
            for service in policy.services {
                for entry in service.entries where entry.except == nil {
                    let words = entry.sources.entries
                    guard words.count <= Self.mostEntries, !groups.isDisjoint(with: words) else { continue }
                    add(words.joined(separator: ", "), entry.addresses, of: service.name)
                }
            }
        }
    }

    private mutating func add(_ name: String, _ addresses: AddressSet, of service: String? = nil) {
        guard !addresses.isAny else { return }
        if names[addresses] == nil { names[addresses] = name }
        if let service, ofService[service]?[addresses] == nil { ofService[service, default: [:]][addresses] = name }
    }

    /// The words for a set, if possible those of the service that it is about; `nil` where no policy has them.
    subscript(_ addresses: AddressSet, of service: String?) -> String? {
        guard !names.isEmpty else { return nil }
        return service.flatMap { ofService[$0]?[addresses] } ?? names[addresses]
    }
}

extension AddressSet {
    /// The set as clients, in the words of the policy if it has some: `office (192.0.2.0/24)`, `anyone but admins (…)`.
    func clientsText(named names: SourceNames, of service: String?) -> String {
        if let name = names[self, of: service] { return "\(name) (\(text))" }
        let rest = AddressSet.any.subtracting(self)
        return names[rest, of: service].map { "anyone but \($0) (\(rest.text))" } ?? clientsText
    }
}
