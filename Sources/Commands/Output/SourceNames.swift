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
        // Groups without an address are all the same set: only the service itself tells which one is meant.
        let words = addresses.isEmpty ? "\(name) (no address)" : name
        if names[addresses] == nil, !addresses.isEmpty { names[addresses] = words }
        if let service, ofService[service]?[addresses] == nil { ofService[service, default: [:]][addresses] = words }
    }

    /// The words for a set, if possible those of the service that it is about; `nil` where no policy has them.
    subscript(_ addresses: AddressSet, of service: String?) -> String? {
        service.flatMap { ofService[$0]?[addresses] } ?? names[addresses]
    }

    /// The words for the addresses that a set leaves out; `nil` where it leaves out none, or no policy has them.
    func words(forRestOf addresses: AddressSet, of service: String?) -> String? {
        guard !addresses.isAny, !(names.isEmpty && ofService.isEmpty) else { return nil }
        return self[AddressSet.any.subtracting(addresses), of: service]
    }

    /// Whether a policy has words for a set, or for all addresses but these.
    func has(_ addresses: AddressSet, of service: String?) -> Bool {
        self[addresses, of: service] != nil || words(forRestOf: addresses, of: service) != nil
    }
}

extension AddressSet {
    /// The whole set in the words of the policy or in a few ranges; `nil` if it is longer and has no name.
    func wholeText(named names: SourceNames, of service: String?) -> String? {
        if let name = names[self, of: service] { return name }
        if let name = names.words(forRestOf: self, of: service) { return "any but \(name)" }
        return isAny || count <= Self.shownRanges ? text : nil
    }

    /// The set as groups that are in it, and the ranges that are left: `scanners (192.0.2.0/24), 198.51.100.7`.
    ///
    /// A group is in it if the set has all of these addresses of the group.
    func text(as groups: [(name: String, addresses: AddressSet)]) -> String {
        var (rest, names) = (self, [String]())
        for group in groups where !group.addresses.isEmpty && group.addresses.subtracting(self).isEmpty {
            names.append("\(group.name) (\(group.addresses.text))")
            rest = rest.subtracting(group.addresses)
        }
        let more = names.count - Self.shownRanges
        let shown = names.prefix(Self.shownRanges) + (more > 0 ? ["\(more) more groups"] : [])
        return (shown + (rest.isEmpty ? [] : [rest.text])).joined(separator: ", ")
    }

    /// The set as clients, in the words of the policy if it has some: `office (192.0.2.0/24)`, `anyone but admins (…)`.
    func clientsText(named names: SourceNames, of service: String?) -> String {
        if let name = names[self, of: service] { return "\(name) (\(text))" }
        guard let name = names.words(forRestOf: self, of: service) else { return clientsText }
        return "anyone but \(name) (\(AddressSet.any.subtracting(self).text))"
    }
}
