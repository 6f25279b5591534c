public import Addressing
public import Rulesets

/// A source that a service accepts until the kernel's timeout.
public struct GrantedSource: Hashable, Sendable {
    /// The name of the service.
    public var service: String
    /// The address.
    public var address: IPAddress
    /// The timeout since it was added, in whole seconds: the kernel rounds times below one tick.
    public var seconds: Int64

    /// A source of these parts.
    public init(service: String, address: IPAddress, seconds: Int64) {
        precondition(seconds > 0, "a grant is for some time")
        self.service = service
        self.address = address
        self.seconds = seconds
    }

    /// The set that holds it.
    var grants: GrantSet { GrantSet(service: service, family: address.family) }

    /// The element of the set.
    var element: SetElement { SetElement(key: key, timeout: UInt64(seconds) * 1000) }

    /// The key of the element: the address in network byte order.
    var key: [UInt8] { address.bigEndianBytes }
}

/// The set with the granted sources of one service and family, and the rule that looks them up.
struct GrantSet: Hashable {
    let service: String
    let family: AddressFamily

    /// The sets of a service.
    static func all(of service: String) -> [GrantSet] {
        AddressFamily.allCases.map { GrantSet(service: service, family: $0) }
    }

    /// The set with this name; `nil` if it is not a set of grants.
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

    /// The match on sources in the set.
    var match: [Expression] { Match.source(in: name, family) }

    /// The statement that logs a connection under a grant, for a service with `allow`, to a group or the kernel's log.
    func log(to group: UInt16?) -> [Expression] {
        [.log(LogStatement(prefix: LogPrefix.accepted(service: service).text, group: group))]
    }

    /// The definition with these elements: a hash set whose elements time out.
    ///
    /// Ranges would need a tree, where an element that has timed out but is not collected yet blocks new ones.
    func set(_ elements: [SetElement]) -> NamedSet {
        NamedSet(name: name, definition: .timed(family), elements: .list(elements.sortedByKey()))
    }
}

extension Rule {
    /// Whether the rule just accepts the granted sources of a service.
    public func isGrant(of service: String) -> Bool {
        // Quick: in a policy of thousands of services most rules have no look-up.
        guard expressions.contains(where: \.isLookup) else { return false }
        return GrantSet.all(of: service).contains { grants in
            let rest = expressions.dropFirst(grants.match.count)
            return expressions.starts(with: grants.match)
                && (rest == [.counter, .verdict(.accept)] || rest == [.verdict(.goto(Names.admit(service)))]
                    || rest == grants.log(to: rest.first?.logGroup)[...] + [.counter, .verdict(.accept)])
        }
    }
}

extension Expression {
    fileprivate var isLookup: Bool {
        if case .lookup = self { true } else { false }
    }

    fileprivate var logGroup: UInt16? {
        if case .log(let statement) = self { statement.group } else { nil }
    }
}
