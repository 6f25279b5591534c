public import Addressing
internal import Rulesets

/// A source that a service lets in for a time that the kernel counts.
public struct GrantedSource: Hashable, Sendable {
    /// The name of the service.
    public var service: String
    /// One address.
    public var address: AddressRange
    /// How long the kernel keeps it from its adding, in whole seconds: what is less than one of its ticks it would round.
    public var seconds: Int64

    /// A source of these parts; `address` is one address.
    public init(service: String, address: AddressRange, seconds: Int64) {
        precondition(address.isSingle && seconds > 0, "a grant is for one address, and for some time")
        self.service = service
        self.address = address
        self.seconds = seconds
    }

    /// Where it stands.
    var place: GrantPlace { GrantPlace(service: service, family: address.family) }

    /// What the set holds of it.
    var element: SetElement { SetElement(key: key, timeout: UInt64(seconds) * 1000) }

    /// The address as the set has it.
    var key: [UInt8] {
        switch address {
        case .ipv4(let range): range.lowerBound.bigEndianBytes
        case .ipv6(let range): range.lowerBound.bigEndianBytes
        }
    }
}

/// The granted sources of one service and family: a set, and the rule that looks them up.
struct GrantPlace: Hashable {
    let service: String
    let family: AddressFamily

    /// The places of a service.
    static func all(of service: String) -> [GrantPlace] {
        AddressFamily.allCases.map { GrantPlace(service: service, family: $0) }
    }

    /// The place whose set has this name; `nil` for other sets.
    init?(set name: String) {
        guard name.hasPrefix(Names.grants),
            let family = AddressFamily.allCases.first(where: { name.hasSuffix("-\($0)") })
        else { return nil }
        let service = name.dropFirst(Names.grants.count).dropLast("-\(family)".count)
        self.init(service: String(service), family: family)
    }

    init(service: String, family: AddressFamily) {
        self.service = service
        self.family = family
    }

    /// The name of the set.
    var name: String { "\(Names.grants)\(service)-\(family)" }

    /// The match of the sources that the set holds.
    var match: [Expression] { Match.source(in: name, family) }

    /// A hash set whose elements the kernel ends.
    ///
    /// Ranges would need a tree, in which what has timed out and is not collected yet is in the way of what comes.
    func set(_ elements: [SetElement]) -> NamedSet {
        NamedSet(name: name, definition: .timed(family), elements: .list(elements.sortedByKey()))
    }
}

extension Rule {
    /// Whether the rule does nothing but let in those that a service has grants for.
    func isGrant(of service: String) -> Bool {
        // A policy of thousands of services has many rules that look nothing up.
        guard expressions.contains(where: \.isLookup) else { return false }
        return GrantPlace.all(of: service).contains { place in
            let rest = expressions.dropFirst(place.match.count)
            return expressions.starts(with: place.match)
                && (rest == [.counter, .verdict(.accept)] || rest == [.verdict(.goto(Names.admit(service)))])
        }
    }
}

extension Expression {
    fileprivate var isLookup: Bool {
        if case .lookup = self { true } else { false }
    }
}
