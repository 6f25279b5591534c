internal import Addressing
internal import Policies

/// The words in which policies write sets of sources: a group, or a short list of `from` with a group in it.
struct SourceNames {
    private var names: [AddressSet: String] = [:]

    /// A list of more entries is told by its addresses.
    private static let mostEntries = 3

    /// The words of the policies; of two that write one set differently, the first.
    init(_ policies: Policy?...) {
        for policy in policies.compactMap(\.self) {
            let groups = Set(policy.groups.map(\.name))
            for group in policy.groups { add(group.name, group.addresses) }
            for entry in policy.services.flatMap(\.entries) where entry.except == nil {
                let words = entry.sources.entries
                guard words.count <= Self.mostEntries, !groups.isDisjoint(with: words) else { continue }
                add(words.joined(separator: ", "), entry.addresses)
            }
        }
    }

    private mutating func add(_ name: String, _ addresses: AddressSet) {
        if names[addresses] == nil, !addresses.isAny { names[addresses] = name }
    }

    /// The words for a set; `nil` where no policy has them.
    subscript(_ addresses: AddressSet) -> String? { names.isEmpty ? nil : names[addresses] }
}

extension AddressSet {
    /// The set as clients, in the words of the policy if it has some: `office (192.0.2.0/24)`, `anyone but admins (…)`.
    func clientsText(named names: SourceNames) -> String {
        if let name = names[self] { return "\(name) (\(text))" }
        let rest = AddressSet.any.subtracting(self)
        return names[rest].map { "anyone but \($0) (\(rest.text))" } ?? clientsText
    }
}
